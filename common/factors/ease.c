#include "factors/ease.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/topk.h"
#include "factors/ease_rows.h"
#include "factors/factors.h"
#include "factors/gram.h"
#include "linear/dense.h"

const char *const rs_ease_form_names[] = {"auto", "items", "users", NULL};

/* penalty_i, from the diagonal of Y' Y. */
static double *make_penalty(const struct rs_ease *ease, const struct rs_ease_rows *y) {
    double *penalty = rs_malloc(ease->n_items, sizeof *penalty);
    double odds = ease->options.dropout / (1 - ease->options.dropout);
    for (size_t i = 0; i < ease->n_items; i++) {
        double squares = 0;
        for (uint64_t e = y->column_start[i]; e < y->column_start[i + 1]; e++)
            squares += (double)y->column_value[e] * (double)y->column_value[e];
        penalty[i] = ease->options.lambda + odds * squares;
    }
    return penalty;
}

/* Form "items" */

static bool fit_items(struct rs_ease *ease, const struct rs_ease_rows *y, const double *penalty) {
    size_t m = ease->n_items;
    float *p = ease->weight = rs_aligned(m * m, sizeof *p);
    rs_gram(p, &y->columns, &y->rows);
    for (size_t i = 0; i < m; i++) p[i * m + i] = (float)((double)p[i * m + i] + penalty[i]);
    if (!rs_dense_invert(p, m)) return false;
    float *scale = rs_malloc(m, sizeof *scale);
    for (size_t j = 0; j < m; j++) scale[j] = -1 / p[j * m + j];
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < m; j++) p[i * m + j] *= scale[j];
        p[i * m + i] = 0;
    }
    free(scale);
    return true;
}

/* Form "sparse": the heaviest weights of each column, from P, which is symmetric: column j of B is
 * row j of P over -P_jj, so the order by magnitude is that of the row. */

static void keep_heaviest(struct rs_ease *ease) {
    size_t m = ease->n_items, keep = ease->options.keep < m ? ease->options.keep : m - 1;
    uint32_t *kept = rs_malloc(m * keep, sizeof *kept); /* of each column, rows ascending */
#pragma omp parallel
    {
        uint64_t *keys = rs_malloc(m, sizeof *keys);
#pragma omp for schedule(static)
        for (size_t j = 0; j < m; j++) {
            size_t n = 0;
            for (uint32_t i = 0; i < m; i++)
                if (i != j) keys[n++] = rs_topk_key(fabsf(ease->weight[i * m + j]), i);
            rs_topk_partition(keys, n, keep);
            for (size_t k = 0; k < keep; k++) kept[j * keep + k] = rs_topk_index(keys[k]);
        }
        free(keys);
    }
    ease->start = rs_calloc(m + 2, sizeof *ease->start);
    ease->other = rs_malloc(m * keep, sizeof *ease->other);
    float *weight = rs_aligned(m * keep, sizeof *weight);
    for (size_t k = 0; k < m * keep; k++) ease->start[kept[k] + 2]++;
    for (size_t i = 1; i < m + 2; i++) ease->start[i] += ease->start[i - 1];
    for (size_t j = 0; j < m; j++)
        for (size_t k = 0; k < keep; k++) {
            size_t i = kept[j * keep + k];
            uint64_t at = ease->start[i + 1]++;
            ease->other[at] = (uint32_t)j;
            weight[at] = ease->weight[i * m + j];
        }
    free(kept);
    free(ease->weight);
    ease->weight = weight;
}

/* Form "users" */

/* F = K^-1 Y L, K^-1 being users x users: a row of F gathers rows of Y. */
static void make_residual(struct rs_ease *ease, const struct rs_ease_rows *y,
                          const float *inverse) {
    size_t m = ease->n_items, n_users = y->rows.n_lines;
    ease->residual = rs_aligned(n_users * m, sizeof *ease->residual);
#pragma omp parallel
    {
        double *sum = rs_malloc(m, sizeof *sum);
#pragma omp for schedule(dynamic, 4)
        for (size_t u = 0; u < n_users; u++) {
            memset(sum, 0, m * sizeof *sum);
            for (size_t v = 0; v < n_users; v++) {
                double factor = (double)inverse[u * n_users + v];
                for (uint64_t e = y->row_start[v]; e < y->row_start[v + 1]; e++)
                    sum[y->row_other[e]] += factor * (double)y->row_value[e];
            }
            for (size_t j = 0; j < m; j++)
                ease->residual[u * m + j] = (float)(sum[j] * (double)ease->shrunk[j]);
        }
        free(sum);
    }
}

static bool make_spread(struct rs_ease *ease, const struct rs_ease_rows *y) {
    size_t m = ease->n_items;
    bool ok = true;
    ease->spread = rs_aligned(m, sizeof *ease->spread);
    for (size_t j = 0; j < m; j++) {
        double sum = 0;
        for (uint64_t e = y->column_start[j]; e < y->column_start[j + 1]; e++)
            sum += (double)y->column_value[e] * (double)ease->residual[y->column_other[e] * m + j];
        ease->spread[j] = (float)((double)ease->shrunk[j] * (1 - sum));
        ok = ok && ease->spread[j] > 0;
    }
    return ok;
}

static bool fit_users(struct rs_ease *ease, struct rs_ease_rows *y, const double *penalty) {
    size_t m = ease->n_items, n_users = y->rows.n_lines;
    ease->shrunk = rs_aligned(m, sizeof *ease->shrunk);
    for (size_t j = 0; j < m; j++) ease->shrunk[j] = (float)(1 / penalty[j]);
    float *shrunk_columns = rs_malloc(y->row_start[n_users], sizeof *shrunk_columns);
    for (size_t j = 0; j < m; j++)
        for (uint64_t e = y->column_start[j]; e < y->column_start[j + 1]; e++)
            shrunk_columns[e] = y->column_value[e] * ease->shrunk[j];
    struct rs_sparse columns = y->columns;
    columns.rating = shrunk_columns;
    float *k = rs_aligned(n_users * n_users, sizeof *k);
    rs_gram(k, &y->rows, &columns);
    free(shrunk_columns);
    for (size_t u = 0; u < n_users; u++) k[u * n_users + u] += 1;
    bool ok = rs_dense_invert(k, n_users);
    if (ok) make_residual(ease, y, k);
    free(k);
    return ok && make_spread(ease, y);
}

/* What is chosen before */

static bool by_users(const struct rs_ease_options *options, size_t n_users, size_t m) {
    if (options->form == RS_EASE_AUTO) return options->keep == 0 && n_users < m;
    return options->form == RS_EASE_USERS;
}

/* Bytes that fitting takes beside the matrix. */
static double bytes_needed(const struct rs_matrix *matrix, const struct rs_ease_options *options,
                           size_t m) {
    double n_users = (double)matrix->users.ids.n, items = (double)m;
    double dense = by_users(options, matrix->users.ids.n, m)
                       ? 4 * n_users * n_users + 4 * n_users * items
                       : 4 * items * items + 12 * (double)options->keep * items;
    return dense + 16 * (double)matrix->n_ratings + 1300 * items;
}

static bool fits(const struct rs_matrix *matrix, const struct rs_ease_options *options, size_t m,
                 struct rs_error *err) {
    double need = bytes_needed(matrix, options, m), room = (double)options->memory;
    if (options->memory == 0 || need <= room) return true;
    size_t low = 0, high = m; /* the most items that fit */
    while (low + 1 < high) {
        size_t middle = low + (high - low) / 2;
        if (bytes_needed(matrix, options, middle) <= room)
            low = middle;
        else
            high = middle;
    }
    return rs_fail(err, EX_USAGE,
                   "EASE of %zu items takes %.1f GB of memory and may have %.1f (--memory); "
                   "--max-items %zu takes the most popular ones",
                   m, need / 1e9, room / 1e9, low);
}

/* The M items that most users rated, ascending by number. */
static uint32_t *most_popular(const struct rs_matrix *matrix, size_t m) {
    size_t n = matrix->items.ids.n, kept = 0;
    uint64_t *keys = rs_malloc(n, sizeof *keys);
    uint8_t *chosen = rs_calloc(n, 1);
    uint32_t *item = rs_malloc(m, sizeof *item);
    for (uint32_t i = 0; i < n; i++)
        keys[i] = rs_topk_key((float)(matrix->columns.start[i + 1] - matrix->columns.start[i]), i);
    rs_topk_partition(keys, n, m);
    for (size_t k = 0; k < m; k++) chosen[rs_topk_index(keys[k])] = 1;
    for (uint32_t i = 0; i < n; i++)
        if (chosen[i]) item[kept++] = i;
    free(keys);
    free(chosen);
    return item;
}

bool rs_ease_fit(struct rs_ease *ease, const struct rs_matrix *matrix,
                 const struct rs_ease_options *options, struct rs_error *err) {
    size_t n_items = matrix->items.ids.n;
    *ease = (struct rs_ease){.matrix = matrix, .options = *options, .n_items = n_items};
    if (options->max_items > 0 && options->max_items < n_items) ease->n_items = options->max_items;
    if (!fits(matrix, options, ease->n_items, err)) return false;
    if (ease->n_items < n_items) ease->item = most_popular(matrix, ease->n_items);
    ease->preference = rs_preference_make(matrix, options->preference);
    bool users = by_users(options, matrix->users.ids.n, ease->n_items);
    ease->options.form = users ? RS_EASE_USERS : RS_EASE_ITEMS;
    struct rs_ease_rows y;
    rs_ease_rows_make(&y, ease);
    double *penalty = make_penalty(ease, &y);
    bool ok = users ? fit_users(ease, &y, penalty) : fit_items(ease, &y, penalty);
    free(penalty);
    rs_ease_rows_free(&y);
    if (ok && !users && options->keep > 0 && ease->n_items > 1) keep_heaviest(ease);
    if (ok) return true;
    rs_ease_free(ease);
    return rs_fail(err, EX_DATAERR,
                   "EASE with a lambda of %g has no solution in single precision: take more",
                   options->lambda);
}

void rs_ease_free(struct rs_ease *ease) {
    free(ease->item);
    free(ease->weight);
    free(ease->residual);
    free(ease->spread);
    free(ease->shrunk);
    free(ease->start);
    free(ease->other);
    *ease = (struct rs_ease){0};
}

/* The file */

static void write_arrays(const struct rs_ease *ease, struct rs_writer *writer) {
    size_t m = ease->n_items, n_users = ease->matrix->users.ids.n;
    if (ease->item != NULL) rs_writer_u32(writer, "item", ease->item, m);
    if (ease->residual != NULL) {
        rs_writer_array(writer, "residual", (struct rs_array){RS_F32, n_users, m, ease->residual});
        rs_writer_f32(writer, "spread", ease->spread, m);
        rs_writer_f32(writer, "shrunk", ease->shrunk, m);
    } else if (ease->start != NULL) {
        rs_writer_u64(writer, "start", ease->start, m + 1);
        rs_writer_u32(writer, "other", ease->other, ease->start[m]);
        rs_writer_f32(writer, "weight", ease->weight, ease->start[m]);
    } else {
        rs_writer_array(writer, "weight", (struct rs_array){RS_F32, m, m, ease->weight});
    }
}

void rs_ease_write(const struct rs_ease *ease, FILE *file, json_t *header) {
    const char *form = ease->residual != NULL ? "users" : ease->start != NULL ? "sparse" : "items";
    rs_factors_describe(header, "ease", ease->matrix);
    json_object_set_new(header, "form", json_string(form));
    json_object_set_new(header, "lambda", json_real(ease->options.lambda));
    json_object_set_new(header, "power", json_real(ease->options.power));
    json_object_set_new(header, "dropout", json_real(ease->options.dropout));
    json_object_set_new(header, "preference", rs_preference_json(&ease->preference));
    json_object_set_new(header, "modelled_items", json_integer((json_int_t)ease->n_items));
    struct rs_writer writer;
    rs_writer_init(&writer, file);
    rs_writer_begin(&writer, "factors", header);
    write_arrays(ease, &writer);
    rs_writer_end(&writer, NULL);
}
