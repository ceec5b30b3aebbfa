#include "factors/ials.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/random.h"
#include "factors/factors.h"
#include "linear/dense.h"
#include "linear/ridge.h"

/* What an open model holds. */
struct state {
    struct rs_ials ials; /* its arrays lie in the file; user_vector NULL: other users */
};

/* What a line's solution is made from. */
struct half {
    const struct rs_ials *ials;
    const float *vector; /* of the other side */
    const float *gram;   /* alpha times their Gram matrix */
    size_t n_others;
};

/* What one thread works with. */
struct bench {
    struct rs_ridge ridge;
    float *penalty, *ones, *weight;
    size_t ones_capacity, weight_capacity;
};

static void bench_init(struct bench *bench, size_t factors) {
    *bench = (struct bench){0};
    rs_ridge_init(&bench->ridge, factors);
    bench->penalty = rs_aligned(factors, sizeof *bench->penalty);
}

static void bench_free(struct bench *bench) {
    rs_ridge_free(&bench->ridge);
    free(bench->penalty);
    free(bench->ones);
    free(bench->weight);
}

/* Solves one line of N entries, whose vector is in the bench's ridge->b then. False if the system
 * is singular. */
static bool solve_line(const struct half *half, struct bench *bench, size_t n,
                       const uint32_t *other, const float *rating) {
    const struct rs_ials *ials = half->ials;
    const struct rs_ials_options *options = &ials->options;
    size_t before = bench->ones_capacity;
    rs_grow(&bench->ones, &bench->ones_capacity, n, sizeof *bench->ones);
    for (size_t e = before; e < bench->ones_capacity; e++) bench->ones[e] = 1;
    rs_grow(&bench->weight, &bench->weight_capacity, n, sizeof *bench->weight);
    for (size_t e = 0; e < n; e++)
        bench->weight[e] = rs_preference_of(&ials->preference, rating[e]);
    double size = (double)n + options->alpha * (double)half->n_others;
    float penalty = (float)(options->lambda * pow(size, options->exponent));
    for (size_t f = 0; f < options->factors; f++) bench->penalty[f] = penalty;
    const struct rs_ridge_row row = {n, other, bench->ones, bench->weight};
    rs_ridge_sum(&bench->ridge, half->vector, &row, half->gram);
    return rs_ridge_solve(&bench->ridge, bench->penalty);
}

/* alpha times the Gram matrix of N vectors: summed in blocks, the blocks in double, so that the
 * result does not depend on the number of threads. */
static void make_gram(float *gram, const float *vector, size_t n, size_t stride, double alpha) {
    enum { BLOCK = 1024 };
    size_t n_blocks = (n + BLOCK - 1) / BLOCK, size = stride * stride;
    double *sum = rs_calloc(size, sizeof *sum);
#pragma omp parallel
    {
        float *part = rs_aligned(size, sizeof *part);
#pragma omp for ordered schedule(static, 1)
        for (size_t b = 0; b < n_blocks; b++) {
            size_t rows = n - b * BLOCK < BLOCK ? n - b * BLOCK : BLOCK;
            memset(part, 0, size * sizeof *part);
            rs_dense_square(part, stride, stride, vector + b * BLOCK * stride, stride, rows);
#pragma omp ordered
            for (size_t at = 0; at < size; at++) sum[at] += (double)part[at];
        }
        free(part);
    }
    for (size_t at = 0; at < size; at++) gram[at] = (float)(alpha * sum[at]);
    free(sum);
}

static bool sweep_side(struct rs_ials *ials, bool users) {
    const struct rs_sparse *form = rs_matrix_form(ials->matrix, users);
    float *own = users ? ials->user_vector : ials->item_vector;
    const struct half half = {ials, users ? ials->item_vector : ials->user_vector, ials->gram,
                              form->n_others};
    size_t stride = ials->stride;
    make_gram(ials->gram, half.vector, form->n_others, stride, ials->options.alpha);
    int failed = 0;
#pragma omp parallel reduction(| : failed)
    {
        struct bench bench;
        bench_init(&bench, ials->options.factors);
#pragma omp for schedule(dynamic, 16)
        for (size_t line = 0; line < form->n_lines; line++) {
            uint64_t begin = form->start[line];
            if (solve_line(&half, &bench, form->start[line + 1] - begin, form->other + begin,
                           form->rating + begin)) {
                memcpy(own + line * stride, bench.ridge.b, ials->options.factors * sizeof *own);
            } else {
                failed = 1;
            }
        }
        bench_free(&bench);
    }
    return failed == 0;
}

/* Normal with standard deviation 0.1 / sqrt(factors), as Rendle et al. start. */
static float *start_vectors(const struct rs_ials *ials, size_t n) {
    size_t k = ials->options.factors;
    float *vector = rs_aligned(n * ials->stride, sizeof *vector);
    memset(vector, 0, n * ials->stride * sizeof *vector);
    for (size_t line = 0; line < n; line++) {
        struct rs_random stream = rs_random_stream(ials->options.seed, 2, (uint32_t)line, 0);
        for (size_t f = 0; f < k; f++)
            vector[line * ials->stride + f] =
                (float)(0.1 / sqrt((double)k) * rs_random_normal(&stream));
    }
    return vector;
}

/* Items that an earlier model knows begin where it left them. */
static void start_from(const struct rs_ials *ials, const struct rs_model *from) {
    const struct rs_ids *ids = &ials->matrix->items.ids;
    const float *earlier = ((const struct state *)from->state)->ials.item_vector;
    uint32_t *line = rs_factors_match(ids, &from->matrix->items.ids);
    for (size_t i = 0; i < ids->n; i++)
        if (line[i] != RS_NONE)
            memcpy(ials->item_vector + i * ials->stride, earlier + line[i] * ials->stride,
                   ials->stride * sizeof(float));
    free(line);
}

bool rs_ials_fit(struct rs_ials *ials, const struct rs_matrix *matrix,
                 const struct rs_ials_options *options, struct rs_error *err) {
    *ials = (struct rs_ials){.matrix = matrix,
                             .options = *options,
                             .preference = rs_preference_make(matrix, options->preference),
                             .stride = rs_dense_padded(options->factors)};
    ials->gram = rs_aligned(ials->stride * ials->stride, sizeof *ials->gram);
    ials->item_vector = start_vectors(ials, matrix->items.ids.n);
    if (options->from != NULL) start_from(ials, options->from);
    ials->user_vector = rs_aligned(matrix->users.ids.n * ials->stride, sizeof(float));
    memset(ials->user_vector, 0, matrix->users.ids.n * ials->stride * sizeof(float));
    bool ok = true;
    rs_progress_start("factorised", "sweeps", (uint64_t)options->sweeps);
    for (int s = 0; ok && s < options->sweeps; s++) {
        ok = sweep_side(ials, true) && sweep_side(ials, false);
        rs_progress_at((uint64_t)s + 1);
    }
    rs_progress_end();
    ok = ok && sweep_side(ials, true); /* so that folding a user in gives what is stored */
    if (ok) return true;
    rs_ials_free(ials);
    return rs_fail(err, EX_DATAERR, "a lambda of %g is too small for single precision: take more",
                   options->lambda);
}

void rs_ials_free(struct rs_ials *ials) {
    free(ials->user_vector);
    free(ials->item_vector);
    free(ials->gram);
    *ials = (struct rs_ials){0};
}

void rs_ials_write(const struct rs_ials *ials, FILE *file, json_t *header) {
    size_t n_users = ials->matrix->users.ids.n, n_items = ials->matrix->items.ids.n;
    rs_factors_describe(header, "ials", ials->matrix);
    json_object_set_new(header, "factors", json_integer((json_int_t)ials->options.factors));
    json_object_set_new(header, "sweeps", json_integer(ials->options.sweeps));
    json_object_set_new(header, "alpha", json_real(ials->options.alpha));
    json_object_set_new(header, "lambda", json_real(ials->options.lambda));
    json_object_set_new(header, "exponent", json_real(ials->options.exponent));
    json_object_set_new(header, "preference", rs_preference_json(&ials->preference));
    struct rs_writer writer;
    rs_writer_init(&writer, file);
    rs_writer_begin(&writer, "factors", header);
    rs_writer_array(&writer, "user_vector",
                    (struct rs_array){RS_F32, n_users, ials->stride, ials->user_vector});
    rs_writer_array(&writer, "item_vector",
                    (struct rs_array){RS_F32, n_items, ials->stride, ials->item_vector});
    rs_writer_array(&writer, "gram",
                    (struct rs_array){RS_F32, ials->stride, ials->stride, ials->gram});
    rs_writer_end(&writer, NULL);
}

/* The model */

static void *new_workspace(const struct rs_model *model) {
    const struct state *state = model->state;
    struct bench *bench = rs_calloc(1, sizeof *bench);
    bench_init(bench, state->ials.options.factors);
    return bench;
}

static void free_workspace(void *memory) {
    bench_free(memory);
    free(memory);
}

/* The vector of a profile: stored, or folded in. NULL if there is none. */
static const float *find_user(const struct rs_model *model, struct bench *bench,
                              const struct rs_profile *profile) {
    const struct rs_ials *ials = &((const struct state *)model->state)->ials;
    if (profile->n == 0) return NULL;
    if (!profile->changed && profile->user != RS_NONE && ials->user_vector != NULL)
        return ials->user_vector + profile->user * ials->stride;
    const struct half half = {ials, ials->item_vector, ials->gram, model->matrix->items.ids.n};
    if (!solve_line(&half, bench, profile->n, profile->item, profile->rating)) return NULL;
    for (size_t f = ials->options.factors; f < ials->stride; f++) bench->ridge.b[f] = 0;
    return bench->ridge.b;
}

static void rank(const struct rs_model *model, void *memory, const struct rs_profile *profile,
                 float *scores) {
    const struct rs_ials *ials = &((const struct state *)model->state)->ials;
    const float *vector = find_user(model, memory, profile);
    if (vector == NULL) {
        rs_rank_popular(model->matrix, scores);
        return;
    }
    rs_dense_dots(scores, model->matrix->items.ids.n, ials->item_vector, ials->stride, vector,
                  ials->stride);
}

static void close_ials(struct rs_model *model) {
    free(model->state);
}

static const struct rs_model_class ials_class = {
    .kind = "ials",
    .new_workspace = new_workspace,
    .free_workspace = free_workspace,
    .rank = rank,
    .close = close_ials,
};

static bool open_numbers(const struct rs_model *model, struct rs_ials *ials, struct rs_error *err) {
    const json_t *header = model->file->segments[0].header;
    double factors;
    if (!rs_factors_number(model, "factors", &factors, err) ||
        !rs_factors_number(model, "alpha", &ials->options.alpha, err) ||
        !rs_factors_number(model, "lambda", &ials->options.lambda, err) ||
        !rs_factors_number(model, "exponent", &ials->options.exponent, err))
        return false;
    if (!(factors >= 1 && factors <= RS_DENSE_MAX) ||
        !rs_preference_from_json(&ials->preference, json_object_get(header, "preference")))
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: its header makes no sense",
                       model->file->name);
    ials->options.factors = (size_t)factors;
    ials->stride = rs_dense_padded(ials->options.factors);
    return true;
}

bool rs_ials_open(struct rs_model *model, struct rs_error *err) {
    struct state *state = rs_calloc(1, sizeof *state);
    struct rs_ials *ials = &state->ials;
    size_t n_users = model->matrix->users.ids.n, n_items = model->matrix->items.ids.n;
    bool ok =
        open_numbers(model, ials, err) &&
        rs_factors_floats(model, "item_vector", n_items * ials->stride, &ials->item_vector, err) &&
        rs_factors_floats(model, "gram", ials->stride * ials->stride, &ials->gram, err) &&
        (!rs_factors_same_users(model) ||
         rs_factors_floats(model, "user_vector", n_users * ials->stride, &ials->user_vector, err));
    if (!ok) {
        free(state);
        return false;
    }
    model->state = state;
    model->class = &ials_class;
    return true;
}
