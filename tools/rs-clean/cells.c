#include "cells.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"

/* Names that say what kind a column is, where its values may not: a zip code is no number, and a
 * title among three may not look like one. */
static const struct {
    const char *words;
    enum rs_column_kind kind;
} known[] = {
    {" title name description url plot summary text image poster link website email ", RS_TEXT},
    {" zip zipcode postal postcode phone sex gender occupation country city state language "
     "publisher author director brand ",
     RS_CATEGORY},
    {" genre genres tags categories keywords topics ", RS_SET},
};

static const char no_members[] = "(no genres listed)"; /* MovieLens writes so for an empty set */

static struct rs_id cell(const struct cells *cells, size_t row) {
    return (struct rs_id){cells->bytes + cells->offset[row],
                          (size_t)(cells->offset[row + 1] - cells->offset[row])};
}

void cells_add(struct cells *cells, struct rs_id text) {
    rs_grow(&cells->offset, &cells->offset_capacity, cells->n + 2, sizeof *cells->offset);
    if (cells->n == 0) cells->offset[0] = 0;
    uint64_t begin = cells->offset[cells->n];
    rs_grow(&cells->bytes, &cells->bytes_capacity, begin + text.length + 1, 1);
    if (text.length > 0) memcpy(cells->bytes + begin, text.text, text.length);
    cells->offset[++cells->n] = begin + text.length;
}

void cells_free(struct cells *cells) {
    free(cells->offset);
    free(cells->bytes);
    *cells = (struct cells){0};
}

static bool is_named(const char *words, const char *name) {
    char folded[64] = " ";
    size_t n = 1;
    for (; *name != '\0' && n + 2 < sizeof folded; name++)
        if (isalnum((unsigned char)*name)) folded[n++] = (char)tolower((unsigned char)*name);
    folded[n++] = ' ';
    folded[n] = '\0';
    return n > 2 && strstr(words, folded) != NULL;
}

/* A code is written in digits but is no quantity: "02139". */
static bool is_code(struct rs_id text) {
    return text.length > 1 && text.text[0] == '0' && text.text[1] >= '0' && text.text[1] <= '9';
}

static bool parse_number(struct rs_id text, bool decimal_comma, double *number) {
    return decimal_comma ? rs_number_parse_comma(text.text, text.length, number)
                         : rs_number_parse(text.text, text.length, number);
}

enum rs_column_kind cells_kind(const struct cells *cells, const char *name, bool decimal_comma) {
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (is_named(known[k].words, name)) return known[k].kind;
    struct rs_dict distinct;
    rs_dict_init(&distinct);
    size_t filled = 0, numbers = 0, bars = 0;
    for (size_t row = 0; row < cells->n; row++) {
        struct rs_id text = cell(cells, row);
        double number;
        if (rs_number_missing(text.text, text.length)) continue;
        filled++;
        numbers += !is_code(text) && parse_number(text, decimal_comma, &number);
        bars += memchr(text.text, '|', text.length) != NULL;
        rs_dict_add(&distinct, text);
    }
    size_t n_distinct = distinct.ids.n, length = strlen(name);
    rs_dict_free(&distinct);
    bool is_id = length > 2 &&
                 (strcmp(name + length - 2, "Id") == 0 || strcmp(name + length - 2, "ID") == 0 ||
                  strcmp(name + length - 3, "_id") == 0);
    if (filled > 0 && numbers == filled && !is_id) return RS_NUMBER;
    if (5 * bars > filled) return RS_SET;
    return 2 * n_distinct > filled ? RS_TEXT : RS_CATEGORY;
}

static struct rs_ids own_ids(struct rs_table *table, const struct rs_ids *ids) {
    size_t n_bytes = (size_t)ids->offset[ids->n];
    uint64_t *offset = rs_table_own(table, rs_malloc(ids->n + 1, sizeof *offset));
    char *bytes = rs_table_own(table, rs_malloc(n_bytes, 1));
    memcpy(offset, ids->offset, (ids->n + 1) * sizeof *offset);
    memcpy(bytes, ids->bytes, n_bytes);
    return (struct rs_ids){ids->n, offset, bytes};
}

struct rs_ids cells_ids(const struct cells *cells, struct rs_table *table) {
    static const uint64_t none[1] = {0};
    struct rs_ids ids = {cells->n, cells->n == 0 ? none : cells->offset,
                         cells->n == 0 ? "" : cells->bytes};
    return own_ids(table, &ids);
}

static bool make_numbers(const struct cells *cells, bool decimal_comma, struct rs_table *table,
                         struct rs_table_column *column, size_t *bad) {
    double *number = rs_table_own(table, rs_malloc(cells->n, sizeof *number));
    column->number = number;
    for (size_t row = 0; row < cells->n; row++) {
        struct rs_id text = cell(cells, row);
        if (parse_number(text, decimal_comma, &number[row])) continue;
        number[row] = NAN;
        *bad = row;
        if (!rs_number_missing(text.text, text.length)) return false;
    }
    return true;
}

static void make_categories(const struct cells *cells, struct rs_table *table,
                            struct rs_table_column *column) {
    uint32_t *code = rs_table_own(table, rs_malloc(cells->n, sizeof *code));
    struct rs_dict categories;
    rs_dict_init(&categories);
    for (size_t row = 0; row < cells->n; row++) {
        struct rs_id text = cell(cells, row);
        code[row] =
            rs_number_missing(text.text, text.length) ? RS_NONE : rs_dict_add(&categories, text);
    }
    column->code = code;
    column->text = own_ids(table, &categories.ids);
    rs_dict_free(&categories);
}

/* What separates the members: '|' where any value has it, else ';', else ','. */
static char member_separator(const struct cells *cells) {
    size_t n_bytes = cells->n == 0 ? 0 : (size_t)cells->offset[cells->n];
    if (n_bytes == 0 || memchr(cells->bytes, '|', n_bytes) != NULL) return '|';
    return memchr(cells->bytes, ';', n_bytes) != NULL ? ';' : ',';
}

struct members {
    struct rs_dict dict;
    uint32_t *code;
    size_t n, capacity;
};

/* Adds the members of one set, each once. */
static void add_members(struct members *members, struct rs_id set, char separator) {
    size_t first = members->n;
    const char *at = set.text, *end = set.text + set.length;
    while (at < end) {
        const char *cut = memchr(at, separator, (size_t)(end - at));
        const char *stop = cut == NULL ? end : cut, *next = cut == NULL ? end : cut + 1;
        while (at < stop && *at == ' ') at++;
        while (stop > at && stop[-1] == ' ') stop--;
        if (stop > at) {
            uint32_t code = rs_dict_add(&members->dict, (struct rs_id){at, (size_t)(stop - at)});
            size_t i = first;
            while (i < members->n && members->code[i] != code) i++;
            rs_grow(&members->code, &members->capacity, members->n + 1, sizeof *members->code);
            if (i == members->n) members->code[members->n++] = code;
        }
        at = next;
    }
}

static void make_sets(const struct cells *cells, struct rs_table *table,
                      struct rs_table_column *column) {
    struct members members = {0};
    rs_dict_init(&members.dict);
    rs_grow(&members.code, &members.capacity, 1, sizeof *members.code);
    uint64_t *start = rs_table_own(table, rs_malloc(cells->n + 1, sizeof *start));
    char separator = member_separator(cells);
    start[0] = 0;
    for (size_t row = 0; row < cells->n; row++) {
        struct rs_id set = cell(cells, row);
        bool none =
            rs_number_missing(set.text, set.length) ||
            (set.length == strlen(no_members) && memcmp(set.text, no_members, set.length) == 0);
        if (!none) add_members(&members, set, separator);
        start[row + 1] = members.n;
    }
    column->start = start;
    column->code = rs_table_own(table, members.code);
    column->text = own_ids(table, &members.dict.ids);
    rs_dict_free(&members.dict);
}

bool cells_column(const struct cells *cells, const char *name, enum rs_column_kind kind,
                  bool decimal_comma, struct rs_table *table, struct rs_table_column *column,
                  size_t *bad) {
    *column = (struct rs_table_column){.name = rs_strdup(name), .kind = kind};
    switch (kind) {
    case RS_TEXT:
        column->text = cells_ids(cells, table);
        break;
    case RS_CATEGORY:
        make_categories(cells, table, column);
        break;
    case RS_SET:
        make_sets(cells, table, column);
        break;
    case RS_NUMBER:
        return make_numbers(cells, decimal_comma, table, column, bad);
    case RS_N_COLUMN_KINDS:
        break;
    }
    return true;
}
