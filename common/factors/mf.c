#include "factors/mf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/random.h"
#include "factors/factors.h"
#include "factors/mf_line.h"
#include "linear/dense.h"

/* Solves all lines of SIDE. Where LOSS is not NULL it is set to the expected loss of all ratings.
 */
static bool sweep_side(const struct rs_mf *mf, bool users, double *loss) {
    const struct rs_mf_side *side = users ? &mf->users : &mf->items;
    const struct rs_mf_side *others = users ? &mf->items : &mf->users;
    const struct rs_sparse *form = rs_matrix_form(mf->matrix, users);
    const struct rs_mf_half half = {
        mf->options.factors, mf->stride, others->vector, others->variance, others->bias,
        side->prior,         mf->mean,   mf->unit,       mf->noise,        mf->options.lambda};
    double *losses = loss == NULL ? NULL : rs_calloc(side->n, sizeof *losses);
    int failed = 0;
#pragma omp parallel reduction(| : failed)
    {
        struct rs_mf_bench bench;
        rs_mf_bench_init(&bench, half.factors);
#pragma omp for schedule(dynamic, 16)
        for (size_t line = 0; line < side->n; line++) {
            uint64_t begin = form->start[line];
            size_t n = form->start[line + 1] - begin;
            const uint32_t *other = form->other + begin;
            float *vector = side->vector + line * mf->stride;
            float *variance = side->variance + line * mf->stride;
            const float *expected =
                side->expected == NULL ? NULL : side->expected + line * mf->width;
            struct rs_mf_solved solved;
            if (!rs_mf_solve(&half, &bench, n, other, form->rating + begin, expected, variance,
                             &solved)) {
                failed = 1;
                continue;
            }
            rs_mf_settle(&half, &bench, expected, &solved, vector, &side->bias[line]);
            side->bias_variance[line] = (float)solved.bias_variance;
            if (losses != NULL)
                losses[line] = rs_mf_loss(&half, &bench, n, other, others->bias_variance, vector,
                                          variance, &solved);
        }
        rs_mf_bench_free(&bench);
    }
    for (size_t line = 0; losses != NULL && line < side->n; line++) *loss += losses[line];
    free(losses);
    return failed == 0;
}

/* Empirical Bayes: priors and noise are what the posterior expects them to be. */

static void learn_prior(const struct rs_mf *mf, const struct rs_mf_side *side) {
    double least = 1e-9 * mf->noise;
    for (size_t f = 0; f <= mf->options.factors; f++) {
        double sum = 0;
        for (size_t line = 0; line < side->n; line++) {
            bool bias = f == mf->options.factors;
            size_t at = line * mf->stride + f;
            double off = (double)(bias ? side->bias[line] : side->vector[at]);
            if (side->expected != NULL) off -= (double)side->expected[line * mf->width + f];
            sum += off * off + (double)(bias ? side->bias_variance[line] : side->variance[at]);
        }
        side->prior[f] = fmax(sum / (double)side->n, least);
    }
}

/* What the sets say of the vectors and biases as they are now. */
static void learn_expected(const struct rs_mf *mf, struct rs_mf_side *side) {
    float *x = rs_aligned(side->n * mf->width, sizeof *x);
    memset(x, 0, side->n * mf->width * sizeof *x);
    for (size_t line = 0; line < side->n; line++) {
        memcpy(x + line * mf->width, side->vector + line * mf->stride,
               mf->options.factors * sizeof *x);
        x[line * mf->width + mf->options.factors] = side->bias[line];
    }
    if (side->expected == NULL)
        side->expected = rs_aligned(side->n * mf->width, sizeof *side->expected);
    rs_sets_regress(&side->sets, x, side->expected);
    free(x);
}

static void start_side(struct rs_mf *mf, struct rs_mf_side *side, size_t n, bool random) {
    size_t k = mf->options.factors;
    side->n = n;
    side->vector = rs_aligned(n * mf->stride, sizeof *side->vector);
    side->variance = rs_aligned(n * mf->stride, sizeof *side->variance);
    memset(side->vector, 0, n * mf->stride * sizeof *side->vector);
    memset(side->variance, 0, n * mf->stride * sizeof *side->variance);
    side->bias = rs_calloc(n, sizeof *side->bias);
    side->bias_variance = rs_calloc(n, sizeof *side->bias_variance);
    side->prior = rs_malloc(k + 1, sizeof *side->prior);
    for (size_t f = 0; f < k; f++) side->prior[f] = random ? 1 / (double)k : mf->noise;
    side->prior[k] = 0.25 * mf->noise;
    for (size_t line = 0; random && line < n; line++) {
        struct rs_random stream = rs_random_stream(mf->options.seed, 1, (uint32_t)line, 0);
        for (size_t f = 0; f < k; f++)
            side->vector[line * mf->stride + f] = (float)(0.1 * rs_random_normal(&stream));
    }
}

static void start(struct rs_mf *mf, const struct rs_matrix *matrix,
                  const struct rs_mf_options *options) {
    *mf = (struct rs_mf){.matrix = matrix,
                         .options = *options,
                         .stride = rs_dense_padded(options->factors),
                         .width = rs_dense_padded(options->factors + 1),
                         .mean = matrix->mean,
                         .unit = matrix->deviation > 0 ? matrix->deviation : 1,
                         .noise = 1};
    start_side(mf, &mf->users, matrix->users.ids.n, false);
    start_side(mf, &mf->items, matrix->items.ids.n, true);
}

/* Lines that an earlier model knows begin where it left them. */
static void start_side_from(const struct rs_mf *mf, struct rs_mf_side *side,
                            const struct rs_mf_side *earlier, const uint32_t *line) {
    size_t size = mf->stride * sizeof *side->vector;
    for (size_t u = 0; u < side->n; u++) {
        if (line[u] == RS_NONE) continue;
        size_t from = line[u] * mf->stride, to = u * mf->stride;
        memcpy(side->vector + to, earlier->vector + from, size);
        memcpy(side->variance + to, earlier->variance + from, size);
        side->bias[u] = earlier->bias[line[u]];
        side->bias_variance[u] = earlier->bias_variance[line[u]];
    }
}

/* Goes on from an earlier model. */
static void start_from(struct rs_mf *mf, const struct rs_mf *earlier) {
    const struct rs_matrix *matrix = mf->matrix, *before = earlier->matrix;
    uint32_t *user = rs_factors_match(&matrix->users.ids, &before->users.ids);
    uint32_t *item = rs_factors_match(&matrix->items.ids, &before->items.ids);
    start_side_from(mf, &mf->users, &earlier->users, user);
    start_side_from(mf, &mf->items, &earlier->items, item);
    free(user);
    free(item);
    mf->noise = earlier->noise;
    if (mf->options.tau > 0) {
        learn_expected(mf, &mf->users);
        learn_expected(mf, &mf->items);
    }
    learn_prior(mf, &mf->users);
    learn_prior(mf, &mf->items);
}

static bool start_sets(struct rs_mf *mf) {
    const struct rs_matrix *matrix = mf->matrix;
    const struct rs_mf_options *options = &mf->options;
    const struct rs_sets_options how = {options->max_set, mf->width, options->tau,
                                        options->attribute_weight};
    if (options->tau <= 0) return true;
    return rs_sets_init(&mf->users.sets, &matrix->rows, &matrix->columns, &matrix->users.table,
                        &how) &&
           rs_sets_init(&mf->items.sets, &matrix->columns, &matrix->rows, &matrix->items.table,
                        &how);
}

/* Sets have nothing to say of vectors that are still as they were drawn. */
enum { SWEEPS_WITHOUT_SETS = 2 };

static bool sweep(struct rs_mf *mf, int number) {
    if (mf->options.from != NULL) number += SWEEPS_WITHOUT_SETS;
    bool learned = mf->options.lambda < 0 && number > 0;
    double loss = 0;
    if (!sweep_side(mf, true, NULL) || !sweep_side(mf, false, learned ? &loss : NULL)) return false;
    if (mf->options.tau > 0 && number >= SWEEPS_WITHOUT_SETS) {
        learn_expected(mf, &mf->users);
        learn_expected(mf, &mf->items);
    }
    if (!learned) return true;
    learn_prior(mf, &mf->users);
    learn_prior(mf, &mf->items);
    mf->noise = fmax(loss / (double)mf->matrix->n_ratings, 1e-6);
    return true;
}

bool rs_mf_fit(struct rs_mf *mf, const struct rs_matrix *matrix,
               const struct rs_mf_options *options, struct rs_error *err) {
    if (matrix->implicit)
        return rs_fail(
            err, EX_DATAERR,
            "the matrix holds counts and no ratings to predict: use a method that ranks");
    start(mf, matrix, options);
    bool ok = start_sets(mf);
    if (ok && options->from != NULL) start_from(mf, options->from);
    rs_progress_start("factorised", "sweeps", (uint64_t)options->sweeps);
    for (int s = 0; ok && s < options->sweeps; s++) {
        ok = sweep(mf, s);
        rs_progress_at((uint64_t)s + 1);
    }
    rs_progress_end();
    ok = ok && sweep_side(mf, true, NULL); /* so that folding a user in gives what is stored */
    if (ok) return true;
    rs_mf_free(mf);
    return rs_fail(err, EX_DATAERR,
                   "a lambda of %g or a tau of %g is too small for single precision: take more",
                   options->lambda, options->tau);
}

static void free_side(struct rs_mf_side *side) {
    free(side->vector);
    free(side->variance);
    free(side->bias);
    free(side->bias_variance);
    free(side->prior);
    free(side->expected);
    rs_sets_free(&side->sets);
}

void rs_mf_free(struct rs_mf *mf) {
    free_side(&mf->users);
    free_side(&mf->items);
    *mf = (struct rs_mf){0};
}

/* The file */

static void write_side(const struct rs_mf *mf, struct rs_writer *writer, bool users) {
    const struct rs_mf_side *side = users ? &mf->users : &mf->items;
    struct rs_array vector = {RS_F32, side->n, mf->stride, side->vector};
    struct rs_array variance = {RS_F32, side->n, mf->stride, side->variance};
    rs_writer_array(writer, users ? "user_vector" : "item_vector", vector);
    rs_writer_array(writer, users ? "user_variance" : "item_variance", variance);
    rs_writer_f32(writer, users ? "user_bias" : "item_bias", side->bias, side->n);
    rs_writer_f32(writer, users ? "user_bias_variance" : "item_bias_variance", side->bias_variance,
                  side->n);
}

void rs_mf_mean_row(const float *rows, size_t n, size_t width, float *mean) {
    for (size_t f = 0; f < width; f++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++) sum += (double)rows[i * width + f];
        mean[f] = n > 0 ? (float)(sum / (double)n) : 0;
    }
}

/* What sets of items say of a user, and what each user's attributes say, and all in the mean. */
static void write_sets(const struct rs_mf *mf, struct rs_writer *writer) {
    const struct rs_sets *sets = &mf->users.sets;
    float *said = rs_aligned(mf->users.n * mf->width, sizeof *said);
    rs_sets_attributes(sets, said);
    rs_writer_array(writer, "set_vector",
                    (struct rs_array){RS_F32, sets->n_members, mf->width, sets->y});
    rs_writer_u32(writer, "set_item", sets->member, sets->n_members);
    rs_writer_array(writer, "user_attribute",
                    (struct rs_array){RS_F32, mf->users.n, mf->width, said});
    float *mean = rs_aligned(mf->width, sizeof *mean);
    rs_mf_mean_row(said, mf->users.n, mf->width, mean);
    rs_writer_f32(writer, "user_attribute_mean", mean, mf->width);
    free(mean);
    free(said);
}

void rs_mf_write(const struct rs_mf *mf, FILE *file, json_t *header) {
    rs_factors_describe(header, mf->options.tau > 0 ? "svd++" : "mf", mf->matrix);
    json_object_set_new(header, "factors", json_integer((json_int_t)mf->options.factors));
    json_object_set_new(header, "sweeps", json_integer(mf->options.sweeps));
    json_object_set_new(header, "lambda",
                        json_real(mf->options.lambda < 0 ? -1 : mf->options.lambda));
    json_object_set_new(
        header, "set_items",
        json_integer((json_int_t)mf->users.sets.n_members * (mf->users.expected != NULL)));
    json_object_set_new(header, "noise", json_real(mf->noise));
    json_object_set_new(header, "mean", json_real(mf->mean));
    json_object_set_new(header, "unit", json_real(mf->unit));
    struct rs_writer writer;
    rs_writer_init(&writer, file);
    rs_writer_begin(&writer, "factors", header);
    write_side(mf, &writer, true);
    write_side(mf, &writer, false);
    rs_writer_f64(&writer, "user_prior", mf->users.prior, mf->options.factors + 1);
    if (mf->users.expected != NULL) write_sets(mf, &writer);
    rs_writer_end(&writer, NULL);
}
