#include "ratings/attributes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/topk.h"

/* A column as codes: members of line r are code[start[r]] … code[start[r + 1] - 1], below n_codes.
 */
struct coded {
    size_t n_codes;
    uint64_t *start;
    uint32_t *code;
};

static void start_coded(struct coded *coded, size_t n_lines, size_t n_members, size_t n_codes) {
    coded->n_codes = n_codes;
    coded->start = rs_calloc(n_lines + 1, sizeof *coded->start);
    coded->code = rs_malloc(n_members, sizeof *coded->code);
}

static void code_set(struct coded *coded, const struct rs_table_column *column, size_t n_lines) {
    size_t n = (size_t)column->start[n_lines];
    start_coded(coded, n_lines, n, column->text.n);
    memcpy(coded->start, column->start, (n_lines + 1) * sizeof *coded->start);
    memcpy(coded->code, column->code, n * sizeof *coded->code);
}

static void code_category(struct coded *coded, const struct rs_table_column *column,
                          size_t n_lines) {
    start_coded(coded, n_lines, n_lines, column->text.n);
    for (size_t r = 0; r < n_lines; r++) {
        uint64_t at = coded->start[r];
        if (column->code[r] != RS_NONE) coded->code[at++] = column->code[r];
        coded->start[r + 1] = at;
    }
}

static int compare_numbers(const void *a, const void *b) {
    double first = *(const double *)a, second = *(const double *)b;
    return first < second ? -1 : first > second;
}

/* Buckets by the quantiles of what is known. */
static void code_number(struct coded *coded, const double *number, size_t n_lines) {
    double *sorted = rs_malloc(n_lines, sizeof *sorted), bound[RS_ATTRIBUTE_BUCKETS];
    size_t n = 0, n_bounds = 0;
    for (size_t r = 0; r < n_lines; r++)
        if (isfinite(number[r])) sorted[n++] = number[r];
    qsort(sorted, n, sizeof *sorted, compare_numbers);
    for (size_t b = 1; n > 0 && b < RS_ATTRIBUTE_BUCKETS; b++) {
        double quantile = sorted[b * n / RS_ATTRIBUTE_BUCKETS];
        if (quantile > sorted[0] && (n_bounds == 0 || quantile > bound[n_bounds - 1]))
            bound[n_bounds++] = quantile;
    }
    free(sorted);
    start_coded(coded, n_lines, n_lines, n_bounds + 1);
    for (size_t r = 0; r < n_lines; r++) {
        uint64_t at = coded->start[r];
        uint32_t bucket = 0;
        while (bucket < n_bounds && number[r] >= bound[bucket]) bucket++;
        if (isfinite(number[r])) coded->code[at++] = bucket;
        coded->start[r + 1] = at;
    }
}

/* The year at the end of a text, or NaN. */
static double year_of(struct rs_id text) {
    const char *end = text.text + text.length;
    while (end > text.text && end[-1] == ' ') end--;
    if (end - text.text < 6 || end[-1] != ')' || end[-6] != '(') return NAN;
    int year = 0;
    for (const char *c = end - 5; c < end - 1; c++) {
        if (*c < '0' || *c > '9') return NAN;
        year = 10 * year + (*c - '0');
    }
    return year;
}

/* False if there are too few years. */
static bool code_years(struct coded *coded, const struct rs_table_column *column, size_t n_lines) {
    double *year = rs_malloc(n_lines, sizeof *year);
    size_t found = 0;
    for (size_t r = 0; r < n_lines; r++) {
        year[r] = year_of(rs_ids_get(&column->text, r));
        found += isfinite(year[r]) != 0;
    }
    if (2 * found >= n_lines) code_number(coded, year, n_lines);
    free(year);
    return 2 * found >= n_lines;
}

static bool code_column(struct coded *coded, const struct rs_table_column *column, size_t n_lines) {
    switch (column->kind) {
    case RS_SET:
        code_set(coded, column, n_lines);
        return true;
    case RS_CATEGORY:
        code_category(coded, column, n_lines);
        return true;
    case RS_NUMBER:
        code_number(coded, column->number, n_lines);
        return true;
    default:
        return code_years(coded, column, n_lines);
    }
}

/* Gives the codes that count features from FIRST on; RS_NONE to the rest. Returns how many. */
static size_t choose_codes(const struct coded *coded, size_t n_lines, size_t first,
                           uint32_t *feature) {
    uint64_t *keys = rs_malloc(coded->n_codes, sizeof *keys);
    uint32_t *count = rs_calloc(coded->n_codes, sizeof *count);
    size_t n = 0, kept = 0;
    for (uint64_t e = 0; e < coded->start[n_lines]; e++) count[coded->code[e]]++;
    for (uint32_t c = 0; c < coded->n_codes; c++) {
        feature[c] = RS_NONE;
        if (count[c] >= 2) keys[n++] = rs_topk_key((float)count[c], c);
    }
    if (n > RS_ATTRIBUTE_VALUES) {
        rs_topk_partition(keys, n, RS_ATTRIBUTE_VALUES);
        n = RS_ATTRIBUTE_VALUES;
    }
    for (size_t k = 0; k < n; k++) feature[rs_topk_index(keys[k])] = 0;
    for (size_t c = 0; c < coded->n_codes; c++)
        if (feature[c] != RS_NONE) feature[c] = (uint32_t)(first + kept++);
    free(keys);
    free(count);
    return n;
}

/* Puts the columns, whose features are known by now, side by side. */
static void join(struct rs_attributes *a, const struct coded *coded, uint32_t *const *feature,
                 size_t n_coded) {
    size_t n = 0;
    for (size_t c = 0; c < n_coded; c++) n += coded[c].start[a->n_lines];
    a->feature = rs_malloc(n, sizeof *a->feature);
    a->value = rs_malloc(n, sizeof *a->value);
    uint64_t at = 0;
    for (size_t r = 0; r < a->n_lines; r++) {
        for (size_t c = 0; c < n_coded; c++) {
            uint64_t begin = coded[c].start[r], end = coded[c].start[r + 1];
            for (uint64_t e = begin; e < end; e++) {
                uint32_t found = feature[c][coded[c].code[e]];
                if (found == RS_NONE) continue;
                a->feature[at] = found;
                a->value[at++] = (float)(1 / sqrt((double)(end - begin)));
            }
        }
        a->start[r + 1] = at;
    }
}

void rs_attributes_make(struct rs_attributes *attributes, const struct rs_table *table,
                        size_t n_lines) {
    struct coded coded[RS_TABLE_MAX_COLUMNS];
    uint32_t *feature[RS_TABLE_MAX_COLUMNS];
    size_t n_coded = 0;
    *attributes = (struct rs_attributes){.n_lines = n_lines};
    attributes->start = rs_calloc(n_lines + 1, sizeof *attributes->start);
    for (size_t c = 0; c < table->n_columns; c++) {
        if (!code_column(&coded[n_coded], &table->columns[c], n_lines)) continue;
        feature[n_coded] = rs_malloc(coded[n_coded].n_codes, sizeof *feature[n_coded]);
        attributes->n_features +=
            choose_codes(&coded[n_coded], n_lines, attributes->n_features, feature[n_coded]);
        n_coded++;
    }
    join(attributes, coded, feature, n_coded);
    for (size_t c = 0; c < n_coded; c++) {
        free(coded[c].start);
        free(coded[c].code);
        free(feature[c]);
    }
}

void rs_attributes_free(struct rs_attributes *attributes) {
    free(attributes->start);
    free(attributes->feature);
    free(attributes->value);
    *attributes = (struct rs_attributes){0};
}
