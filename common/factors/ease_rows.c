#include "factors/ease_rows.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "format/ids.h"

double rs_ease_row_weight(const struct rs_matrix *matrix, double power, size_t n) {
    double mean = (double)matrix->n_ratings / (double)matrix->users.ids.n;
    return n == 0 ? 0 : pow((double)n / mean, -power);
}

uint32_t *rs_ease_number_items(const struct rs_matrix *matrix, const uint32_t *item, size_t m) {
    size_t n = matrix->items.ids.n;
    uint32_t *number = rs_malloc(n, sizeof *number);
    for (size_t i = 0; i < n; i++) number[i] = item == NULL ? (uint32_t)i : RS_NONE;
    for (size_t k = 0; item != NULL && k < m; k++) number[item[k]] = (uint32_t)k;
    return number;
}

static void fill_rows(struct rs_ease_rows *y, const struct rs_ease *ease, const uint32_t *number) {
    const struct rs_sparse *rows = &ease->matrix->rows;
    y->row_start = rs_calloc(rows->n_lines + 1, sizeof *y->row_start);
    y->row_other = rs_malloc(ease->matrix->n_ratings, sizeof *y->row_other);
    y->row_value = rs_malloc(ease->matrix->n_ratings, sizeof *y->row_value);
    uint64_t n = 0;
    for (size_t u = 0; u < rows->n_lines; u++) {
        double weight = rs_ease_row_weight(ease->matrix, ease->options.power,
                                           rows->start[u + 1] - rows->start[u]);
        for (uint64_t e = rows->start[u]; e < rows->start[u + 1]; e++) {
            if (number[rows->other[e]] == RS_NONE) continue;
            y->row_other[n] = number[rows->other[e]];
            y->row_value[n++] =
                (float)(weight * (double)rs_preference_of(&ease->preference, rows->rating[e]));
        }
        y->row_start[u + 1] = n;
    }
    y->rows =
        (struct rs_sparse){rows->n_lines, ease->n_items, y->row_start, y->row_other, y->row_value};
}

static void fill_columns(struct rs_ease_rows *y, size_t n_items) {
    uint64_t n = y->row_start[y->rows.n_lines];
    y->column_start = rs_calloc(n_items + 2, sizeof *y->column_start);
    y->column_other = rs_malloc(n, sizeof *y->column_other);
    y->column_value = rs_malloc(n, sizeof *y->column_value);
    for (uint64_t e = 0; e < n; e++) y->column_start[y->row_other[e] + 2]++;
    for (size_t i = 1; i < n_items + 2; i++) y->column_start[i] += y->column_start[i - 1];
    for (size_t u = 0; u < y->rows.n_lines; u++)
        for (uint64_t e = y->row_start[u]; e < y->row_start[u + 1]; e++) {
            uint64_t at = y->column_start[y->row_other[e] + 1]++;
            y->column_other[at] = (uint32_t)u;
            y->column_value[at] = y->row_value[e];
        }
    y->columns = (struct rs_sparse){n_items, y->rows.n_lines, y->column_start, y->column_other,
                                    y->column_value};
}

void rs_ease_rows_make(struct rs_ease_rows *y, const struct rs_ease *ease) {
    uint32_t *number = rs_ease_number_items(ease->matrix, ease->item, ease->n_items);
    fill_rows(y, ease, number);
    free(number);
    fill_columns(y, ease->n_items);
}

void rs_ease_rows_free(struct rs_ease_rows *y) {
    free(y->row_start);
    free(y->row_other);
    free(y->row_value);
    free(y->column_start);
    free(y->column_other);
    free(y->column_value);
}
