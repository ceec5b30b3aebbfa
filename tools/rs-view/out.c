#include "out.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/number.h"
#include "base/utf8.h"
#include "base/when.h"
#include "format/pairs.h"

enum { FLUSH_AT = 1 << 17, CELL_ROOM = 64 };

static void flush(struct out *out) {
    if (out->used > 0) fwrite(out->buffer, 1, out->used, out->file);
    out->used = 0;
}

/* Room for N bytes more. */
static char *room(struct out *out, size_t n) {
    rs_grow(&out->buffer, &out->capacity, out->used + n, 1);
    return out->buffer + out->used;
}

static void put(struct out *out, const char *bytes, size_t n) {
    if (n == 0) return;
    memcpy(room(out, n), bytes, n);
    out->used += n;
}

static void put_char(struct out *out, char c) {
    *room(out, 1) = c;
    out->used++;
}

/* The length of the valid UTF-8 character at TEXT, 0 if there is none. */
static size_t character(const char *text, size_t left) {
    for (size_t n = 1; n <= 4 && n <= left; n++)
        if (rs_utf8_valid(text, n)) return n;
    return 0;
}

static void put_json_escape(struct out *out, unsigned char byte) {
    static const char hex[] = "0123456789abcdef";
    static const char letters[128] = {['"'] = '"',  ['\\'] = '\\', ['\n'] = 'n', ['\t'] = 't',
                                      ['\r'] = 'r', ['\b'] = 'b',  ['\f'] = 'f'};
    char *at = room(out, 6);
    at[0] = '\\';
    if (letters[byte] != 0) {
        at[1] = letters[byte];
        out->used += 2;
        return;
    }
    memcpy(at + 1, "u00", 3);
    at[4] = hex[byte >> 4];
    at[5] = hex[byte & 15];
    out->used += 6;
}

static bool is_plain_json(unsigned char byte) {
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

static void put_json_text(struct out *out, const char *text, size_t length) {
    put_char(out, '"');
    for (size_t i = 0; i < length;) {
        size_t plain = i;
        while (plain < length && is_plain_json((unsigned char)text[plain])) plain++;
        if (plain > i) put(out, text + i, plain - i);
        i = plain;
        if (i == length) break;
        if ((unsigned char)text[i] < 0x80) {
            put_json_escape(out, (unsigned char)text[i++]);
            continue;
        }
        size_t n = character(text + i, length - i);
        put(out, n > 0 ? text + i : "\xef\xbf\xbd", n > 0 ? n : 3);
        i += n > 0 ? n : 1;
    }
    put_char(out, '"');
}

static char separator(const struct out *out) {
    return out->form == FORM_CSV ? ',' : '\t';
}

/* Quotes what a reader would take for more than a cell, or trim. */
static void put_csv_text(struct out *out, const char *text, size_t length) {
    bool quote = length > 0 && (text[0] == ' ' || text[0] == '\t' || text[length - 1] == ' ' ||
                                text[length - 1] == '\t');
    for (size_t i = 0; i < length; i++)
        quote |= text[i] == separator(out) || text[i] == '"' || text[i] == '\n' || text[i] == '\r';
    if (!quote) {
        put(out, text, length);
        return;
    }
    put_char(out, '"');
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"') put_char(out, '"');
        put_char(out, text[i]);
    }
    put_char(out, '"');
}

void out_start(struct out *out, FILE *file, enum form form, uint64_t limit) {
    *out = (struct out){.file = file, .form = form, .limit = limit};
}

static void free_keys(struct out *out) {
    for (size_t c = 0; c < out->n_columns; c++) free(out->keys[c]);
    free(out->keys);
    out->keys = NULL;
}

static char *json_key(const char *name, bool first) {
    struct out key = {0};
    put_char(&key, first ? '{' : ',');
    put_json_text(&key, name, strlen(name));
    put(&key, ":", 2);
    return key.buffer;
}

static bool same_names(const struct out *out, const char *const *names, size_t n) {
    bool same = out->n_columns == n;
    for (size_t c = 0; same && c < n; c++) same = strcmp(names[c], out->keys[c]) == 0;
    return same;
}

void out_columns(struct out *out, const char *const *names, size_t n) {
    if (out->form != FORM_JSON && out->keys != NULL) {
        if (!same_names(out, names, n))
            rs_die(EX_DATAERR, "the columns change on the way: choose some with --columns, or "
                               "take JSON");
        return;
    }
    free_keys(out);
    out->n_columns = n;
    out->keys = rs_calloc(n, sizeof *out->keys);
    for (size_t c = 0; c < n; c++) {
        if (out->form == FORM_JSON) {
            out->keys[c] = json_key(names[c], c == 0);
            continue;
        }
        out->keys[c] = rs_strdup(names[c]);
        if (c > 0) put_char(out, separator(out));
        put_csv_text(out, names[c], strlen(names[c]));
    }
    if (out->form != FORM_JSON) put_char(out, '\n');
}

static void begin_cell(struct out *out) {
    if (out->keys == NULL) { /* a list */
        if (out->at > 0) put_char(out, out->form == FORM_JSON ? ',' : separator(out));
    } else if (out->form == FORM_JSON) {
        put(out, out->keys[out->at], strlen(out->keys[out->at]));
    } else if (out->at > 0) {
        put_char(out, separator(out));
    }
    out->at++;
}

void out_text(struct out *out, struct rs_id text) {
    begin_cell(out);
    if (out->form == FORM_JSON) {
        put_json_text(out, text.text, text.length);
    } else {
        put_csv_text(out, text.text, text.length);
    }
}

void out_float(struct out *out, float number) {
    if (!isfinite(number)) {
        out_nothing(out);
        return;
    }
    begin_cell(out);
    out->used += rs_number_print_float(room(out, CELL_ROOM), number);
}

void out_double(struct out *out, double number) {
    if (!isfinite(number)) {
        out_nothing(out);
        return;
    }
    begin_cell(out);
    out->used += rs_number_print_double(room(out, CELL_ROOM), number);
}

void out_whole(struct out *out, uint64_t number) {
    begin_cell(out);
    out->used += rs_number_print_integer(room(out, CELL_ROOM), number);
}

void out_signed(struct out *out, int64_t number) {
    begin_cell(out);
    if (number < 0) put_char(out, '-');
    uint64_t size = number < 0 ? -(uint64_t)number : (uint64_t)number;
    out->used += rs_number_print_integer(room(out, CELL_ROOM), size);
}

void out_time(struct out *out, int64_t when) {
    if (when == RS_NO_TIME) {
        out_nothing(out);
        return;
    }
    begin_cell(out);
    if (out->form == FORM_JSON) put_char(out, '"');
    out->used += rs_when_print(room(out, CELL_ROOM), when);
    if (out->form == FORM_JSON) put_char(out, '"');
}

void out_nothing(struct out *out) {
    begin_cell(out);
    if (out->form == FORM_JSON) put(out, "null", 4);
}

void out_set(struct out *out, const struct rs_ids *texts, const uint32_t *members, size_t n) {
    begin_cell(out);
    if (out->form == FORM_JSON) {
        put_char(out, '[');
        for (size_t i = 0; i < n; i++) {
            struct rs_id text = rs_ids_get(texts, members[i]);
            if (i > 0) put_char(out, ',');
            put_json_text(out, text.text, text.length);
        }
        put_char(out, ']');
        return;
    }
    struct out joined = {0};
    for (size_t i = 0; i < n; i++) {
        struct rs_id text = rs_ids_get(texts, members[i]);
        if (i > 0) put_char(&joined, '|');
        put(&joined, text.text, text.length);
    }
    put_csv_text(out, joined.buffer, joined.used);
    free(joined.buffer);
}

static bool count_row(struct out *out) {
    out->at = 0;
    if (out->used > FLUSH_AT) flush(out);
    return ++out->n_rows < out->limit;
}

bool out_end_row(struct out *out) {
    if (out->form == FORM_JSON) put_char(out, '}');
    put_char(out, '\n');
    return count_row(out);
}

static void put_json(struct out *out, const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_OBJECT: {
        const char *key;
        json_t *member;
        char before = '{';
        json_object_foreach((json_t *)(uintptr_t)value, key, member) {
            put_char(out, before);
            put_json_text(out, key, strlen(key));
            put_char(out, ':');
            put_json(out, member);
            before = ',';
        }
        if (before == '{') put_char(out, '{');
        put_char(out, '}');
        break;
    }
    case JSON_ARRAY:
        put_char(out, '[');
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (i > 0) put_char(out, ',');
            put_json(out, json_array_get(value, i));
        }
        put_char(out, ']');
        break;
    case JSON_STRING:
        put_json_text(out, json_string_value(value), json_string_length(value));
        break;
    case JSON_REAL:
        out->used += rs_number_print_double(room(out, CELL_ROOM), json_real_value(value));
        break;
    default: {
        char *text = json_dumps(value, JSON_ENCODE_ANY);
        put(out, text, strlen(text));
        free(text);
    }
    }
}

bool out_json(struct out *out, const json_t *value) {
    put_json(out, value);
    put_char(out, '\n');
    return count_row(out);
}

void out_begin_list(struct out *out, size_t n) {
    out->at = 0;
    if (out->form == FORM_JSON && n != 1) put_char(out, '[');
}

bool out_end_list(struct out *out, size_t n) {
    if (out->form == FORM_JSON && n != 1) put_char(out, ']');
    put_char(out, '\n');
    return count_row(out);
}

void out_finish(struct out *out) {
    flush(out);
    free_keys(out);
    free(out->buffer);
    *out = (struct out){0};
}
