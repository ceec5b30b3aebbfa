#include "mf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dense.h"
#include "factors.h"
#include "memory.h"
#include "progress.h"
#include "random.h"
#include "ridge.h"

/* What a line's solution is made from: the other side, and how the line is regularised. */
struct half {
    size_t factors, stride;
    const float *vector, *variance, *bias; /* of the other side */
    const double *prior;                   /* of this side */
    double mean, unit, noise, lambda;
};

/* What one thread works with. */
struct bench {
    struct rs_ridge ridge;
    float *penalty, *ones, *target;
    float *square, *right; /* of the last line: the diagonal of V'V, V't */
    size_t ones_capacity, target_capacity;
};

/* One line's answer: the vector is in the bench's ridge->b. */
struct solved {
    double bias, bias_variance, bias_penalty;
    double targets, squares; /* sums of the targets and of their squares */
    bool few;                /* solved by the dual: the system was not summed up */
};

static void bench_init(struct bench *bench, size_t factors) {
    *bench = (struct bench){0};
    rs_ridge_init(&bench->ridge, factors);
    bench->penalty = rs_aligned(bench->ridge.stride, sizeof *bench->penalty);
    bench->square = rs_aligned(factors, sizeof *bench->square);
    bench->right = rs_aligned(factors, sizeof *bench->right);
}

static void bench_free(struct bench *bench) {
    rs_ridge_free(&bench->ridge);
    free(bench->penalty);
    free(bench->square);
    free(bench->right);
    free(bench->ones);
    free(bench->target);
}

static void make_room(struct bench *bench, size_t n) {
    size_t before = bench->ones_capacity;
    rs_grow(&bench->ones, &bench->ones_capacity, n, sizeof *bench->ones);
    for (size_t e = before; e < bench->ones_capacity; e++) bench->ones[e] = 1;
    rs_grow(&bench->target, &bench->target_capacity, n, sizeof *bench->target);
}

/* Penalties of the factors: lambda n, or sum of variances + noise / prior, in units of the noise.
 */
static void make_penalty(const struct half *half, struct bench *bench, size_t n,
                         const uint32_t *other) {
    float *penalty = bench->penalty;
    memset(penalty, 0, half->stride * sizeof *penalty);
    if (half->lambda >= 0) {
        for (size_t f = 0; f < half->factors; f++) penalty[f] = (float)(half->lambda * (double)n);
        return;
    }
    rs_dense_gather(penalty, n, other, bench->ones, half->variance, half->stride, half->stride);
    for (size_t f = 0; f < half->factors; f++)
        penalty[f] = (float)((double)penalty[f] + half->noise / half->prior[f]);
}

/* Diagonal of V'V, and the variances. */
static void make_variance(const struct half *half, struct bench *bench, size_t n,
                          const uint32_t *other, float *variance) {
    memset(bench->square, 0, half->factors * sizeof *bench->square);
    for (size_t e = 0; e < n; e++) {
        const float *v = half->vector + other[e] * half->stride;
        for (size_t f = 0; f < half->factors; f++) bench->square[f] += v[f] * v[f];
    }
    for (size_t f = 0; f < half->factors; f++)
        variance[f] = (float)(half->noise / ((double)bench->square[f] + (double)bench->penalty[f]));
}

/* What a system says of its line, before it is solved. */
static void note_system(const struct half *half, struct bench *bench, float *variance) {
    for (size_t f = 0; f < half->factors; f++) {
        float square = bench->ridge.a[f * half->stride + f];
        bench->square[f] = square;
        bench->right[f] = bench->ridge.b[f];
        variance[f] = (float)(half->noise / ((double)square + (double)bench->penalty[f]));
    }
}

/* Solves one line of N entries. VARIANCE (stride floats) is filled. False if the system is
 * singular. */
static bool solve_line(const struct half *half, struct bench *bench, size_t n,
                       const uint32_t *other, const float *rating, const float *expected,
                       float *variance, struct solved *solved) {
    struct rs_ridge *ridge = &bench->ridge;
    make_room(bench, n);
    *solved = (struct solved){0};
    for (size_t e = 0; e < n; e++) {
        double target =
            ((double)rating[e] - half->mean) / half->unit - (double)half->bias[other[e]];
        if (expected != NULL)
            target -= (double)expected[half->factors] +
                      (double)rs_dense_dot(half->vector + other[e] * half->stride, expected,
                                           half->stride);
        bench->target[e] = (float)target;
        solved->targets += target;
        solved->squares += target * target;
    }
    make_penalty(half, bench, n, other);
    solved->bias_penalty =
        half->lambda >= 0 ? half->lambda : half->noise / half->prior[half->factors];
    solved->bias_variance = half->noise / ((double)n + solved->bias_penalty);
    const struct rs_ridge_row row = {n, other, bench->target, NULL};
    memset(variance, 0, half->stride * sizeof *variance);
    solved->few = 2 * n < half->factors && n <= RS_RIDGE_FEW && solved->bias_penalty > 0;
    if (solved->few) {
        make_variance(half, bench, n, other, variance);
        return rs_ridge_solve_few(ridge, half->vector, &row, bench->penalty, solved->bias_penalty,
                                  &solved->bias);
    }
    rs_ridge_sum(ridge, half->vector, &row, NULL);
    note_system(half, bench, variance);
    return rs_ridge_solve_with_constant(ridge, bench->penalty, (double)n + solved->bias_penalty,
                                        solved->targets, &solved->bias);
}

/* The vector and the bias of the line just solved. */
static void settle(const struct half *half, const struct bench *bench, const float *expected,
                   const struct solved *solved, float *vector, float *bias) {
    memcpy(vector, bench->ridge.b, half->factors * sizeof *vector);
    *bias = (float)solved->bias;
    if (expected == NULL) return;
    for (size_t f = 0; f < half->factors; f++) vector[f] += expected[f];
    *bias += expected[half->factors];
}

/* A half-sweep */

/* The squared errors of a line: entry by entry, or where its system was summed up, by t't - z'b -
 * z'D z, z the solution with its bias, b the right side and D the penalties, since (A + D) z = b.
 */
static double squared_errors(const struct half *half, const struct bench *bench, size_t n,
                             const uint32_t *other, const struct solved *solved) {
    const float *z = bench->ridge.b;
    double sum = 0;
    if (solved->few) {
        for (size_t e = 0; e < n; e++) {
            const float *v = half->vector + other[e] * half->stride;
            double error = (double)bench->target[e] - solved->bias;
            for (size_t f = 0; f < half->factors; f++) error -= (double)(v[f] * z[f]);
            sum += error * error;
        }
        return sum;
    }
    for (size_t f = 0; f < half->factors; f++) {
        double x = (double)z[f];
        sum += x * ((double)bench->right[f] + (double)bench->penalty[f] * x);
    }
    sum += solved->bias * (solved->targets + solved->bias_penalty * solved->bias);
    return fmax(solved->squares - sum, 0);
}

/* The squared errors of a line, and what the variances of both sides add to them in expectation:
 * for every entry and factor v^2 var + w (x^2 + var), v and w the other side's mean and variance,
 * and the variances of both biases. */
static double expected_loss(const struct half *half, struct bench *bench, size_t n,
                            const uint32_t *other, const float *bias_variance, const float *vector,
                            const float *variance, const struct solved *solved) {
    double loss = squared_errors(half, bench, n, other, solved);
    for (size_t f = 0; f < half->factors; f++) {
        double x = (double)vector[f], var = (double)variance[f];
        double others = (double)bench->penalty[f] - half->noise / half->prior[f]; /* sum of w */
        loss += (double)bench->square[f] * var + others * (x * x + var);
    }
    for (size_t e = 0; e < n; e++) loss += (double)bias_variance[other[e]];
    return loss + (double)n * solved->bias_variance;
}

/* Solves all lines of SIDE. Where LOSS is not NULL it is set to the expected loss of all ratings.
 */
static bool sweep_side(const struct rs_mf *mf, bool users, double *loss) {
    const struct rs_mf_side *side = users ? &mf->users : &mf->items;
    const struct rs_mf_side *others = users ? &mf->items : &mf->users;
    const struct rs_sparse *form = rs_matrix_form(mf->matrix, users);
    const struct half half = {
        mf->options.factors, mf->stride, others->vector, others->variance, others->bias,
        side->prior,         mf->mean,   mf->unit,       mf->noise,        mf->options.lambda};
    double *losses = loss == NULL ? NULL : rs_calloc(side->n, sizeof *losses);
    int failed = 0;
#pragma omp parallel reduction(| : failed)
    {
        struct bench bench;
        bench_init(&bench, half.factors);
#pragma omp for schedule(dynamic, 16)
        for (size_t line = 0; line < side->n; line++) {
            uint64_t begin = form->start[line];
            size_t n = form->start[line + 1] - begin;
            const uint32_t *other = form->other + begin;
            float *vector = side->vector + line * mf->stride;
            float *variance = side->variance + line * mf->stride;
            const float *expected =
                side->expected == NULL ? NULL : side->expected + line * mf->width;
            struct solved solved;
            if (!solve_line(&half, &bench, n, other, form->rating + begin, expected, variance,
                            &solved)) {
                failed = 1;
                continue;
            }
            settle(&half, &bench, expected, &solved, vector, &side->bias[line]);
            side->bias_variance[line] = (float)solved.bias_variance;
            if (losses != NULL)
                losses[line] = expected_loss(&half, &bench, n, other, others->bias_variance, vector,
                                             variance, &solved);
        }
        bench_free(&bench);
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

/* What sets of items say of a user, and what each user's attributes say. */
static void write_sets(const struct rs_mf *mf, struct rs_writer *writer) {
    const struct rs_sets *sets = &mf->users.sets;
    float *said = rs_aligned(mf->users.n * mf->width, sizeof *said);
    rs_sets_attributes(sets, said);
    rs_writer_array(writer, "set_vector",
                    (struct rs_array){RS_F32, sets->n_members, mf->width, sets->y});
    rs_writer_u32(writer, "set_item", sets->member, sets->n_members);
    rs_writer_array(writer, "user_attribute",
                    (struct rs_array){RS_F32, mf->users.n, mf->width, said});
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

/* The model */

struct state {
    struct rs_mf mf; /* its arrays lie in the file; users.expected is what attributes say */
    float *usual;    /* what they say in the mean */
    bool same_users;
};

struct workspace {
    struct bench bench;
    float *vector, *variance, *expected;
};

static void *new_workspace(const struct rs_model *model) {
    const struct state *state = model->state;
    struct workspace *workspace = rs_calloc(1, sizeof *workspace);
    bench_init(&workspace->bench, state->mf.options.factors);
    workspace->vector = rs_aligned(state->mf.stride, sizeof *workspace->vector);
    workspace->variance = rs_aligned(state->mf.stride, sizeof *workspace->variance);
    workspace->expected = rs_aligned(state->mf.width, sizeof *workspace->expected);
    return workspace;
}

static void free_workspace(void *memory) {
    struct workspace *workspace = memory;
    bench_free(&workspace->bench);
    free(workspace->vector);
    free(workspace->variance);
    free(workspace->expected);
    free(workspace);
}

/* Fills the workspace with the vector of the profile. False if there is none. */
static bool find_user(const struct rs_model *model, struct workspace *workspace,
                      const struct rs_profile *profile, struct solved *solved) {
    const struct state *state = model->state;
    const struct rs_mf *mf = &state->mf;
    if (profile->n == 0) return false;
    if (!profile->changed && profile->user != RS_NONE && state->same_users) {
        size_t at = profile->user * mf->stride;
        memcpy(workspace->vector, mf->users.vector + at, mf->stride * sizeof(float));
        memcpy(workspace->variance, mf->users.variance + at, mf->stride * sizeof(float));
        solved->bias = (double)mf->users.bias[profile->user];
        solved->bias_variance = (double)mf->users.bias_variance[profile->user];
        return true;
    }
    const struct half half = {
        mf->options.factors, mf->stride, mf->items.vector, mf->items.variance, mf->items.bias,
        mf->users.prior,     mf->mean,   mf->unit,         mf->noise,          mf->options.lambda};
    const float *expected = NULL;
    if (mf->users.sets.y != NULL) {
        const float *said = state->usual;
        if (profile->user != RS_NONE && state->same_users)
            said = mf->users.expected + profile->user * mf->width;
        memcpy(workspace->expected, said, mf->width * sizeof *said);
        rs_sets_add(mf->users.sets.number, mf->users.sets.y, mf->width, profile->n, profile->item,
                    workspace->expected);
        expected = workspace->expected;
    }
    if (!solve_line(&half, &workspace->bench, profile->n, profile->item, profile->rating, expected,
                    workspace->variance, solved))
        return false;
    float bias;
    memset(workspace->vector, 0, mf->stride * sizeof(float));
    settle(&half, &workspace->bench, expected, solved, workspace->vector, &bias);
    solved->bias = (double)bias;
    return true;
}

static struct rs_answer answer_for(const struct rs_model *model, const struct workspace *workspace,
                                   const struct solved *solved, size_t n_known, uint32_t item) {
    const struct rs_mf *mf = &((const struct state *)model->state)->mf;
    const float *v = mf->items.vector + item * mf->stride;
    const float *w = mf->items.variance + item * mf->stride;
    float spread = 0;
    for (size_t f = 0; f < mf->stride; f++)
        spread += v[f] * v[f] * workspace->variance[f] +
                  w[f] * (workspace->vector[f] * workspace->vector[f] + workspace->variance[f]);
    double above = solved->bias + (double)mf->items.bias[item] +
                   (double)rs_dense_dot(v, workspace->vector, mf->stride);
    double variance =
        mf->noise + solved->bias_variance + (double)mf->items.bias_variance[item] + (double)spread;
    const uint64_t *start = model->matrix->columns.start;
    double n_item = (double)(start[item + 1] - start[item]), n_user = (double)n_known;
    return (struct rs_answer){.score = (float)(mf->mean + mf->unit * above),
                              .deviation =
                                  mf->options.lambda < 0 ? (float)(mf->unit * sqrt(variance)) : 0,
                              .support = (float)(n_user * n_item / (n_user + n_item)),
                              .source = RS_FROM_MODEL};
}

static void predict(const struct rs_model *model, void *memory, const struct rs_profile *profile,
                    const struct rs_query *query, struct rs_answer *answers) {
    struct workspace *workspace = memory;
    struct solved solved;
    bool known = find_user(model, workspace, profile, &solved);
    for (size_t q = 0; q < query->n; q++) {
        if (known && query->item[q] != RS_NONE)
            answers[q] = answer_for(model, workspace, &solved, profile->n, query->item[q]);
        else
            answers[q] = (struct rs_answer){.source = RS_FROM_NOTHING};
    }
}

static void close_mf(struct rs_model *model) {
    struct state *state = model->state;
    free(state->mf.users.sets.number);
    free(state->usual);
    free(state);
}

static const struct rs_model_class mf_class = {
    .kind = "mf",
    .new_workspace = new_workspace,
    .free_workspace = free_workspace,
    .predict = predict,
    .close = close_mf,
};

/* Opening */

/* What attributes say of each of the users that the model was fitted to, and in the mean. */
static bool open_attributes(const struct rs_model *model, struct state *state,
                            struct rs_error *err) {
    struct rs_mf *mf = &state->mf;
    const struct rs_array *array = rs_segment_find(&model->file->segments[0], "user_attribute");
    size_t n = array == NULL ? 0 : array->n_rows;
    if (!rs_factors_floats(model, "user_attribute", n * mf->width, &mf->users.expected, err))
        return false;
    state->usual = rs_calloc(mf->width, sizeof *state->usual);
    for (size_t f = 0; f < mf->width; f++) {
        double sum = 0;
        for (size_t u = 0; u < n; u++) sum += (double)mf->users.expected[u * mf->width + f];
        if (n > 0) state->usual[f] = (float)(sum / (double)n);
    }
    if (n == model->matrix->users.ids.n || !rs_factors_same_users(model)) return true;
    return rs_fail(err, EX_DATAERR, "%s: the file is damaged: its users are inconsistent",
                   model->file->name);
}

/* What the sets of users say, where the model has it. */
static bool open_sets(const struct rs_model *model, struct state *state, struct rs_error *err) {
    struct rs_mf *mf = &state->mf;
    double n;
    size_t n_items = model->matrix->items.ids.n;
    const uint32_t *item = NULL;
    if (!rs_factors_number(model, "set_items", &n, err)) return false;
    if (n < 1) return true;
    if (n > (double)n_items)
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: its header makes no sense",
                       model->file->name);
    struct rs_sets *sets = &mf->users.sets;
    sets->n_members = (size_t)n;
    if (!rs_factors_floats(model, "set_vector", sets->n_members * mf->width, &sets->y, err) ||
        !rs_factors_array(model, "set_item", RS_U32, sets->n_members, &item, err))
        return false;
    sets->number = rs_malloc(n_items, sizeof *sets->number);
    for (size_t i = 0; i < n_items; i++) sets->number[i] = RS_NONE;
    for (uint32_t k = 0; k < sets->n_members; k++) {
        if (item[k] >= n_items)
            return rs_fail(err, EX_DATAERR, "%s: the file is damaged: its items are inconsistent",
                           model->file->name);
        sets->number[item[k]] = k;
    }
    return open_attributes(model, state, err);
}

static bool open_arrays(const struct rs_model *model, struct state *state, struct rs_error *err) {
    struct rs_mf *mf = &state->mf;
    size_t n_users = model->matrix->users.ids.n, n_items = mf->items.n = model->matrix->items.ids.n;
    const double *prior = NULL;
    if (!rs_factors_floats(model, "item_vector", n_items * mf->stride, &mf->items.vector, err) ||
        !rs_factors_floats(model, "item_variance", n_items * mf->stride, &mf->items.variance,
                           err) ||
        !rs_factors_floats(model, "item_bias", n_items, &mf->items.bias, err) ||
        !rs_factors_floats(model, "item_bias_variance", n_items, &mf->items.bias_variance, err) ||
        !rs_factors_array(model, "user_prior", RS_F64, mf->options.factors + 1, &prior, err))
        return false;
    mf->users.prior = (double *)(uintptr_t)prior;
    for (size_t f = 0; f <= mf->options.factors; f++)
        if (!(prior[f] > 0) || !isfinite(prior[f]))
            return rs_fail(err, EX_DATAERR, "%s: the file is damaged: a user_prior is not positive",
                           model->file->name);
    if (!open_sets(model, state, err)) return false;
    state->same_users = rs_factors_same_users(model);
    if (!state->same_users) return true;
    mf->users.n = n_users;
    return rs_factors_floats(model, "user_vector", n_users * mf->stride, &mf->users.vector, err) &&
           rs_factors_floats(model, "user_variance", n_users * mf->stride, &mf->users.variance,
                             err) &&
           rs_factors_floats(model, "user_bias", n_users, &mf->users.bias, err) &&
           rs_factors_floats(model, "user_bias_variance", n_users, &mf->users.bias_variance, err);
}

bool rs_mf_open(struct rs_model *model, struct rs_error *err) {
    struct state *state = rs_calloc(1, sizeof *state);
    struct rs_mf *mf = &state->mf;
    double factors;
    bool ok = rs_factors_number(model, "factors", &factors, err) &&
              rs_factors_number(model, "noise", &mf->noise, err) &&
              rs_factors_number(model, "mean", &mf->mean, err) &&
              rs_factors_number(model, "unit", &mf->unit, err) &&
              rs_factors_number(model, "lambda", &mf->options.lambda, err);
    if (ok && !(factors >= 1 && factors <= RS_DENSE_MAX && mf->noise > 0 && mf->unit > 0))
        ok = rs_fail(err, EX_DATAERR, "%s: the file is damaged: its header makes no sense",
                     model->file->name);
    if (ok) {
        mf->options.factors = (size_t)factors;
        mf->stride = rs_dense_padded(mf->options.factors);
        mf->width = rs_dense_padded(mf->options.factors + 1);
        ok = open_arrays(model, state, err);
    }
    if (!ok) {
        free(mf->users.sets.number);
        free(state->usual);
        free(state);
        return false;
    }
    model->state = state;
    model->class = &mf_class;
    return true;
}
