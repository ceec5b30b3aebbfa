#include "fields.h"

#include <csv.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "message.h"
#include "number.h"

struct rs_cutter {
    const struct rs_form *form;
    struct rs_block block;
    size_t at; /* in the block */
    uint64_t line;
    struct rs_id *fields;
    size_t n, capacity;
    char *arena; /* bytes of fields that do not lie in the text as they are */
    size_t arena_used, arena_capacity;
    struct csv_parser parser;
    bool record_done;
};

struct rs_cutter *rs_cutter_new(const struct rs_form *form) {
    struct rs_cutter *cutter = rs_calloc(1, sizeof *cutter);
    cutter->form = form;
    if (csv_init(&cutter->parser, 0) != 0) rs_die(EX_OSERR, "out of memory");
    csv_set_delim(&cutter->parser, (unsigned char)form->separator[0]);
    return cutter;
}

void rs_cutter_free(struct rs_cutter *cutter) {
    csv_free(&cutter->parser);
    free(cutter->fields);
    free(cutter->arena);
    free(cutter);
}

void rs_cutter_start(struct rs_cutter *cutter, struct rs_block block) {
    cutter->block = block;
    cutter->at = 0;
    cutter->line = block.first_line;
}

static void add_field(struct rs_cutter *cutter, const char *text, size_t length) {
    rs_grow(&cutter->fields, &cutter->capacity, cutter->n + 1, sizeof *cutter->fields);
    cutter->fields[cutter->n++] = (struct rs_id){text, length};
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static void add_trimmed(struct rs_cutter *cutter, const char *begin, const char *end,
                        char separator) {
    while (begin < end && is_blank(*begin) && *begin != separator) begin++;
    while (begin < end && is_blank(end[-1]) && end[-1] != separator) end--;
    add_field(cutter, begin, (size_t)(end - begin));
}

static void cut_at_byte(struct rs_cutter *cutter, const char *begin, const char *end) {
    char separator = cutter->form->separator[0];
    const char *cut;
    while ((cut = memchr(begin, separator, (size_t)(end - begin))) != NULL) {
        add_trimmed(cutter, begin, cut, separator);
        begin = cut + 1;
    }
    add_trimmed(cutter, begin, end, separator);
}

static void cut_at_string(struct rs_cutter *cutter, const char *begin, const char *end) {
    const char *separator = cutter->form->separator;
    size_t length = strlen(separator);
    const char *cut;
    while ((cut = memmem(begin, (size_t)(end - begin), separator, length)) != NULL) {
        add_trimmed(cutter, begin, cut, separator[0]);
        begin = cut + length;
    }
    add_trimmed(cutter, begin, end, separator[0]);
}

static void cut_at_blanks(struct rs_cutter *cutter, const char *begin, const char *end) {
    while (begin < end) {
        while (begin < end && is_blank(*begin)) begin++;
        const char *stop = begin;
        while (stop < end && !is_blank(*stop)) stop++;
        if (stop > begin) add_field(cutter, begin, (size_t)(stop - begin));
        begin = stop;
    }
}

/* Quoted records, by libcsv */

static bool may_quote(const struct rs_form *form) {
    return form->layout == RS_LAYOUT_DELIMITED && form->separator[1] == '\0';
}

/* Fields are remembered as offsets while the arena may still move. */
static void on_field(void *bytes, size_t length, void *data) {
    struct rs_cutter *cutter = data;
    rs_grow(&cutter->arena, &cutter->arena_capacity, cutter->arena_used + length + 1, 1);
    if (length > 0) memcpy(cutter->arena + cutter->arena_used, bytes, length);
    add_field(cutter, (const char *)cutter->arena_used, length);
    cutter->arena_used += length;
}

static void on_record(int terminator, void *data) {
    (void)terminator;
    ((struct rs_cutter *)data)->record_done = true;
}

static void reset_parser(struct rs_cutter *cutter) {
    csv_free(&cutter->parser);
    if (csv_init(&cutter->parser, 0) != 0) rs_die(EX_OSERR, "out of memory");
    csv_set_delim(&cutter->parser, (unsigned char)cutter->form->separator[0]);
}

/* Feeds line after line until the record is complete. Returns the end of the record, or NULL if the
 * block ends inside quotes. */
static const char *cut_quoted(struct rs_cutter *cutter, const char *begin, const char *end,
                              uint64_t *lines) {
    cutter->record_done = false;
    cutter->arena_used = 0;
    for (const char *from = begin; from < end && from - begin < RS_RECORD_MAX;) {
        const char *newline = memchr(from, cutter->form->newline, (size_t)(end - from));
        const char *to = newline == NULL ? end : newline + 1;
        size_t length = (size_t)(to - from);
        csv_parse(&cutter->parser, from, length, on_field, on_record, cutter);
        ++*lines;
        if (newline == NULL) /* the last line of the text has no end */
            csv_parse(&cutter->parser, "\n", 1, on_field, on_record, cutter);
        if (cutter->record_done) {
            for (size_t i = 0; i < cutter->n; i++)
                cutter->fields[i].text = cutter->arena + (size_t)cutter->fields[i].text;
            return to;
        }
        from = to;
    }
    reset_parser(cutter);
    cutter->n = 0;
    return NULL;
}

/* JSON objects */

static void add_json_value(struct rs_cutter *cutter, const json_t *value) {
    char number[32];
    const char *text = "";
    size_t length = 0;
    if (json_is_string(value)) {
        text = json_string_value(value);
        length = json_string_length(value);
    } else if (json_is_integer(value)) {
        length = (size_t)snprintf(number, sizeof number, "%lld",
                                  (long long)json_integer_value(value));
        text = number;
    } else if (json_is_real(value)) {
        length = rs_number_print_double(number, json_real_value(value));
        text = number;
    } else if (json_is_boolean(value)) {
        text = json_is_true(value) ? "1" : "0";
        length = 1;
    }
    on_field((void *)(uintptr_t)text, length, cutter);
}

/* Strings of an array become one field, joined by '|', as sets are written in delimited text. */
static void add_json_array(struct rs_cutter *cutter, const json_t *array) {
    size_t first = cutter->n, begin = cutter->arena_used;
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i > 0) on_field((void *)(uintptr_t) "|", 1, cutter);
        add_json_value(cutter, json_array_get(array, i));
    }
    cutter->n = first;
    add_field(cutter, (const char *)begin, cutter->arena_used - begin);
}

static const char *cut_json(struct rs_cutter *cutter, const char *begin, const char *end) {
    json_error_t error;
    json_t *object = json_loadb(begin, (size_t)(end - begin), JSON_ALLOW_NUL, &error);
    if (!json_is_object(object)) {
        json_decref(object);
        return "is not a JSON object";
    }
    cutter->arena_used = 0;
    for (size_t c = 0; c < cutter->form->n_columns; c++) {
        const json_t *value = json_object_get(object, cutter->form->names[c]);
        if (json_is_array(value)) {
            add_json_array(cutter, value);
        } else {
            add_json_value(cutter, value);
        }
    }
    json_decref(object);
    for (size_t i = 0; i < cutter->n; i++)
        cutter->fields[i].text = cutter->arena + (size_t)cutter->fields[i].text;
    return NULL;
}

/* Records */

static const char *line_end(const struct rs_cutter *cutter, const char *begin, const char *end,
                            const char **next) {
    const char *newline = memchr(begin, cutter->form->newline, (size_t)(end - begin));
    *next = newline == NULL ? end : newline + 1;
    const char *stop = newline == NULL ? end : newline;
    if (cutter->form->newline == '\n' && stop > begin && stop[-1] == '\r') stop--;
    return stop;
}

static bool is_blank_line(const char *begin, const char *end) {
    for (const char *c = begin; c < end; c++)
        if (!is_blank(*c)) return false;
    return true;
}

static void cut_line(struct rs_cutter *cutter, const char *begin, const char *end) {
    const struct rs_form *form = cutter->form;
    if (form->layout == RS_LAYOUT_BLANKS) {
        cut_at_blanks(cutter, begin, end);
    } else if (form->separator[1] != '\0') {
        cut_at_string(cutter, begin, end);
    } else {
        cut_at_byte(cutter, begin, end);
    }
}

/* Cuts a record that begins at BEGIN and has a quote in its first line. */
static const char *cut_with_quotes(struct rs_cutter *cutter, struct rs_record *record,
                                   const char *begin, const char *end, const char *next,
                                   uint64_t *lines) {
    const char *after = cut_quoted(cutter, begin, end, lines);
    if (after == NULL) {
        *lines = 1;
        record->fault = "has a quote that is not closed";
        return next;
    }
    const char *stop = after;
    while (stop > begin && (stop[-1] == '\n' || stop[-1] == '\r')) stop--;
    record->raw.length = (size_t)(stop - begin);
    return after;
}

bool rs_cutter_next(struct rs_cutter *cutter, struct rs_record *record) {
    const char *end = cutter->block.text + cutter->block.length;
    while (cutter->at < cutter->block.length) {
        const char *begin = cutter->block.text + cutter->at, *next;
        const char *stop = line_end(cutter, begin, end, &next);
        uint64_t lines = 1;
        cutter->n = 0;
        *record = (struct rs_record){.line = cutter->line,
                                     .raw = {begin, (size_t)(stop - begin)}};
        bool skip = is_blank_line(begin, stop) &&
                    !(is_blank(cutter->form->separator[0]) && stop > begin);
        if (skip) {
            /* nothing */
        } else if (cutter->form->layout == RS_LAYOUT_JSON) {
            record->fault = cut_json(cutter, begin, stop);
        } else if (may_quote(cutter->form) && memchr(begin, '"', (size_t)(stop - begin)) != NULL) {
            lines = 0;
            next = cut_with_quotes(cutter, record, begin, end, next, &lines);
        } else {
            cut_line(cutter, begin, stop);
        }
        cutter->at = (size_t)(next - cutter->block.text);
        cutter->line += lines;
        record->fields = cutter->fields;
        record->n = cutter->n;
        if (!skip) return true;
    }
    return false;
}

/* Whole records */

static size_t count_lines(const struct rs_form *form, const char *text, size_t length) {
    size_t lines = 0;
    for (size_t i = 0; i < length; i++) lines += text[i] == form->newline;
    return lines + (length > 0 && text[length - 1] != form->newline);
}

/* The end of the record at BEGIN, or NULL if it needs more text; quotes count where a field begins,
 * as libcsv takes them. */
static const char *record_end(const struct rs_form *form, const char *begin, const char *end) {
    bool quoted = false, field_start = true;
    for (const char *c = begin; c < end; c++) {
        if (quoted) {
            quoted = *c != '"';
        } else if (*c == form->newline) {
            return c + 1;
        } else if (*c == '"' && (field_start || c[-1] == '"')) {
            quoted = true;
            field_start = false;
        } else {
            field_start = *c == form->separator[0] || (field_start && is_blank(*c));
        }
    }
    return NULL;
}

size_t rs_records_length(const struct rs_form *form, const char *text, size_t length, bool last,
                         uint64_t *lines) {
    size_t whole = length;
    if (!last) {
        const char *newline = memrchr(text, form->newline, length);
        whole = newline == NULL ? 0 : (size_t)(newline + 1 - text);
        if (may_quote(form) && memchr(text, '"', length) != NULL) {
            const char *at = text, *next;
            while ((next = record_end(form, at, text + length)) != NULL) at = next;
            size_t rest = (size_t)(text + length - at);
            /* A quote that closes nowhere: let the cutter reject its line. */
            if (rest < RS_RECORD_MAX) whole = (size_t)(at - text);
        }
    }
    *lines = count_lines(form, text, whole);
    return whole;
}
