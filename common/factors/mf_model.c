/* Answering from a file of mf.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "factors/factors.h"
#include "factors/mf.h"
#include "factors/mf_line.h"
#include "linear/dense.h"

struct state {
    struct rs_mf mf; /* its arrays lie in the file; users.expected is what attributes say */
    float *usual;    /* what they say in the mean */
    bool same_users;
};

struct workspace {
    struct rs_mf_bench bench;
    float *vector, *variance, *expected;
};

static void *new_workspace(const struct rs_model *model) {
    const struct state *state = model->state;
    struct workspace *workspace = rs_calloc(1, sizeof *workspace);
    rs_mf_bench_init(&workspace->bench, state->mf.options.factors);
    workspace->vector = rs_aligned(state->mf.stride, sizeof *workspace->vector);
    workspace->variance = rs_aligned(state->mf.stride, sizeof *workspace->variance);
    workspace->expected = rs_aligned(state->mf.width, sizeof *workspace->expected);
    return workspace;
}

static void free_workspace(void *memory) {
    struct workspace *workspace = memory;
    rs_mf_bench_free(&workspace->bench);
    free(workspace->vector);
    free(workspace->variance);
    free(workspace->expected);
    free(workspace);
}

/* Fills the workspace with the vector of the profile. False if there is none. */
static bool find_user(const struct rs_model *model, struct workspace *workspace,
                      const struct rs_profile *profile, struct rs_mf_solved *solved) {
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
    const struct rs_mf_half half = {
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
    if (!rs_mf_solve(&half, &workspace->bench, profile->n, profile->item, profile->rating, expected,
                     workspace->variance, solved))
        return false;
    float bias;
    memset(workspace->vector, 0, mf->stride * sizeof(float));
    rs_mf_settle(&half, &workspace->bench, expected, solved, workspace->vector, &bias);
    solved->bias = (double)bias;
    return true;
}

/* The expected rating of an item by what was found of the user, whose vector's product with the
 * item's is DOT. */
static inline double score_of(const struct rs_mf *mf, double user_bias, double item_bias,
                              double dot) {
    return mf->mean + mf->unit * (user_bias + item_bias + dot);
}

static struct rs_answer answer_for(const struct rs_model *model, const struct workspace *workspace,
                                   const struct rs_mf_solved *solved, size_t n_known,
                                   uint32_t item) {
    const struct rs_mf *mf = &((const struct state *)model->state)->mf;
    const float *v = mf->items.vector + item * mf->stride;
    const float *w = mf->items.variance + item * mf->stride;
    float spread = 0;
    for (size_t f = 0; f < mf->stride; f++)
        spread += v[f] * v[f] * workspace->variance[f] +
                  w[f] * (workspace->vector[f] * workspace->vector[f] + workspace->variance[f]);
    double variance =
        mf->noise + solved->bias_variance + (double)mf->items.bias_variance[item] + (double)spread;
    const uint64_t *start = model->matrix->columns.start;
    double n_item = (double)(start[item + 1] - start[item]), n_user = (double)n_known;
    double dot = (double)rs_dense_dot(v, workspace->vector, mf->stride);
    double score = score_of(mf, solved->bias, (double)mf->items.bias[item], dot);
    return (struct rs_answer){.score = (float)score,
                              .deviation =
                                  mf->options.lambda < 0 ? (float)(mf->unit * sqrt(variance)) : 0,
                              .support = (float)(n_user * n_item / (n_user + n_item)),
                              .source = RS_FROM_MODEL};
}

static void predict(const struct rs_model *model, void *memory, const struct rs_profile *profile,
                    const struct rs_query *query, struct rs_answer *answers) {
    struct workspace *workspace = memory;
    struct rs_mf_solved solved;
    bool known = find_user(model, workspace, profile, &solved);
    for (size_t q = 0; q < query->n; q++) {
        if (known && query->item[q] != RS_NONE)
            answers[q] = answer_for(model, workspace, &solved, profile->n, query->item[q]);
        else
            answers[q] = (struct rs_answer){.source = RS_FROM_NOTHING};
    }
}

RS_CLONES static void add_biases(const struct rs_mf *mf, double user_bias, float *restrict scores,
                                 const float *restrict item_bias, size_t n) {
    for (size_t i = 0; i < n; i++)
        scores[i] = (float)score_of(mf, user_bias, (double)item_bias[i], (double)scores[i]);
}

/* By expected rating, as rs_model_predict has it, without what else an answer tells. */
static void rank(const struct rs_model *model, void *memory, const struct rs_profile *profile,
                 float *scores) {
    const struct rs_mf *mf = &((const struct state *)model->state)->mf;
    struct workspace *workspace = memory;
    struct rs_mf_solved solved;
    if (!find_user(model, workspace, profile, &solved)) {
        for (uint32_t item = 0; item < mf->items.n; item++)
            scores[item] = rs_baseline_answer(model->matrix, profile, item).score;
        return;
    }
    rs_dense_dots(scores, mf->items.n, mf->items.vector, mf->stride, workspace->vector, mf->stride);
    add_biases(mf, solved.bias, scores, mf->items.bias, mf->items.n);
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
    .rank = rank,
    .close = close_mf,
};

const struct rs_mf *rs_mf_of(const struct rs_model *model) {
    return &((const struct state *)model->state)->mf;
}

/* Opening */

/* What attributes say in the mean of N users, from the file where it is trusted and has it. */
static bool open_usual(const struct rs_model *model, struct state *state, size_t n,
                       struct rs_error *err) {
    const struct rs_mf *mf = &state->mf;
    state->usual = rs_calloc(mf->width, sizeof *state->usual);
    if (rs_factors_trusted(model) &&
        rs_segment_find(&model->file->segments[0], "user_attribute_mean") != NULL) {
        float *mean;
        if (!rs_factors_floats(model, "user_attribute_mean", mf->width, &mean, err)) return false;
        memcpy(state->usual, mean, mf->width * sizeof *mean);
    } else {
        rs_mf_mean_row(mf->users.expected, n, mf->width, state->usual);
    }
    return true;
}

/* What attributes say of each of the users that the model was fitted to, and in the mean. */
static bool open_attributes(const struct rs_model *model, struct state *state,
                            struct rs_error *err) {
    struct rs_mf *mf = &state->mf;
    const struct rs_array *array = rs_segment_find(&model->file->segments[0], "user_attribute");
    size_t n = array == NULL ? 0 : array->n_rows;
    if (!rs_factors_floats(model, "user_attribute", n * mf->width, &mf->users.expected, err))
        return false;
    if (!open_usual(model, state, n, err)) return false;
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
        mf->matrix = model->matrix;
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
