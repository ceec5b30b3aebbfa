#include "text.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "memory.h"
#include "reader.h"
#include "utf8.h"

enum { BLOCK = 4 << 20 };

struct rs_text {
    char *name;
    FILE *file;
    uint64_t position, size;
    uint64_t line; /* of the first byte in the buffer */
    char *buffer;  /* UTF-8 not yet given, from `begin` to `end` */
    size_t begin, end, capacity;
    bool at_end;
    iconv_t converter; /* (iconv_t)-1: none */
    char *raw;         /* what iconv has not yet taken */
    size_t raw_used;
};

static void make_room(struct rs_text *text) {
    if (text->begin > 0) {
        memmove(text->buffer, text->buffer + text->begin, text->end - text->begin);
        text->end -= text->begin;
        text->begin = 0;
    }
    rs_grow(&text->buffer, &text->capacity, text->end + BLOCK, 1);
}

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

/* Converts what was read; bytes that are not of the encoding become U+FFFD. */
static void convert(struct rs_text *text) {
    static const char replacement[] = "\xef\xbf\xbd";
    char *from = text->raw;
    while (text->raw_used > 0) {
        rs_grow(&text->buffer, &text->capacity, text->end + 4 * text->raw_used + 16, 1);
        char *to = text->buffer + text->end;
        size_t room = text->capacity - text->end;
        size_t result = iconv(text->converter, &from, &text->raw_used, &to, &room);
        text->end = (size_t)(to - text->buffer);
        if (result != (size_t)-1) continue;
        if (errno == EINVAL && !text->at_end) break; /* a character is cut off: the rest will come */
        if (errno == E2BIG) continue;
        memcpy(text->buffer + text->end, replacement, 3);
        text->end += 3;
        from++;
        text->raw_used--;
    }
    memmove(text->raw, from, text->raw_used);
}

static bool fill(struct rs_text *text, struct rs_error *err) {
    size_t got;
    make_room(text);
    if (text->converter == (iconv_t)-1) {
        if (!read_fully(text, text->buffer + text->end, BLOCK, &got, err)) return false;
        text->end += got;
        return true;
    }
    if (!read_fully(text, text->raw + text->raw_used, BLOCK, &got, err)) return false;
    text->raw_used += got;
    convert(text);
    return true;
}

/* From here on the input is in another encoding: what is in the buffer is converted too. */
static bool set_encoding(struct rs_text *text, const char *encoding, struct rs_error *err) {
    text->converter = iconv_open("UTF-8", encoding);
    if (text->converter == (iconv_t)-1)
        return rs_fail(err, EX_USAGE, "--encoding: '%s' is no encoding that iconv knows", encoding);
    text->raw = rs_malloc(2 * BLOCK, 1);
    text->raw_used = text->end - text->begin;
    memcpy(text->raw, text->buffer + text->begin, text->raw_used);
    text->begin = text->end = 0;
    convert(text);
    return true;
}

static bool starts_with(const struct rs_text *text, const char *bytes, size_t n) {
    return text->end - text->begin >= n && memcmp(text->buffer + text->begin, bytes, n) == 0;
}

static bool find_encoding(struct rs_text *text, const char *given, struct rs_error *err) {
    size_t n = text->end - text->begin;
    if (starts_with(text, "\xef\xbb\xbf", 3)) {
        text->begin += 3;
        n -= 3;
    } else if (given == NULL && starts_with(text, "\xff\xfe", 2)) {
        text->begin += 2;
        return set_encoding(text, "UTF-16LE", err);
    } else if (given == NULL && starts_with(text, "\xfe\xff", 2)) {
        text->begin += 2;
        return set_encoding(text, "UTF-16BE", err);
    }
    if (given != NULL)
        return strcasecmp(given, "UTF-8") == 0 || strcasecmp(given, "UTF8") == 0 ||
               set_encoding(text, given, err);
    const char *begin = text->buffer + text->begin;
    if (starts_with(text, "\x1f\x8b", 2))
        return rs_fail(err, EX_DATAERR, "%s: is compressed by gzip: pipe it through 'gzip -dc' first",
                       text->name);
    if (rs_reader_is_magic((const uint8_t *)begin, n))
        return rs_fail(err, EX_DATAERR, "%s: is an rs file through a named pipe: give it on standard "
                                        "input", text->name);
    if (memchr(begin, '\0', n) != NULL)
        return rs_fail(err, EX_DATAERR, "%s: is no text: it holds a NUL byte (UTF-16 without a byte "
                                        "order mark needs --encoding UTF-16LE)", text->name);
    bool utf8 = rs_utf8_valid(begin, rs_utf8_whole(begin, n));
    return utf8 || set_encoding(text, "LATIN1", err);
}

static bool skip_lines(struct rs_text *text, uint64_t skip, struct rs_error *err) {
    while (skip > 0) {
        char *from = text->buffer + text->begin;
        char *newline = memchr(from, '\n', text->end - text->begin);
        if (newline != NULL) {
            text->begin += (size_t)(newline + 1 - from);
            text->line++;
            skip--;
        } else if (text->at_end) {
            text->begin = text->end;
            return true;
        } else if (!fill(text, err)) {
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
    *text = (struct rs_text){.name = rs_strdup(standard ? "standard input" : path), .file = file,
                             .line = 1, .converter = (iconv_t)-1};
    struct stat status;
    if (fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode))
        text->size = (uint64_t)status.st_size;
    if (fill(text, err) && find_encoding(text, encoding, err) && skip_lines(text, skip, err))
        return text;
    rs_text_close(text);
    return NULL;
}

void rs_text_close(struct rs_text *text) {
    if (text == NULL) return;
    if (text->file != stdin) fclose(text->file);
    if (text->converter != (iconv_t)-1) iconv_close(text->converter);
    free(text->buffer);
    free(text->raw);
    free(text->name);
    free(text);
}

const char *rs_text_name(const struct rs_text *text) {
    return text->name;
}

uint64_t rs_text_position(const struct rs_text *text) {
    return text->position;
}

uint64_t rs_text_size(const struct rs_text *text) {
    return text->size;
}

bool rs_text_detect(struct rs_text *text, struct rs_form *form, const struct rs_form_given *given,
                    struct rs_error *err) {
    return rs_form_detect(form, text->buffer + text->begin, text->end - text->begin, text->at_end,
                          given, text->name, err);
}

bool rs_text_next(struct rs_text *text, const struct rs_form *form, struct rs_block *block,
                  struct rs_error *err) {
    uint64_t lines = 0;
    size_t length = 0;
    if (text->end == text->begin && !text->at_end && !fill(text, err)) return false;
    while (true) {
        length = rs_records_length(form, text->buffer + text->begin, text->end - text->begin,
                                   text->at_end, &lines);
        if (length > 0 || text->at_end) break;
        if (text->end - text->begin > 64u * RS_RECORD_MAX)
            return rs_fail(err, EX_DATAERR, "%s:%llu: a line of more than %d MiB", text->name,
                           (unsigned long long)text->line, 64);
        if (!fill(text, err)) return false;
    }
    *block = (struct rs_block){text->buffer + text->begin, length, text->line};
    text->begin += length;
    text->line += lines;
    return true;
}
