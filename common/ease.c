#include "ease.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dense.h"
#include "factors.h"
#include "gram.h"
#include "memory.h"
#include "topk.h"

const char *const rs_ease_form_names[] = {"auto", "items", "users", NULL};

/* Y: the preferences of the chosen items, rows weighted, in both forms. */
struct weighted {
    struct rs_sparse rows, columns;
    uint64_t *row_start, *column_start;
    uint32_t *row_other, *column_other;
    float *row_value, *column_value;
};

/* What D does to a profile of N ratings. */
static double row_weight(const struct rs_matrix *matrix, double power, size_t n) {
    double mean = (double)matrix->n_ratings / (double)matrix->users.ids.n;
    return n == 0 ? 0 : pow((double)n / mean, -power);
}

/* The number of every item of the matrix among the chosen, or RS_NONE. */
static uint32_t *number_items(const struct rs_ease *ease) {
    size_t n = ease->matrix->items.ids.n;
    uint32_t *number = rs_malloc(n, sizeof *number);
    for (size_t i = 0; i < n; i++) number[i] = ease->item == NULL ? (uint32_t)i : RS_NONE;
    for (size_t k = 0; ease->item != NULL && k < ease->n_items; k++)
        number[ease->item[k]] = (uint32_t)k;
    return number;
}

static void fill_rows(struct weighted *y, const struct rs_ease *ease, const uint32_t *number) {
    const struct rs_sparse *rows = &ease->matrix->rows;
    y->row_start = rs_calloc(rows->n_lines + 1, sizeof *y->row_start);
    y->row_other = rs_malloc(ease->matrix->n_ratings, sizeof *y->row_other);
    y->row_value = rs_malloc(ease->matrix->n_ratings, sizeof *y->row_value);
    uint64_t n = 0;
    for (size_t u = 0; u < rows->n_lines; u++) {
        double weight =
            row_weight(ease->matrix, ease->options.power, rows->start[u + 1] - rows->start[u]);
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

static void fill_columns(struct weighted *y, size_t n_items) {
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

static void free_weighted(struct weighted *y) {
    free(y->row_start);
    free(y->row_other);
    free(y->row_value);
    free(y->column_start);
    free(y->column_other);
    free(y->column_value);
}

/* penalty_i, from the diagonal of Y' Y. */
static double *make_penalty(const struct rs_ease *ease, const struct weighted *y) {
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

static bool fit_items(struct rs_ease *ease, const struct weighted *y, const double *penalty) {
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
static void make_residual(struct rs_ease *ease, const struct weighted *y, const float *inverse) {
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

static bool make_spread(struct rs_ease *ease, const struct weighted *y) {
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

static bool fit_users(struct rs_ease *ease, struct weighted *y, const double *penalty) {
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
    struct weighted y;
    uint32_t *number = number_items(ease);
    fill_rows(&y, ease, number);
    free(number);
    fill_columns(&y, ease->n_items);
    double *penalty = make_penalty(ease, &y);
    bool ok = users ? fit_users(ease, &y, penalty) : fit_items(ease, &y, penalty);
    free(penalty);
    free_weighted(&y);
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

/* The model */

struct state {
    size_t m;
    const uint32_t *item; /* NULL: all */
    const float *weight, *residual, *spread, *shrunk;
    const uint64_t *start;
    const uint32_t *other;
    struct rs_preference preference;
    double power;
    bool same_users;
    uint32_t *number; /* of an item of the matrix among the m, or RS_NONE */
    float *by_user;   /* D: of each user of the matrix; form "users" only */
};

struct workspace {
    uint32_t *item; /* of the profile, those that are modelled */
    float *x;       /* its weighted preferences */
    size_t capacity, n;
    float *scores; /* of the m */
    float *z;      /* form "users": x L Y' */
};

static void *new_workspace(const struct rs_model *model) {
    const struct state *state = model->state;
    struct workspace *workspace = rs_calloc(1, sizeof *workspace);
    workspace->scores = rs_aligned(state->m, sizeof *workspace->scores);
    if (state->residual != NULL)
        workspace->z = rs_aligned(model->matrix->users.ids.n, sizeof *workspace->z);
    return workspace;
}

static void free_workspace(void *memory) {
    struct workspace *workspace = memory;
    free(workspace->item);
    free(workspace->x);
    free(workspace->scores);
    free(workspace->z);
    free(workspace);
}

/* Fills the workspace with the row of Y that the profile is. */
static void weigh(const struct rs_model *model, struct workspace *workspace,
                  const struct rs_profile *profile) {
    const struct state *state = model->state;
    size_t capacity = workspace->capacity;
    rs_grow(&workspace->item, &capacity, profile->n, sizeof *workspace->item);
    rs_grow(&workspace->x, &workspace->capacity, profile->n, sizeof *workspace->x);
    double weight = row_weight(model->matrix, state->power, profile->n);
    workspace->n = 0;
    for (size_t e = 0; e < profile->n; e++) {
        uint32_t number = state->number[profile->item[e]];
        if (number == RS_NONE) continue;
        workspace->item[workspace->n] = number;
        workspace->x[workspace->n++] =
            (float)(weight * (double)rs_preference_of(&state->preference, profile->rating[e]));
    }
}

static void rank_items(const struct state *state, const struct workspace *workspace) {
    float *scores = workspace->scores;
    memset(scores, 0, state->m * sizeof *scores);
    if (state->start == NULL) {
        rs_dense_gather(scores, workspace->n, workspace->item, workspace->x, state->weight,
                        state->m, state->m);
        return;
    }
    for (size_t e = 0; e < workspace->n; e++) {
        size_t i = workspace->item[e];
        for (uint64_t w = state->start[i]; w < state->start[i + 1]; w++)
            scores[state->other[w]] += workspace->x[e] * state->weight[w];
    }
}

/* scores = x P for a row that Y does not have: x L - (x L Y') F. */
static void fold(const struct rs_model *model, struct workspace *workspace) {
    const struct state *state = model->state;
    const struct rs_sparse *columns = &model->matrix->columns;
    size_t n_users = columns->n_others;
    float *scores = workspace->scores, *z = workspace->z;
    memset(scores, 0, state->m * sizeof *scores);
    memset(z, 0, n_users * sizeof *z);
    for (size_t e = 0; e < workspace->n; e++) {
        size_t number = workspace->item[e];
        size_t i = state->item == NULL ? number : state->item[number];
        float x = workspace->x[e] * state->shrunk[number];
        scores[number] = x;
        for (uint64_t c = columns->start[i]; c < columns->start[i + 1]; c++) {
            uint32_t u = columns->other[c];
            z[u] -=
                x * state->by_user[u] * rs_preference_of(&state->preference, columns->rating[c]);
        }
    }
    size_t padded = state->m / RS_DENSE_WIDTH * RS_DENSE_WIDTH;
    rs_dense_combine(scores, z, state->residual, state->m, padded, n_users);
    for (size_t u = 0; u < n_users; u++)
        for (size_t j = padded; j < state->m; j++)
            scores[j] += z[u] * state->residual[u * state->m + j];
}

static void rank_users(const struct rs_model *model, struct workspace *workspace,
                       const struct rs_profile *profile) {
    const struct state *state = model->state;
    float *scores = workspace->scores;
    if (profile->changed || profile->user == RS_NONE) {
        fold(model, workspace);
    } else {
        memcpy(scores, state->residual + profile->user * state->m, state->m * sizeof *scores);
    }
    for (size_t j = 0; j < state->m; j++) scores[j] = -scores[j] / state->spread[j];
    for (size_t e = 0; e < workspace->n; e++) scores[workspace->item[e]] += workspace->x[e];
}

/* Items that are not modelled come after all others, by how many rated them. */
static void spread_scores(const struct rs_model *model, const float *modelled, float *scores) {
    const struct state *state = model->state;
    const struct rs_sparse *columns = &model->matrix->columns;
    if (state->item == NULL) {
        memcpy(scores, modelled, state->m * sizeof *scores);
        return;
    }
    float least = 0;
    for (size_t j = 0; j < state->m; j++)
        if (modelled[j] < least) least = modelled[j];
    for (size_t i = 0; i < columns->n_lines; i++) {
        double rarity = 1 / (1 + (double)(columns->start[i + 1] - columns->start[i]));
        scores[i] = state->number[i] == RS_NONE ? (float)((double)least - rarity)
                                                : modelled[state->number[i]];
    }
}

static void rank(const struct rs_model *model, void *memory, const struct rs_profile *profile,
                 float *scores) {
    const struct state *state = model->state;
    struct workspace *workspace = memory;
    weigh(model, workspace, profile);
    if (workspace->n == 0) {
        rs_factors_rank_popular(model->matrix, scores);
        return;
    }
    if (state->residual != NULL) {
        rank_users(model, workspace, profile);
    } else {
        rank_items(state, workspace);
    }
    spread_scores(model, workspace->scores, scores);
}

static void close_ease(struct rs_model *model) {
    struct state *state = model->state;
    free(state->number);
    free(state->by_user);
    free(state);
}

static const struct rs_model_class ease_class = {
    .kind = "ease",
    .new_workspace = new_workspace,
    .free_workspace = free_workspace,
    .rank = rank,
    .close = close_ease,
};

/* Opening */

static bool is_subset(const struct rs_model *model, const struct state *state) {
    for (size_t k = 0; state->item != NULL && k < state->m; k++) {
        if (state->item[k] >= model->matrix->items.ids.n) return false;
        if (k > 0 && state->item[k] <= state->item[k - 1]) return false;
    }
    return true;
}

static bool is_sparse(const struct state *state, size_t n) {
    if (state->start[0] != 0 || state->start[state->m] != n) return false;
    for (size_t i = 0; i < state->m; i++)
        if (state->start[i] > state->start[i + 1]) return false;
    for (size_t w = 0; w < n; w++)
        if (state->other[w] >= state->m) return false;
    return true;
}

static bool open_weights(const struct rs_model *model, struct state *state, const char *form,
                         struct rs_error *err) {
    size_t m = state->m, n_users = model->matrix->users.ids.n;
    if (strcmp(form, "items") == 0)
        return rs_factors_array(model, "weight", RS_F32, m * m, &state->weight, err);
    if (strcmp(form, "users") == 0)
        return rs_factors_array(model, "residual", RS_F32, n_users * m, &state->residual, err) &&
               rs_factors_array(model, "spread", RS_F32, m, &state->spread, err) &&
               rs_factors_array(model, "shrunk", RS_F32, m, &state->shrunk, err);
    const struct rs_array *other = rs_segment_find(&model->file->segments[0], "other");
    size_t n = other == NULL ? 0 : other->n_rows;
    if (!rs_factors_array(model, "start", RS_U64, m + 1, &state->start, err) ||
        !rs_factors_array(model, "other", RS_U32, n, &state->other, err) ||
        !rs_factors_array(model, "weight", RS_F32, n, &state->weight, err))
        return false;
    return is_sparse(state, n) ||
           rs_fail(err, EX_DATAERR, "%s: the file is damaged: its weights are inconsistent",
                   model->file->name);
}

static bool open_state(const struct rs_model *model, struct state *state, struct rs_error *err) {
    const json_t *header = model->file->segments[0].header;
    const char *form = json_string_value(json_object_get(header, "form"));
    double m;
    if (!rs_factors_number(model, "modelled_items", &m, err) ||
        !rs_factors_number(model, "power", &state->power, err))
        return false;
    if (form == NULL || m < 1 || m > (double)model->matrix->items.ids.n ||
        !rs_preference_from_json(&state->preference, json_object_get(header, "preference")))
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: its header is incomplete",
                       model->file->name);
    state->m = (size_t)m;
    if (state->m < model->matrix->items.ids.n &&
        !rs_factors_array(model, "item", RS_U32, state->m, &state->item, err))
        return false;
    if (!is_subset(model, state))
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: its items are inconsistent",
                       model->file->name);
    if (strcmp(form, "users") == 0 && !rs_factors_same_users(model))
        return rs_fail(err, EX_DATAERR,
                       "%s: was made from a matrix with other users (--form items does not mind)",
                       model->file->name);
    return open_weights(model, state, form, err);
}

static void number_state(const struct rs_model *model, struct state *state) {
    const struct rs_matrix *matrix = model->matrix;
    const struct rs_ease items = {
        .matrix = matrix, .n_items = state->m, .item = (uint32_t *)(uintptr_t)state->item};
    state->number = number_items(&items);
    if (state->residual == NULL) return;
    size_t n_users = matrix->users.ids.n;
    state->by_user = rs_malloc(n_users, sizeof *state->by_user);
    for (size_t u = 0; u < n_users; u++)
        state->by_user[u] = (float)row_weight(matrix, state->power,
                                              matrix->rows.start[u + 1] - matrix->rows.start[u]);
}

bool rs_ease_open(struct rs_model *model, struct rs_error *err) {
    struct state *state = rs_calloc(1, sizeof *state);
    if (!open_state(model, state, err)) {
        free(state);
        return false;
    }
    number_state(model, state);
    model->state = state;
    model->class = &ease_class;
    return true;
}
