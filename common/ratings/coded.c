#include "ratings/coded.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void start_coded(struct rs_coded *coded, size_t n_lines, size_t n_members, size_t n_codes) {
    coded->n_codes = n_codes;
    coded->start = rs_calloc(n_lines + 1, sizeof *coded->start);
    coded->code = rs_malloc(n_members, sizeof *coded->code);
}

static void code_set(struct rs_coded *coded, const struct rs_table_column *column, size_t n_lines) {
    size_t n = (size_t)column->start[n_lines];
    start_coded(coded, n_lines, n, column->text.n);
    memcpy(coded->start, column->start, (n_lines + 1) * sizeof *coded->start);
    memcpy(coded->code, column->code, n * sizeof *coded->code);
}

static void code_category(struct rs_coded *coded, const struct rs_table_column *column,
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
static void code_number(struct rs_coded *coded, const double *number, size_t n_lines) {
    double *sorted = rs_malloc(n_lines, sizeof *sorted), bound[RS_CODED_BUCKETS];
    size_t n = 0, n_bounds = 0;
    for (size_t r = 0; r < n_lines; r++)
        if (isfinite(number[r])) sorted[n++] = number[r];
    qsort(sorted, n, sizeof *sorted, compare_numbers);
    for (size_t b = 1; n > 0 && b < RS_CODED_BUCKETS; b++) {
        double quantile = sorted[b * n / RS_CODED_BUCKETS];
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
static bool code_years(struct rs_coded *coded, const struct rs_table_column *column,
                       size_t n_lines) {
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

bool rs_coded_make(struct rs_coded *coded, const struct rs_table_column *column, size_t n_lines) {
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

void rs_coded_free(struct rs_coded *coded) {
    free(coded->start);
    free(coded->code);
    *coded = (struct rs_coded){0};
}
