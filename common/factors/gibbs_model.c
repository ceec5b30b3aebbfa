#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "factors/gibbs.h"
#include "factors/gibbs_drift.h"
#include "factors/gibbs_fold.h"
#include "factors/gibbs_state.h"
#include "format/ids.h"
#include "format/pairs.h"

enum { FOLD_ROUNDS = 3 };

struct workspace {
    float *user;   /* length: the vector of whom is asked for */
    bool folded;   /* from the profile, with FACTOR the precision left to it */
    float *factor; /* n_samples x width x width */
    float *item, *left_out, *base, *own; /* length */
    float *samples, *spread, *precision; /* n_samples */
    double noise;                        /* the user's */
    struct rs_gibbs_path path;           /* of the user's drift */
    size_t capacity;
    int64_t *moment; /* of a folded profile */
    float *drift;    /* moments x scales */
    double *sums;    /* 4 a moment */
    float *prior;    /* length: precision */
};

bool rs_gibbs_open(struct rs_model *model, struct rs_error *err) {
    struct rs_gibbs_answers *state = rs_calloc(1, sizeof *state);
    if (!rs_gibbs_answers_open(state, model, err)) {
        free(state);
        return false;
    }
    model->class = &rs_gibbs_class;
    model->state = state;
    return true;
}

static void close_model(struct rs_model *model) {
    free(model->state);
}

/* Who is asked for */

static void *new_workspace(const struct rs_model *model) {
    const struct rs_gibbs_answers *state = model->state;
    struct workspace *workspace = rs_calloc(1, sizeof *workspace);
    workspace->user = rs_aligned(state->length, sizeof(float));
    workspace->item = rs_aligned(state->length, sizeof(float));
    workspace->left_out = rs_aligned(state->length, sizeof(float));
    workspace->base = rs_aligned(state->length, sizeof(float));
    workspace->own = rs_aligned(state->length, sizeof(float));
    workspace->prior = rs_aligned(state->length, sizeof(float));
    workspace->factor = rs_aligned(state->length * state->width, sizeof(float));
    workspace->samples = rs_aligned(state->n_samples, sizeof(float));
    workspace->spread = rs_aligned(state->n_samples, sizeof(float));
    workspace->precision = rs_aligned(state->n_samples, sizeof(float));
    return workspace;
}

static void free_workspace(void *memory) {
    struct workspace *workspace = memory;
    free(workspace->user);
    free(workspace->item);
    free(workspace->left_out);
    free(workspace->base);
    free(workspace->own);
    free(workspace->prior);
    free(workspace->factor);
    free(workspace->samples);
    free(workspace->spread);
    free(workspace->precision);
    free(workspace->moment);
    free(workspace->drift);
    free(workspace->sums);
    free(workspace);
}

static struct rs_gibbs_path path_of(const struct rs_gibbs_answers_side *side, uint32_t line) {
    struct rs_gibbs_path path = {.n_scales = side->n_scales,
                                 .scale = side->scale,
                                 .variance = side->variance,
                                 .uncertainty = side->uncertainty};
    if (side->n_scales == 0 || line == RS_NONE) return path;
    uint64_t first = side->moment_start[line];
    path.n = (size_t)(side->moment_start[line + 1] - first);
    path.moment = side->moment + first;
    path.state = side->drift + first * side->n_scales;
    path.average = (double)side->average[line];
    return path;
}

/* What is expected of the user's vector before any rating has been explained: its prior mean,
 * attributes and set. Returns the scale of the set. */
static float make_base(const struct rs_gibbs_answers *state, struct workspace *workspace,
                       const struct rs_profile *profile) {
    memcpy(workspace->base, state->sides[RS_GIBBS_USERS].prior_mean, state->length * sizeof(float));
    for (size_t s = 0; s < state->n_samples; s++) workspace->base[s] += state->intercept[s];
    if (state->attribute_start != NULL && profile->user != RS_NONE && state->same_users)
        for (uint64_t k = state->attribute_start[profile->user];
             k < state->attribute_start[profile->user + 1]; k++)
            rs_gibbs_add_halves(workspace->base, state->attribute_weight[k],
                                state->attribute_vector + state->attribute[k] * state->length,
                                state->length);
    if (state->set_vector == NULL || profile->n == 0) return 0;
    float scale = (float)(1 / sqrt((double)profile->n));
    for (size_t e = 0; e < profile->n; e++)
        rs_gibbs_add_halves(workspace->base, scale,
                            state->set_vector + profile->item[e] * state->length, state->length);
    return scale;
}

static void load_item(const struct rs_gibbs_answers *state, struct workspace *workspace,
                      uint32_t item) {
    if (item == RS_NONE) {
        memcpy(workspace->item, state->sides[RS_GIBBS_ITEMS].prior_mean,
               state->length * sizeof(float));
    } else {
        rs_gibbs_halves(workspace->item, state->sides[RS_GIBBS_ITEMS].vector + item * state->length,
                        state->length);
    }
}

/* By each sample, the rating of entry E that the VECTOR predicts which lacks the entry's own part
 * in the set. */
static void sample_entry(const struct rs_gibbs_answers *state, struct workspace *workspace,
                         const struct rs_profile *profile, size_t e, const float *vector,
                         float scale) {
    load_item(state, workspace, profile->item[e]);
    memcpy(workspace->left_out, vector, state->length * sizeof(float));
    if (scale > 0)
        rs_gibbs_add_halves(workspace->left_out, -scale,
                            state->set_vector + profile->item[e] * state->length, state->length);
    rs_gibbs_samples(workspace->samples, workspace->left_out, workspace->item, state->width,
                     state->n_samples);
}

/* The mean rating of entry E by all samples, less the rating. */
static double entry_residual(const struct rs_gibbs_answers *state, struct workspace *workspace,
                             const struct rs_profile *profile, size_t e, const float *vector,
                             float scale) {
    double sum = 0;
    sample_entry(state, workspace, profile, e, vector, scale);
    for (size_t s = 0; s < state->n_samples; s++) sum += (double)workspace->samples[s];
    return ((double)profile->rating[e] - state->mean) / state->deviation -
           sum / (double)state->n_samples;
}

/* The drift of entry E, of user and item, as it is known now. */
static double entry_drift(const struct rs_gibbs_answers *state, const struct workspace *workspace,
                          const struct rs_profile *profile, size_t e) {
    int64_t time = profile->time == NULL ? RS_NO_TIME : profile->time[e];
    struct rs_gibbs_path of_item = path_of(&state->sides[RS_GIBBS_ITEMS], profile->item[e]);
    double spread, drift = rs_gibbs_drift_at(&of_item, time, &spread);
    if (time == RS_NO_TIME || workspace->path.n == 0) return drift;
    size_t moment = rs_gibbs_path_find(&workspace->path, time);
    for (size_t s = 0; s < workspace->path.n_scales; s++)
        drift += (double)workspace->drift[moment * workspace->path.n_scales + s];
    return drift;
}

/* Solves for the user's vector given the drift. */
static void fold_vector(const struct rs_gibbs_answers *state, struct workspace *workspace,
                        const struct rs_profile *profile, float scale) {
    memset(workspace->factor, 0, state->length * state->width * sizeof(float));
    memset(workspace->own, 0, state->length * sizeof(float));
    for (size_t e = 0; e < profile->n; e++) {
        sample_entry(state, workspace, profile, e, workspace->base, scale);
        float rating = (float)(((double)profile->rating[e] - state->mean) / state->deviation -
                               entry_drift(state, workspace, profile, e));
        float noise =
            (float)workspace->noise * state->sides[RS_GIBBS_ITEMS].noise[profile->item[e]];
        for (size_t s = 0; s < state->n_samples; s++) {
            workspace->samples[s] = rating - workspace->samples[s];
            workspace->precision[s] = state->alpha[s] / noise;
        }
        rs_gibbs_fold_add(workspace->factor, workspace->own, workspace->item, workspace->precision,
                          workspace->samples, state->width, state->n_samples);
    }
    rs_gibbs_fold_solve(workspace->factor, workspace->own, workspace->prior, state->width,
                        state->n_samples);
    for (size_t i = 0; i < state->length; i++)
        workspace->user[i] = workspace->base[i] + workspace->own[i];
}

static int compare_times(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Readies the path of a profile's drift: its different times, all states 0. */
static void start_path(const struct rs_gibbs_answers *state, struct workspace *workspace,
                       const struct rs_profile *profile) {
    workspace->path = path_of(&state->sides[RS_GIBBS_USERS], RS_NONE);
    size_t n_scales = workspace->path.n_scales, kept = 0, n = 0;
    if (n_scales == 0 || profile->time == NULL) return;
    if (profile->n > workspace->capacity) {
        workspace->capacity = profile->n;
        workspace->moment = rs_realloc(workspace->moment, profile->n, sizeof(int64_t));
        workspace->drift = rs_realloc(workspace->drift, profile->n * n_scales, sizeof(float));
        workspace->sums = rs_realloc(workspace->sums, 4 * profile->n, sizeof(double));
    }
    for (size_t e = 0; e < profile->n; e++)
        if (profile->time[e] != RS_NO_TIME) workspace->moment[kept++] = profile->time[e];
    qsort(workspace->moment, kept, sizeof(int64_t), compare_times);
    for (size_t m = 0; m < kept; m++)
        if (m == 0 || workspace->moment[m] != workspace->moment[m - 1])
            workspace->moment[n++] = workspace->moment[m];
    memset(workspace->drift, 0, n * n_scales * sizeof(float));
    workspace->path.n = n;
    workspace->path.moment = workspace->moment;
    workspace->path.state = workspace->drift;
}

/* Improves the drift given the user's vector. */
static void fold_drift(const struct rs_gibbs_answers *state, struct workspace *workspace,
                       const struct rs_profile *profile, float scale) {
    size_t n = workspace->path.n;
    double *precision = workspace->sums, *slope = precision + n, *room = slope + n;
    for (size_t m = 0; m < 2 * n; m++) workspace->sums[m] = 0;
    for (size_t e = 0; e < profile->n; e++) {
        if (profile->time[e] == RS_NO_TIME) continue;
        double residual = entry_residual(state, workspace, profile, e, workspace->user, scale) -
                          entry_drift(state, workspace, profile, e);
        double w = 1 / (state->noise * workspace->noise *
                        (double)state->sides[RS_GIBBS_ITEMS].noise[profile->item[e]]);
        size_t moment = rs_gibbs_path_find(&workspace->path, profile->time[e]);
        precision[moment] += w;
        slope[moment] += w * residual;
    }
    rs_gibbs_drift_smooth(&workspace->path, workspace->drift, precision, slope, 2, room);
}

/* Somebody of whom nothing is known is any of the users. */
static void expect_anybody(const struct rs_gibbs_answers *state, struct workspace *workspace) {
    memset(workspace->factor, 0, state->length * state->width * sizeof(float));
    memset(workspace->own, 0, state->length * sizeof(float));
    memcpy(workspace->user, state->user_mean, state->length * sizeof(float));
    for (size_t i = 0; i < state->length; i++)
        workspace->prior[i] = 1 / fmaxf(state->user_spread[i], 1e-12f);
    rs_gibbs_fold_solve(workspace->factor, workspace->own, workspace->prior, state->width,
                        state->n_samples);
}

/* The prior of the user's own vector. Without times the bias takes in what drift there is. */
static void load_prior(const struct rs_gibbs_answers *state, struct workspace *workspace) {
    memcpy(workspace->prior, state->sides[RS_GIBBS_USERS].prior_precision,
           state->length * sizeof(float));
    for (size_t s = 0; workspace->path.n == 0 && s < state->n_samples; s++)
        workspace->prior[s] = 1 / (1 / workspace->prior[s] + (float)state->averages);
}

/* Drift and vector in turn, which converges to what is expected of both. */
static void fold(const struct rs_gibbs_answers *state, struct workspace *workspace,
                 const struct rs_profile *profile) {
    workspace->folded = true;
    workspace->noise = 1;
    if (profile->user != RS_NONE && state->same_users)
        workspace->noise = (double)state->sides[RS_GIBBS_USERS].noise[profile->user];
    start_path(state, workspace, profile);
    if (profile->n == 0) {
        expect_anybody(state, workspace);
        return;
    }
    load_prior(state, workspace);
    float scale = make_base(state, workspace, profile);
    fold_vector(state, workspace, profile, scale);
    size_t n = workspace->path.n, n_scales = workspace->path.n_scales;
    for (int round = 0; n > 0 && round < FOLD_ROUNDS; round++) {
        fold_drift(state, workspace, profile, scale);
        fold_vector(state, workspace, profile, scale);
    }
    for (size_t i = 0; i < n * n_scales; i++)
        workspace->path.average += (double)workspace->drift[i] / (double)n;
}

static void load_user(const struct rs_gibbs_answers *state, struct workspace *workspace,
                      const struct rs_profile *profile) {
    if (profile->user == RS_NONE || profile->changed || !state->same_users) {
        fold(state, workspace, profile);
        return;
    }
    workspace->folded = false;
    workspace->noise = (double)state->sides[RS_GIBBS_USERS].noise[profile->user];
    workspace->path = path_of(&state->sides[RS_GIBBS_USERS], profile->user);
    rs_gibbs_halves(workspace->user,
                    state->sides[RS_GIBBS_USERS].vector + profile->user * state->length,
                    state->length);
}

/* Answers */

/* The variance of the expected rating: between the samples, and what the user's vector (folded) and
 * an unknown item's leave open within each. */
static double answer_spread(const struct rs_gibbs_answers *state, struct workspace *workspace,
                            bool known, double mean) {
    double between = 0, within = 0;
    size_t n = state->n_samples;
    for (size_t s = 0; s < n; s++) {
        double difference = (double)workspace->samples[s] - mean;
        between += difference * difference;
    }
    if (workspace->folded) {
        rs_gibbs_fold_variance(workspace->spread, workspace->factor, workspace->item, state->width,
                               n);
        for (size_t s = 0; s < n; s++) within += (double)workspace->spread[s];
    }
    if (!known) {
        const float *precision = state->sides[RS_GIBBS_ITEMS].prior_precision;
        for (size_t i = 0; i < state->length; i++) {
            double x = i < n ? 1 : (double)workspace->user[i];
            within += x * x / (double)precision[i];
        }
    }
    return (between + within) / (double)n;
}

static void answer_query(const struct rs_gibbs_answers *state, struct workspace *workspace,
                         uint32_t item, int64_t time, struct rs_answer *answer) {
    struct rs_gibbs_path of_item = path_of(&state->sides[RS_GIBBS_ITEMS], item);
    double mean = 0, user_spread, item_spread;
    load_item(state, workspace, item);
    rs_gibbs_samples(workspace->samples, workspace->user, workspace->item, state->width,
                     state->n_samples);
    for (size_t s = 0; s < state->n_samples; s++) mean += (double)workspace->samples[s];
    mean /= (double)state->n_samples;
    double spread = answer_spread(state, workspace, item != RS_NONE, mean);
    mean += rs_gibbs_drift_at(&workspace->path, time, &user_spread) +
            rs_gibbs_drift_at(&of_item, time, &item_spread);
    spread += user_spread + item_spread;
    double noise = state->noise * workspace->noise;
    if (item != RS_NONE) noise *= (double)state->sides[RS_GIBBS_ITEMS].noise[item];
    double variance = state->deviation * state->deviation;
    answer->score = (float)(state->mean + state->deviation * mean);
    answer->deviation = (float)sqrt(variance * (spread + noise));
    answer->support = (float)(1 / (variance * spread + 1e-9));
    answer->source = RS_FROM_MODEL;
    if (!isfinite(answer->score) || !isfinite(answer->deviation))
        *answer = (struct rs_answer){.source = RS_FROM_NOTHING};
}

static void predict(const struct rs_model *model, void *memory, const struct rs_profile *profile,
                    const struct rs_query *query, struct rs_answer *answers) {
    const struct rs_gibbs_answers *state = model->state;
    struct workspace *workspace = memory;
    load_user(state, workspace, profile);
    for (size_t q = 0; q < query->n; q++) {
        int64_t time = query->time == NULL ? RS_NO_TIME : query->time[q];
        answer_query(state, workspace, query->item[q], time, &answers[q]);
    }
}

/* By expected rating at an unknown time, without what all items share. */
static void rank(const struct rs_model *model, void *memory, const struct rs_profile *profile,
                 float *scores) {
    const struct rs_gibbs_answers *state = model->state;
    struct workspace *workspace = memory;
    load_user(state, workspace, profile);
    for (size_t i = 0; i < state->sides[RS_GIBBS_ITEMS].n; i++) {
        double sum = 0;
        load_item(state, workspace, (uint32_t)i);
        rs_gibbs_samples(workspace->samples, workspace->user, workspace->item, state->width,
                         state->n_samples);
        for (size_t s = 0; s < state->n_samples; s++) sum += (double)workspace->samples[s];
        double mean = sum / (double)state->n_samples;
        if (state->sides[RS_GIBBS_ITEMS].n_scales > 0)
            mean += (double)state->sides[RS_GIBBS_ITEMS].average[i];
        double score = state->mean + state->deviation * mean;
        scores[i] = isfinite(score) ? (float)score : (float)state->mean;
    }
}

const struct rs_model_class rs_gibbs_class = {
    .kind = "gibbs",
    .new_workspace = new_workspace,
    .free_workspace = free_workspace,
    .predict = predict,
    .rank = rank,
    .close = close_model,
};
