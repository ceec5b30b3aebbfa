#include "format/reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "base/memory.h"
#include "base/pages.h"
#include "format/format.h"
#include "format/pack.h"

enum { BUFFER = 1 << 18, FIRST_PAYLOAD = 1 << 22, PIECE = 1 << 22 };

enum state { BETWEEN_SEGMENTS, IN_SEGMENT };

struct rs_reader {
    char *name;
    FILE *file;              /* NULL on memory */
    const uint8_t *memory;   /* NULL on a file */
    uint64_t size;           /* of the memory or the regular file; 0 for a pipe */
    uint64_t position;       /* of the next unread byte in the input */
    uint64_t segment;        /* position at which the segment began */
    enum state state;
    bool verify;
    bool gives_back;
    size_t n_segments;
    json_t *map;             /* of the last event */
    struct rs_event first;   /* seen by rs_reader_kind and still to be given */
    bool first_pending;
    char kind[RS_FORMAT_NAME_MAX + 1];
    uint8_t *block;          /* on a file: the bytes of the map being read */
    size_t block_used, block_capacity;
    uint8_t *payload;        /* on a file: the array of the last event */
    size_t payload_capacity;
    XXH3_state_t *hash;
};

/* A map of 2 to 15 keys, or of more (map 16), the first of which is "rs". */
bool rs_reader_is_magic(const uint8_t *bytes, size_t n) {
    if (n < RS_READER_MAGIC_BYTES) return false;
    if (bytes[0] == 0xde) return memcmp(bytes + 3, "\xa2rs", 3) == 0;
    return bytes[0] >= 0x82 && bytes[0] <= 0x8f && memcmp(bytes + 1, "\xa2rs", 3) == 0;
}

bool rs_reader_probe(const char *path) {
    uint8_t bytes[RS_READER_MAGIC_BYTES];
    if (strcmp(path, "-") == 0) {
        int first = getc(stdin);
        if (first == EOF) return false;
        ungetc(first, stdin);
        return first >= 0x82 && first <= 0x8f;
    }
    struct stat status; /* a named pipe would lose what is read here */
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) return false;
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return rs_reader_is_magic(bytes, n);
}

static struct rs_reader *new_reader(const char *name) {
    struct rs_reader *reader = rs_calloc(1, sizeof *reader);
    reader->name = rs_strdup(name);
    reader->hash = XXH3_createState();
    if (reader->hash == NULL) abort();
    return reader;
}

struct rs_reader *rs_reader_open(const char *path, struct rs_error *err) {
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "rb");
    struct stat status;
    if (file != NULL && fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
        if (!standard) fclose(file);
        file = NULL;
        errno = EISDIR;
    }
    if (file == NULL) {
        rs_fail_errno(err, rs_open_code(errno), "%s", path);
        return NULL;
    }
    if (!standard) setvbuf(file, NULL, _IOFBF, BUFFER);
    struct rs_reader *reader = new_reader(standard ? "standard input" : path);
    reader->file = file;
    reader->verify = true;
    if (S_ISREG(status.st_mode)) reader->size = (uint64_t)status.st_size;
    return reader;
}

struct rs_reader *rs_reader_on_memory(const void *bytes, size_t size, const char *name,
                                      bool verify) {
    struct rs_reader *reader = new_reader(name);
    reader->memory = bytes;
    reader->size = size;
    reader->verify = verify;
    return reader;
}

void rs_reader_give_back(struct rs_reader *reader) {
    reader->gives_back = true;
}

void rs_reader_close(struct rs_reader *reader) {
    if (reader == NULL) return;
    if (reader->file != NULL && reader->file != stdin) fclose(reader->file);
    json_decref(reader->map);
    free(reader->block);
    free(reader->payload);
    XXH3_freeState(reader->hash);
    free(reader->name);
    free(reader);
}

const char *rs_reader_name(const struct rs_reader *reader) {
    return reader->name;
}

uint64_t rs_reader_position(const struct rs_reader *reader) {
    return reader->position;
}

uint64_t rs_reader_size(const struct rs_reader *reader) {
    return reader->size;
}

void *rs_reader_take(struct rs_reader *reader) {
    void *payload = reader->payload;
    reader->payload = NULL;
    reader->payload_capacity = 0;
    return payload;
}

static bool fail(const struct rs_reader *reader, struct rs_error *err, const char *reason) {
    return rs_fail(err, EX_DATAERR, "%s: byte %llu: %s", reader->name,
                   (unsigned long long)reader->position, reason);
}

static bool fail_short(const struct rs_reader *reader, struct rs_error *err) {
    if (reader->file != NULL && ferror(reader->file))
        return rs_fail_errno(err, EX_IOERR, "%s: read failed", reader->name);
    return rs_fail(err, EX_DATAERR,
                   "%s: cut short: it ends before its %s segment does, after byte %llu",
                   reader->name, reader->kind[0] ? reader->kind : "first",
                   (unsigned long long)reader->position);
}

/* Makes the next N bytes visible without consuming them; NULL if the input ends before. */
static const uint8_t *peek(struct rs_reader *reader, size_t n) {
    if (n == 0) return (const uint8_t *)"";
    if (reader->memory != NULL)
        return n <= reader->size - reader->position ? reader->memory + reader->position : NULL;
    rs_grow(&reader->block, &reader->block_capacity, n, 1);
    if (n > reader->block_used)
        reader->block_used +=
            fread(reader->block + reader->block_used, 1, n - reader->block_used, reader->file);
    return n <= reader->block_used ? reader->block : NULL;
}

static void hash(struct rs_reader *reader, const uint8_t *bytes, size_t n) {
    for (size_t at = 0; at < n; at += PIECE) {
        size_t piece = n - at < PIECE ? n - at : PIECE;
        XXH3_64bits_update(reader->hash, bytes + at, piece);
        if (!reader->gives_back) continue;
        size_t position = reader->position + at;
        rs_pages_drop(reader->memory, position, position + piece);
    }
}

/* Consumes the N bytes that were peeked at. */
static void consume(struct rs_reader *reader, size_t n, bool hashed) {
    const uint8_t *bytes =
        reader->memory != NULL ? reader->memory + reader->position : reader->block;
    if (hashed && reader->verify) hash(reader, bytes, n);
    reader->position += n;
    if (reader->memory != NULL) return;
    memmove(reader->block, reader->block + n, reader->block_used - n);
    reader->block_used -= n;
}

static bool is_padding(const uint8_t *bytes, size_t n) {
    size_t at = 0;
    while (at < n) {
        if (bytes[at] == 0xc0) {
            at++;
            continue;
        }
        if (bytes[at] != 0xc4 || n - at < 2) return false;
        size_t end = at + 2 + bytes[at + 1];
        if (end > n) return false;
        for (at += 2; at < end; at++)
            if (bytes[at] != 0) return false;
    }
    return true;
}

/* Reads the map at the current position into reader->map; *length is its own length. */
static bool read_map(struct rs_reader *reader, size_t *length, struct rs_error *err) {
    const uint8_t *bytes = NULL;
    *length = 0;
    for (size_t n = RS_FORMAT_ALIGN; *length == 0; n += RS_FORMAT_ALIGN) {
        bytes = peek(reader, n);
        if (bytes == NULL) return fail_short(reader, err);
        *length = rs_pack_measure(bytes, n);
    }
    json_decref(reader->map);
    reader->map = *length == SIZE_MAX ? NULL : rs_pack_decode(bytes, *length);
    if (!json_is_object(reader->map))
        return fail(reader, err, "the file is damaged: no valid map where one should be");
    return true;
}

/* Consumes the map just read and the padding behind it, so that RESERVE bytes (of which LAST are the
 * end) reach a multiple of ALIGN. */
static bool consume_map(struct rs_reader *reader, size_t length, const uint8_t *last,
                        size_t reserve, size_t align, bool hashed, struct rs_error *err) {
    uint64_t offset = reader->position - reader->segment;
    size_t padding = rs_format_gap(offset + length + reserve, align);
    const uint8_t *bytes = peek(reader, length + padding + reserve);
    if (bytes == NULL) return fail_short(reader, err);
    if (!is_padding(bytes + length, padding) ||
        (reserve > 0 && memcmp(bytes + length + padding, last, reserve) != 0))
        return fail(reader, err, "the file is damaged: wrong bytes behind a map");
    consume(reader, length + padding + reserve, hashed);
    return true;
}

static const char *no_rs_file(const uint8_t *bytes, size_t n) {
    if (n >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
        return "is no rs file but gzip: pipe it through 'gzip -dc' first";
    size_t text = 0;
    while (text < n && (bytes[text] >= 0x20 || (bytes[text] >= 9 && bytes[text] <= 13))) text++;
    return text == n ? "is no rs file but text: rs-clean reads ratings from text"
                     : "is no rs file";
}

static bool begin_segment(struct rs_reader *reader, struct rs_event *event,
                          struct rs_error *err) {
    const uint8_t *bytes = peek(reader, 1);
    if (bytes == NULL && reader->file != NULL && ferror(reader->file))
        return fail_short(reader, err);
    if (bytes == NULL) {
        if (reader->n_segments == 0)
            return rs_fail(err, EX_DATAERR, "%s: is empty", reader->name);
        event->type = RS_EVENT_EOF;
        return true;
    }
    bytes = peek(reader, RS_FORMAT_ALIGN);
    size_t n = bytes == NULL ? reader->memory != NULL ? (size_t)(reader->size - reader->position)
                                                      : reader->block_used
                             : RS_FORMAT_ALIGN;
    if (bytes == NULL) bytes = peek(reader, n);
    if (!rs_reader_is_magic(bytes, n)) {
        if (reader->n_segments > 0)
            return fail(reader, err, "the file is damaged: no segment begins where one should");
        return rs_fail(err, EX_DATAERR, "%s: %s", reader->name, no_rs_file(bytes, n));
    }
    reader->segment = reader->position;
    reader->kind[0] = '\0';
    XXH3_64bits_reset(reader->hash);
    size_t length;
    if (!read_map(reader, &length, err)) return false;
    const char *kind = json_string_value(json_object_get(reader->map, "rs"));
    json_int_t version = json_integer_value(json_object_get(reader->map, "version"));
    if (kind == NULL || version < 1 || strlen(kind) > RS_FORMAT_NAME_MAX)
        return fail(reader, err, "the file is damaged: its header names no kind or version");
    if (version > RS_FORMAT_VERSION)
        return rs_fail(err, EX_DATAERR,
                       "%s: format version %lld is newer than this program reads (%d): update rs",
                       reader->name, (long long)version, RS_FORMAT_VERSION);
    memcpy(reader->kind, kind, strlen(kind) + 1);
    if (!consume_map(reader, length, NULL, 0, RS_FORMAT_ALIGN, true, err)) return false;
    reader->state = IN_SEGMENT;
    event->type = RS_EVENT_BEGIN;
    return true;
}

/* True if the digits at the end of the map are the checksum of all before them. */
static bool is_sealed(struct rs_reader *reader, size_t length) {
    const uint8_t *bytes = peek(reader, length);
    size_t tail = RS_FORMAT_SEAL_BYTES + RS_FORMAT_DIGITS;
    if (length < tail ||
        memcmp(bytes + length - tail, RS_FORMAT_SEAL, RS_FORMAT_SEAL_BYTES) != 0)
        return false;
    if (!reader->verify) return true;
    XXH3_64bits_update(reader->hash, bytes, length - tail);
    char digits[RS_FORMAT_DIGITS + 1];
    snprintf(digits, sizeof digits, "%016llx",
             (unsigned long long)XXH3_64bits_digest(reader->hash));
    return memcmp(bytes + length - RS_FORMAT_DIGITS, digits, RS_FORMAT_DIGITS) == 0;
}

static bool end_segment(struct rs_reader *reader, size_t length, struct rs_event *event,
                        struct rs_error *err) {
    const char *kind = json_string_value(json_object_get(reader->map, "end"));
    json_int_t bytes = json_integer_value(json_object_get(reader->map, "bytes"));
    if (kind == NULL || strcmp(kind, reader->kind) != 0 ||
        (uint64_t)bytes != reader->position - reader->segment)
        return fail(reader, err, "the file is damaged: the end does not fit the segment");
    if (!is_sealed(reader, length))
        return rs_fail(err, EX_DATAERR,
                       "%s: the file is damaged: the checksum of its %s segment does not match",
                       reader->name, reader->kind);
    if (!consume_map(reader, length, NULL, 0, RS_FORMAT_ALIGN, false, err)) return false;
    reader->state = BETWEEN_SEGMENTS;
    reader->n_segments++;
    event->type = RS_EVENT_END;
    return true;
}

/* Takes name, type, shape and part from the map; false if they contradict themselves. */
static bool describe_array(const json_t *map, struct rs_event *event) {
    const char *name = json_string_value(json_object_get(map, "array"));
    const char *type = json_string_value(json_object_get(map, "type"));
    const json_t *shape = json_object_get(map, "shape");
    const json_t *part = json_object_get(map, "part");
    json_int_t rows = json_integer_value(json_array_get(shape, 0));
    json_int_t columns = json_integer_value(json_array_get(shape, 1));
    json_int_t bytes = json_integer_value(json_object_get(map, "bytes"));
    if (name == NULL || strlen(name) > RS_FORMAT_NAME_MAX || type == NULL ||
        json_array_size(shape) != 2 || rows < 0 || columns < 0 || bytes < 0 ||
        (uint64_t)bytes > UINT32_MAX || !rs_type_find(type, &event->array.type))
        return false;
    event->name = name;
    event->bytes = (size_t)bytes;
    event->array.n_rows = (size_t)rows;
    event->array.n_columns = (size_t)columns;
    event->part = event->n_parts = 1;
    size_t whole;
    if (!rs_array_bytes(&event->array, &whole)) return false;
    if (part == NULL) return whole == event->bytes;
    json_int_t i = json_integer_value(json_array_get(part, 0));
    json_int_t n = json_integer_value(json_array_get(part, 1));
    if (n < 2 || i < 1 || i > n || event->bytes == 0 || event->bytes > whole) return false;
    event->part = (size_t)i;
    event->n_parts = (size_t)n;
    return true;
}

/* Reads N payload bytes into reader->payload. Nothing is allocated that the input does not bear
 * out: a pipe's buffer doubles as the bytes arrive. */
static bool read_payload(struct rs_reader *reader, size_t n, struct rs_error *err) {
    size_t have = 0;
    if (reader->size > 0 && n > reader->size - reader->position) return fail_short(reader, err);
    size_t room = reader->size > 0 || n <= FIRST_PAYLOAD ? n : FIRST_PAYLOAD;
    while (have < n || reader->payload == NULL) {
        if (room > reader->payload_capacity || reader->payload == NULL) {
            uint8_t *larger = rs_aligned(room, 1);
            if (have > 0) memcpy(larger, reader->payload, have);
            free(reader->payload);
            reader->payload = larger;
            reader->payload_capacity = room;
        }
        size_t want = (n < reader->payload_capacity ? n : reader->payload_capacity) - have;
        size_t got = fread(reader->payload + have, 1, want, reader->file);
        if (got > 0) XXH3_64bits_update(reader->hash, reader->payload + have, got);
        have += got;
        reader->position += got;
        if (got < want) return fail_short(reader, err);
        room = n < 2 * reader->payload_capacity ? n : 2 * reader->payload_capacity;
    }
    return true;
}

static bool read_array(struct rs_reader *reader, size_t length, struct rs_event *event,
                       struct rs_error *err) {
    if (!describe_array(reader->map, event))
        return fail(reader, err, "the file is damaged: an array's description contradicts itself");
    size_t n = event->bytes;
    const uint8_t bin[RS_FORMAT_BIN_BYTES] = {0xc6, (uint8_t)(n >> 24), (uint8_t)(n >> 16),
                                              (uint8_t)(n >> 8), (uint8_t)n};
    if (!consume_map(reader, length, bin, sizeof bin,
                     event->n_parts > 1 ? RS_FORMAT_PAGE : RS_FORMAT_ALIGN, true, err))
        return false;
    event->type = RS_EVENT_ARRAY;
    event->part_offset = reader->position;
    if (reader->memory != NULL) {
        if (peek(reader, n) == NULL) return fail_short(reader, err);
        event->array.data = reader->memory + reader->position;
        consume(reader, n, true);
    } else {
        if (!read_payload(reader, n, err)) return false;
        event->array.data = reader->payload;
    }
    size_t padding = rs_format_gap(reader->position - reader->segment, RS_FORMAT_ALIGN);
    const uint8_t *bytes = peek(reader, padding);
    if (bytes == NULL) return fail_short(reader, err);
    if (!is_padding(bytes, padding))
        return fail(reader, err, "the file is damaged: wrong bytes behind an array");
    consume(reader, padding, true);
    return true;
}

bool rs_reader_kind(struct rs_reader *reader, const char **kind, struct rs_error *err) {
    if (!rs_reader_next(reader, &reader->first, err)) return false;
    reader->first_pending = true;
    *kind = reader->kind;
    return true;
}

bool rs_reader_next(struct rs_reader *reader, struct rs_event *event, struct rs_error *err) {
    if (reader->first_pending) {
        *event = reader->first;
        reader->first_pending = false;
        return true;
    }
    *event = (struct rs_event){0};
    bool ok;
    if (reader->state == BETWEEN_SEGMENTS) {
        ok = begin_segment(reader, event, err);
    } else {
        size_t length;
        if (!read_map(reader, &length, err)) return false;
        if (json_object_get(reader->map, "array") != NULL) {
            ok = read_array(reader, length, event, err);
        } else if (json_object_get(reader->map, "end") != NULL) {
            ok = end_segment(reader, length, event, err);
        } else {
            ok = fail(reader, err, "the file is damaged: a map is neither an array nor the end");
        }
    }
    event->map = reader->map;
    event->kind = reader->kind;
    return ok;
}
