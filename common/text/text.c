#include "text/text.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "format/reader.h"

/* A block is small enough for a processor's second-level cache, where it is read, cut and parsed.
 */
enum { SAMPLE = 4 << 20, BLOCK = 256 << 10, RAW = 64 << 10, LONGEST = 64 << 20 };

struct rs_text {
    char *name;
    FILE *file;
    uint64_t position, size;
    uint64_t line; /* of the first byte not yet given */
    char *ahead;   /* UTF-8 read but not yet given, from `begin` to `end` */
    size_t begin, end, capacity;
    bool at_end; /* of the file */
    char *encoding;
    size_t unit;       /* bytes that a character has at least in it */
    iconv_t converter; /* (iconv_t)-1: none */
    char *raw;         /* what iconv has not yet taken */
    size_t raw_used;
    struct rs_text_buffer own;
};

/* Reads N bytes, fewer only at the end of the input. */
static bool read_fully(struct rs_text *text, char *to, size_t n, size_t *got,
                       struct rs_error *err) {
    *got = fread(to, 1, n, text->file);
    if (ferror(text->file))
        return rs_fail_errno(err, errno == EISDIR ? EX_NOINPUT : EX_IOERR, "%s", text->name);
    text->at_end = *got < n;
    text->position += *got;
    return true;
}

/* Converts what is in text->raw to the end of what lies ahead; what is not of the encoding becomes
 * 0xff, a unit at a time. */
static void convert(struct rs_text *text) {
    char *from = text->raw;
    while (text->raw_used > 0) {
        rs_grow(&text->ahead, &text->capacity, text->end + 4 * text->raw_used + 16, 1);
        char *to = text->ahead + text->end;
        size_t room = text->capacity - text->end;
        size_t result = iconv(text->converter, &from, &text->raw_used, &to, &room);
        text->end = (size_t)(to - text->ahead);
        if (result != (size_t)-1 || errno == E2BIG) continue;
        if (errno == EINVAL && !text->at_end)
            break; /* a character is cut off: the rest will come */
        size_t bad = text->raw_used < text->unit ? text->raw_used : text->unit;
        text->ahead[text->end++] = (char)0xff;
        from += bad;
        text->raw_used -= bad;
    }
    memmove(text->raw, from, text->raw_used);
}

/* Reads N more bytes ahead. */
static bool read_ahead(struct rs_text *text, size_t n, struct rs_error *err) {
    size_t got;
    if (text->begin == text->end) text->begin = text->end = 0;
    if (text->converter == (iconv_t)-1) {
        rs_grow(&text->ahead, &text->capacity, text->end + n + RS_BLOCK_SLACK, 1);
        if (!read_fully(text, text->ahead + text->end, n, &got, err)) return false;
        text->end += got;
        return true;
    }
    for (size_t done = 0; done < n && !text->at_end; done += RAW) {
        if (!read_fully(text, text->raw + text->raw_used, RAW, &got, err)) return false;
        text->raw_used += got;
        convert(text);
    }
    return true;
}

/* From here on the input is in another encoding: what lies ahead is converted too. */
static bool set_encoding(struct rs_text *text, const char *encoding, struct rs_error *err) {
    text->converter = iconv_open("UTF-8", encoding);
    if (text->converter == (iconv_t)-1)
        return rs_fail(err, EX_USAGE, "--encoding: '%s' is no encoding that iconv knows", encoding);
    text->encoding = rs_strdup(encoding);
    bool two = strncasecmp(encoding, "UTF-16", 6) == 0 || strncasecmp(encoding, "UCS-2", 5) == 0;
    bool four = strncasecmp(encoding, "UTF-32", 6) == 0 || strncasecmp(encoding, "UCS-4", 5) == 0;
    text->unit = four ? 4 : two ? 2 : 1;
    size_t n = text->end - text->begin;
    text->raw = rs_malloc(n + 2 * RAW, 1);
    memcpy(text->raw, text->ahead + text->begin, n);
    text->raw_used = n;
    text->begin = text->end = 0;
    convert(text);
    return true;
}

static bool starts_with(const struct rs_text *text, const char *bytes, size_t n) {
    return text->end - text->begin >= n && memcmp(text->ahead + text->begin, bytes, n) == 0;
}

static bool is_utf8(const char *encoding) {
    return strcasecmp(encoding, "UTF-8") == 0 || strcasecmp(encoding, "UTF8") == 0;
}

/* A few NUL bytes are damage, which costs their lines; many are no text at all, or UTF-16. */
static bool holds_many_nuls(const char *bytes, size_t n) {
    size_t nuls = 0;
    if (n > RAW) n = RAW;
    for (size_t i = 0; i < n; i++) nuls += bytes[i] == '\0';
    return 10 * nuls > n;
}

/* What can be no text in any encoding that is not given. */
static bool check_text(const struct rs_text *text, struct rs_error *err) {
    const char *begin = text->ahead + text->begin;
    size_t n = text->end - text->begin;
    if (starts_with(text, "\x1f\x8b", 2))
        return rs_fail(err, EX_DATAERR,
                       "%s: is compressed by gzip: pipe it through 'gzip -dc' first", text->name);
    if (starts_with(text, "PK\x03\x04", 4))
        return rs_fail(err, EX_DATAERR,
                       "%s: is a zip archive: unpack it, or pipe it through 'unzip -p' first",
                       text->name);
    if (rs_reader_is_magic((const uint8_t *)begin, n))
        return rs_fail(err, EX_DATAERR,
                       "%s: is an rs file where text is needed, or one through a named pipe: give "
                       "that on standard input",
                       text->name);
    if (holds_many_nuls(begin, n))
        return rs_fail(err, EX_DATAERR,
                       "%s: is no text: it holds NUL bytes (UTF-16 without a byte order mark needs "
                       "--encoding UTF-16LE)",
                       text->name);
    return true;
}

static bool find_encoding(struct rs_text *text, const char *given, struct rs_error *err) {
    if (starts_with(text, "\xef\xbb\xbf", 3) && (given == NULL || is_utf8(given))) {
        text->begin += 3;
    } else if (given == NULL && starts_with(text, "\xff\xfe", 2)) {
        text->begin += 2;
        return set_encoding(text, "UTF-16LE", err);
    } else if (given == NULL && starts_with(text, "\xfe\xff", 2)) {
        text->begin += 2;
        return set_encoding(text, "UTF-16BE", err);
    }
    if (given != NULL) return is_utf8(given) || set_encoding(text, given, err);
    if (!check_text(text, err)) return false;
    const char *begin = text->ahead + text->begin;
    size_t n = text->end - text->begin;
    bool utf8 = rs_utf8_valid(begin, text->at_end ? n : rs_utf8_whole(begin, n));
    return utf8 || set_encoding(text, "LATIN1", err);
}

static bool skip_lines(struct rs_text *text, uint64_t skip, struct rs_error *err) {
    while (skip > 0) {
        char *from = text->ahead + text->begin;
        char *newline = memchr(from, '\n', text->end - text->begin);
        if (newline != NULL) {
            text->begin += (size_t)(newline + 1 - from);
            text->line++;
            skip--;
        } else if (text->at_end) {
            text->begin = text->end;
            return true;
        } else if (!read_ahead(text, BLOCK, err)) {
            return false;
        }
    }
    return true;
}

struct rs_text *rs_text_open(const char *path, const char *encoding, uint64_t skip,
                             struct rs_error *err) {
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "rb");
    if (file == NULL) {
        rs_fail_errno(err, rs_open_code(errno), "%s", path);
        return NULL;
    }
    struct rs_text *text = rs_calloc(1, sizeof *text);
    *text = (struct rs_text){.name = rs_strdup(standard ? "standard input" : path),
                             .file = file,
                             .line = 1,
                             .converter = (iconv_t)-1};
    struct stat status;
    if (fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode))
        text->size = (uint64_t)status.st_size;
    if (read_ahead(text, SAMPLE, err) && find_encoding(text, encoding, err) &&
        skip_lines(text, skip, err))
        return text;
    rs_text_close(text);
    return NULL;
}

void rs_text_close(struct rs_text *text) {
    if (text == NULL) return;
    if (text->file != stdin) fclose(text->file);
    if (text->converter != (iconv_t)-1) iconv_close(text->converter);
    free(text->ahead);
    free(text->raw);
    free(text->own.bytes);
    free(text->encoding);
    free(text->name);
    free(text);
}

const char *rs_text_name(const struct rs_text *text) {
    return text->name;
}

const char *rs_text_encoding(const struct rs_text *text) {
    return text->encoding;
}

uint64_t rs_text_position(const struct rs_text *text) {
    return text->position;
}

uint64_t rs_text_size(const struct rs_text *text) {
    return text->size;
}

/* Drops blank lines at the beginning, so that a header is the first line of the first block. */
static void drop_blank_lines(struct rs_text *text, const struct rs_form *form) {
    size_t line = text->begin;
    char separator = form->layout == RS_LAYOUT_DELIMITED ? form->separator[0] : '\0';
    for (size_t at = line; at < text->end; at++) {
        char c = text->ahead[at];
        if (c == form->newline) {
            line = at + 1;
            text->line++;
        } else if (!(c == ' ' || c == '\r' || c == '\t') || c == separator) {
            break;
        }
    }
    text->begin = line;
}

static void drop_above(struct rs_text *text, const struct rs_form *form) {
    text->begin += form->above;
    text->line += form->lines_above;
}

bool rs_text_detect(struct rs_text *text, struct rs_form *form, const struct rs_form_given *given,
                    struct rs_error *err) {
    rs_grow(&text->ahead, &text->capacity, text->end + RS_BLOCK_SLACK, 1);
    if (!rs_form_detect(form, text->ahead + text->begin, text->end - text->begin, text->at_end,
                        given, text->name, err))
        return false;
    drop_above(text, form);
    drop_blank_lines(text, form);
    return true;
}

/* Adds up to BLOCK bytes behind the *USED ones in the buffer, more where these hold no whole
 * record: of what lies ahead, else straight from the file where nothing needs converting. */
static bool fill(struct rs_text *text, struct rs_text_buffer *buffer, size_t *used,
                 struct rs_error *err) {
    size_t want = *used > BLOCK ? *used : BLOCK, got = text->end - text->begin;
    if (*used + want > LONGEST + BLOCK) want = LONGEST + BLOCK - *used;
    if (got == 0 && text->converter != (iconv_t)-1 && !text->at_end) {
        if (!read_ahead(text, want, err)) return false;
        got = text->end - text->begin;
    }
    rs_grow(&buffer->bytes, &buffer->capacity, *used + want + RS_BLOCK_SLACK, 1);
    if (got > want) got = want;
    if (got > 0) {
        memcpy(buffer->bytes + *used, text->ahead + text->begin, got);
        text->begin += got;
    } else if (!text->at_end && !read_fully(text, buffer->bytes + *used, want, &got, err)) {
        return false;
    }
    *used += got;
    return true;
}

/* Takes the last N bytes of what was filled in back, to give them with the next block. */
static void put_back(struct rs_text *text, const char *bytes, size_t n) {
    if (n <= text->begin) {
        text->begin -= n;
    } else {
        size_t rest = text->end - text->begin;
        rs_grow(&text->ahead, &text->capacity, n + rest + RS_BLOCK_SLACK, 1);
        memmove(text->ahead + n, text->ahead + text->begin, rest);
        text->begin = 0;
        text->end = n + rest;
    }
    memcpy(text->ahead + text->begin, bytes, n);
}

bool rs_text_next_into(struct rs_text *text, const struct rs_form *form,
                       struct rs_text_buffer *buffer, struct rs_block *block,
                       struct rs_error *err) {
    uint64_t lines = 0;
    size_t length = 0, used = 0;
    while (true) {
        if (!fill(text, buffer, &used, err)) return false;
        bool last = text->at_end && text->begin == text->end && text->raw_used == 0;
        length = rs_records_length(form, buffer->bytes, used, last, &lines);
        if (length > 0 || last) break;
        if (used > LONGEST)
            return rs_fail(err, EX_DATAERR, "%s:%llu: a line of more than %d MiB", text->name,
                           (unsigned long long)text->line, LONGEST >> 20);
    }
    put_back(text, buffer->bytes + length, used - length);
    *block = (struct rs_block){buffer->bytes, length, text->line};
    text->line += lines;
    return true;
}

bool rs_text_next(struct rs_text *text, const struct rs_form *form, struct rs_block *block,
                  struct rs_error *err) {
    return rs_text_next_into(text, form, &text->own, block, err);
}
