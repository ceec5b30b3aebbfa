#include "format/writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "format/format.h"
#include "format/pack.h"

/* Bytes that are hashed and, still in the cache, written. */
enum { PIECE = 1 << 19 };

void rs_writer_init(struct rs_writer *writer, FILE *file) {
    writer->file = file;
    writer->offset = 0;
    writer->part_max = RS_FORMAT_PART_MAX;
}

/* Once a write has failed the rest is useless, and rs_output_commit reports it from ferror. */
static void put(struct rs_writer *writer, const void *bytes, size_t n) {
    if (n == 0 || ferror(writer->file)) return;
    if (writer->hash != NULL) XXH3_64bits_update(writer->hash, bytes, n);
    fwrite(bytes, 1, n, writer->file);
    writer->offset += n;
}

/* Fills a gap of less than a page with MessagePack that means nothing. */
static void put_padding(struct rs_writer *writer, size_t gap) {
    static const uint8_t zeros[RS_FORMAT_PAGE];
    while (gap > 0) {
        size_t piece = gap > 257 ? 257 : gap;
        if (gap - piece == 1) piece--; /* leave two bytes: the least a bin takes */
        if (piece == 1) {
            put(writer, (const uint8_t[]){0xc0}, 1);
        } else {
            put(writer, (const uint8_t[]){0xc4, (uint8_t)(piece - 2)}, 2);
            put(writer, zeros, piece - 2);
        }
        gap -= piece;
    }
}

/* Consumes MAP; the caller frees the bytes. */
static uint8_t *encode(const struct rs_writer *writer, json_t *map, size_t *length) {
    uint8_t *bytes;
    if (!rs_pack_encode(map, &bytes, length))
        rs_die(EX_SOFTWARE, "a map of the %s file is larger than a reader takes", writer->kind);
    json_decref(map);
    return bytes;
}

/* Writes a map and pads so that RESERVE bytes more end on a multiple of ALIGN. Consumes MAP. */
static void put_map(struct rs_writer *writer, json_t *map, size_t reserve, size_t align) {
    size_t length;
    uint8_t *bytes = encode(writer, map, &length);
    put(writer, bytes, length);
    free(bytes);
    put_padding(writer, rs_format_gap(writer->offset + reserve, align));
}

void rs_writer_begin(struct rs_writer *writer, const char *kind, json_t *header) {
    snprintf(writer->kind, sizeof writer->kind, "%s", kind);
    writer->offset = 0;
    writer->hash = XXH3_createState();
    if (writer->hash == NULL) rs_die(EX_OSERR, "out of memory");
    XXH3_64bits_reset(writer->hash);
    json_t *map = json_pack("{s:s, s:i}", "rs", kind, "version", RS_FORMAT_VERSION);
    if (header != NULL) json_object_update_missing(map, header);
    json_decref(header);
    put_map(writer, map, 0, RS_FORMAT_ALIGN);
}

static void begin_part(struct rs_writer *writer) {
    size_t part = writer->done / writer->part_max;
    size_t parts = writer->whole == 0 ? 1 : (writer->whole - 1) / writer->part_max + 1;
    size_t n = part + 1 == parts ? writer->whole - writer->done : writer->part_max;
    json_t *map = json_pack("{s:s, s:s, s:[I, I]}", "array", writer->name, "type",
                            rs_type_name(writer->array.type), "shape",
                            (json_int_t)writer->array.n_rows, (json_int_t)writer->array.n_columns);
    if (parts > 1)
        json_object_set_new(map, "part",
                            json_pack("[I, I]", (json_int_t)part + 1, (json_int_t)parts));
    json_object_set_new(map, "bytes", json_integer((json_int_t)n));
    put_map(writer, map, RS_FORMAT_BIN_BYTES, parts > 1 ? RS_FORMAT_PAGE : RS_FORMAT_ALIGN);
    const uint8_t bin[] = {0xc6, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
                           (uint8_t)n};
    put(writer, bin, sizeof bin);
    writer->part_end = writer->done + n;
}

static void end_part(struct rs_writer *writer) {
    put_padding(writer, rs_format_gap(writer->offset, RS_FORMAT_ALIGN));
    if (writer->done < writer->whole) begin_part(writer);
}

void rs_writer_begin_array(struct rs_writer *writer, const char *name, struct rs_array array) {
    if (!rs_array_bytes(&array, &writer->whole)) rs_die(EX_SOFTWARE, "array %s is too large", name);
    writer->name = name;
    writer->array = array;
    writer->done = 0;
    begin_part(writer);
    if (writer->whole == 0) end_part(writer);
}

void rs_writer_data(struct rs_writer *writer, const void *data, size_t bytes) {
    const uint8_t *from = data;
    if (bytes > writer->whole - writer->done)
        rs_die(EX_SOFTWARE, "array %s has more bytes than it was to have", writer->name);
    while (bytes > 0) {
        size_t room = writer->part_end - writer->done;
        size_t n = bytes < room ? bytes : room;
        n = n < PIECE ? n : PIECE;
        put(writer, from, n);
        writer->done += n;
        from += n;
        bytes -= n;
        if (writer->done == writer->part_end) end_part(writer);
    }
}

void rs_writer_array(struct rs_writer *writer, const char *name, struct rs_array array) {
    rs_writer_begin_array(writer, name, array);
    rs_writer_data(writer, array.data, writer->whole);
}

void rs_writer_u8(struct rs_writer *writer, const char *name, const uint8_t *data, size_t n) {
    rs_writer_array(writer, name, (struct rs_array){RS_U8, n, 1, data});
}

void rs_writer_u32(struct rs_writer *writer, const char *name, const uint32_t *data, size_t n) {
    rs_writer_array(writer, name, (struct rs_array){RS_U32, n, 1, data});
}

void rs_writer_u64(struct rs_writer *writer, const char *name, const uint64_t *data, size_t n) {
    rs_writer_array(writer, name, (struct rs_array){RS_U64, n, 1, data});
}

void rs_writer_f32(struct rs_writer *writer, const char *name, const float *data, size_t n) {
    rs_writer_array(writer, name, (struct rs_array){RS_F32, n, 1, data});
}

void rs_writer_f64(struct rs_writer *writer, const char *name, const double *data, size_t n) {
    rs_writer_array(writer, name, (struct rs_array){RS_F64, n, 1, data});
}

void rs_writer_end(struct rs_writer *writer, json_t *counts) {
    json_t *map = json_pack("{s:s}", "end", writer->kind);
    if (counts != NULL) json_object_update_missing(map, counts);
    json_decref(counts);
    json_object_set_new(map, "bytes", json_integer((json_int_t)writer->offset));
    json_object_del(map, "xxh3"); /* it has to come last */
    json_object_set_new(map, "xxh3", json_string("0000000000000000"));
    size_t length;
    uint8_t *bytes = encode(writer, map, &length);
    size_t sealed = length - RS_FORMAT_DIGITS;
    XXH3_64bits_update(writer->hash, bytes, sealed - RS_FORMAT_SEAL_BYTES);
    char digest[RS_FORMAT_DIGITS + 1];
    snprintf(digest, sizeof digest, "%016llx",
             (unsigned long long)XXH3_64bits_digest(writer->hash));
    XXH3_freeState(writer->hash);
    writer->hash = NULL;
    memcpy(bytes + sealed, digest, RS_FORMAT_DIGITS);
    put(writer, bytes, length);
    free(bytes);
    put_padding(writer, rs_format_gap(writer->offset, RS_FORMAT_ALIGN));
}
