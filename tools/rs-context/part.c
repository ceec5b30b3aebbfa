#include "part.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "ratings/baseline.h"

unsigned part_fold(const struct data *data, size_t r, uint64_t seed) {
    struct rs_id user = rs_ids_get(&data->matrix->users.ids, data->user[r]);
    struct rs_id item = rs_ids_get(&data->matrix->items.ids, data->item[r]);
    return (unsigned)(rs_random_hash(seed, user.text, user.length, item.text, item.length) %
                      N_FOLDS);
}

static void copy_rows(struct part *part, const struct data *data, const uint8_t *left_out) {
    const struct rs_sparse *rows = &data->matrix->rows;
    uint64_t n = 0;
    for (size_t u = 0; u < data->n_users; u++) {
        part->row_start[u] = n;
        for (uint64_t r = rows->start[u]; r < rows->start[u + 1]; r++) {
            if (left_out[r]) continue;
            part->row_other[n] = rows->other[r];
            part->row_rating[n++] = rows->rating[r];
            part->column_start[rows->other[r] + 1]++;
        }
    }
    part->row_start[data->n_users] = n;
    for (size_t i = 0; i < data->n_items; i++) part->column_start[i + 1] += part->column_start[i];
    uint64_t *next = rs_malloc(data->n_items + 1, sizeof *next);
    memcpy(next, part->column_start, (data->n_items + 1) * sizeof *next);
    for (uint32_t u = 0; u < data->n_users; u++)
        for (uint64_t e = part->row_start[u]; e < part->row_start[u + 1]; e++) {
            uint64_t at = next[part->row_other[e]]++;
            part->column_other[at] = u;
            part->column_rating[at] = part->row_rating[e];
        }
    free(next);
}

void part_make(struct part *part, const struct data *data, const uint8_t *left_out) {
    size_t n = data->n, n_users = data->n_users, n_items = data->n_items;
    *part = (struct part){.matrix = *data->matrix,
                          .row_start = rs_calloc(n_users + 1, sizeof *part->row_start),
                          .column_start = rs_calloc(n_items + 1, sizeof *part->column_start),
                          .row_other = rs_malloc(n, sizeof *part->row_other),
                          .column_other = rs_malloc(n, sizeof *part->column_other),
                          .row_rating = rs_malloc(n, sizeof *part->row_rating),
                          .column_rating = rs_malloc(n, sizeof *part->column_rating),
                          .numbers = rs_calloc(3 * (n_users + n_items), sizeof(double))};
    copy_rows(part, data, left_out);
    struct rs_matrix *matrix = &part->matrix;
    matrix->n_ratings = part->row_start[n_users];
    matrix->rows =
        (struct rs_sparse){n_users, n_items, part->row_start, part->row_other, part->row_rating};
    matrix->columns = (struct rs_sparse){n_items, n_users, part->column_start, part->column_other,
                                         part->column_rating};
    double *numbers = part->numbers, whole, deviation;
    rs_line_statistics(&matrix->columns, 0, numbers, numbers + n_items, &whole, &deviation);
    matrix->items.mean = numbers;
    matrix->items.deviation = numbers + n_items;
    matrix->items.bias = numbers + 2 * n_items;
    numbers += 3 * n_items;
    rs_line_statistics(&matrix->rows, 0, numbers, numbers + n_users, &matrix->mean,
                       &matrix->deviation);
    matrix->users.mean = numbers;
    matrix->users.deviation = numbers + n_users;
    matrix->users.bias = numbers + 2 * n_users;
    const struct rs_baseline_options options = {15, 10, 10};
    rs_baseline_fit(&matrix->rows, &matrix->columns, matrix->mean, &options, 0,
                    numbers + 2 * n_users, part->numbers + 2 * n_items);
    matrix->time = NULL;
}

void part_free(struct part *part) {
    free(part->row_start);
    free(part->column_start);
    free(part->row_other);
    free(part->column_other);
    free(part->row_rating);
    free(part->column_rating);
    free(part->numbers);
}
