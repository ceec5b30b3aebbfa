#include "factors/gibbs_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void make_side(struct rs_gibbs_side *side, const struct rs_matrix *matrix, bool users,
                      const struct rs_gibbs_options *options) {
    const struct rs_sparse *form = rs_matrix_form(matrix, users);
    side->form = form;
    side->scale = rs_malloc(form->n_lines, sizeof *side->scale);
    for (size_t u = 0; u < form->n_lines; u++) {
        uint64_t n = form->start[u + 1] - form->start[u];
        side->scale[u] = n == 0 ? 0 : (float)(1 / sqrt((double)n));
        if (n > side->most) side->most = n;
    }
    const struct rs_table *table = users ? &matrix->users.table : &matrix->items.table;
    if (options->attributes)
        side->blocks = rs_gibbs_blocks_make(table, form->n_lines, &side->n_blocks);
    for (size_t b = 0; b < side->n_blocks; b++)
        for (size_t f = 0; f < side->blocks[b].n_features; f++) {
            uint64_t n = side->blocks[b].holders[f + 1] - side->blocks[b].holders[f];
            if (n > side->most) side->most = n;
        }
}

/* Where the ratings of each order lie in the other. */
static void pair_orders(struct rs_gibbs_data *data) {
    const struct rs_sparse *rows = &data->matrix->rows, *columns = &data->matrix->columns;
    uint64_t n = data->matrix->n_ratings;
    struct rs_gibbs_side *users = &data->sides[RS_GIBBS_USERS];
    struct rs_gibbs_side *items = &data->sides[RS_GIBBS_ITEMS];
    users->twin = rs_malloc(n, sizeof *users->twin);
    items->twin = rs_malloc(n, sizeof *items->twin);
    uint64_t *next = rs_malloc(columns->n_lines, sizeof *next);
    memcpy(next, columns->start, columns->n_lines * sizeof *next);
    for (uint64_t k = 0; k < n; k++) {
        uint64_t at = next[rows->other[k]]++;
        users->twin[k] = (uint32_t)at;
        items->twin[at] = (uint32_t)k;
    }
    free(next);
}

static void make_moments(struct rs_gibbs_data *data) {
    static const double user_scales[] = {1e3, 6e4, 1.2e6, 8.64e7};
    static const double item_scales[] = {2.592e9};
    const struct rs_matrix *matrix = data->matrix;
    if (matrix->time == NULL || !data->options->drift) return;
    int64_t *by_item = rs_malloc(matrix->n_ratings, sizeof *by_item);
    for (uint64_t k = 0; k < matrix->n_ratings; k++)
        by_item[data->sides[RS_GIBBS_USERS].twin[k]] = matrix->time[k];
    rs_gibbs_moments_make(&data->sides[RS_GIBBS_USERS].moments, matrix->rows.n_lines,
                          matrix->rows.start, matrix->time, user_scales,
                          sizeof user_scales / sizeof *user_scales);
    rs_gibbs_moments_make(&data->sides[RS_GIBBS_ITEMS].moments, matrix->columns.n_lines,
                          matrix->columns.start, by_item, item_scales,
                          sizeof item_scales / sizeof *item_scales);
    free(by_item);
}

void rs_gibbs_data_make(struct rs_gibbs_data *data, const struct rs_matrix *matrix,
                        const struct rs_gibbs_options *options) {
    *data = (struct rs_gibbs_data){.matrix = matrix,
                                   .options = options,
                                   .width = (size_t)options->factors + 1,
                                   .mean = matrix->mean,
                                   .deviation = matrix->deviation > 0 ? matrix->deviation : 1};
    for (int side = 0; side < RS_GIBBS_SIDES; side++)
        make_side(&data->sides[side], matrix, side == RS_GIBBS_USERS, options);
    pair_orders(data);
    make_moments(data);
}

void rs_gibbs_data_free(struct rs_gibbs_data *data) {
    for (int s = 0; s < RS_GIBBS_SIDES; s++) {
        struct rs_gibbs_side *side = &data->sides[s];
        free(side->twin);
        free(side->scale);
        rs_gibbs_blocks_free(side->blocks, side->n_blocks);
        rs_gibbs_moments_free(&side->moments);
    }
}
