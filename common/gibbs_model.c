#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "factors.h"
#include "gibbs.h"
#include "gibbs_drift.h"
#include "gibbs_fold.h"
#include "gibbs_kernels.h"
#include "ids.h"
#include "memory.h"
#include "pairs.h"

enum { USERS, ITEMS, SIDES, FOLD_ROUNDS = 3 };

static const char *const side_names[SIDES] = {"user", "item"};

/* What the file says of one side. */
struct side {
    size_t n;
    const uint16_t *vector;
    const float *prior_mean, *prior_precision, *noise;
    size_t n_scales; /* 0: no drift */
    const double *scale, *variance, *uncertainty;
    const uint64_t *moment_start;
    const int64_t *moment;
    const float *drift;
};

struct state {
    size_t width, n_samples, length; /* width x n_samples */
    double mean, deviation;
    double noise; /* expected 1 / alpha */
    struct side sides[SIDES];
    const uint16_t *set_vector;      /* NULL: no sets */
    const uint64_t *attribute_start; /* NULL: no attributes */
    const uint32_t *attribute;
    const float *attribute_weight;
    const uint16_t *attribute_vector;
    const float *intercept, *alpha;
    bool same_users;
};

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
};

/* Opening */

static bool open_drift(struct side *side, const struct rs_model *model, const char *prefix,
                       struct rs_error *err) {
    const struct rs_segment *segment = &model->file->segments[0];
    char name[64];
    snprintf(name, sizeof name, "%s_drift_scale", prefix);
    const struct rs_array *scales = rs_segment_find(segment, name);
    if (scales == NULL) return true;
    size_t n_scales = scales->n_rows;
    if (n_scales == 0 || n_scales > RS_GIBBS_MAX_SCALES)
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: %s has %zu rows",
                       model->file->name, name, n_scales);
    const double **arrays[] = {&side->scale, &side->variance, &side->uncertainty};
    static const char *const names[] = {"drift_scale", "drift_variance", "drift_uncertainty"};
    for (size_t a = 0; a < 3; a++) {
        snprintf(name, sizeof name, "%s_%s", prefix, names[a]);
        if (!rs_factors_array(model, name, RS_F64, n_scales, arrays[a], err)) return false;
        for (size_t s = 0; s < n_scales; s++)
            if (!((*arrays[a])[s] >= (a == 0 ? 1e-9 : 0)) || !isfinite((*arrays[a])[s]))
                return rs_fail(err, EX_DATAERR, "%s: the file is damaged: a %s is not sound",
                               model->file->name, name);
    }
    snprintf(name, sizeof name, "%s_moment_start", prefix);
    if (!rs_factors_array(model, name, RS_U64, side->n + 1, &side->moment_start, err)) return false;
    for (size_t u = 0; u < side->n; u++)
        if (side->moment_start[u] > side->moment_start[u + 1])
            return rs_fail(err, EX_DATAERR, "%s: the file is damaged: %s does not ascend",
                           model->file->name, name);
    size_t n = side->moment_start[side->n];
    snprintf(name, sizeof name, "%s_moment", prefix);
    if (!rs_factors_array(model, name, RS_I64, n, &side->moment, err)) return false;
    snprintf(name, sizeof name, "%s_drift", prefix);
    side->n_scales = n_scales;
    if (n > SIZE_MAX / n_scales)
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: %s is too large",
                       model->file->name, name);
    return rs_factors_array(model, name, RS_F32, n * n_scales, &side->drift, err);
}

/* N floats, all of them finite and at least LEAST. */
static bool open_floats(const struct rs_model *model, const char *name, size_t n, float least,
                        const float **data, struct rs_error *err) {
    float *found;
    if (!rs_factors_floats(model, name, n, &found, err)) return false;
    *data = found;
    for (size_t i = 0; i < n; i++)
        if ((*data)[i] < least)
            return rs_fail(err, EX_DATAERR, "%s: the file is damaged: a %s is below %g",
                           model->file->name, name, (double)least);
    return true;
}

static bool open_side(struct state *state, int s, const struct rs_model *model,
                      struct rs_error *err) {
    struct side *side = &state->sides[s];
    double n;
    char name[64];
    snprintf(name, sizeof name, "%ss", side_names[s]);
    if (!rs_factors_number(model, name, &n, err)) return false;
    side->n = (size_t)n;
    if (s == ITEMS && side->n != model->matrix->items.ids.n)
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: it is of %zu items",
                       model->file->name, side->n);
    if (n < 0 || n > UINT32_MAX || (state->length > 0 && side->n > SIZE_MAX / state->length))
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: it is of %g %s",
                       model->file->name, n, name);
    snprintf(name, sizeof name, "%s_vector", side_names[s]);
    if (!rs_factors_array(model, name, RS_U16, side->n * state->length, &side->vector, err))
        return false;
    const float tiny = 1e-20f;
    snprintf(name, sizeof name, "%s_prior_mean", side_names[s]);
    if (!open_floats(model, name, state->length, -INFINITY, &side->prior_mean, err)) return false;
    snprintf(name, sizeof name, "%s_prior_precision", side_names[s]);
    if (!open_floats(model, name, state->length, tiny, &side->prior_precision, err)) return false;
    snprintf(name, sizeof name, "%s_noise", side_names[s]);
    return open_floats(model, name, side->n, tiny, &side->noise, err) &&
           open_drift(side, model, side_names[s], err);
}

static bool open_attributes(struct state *state, const struct rs_model *model,
                            struct rs_error *err) {
    const char *place = model->file->name;
    const struct rs_segment *segment = &model->file->segments[0];
    const struct rs_array *vectors = rs_segment_find(segment, "user_attribute_vector");
    if (vectors == NULL) return true;
    size_t n_features = vectors->n_rows, n_users = state->sides[USERS].n;
    if (n_features > SIZE_MAX / state->length ||
        !rs_factors_array(model, "user_attribute_vector", RS_U16, n_features * state->length,
                          &state->attribute_vector, err) ||
        !rs_factors_array(model, "user_attribute_start", RS_U64, n_users + 1,
                          &state->attribute_start, err))
        return false;
    bool sound = true;
    for (size_t u = 0; u < n_users; u++)
        sound &= state->attribute_start[u] <= state->attribute_start[u + 1];
    if (!sound)
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: attributes do not ascend", place);
    size_t n = state->attribute_start[n_users];
    if (!rs_factors_array(model, "user_attribute", RS_U32, n, &state->attribute, err) ||
        !open_floats(model, "user_attribute_weight", n, 0, &state->attribute_weight, err))
        return false;
    for (size_t k = 0; k < n; k++) sound &= state->attribute[k] < n_features;
    return sound ||
           rs_fail(err, EX_DATAERR, "%s: the file is damaged: there is no such attribute", place);
}

static bool open_numbers(struct state *state, const struct rs_model *model, struct rs_error *err) {
    double factors, samples;
    if (!rs_factors_number(model, "factors", &factors, err) ||
        !rs_factors_number(model, "samples", &samples, err) ||
        !rs_factors_number(model, "mean", &state->mean, err) ||
        !rs_factors_number(model, "deviation", &state->deviation, err))
        return false;
    if (factors < 1 || factors >= RS_GIBBS_WIDTH_MAX || samples < RS_GIBBS_FOLD_LANES ||
        samples > 1e6 || (size_t)samples % RS_GIBBS_FOLD_LANES != 0 || state->deviation <= 0)
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: its header is not sound",
                       model->file->name);
    state->width = (size_t)factors + 1;
    state->n_samples = (size_t)samples;
    state->length = state->width * state->n_samples;
    return true;
}

static bool open_state(struct state *state, const struct rs_model *model, struct rs_error *err) {
    if (!open_numbers(state, model, err) || !open_side(state, USERS, model, err) ||
        !open_side(state, ITEMS, model, err) || !open_attributes(state, model, err) ||
        !open_floats(model, "intercept", state->n_samples, -INFINITY, &state->intercept, err) ||
        !open_floats(model, "alpha", state->n_samples, 1e-20f, &state->alpha, err))
        return false;
    if (rs_segment_find(&model->file->segments[0], "set_vector") != NULL &&
        !rs_factors_array(model, "set_vector", RS_U16, state->sides[ITEMS].n * state->length,
                          &state->set_vector, err))
        return false;
    for (size_t s = 0; s < state->n_samples; s++)
        state->noise += 1 / (double)state->alpha[s] / (double)state->n_samples;
    state->same_users =
        rs_factors_same_users(model) && state->sides[USERS].n == model->matrix->users.ids.n;
    return true;
}

bool rs_gibbs_open(struct rs_model *model, struct rs_error *err) {
    struct state *state = rs_calloc(1, sizeof *state);
    if (!open_state(state, model, err)) {
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
    const struct state *state = model->state;
    struct workspace *workspace = rs_calloc(1, sizeof *workspace);
    workspace->user = rs_aligned(state->length, sizeof(float));
    workspace->item = rs_aligned(state->length, sizeof(float));
    workspace->left_out = rs_aligned(state->length, sizeof(float));
    workspace->base = rs_aligned(state->length, sizeof(float));
    workspace->own = rs_aligned(state->length, sizeof(float));
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
    free(workspace->factor);
    free(workspace->samples);
    free(workspace->spread);
    free(workspace->precision);
    free(workspace->moment);
    free(workspace->drift);
    free(workspace->sums);
    free(workspace);
}

static struct rs_gibbs_path path_of(const struct side *side, uint32_t line) {
    struct rs_gibbs_path path = {.n_scales = side->n_scales,
                                 .scale = side->scale,
                                 .variance = side->variance,
                                 .uncertainty = side->uncertainty};
    if (side->n_scales == 0 || line == RS_NONE) return path;
    uint64_t first = side->moment_start[line];
    path.n = (size_t)(side->moment_start[line + 1] - first);
    path.moment = side->moment + first;
    path.state = side->drift + first * side->n_scales;
    return path;
}

/* What is expected of the user's vector before any rating has been explained: its prior mean,
 * attributes and set. Returns the scale of the set. */
static float make_base(const struct state *state, struct workspace *workspace,
                       const struct rs_profile *profile) {
    memcpy(workspace->base, state->sides[USERS].prior_mean, state->length * sizeof(float));
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

static void load_item(const struct state *state, struct workspace *workspace, uint32_t item) {
    if (item == RS_NONE) {
        memcpy(workspace->item, state->sides[ITEMS].prior_mean, state->length * sizeof(float));
    } else {
        rs_gibbs_halves(workspace->item, state->sides[ITEMS].vector + item * state->length,
                        state->length);
    }
}

/* By each sample, the rating of entry E that the VECTOR predicts which lacks the entry's own part
 * in the set. */
static void sample_entry(const struct state *state, struct workspace *workspace,
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
static double entry_residual(const struct state *state, struct workspace *workspace,
                             const struct rs_profile *profile, size_t e, const float *vector,
                             float scale) {
    double sum = 0;
    sample_entry(state, workspace, profile, e, vector, scale);
    for (size_t s = 0; s < state->n_samples; s++) sum += (double)workspace->samples[s];
    return ((double)profile->rating[e] - state->mean) / state->deviation -
           sum / (double)state->n_samples;
}

static size_t moment_of(const struct rs_gibbs_path *path, int64_t time) {
    size_t low = 0, high = path->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (path->moment[middle] < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The drift of entry E, of user and item, as it is known now. */
static double entry_drift(const struct state *state, const struct workspace *workspace,
                          const struct rs_profile *profile, size_t e) {
    int64_t time = profile->time == NULL ? RS_NO_TIME : profile->time[e];
    struct rs_gibbs_path of_item = path_of(&state->sides[ITEMS], profile->item[e]);
    double spread, drift = time == RS_NO_TIME ? 0 : rs_gibbs_drift_at(&of_item, time, &spread);
    if (time == RS_NO_TIME || workspace->path.n == 0) return drift;
    size_t moment = moment_of(&workspace->path, time);
    for (size_t s = 0; s < workspace->path.n_scales; s++)
        drift += (double)workspace->drift[moment * workspace->path.n_scales + s];
    return drift;
}

/* Solves for the user's vector given the drift. */
static void fold_vector(const struct state *state, struct workspace *workspace,
                        const struct rs_profile *profile, float scale) {
    memset(workspace->factor, 0, state->length * state->width * sizeof(float));
    memset(workspace->own, 0, state->length * sizeof(float));
    for (size_t e = 0; e < profile->n; e++) {
        sample_entry(state, workspace, profile, e, workspace->base, scale);
        float rating = (float)(((double)profile->rating[e] - state->mean) / state->deviation -
                               entry_drift(state, workspace, profile, e));
        float noise = (float)workspace->noise * state->sides[ITEMS].noise[profile->item[e]];
        for (size_t s = 0; s < state->n_samples; s++) {
            workspace->samples[s] = rating - workspace->samples[s];
            workspace->precision[s] = state->alpha[s] / noise;
        }
        rs_gibbs_fold_add(workspace->factor, workspace->own, workspace->item, workspace->precision,
                          workspace->samples, state->width, state->n_samples);
    }
    rs_gibbs_fold_solve(workspace->factor, workspace->own, state->sides[USERS].prior_precision,
                        state->width, state->n_samples);
    for (size_t i = 0; i < state->length; i++)
        workspace->user[i] = workspace->base[i] + workspace->own[i];
}

static int compare_times(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Readies the path of a profile's drift: its different times, all states 0. */
static void start_path(const struct state *state, struct workspace *workspace,
                       const struct rs_profile *profile) {
    workspace->path = path_of(&state->sides[USERS], RS_NONE);
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
static void fold_drift(const struct state *state, struct workspace *workspace,
                       const struct rs_profile *profile, float scale) {
    size_t n = workspace->path.n;
    double *precision = workspace->sums, *slope = precision + n, *room = slope + n;
    for (size_t m = 0; m < 2 * n; m++) workspace->sums[m] = 0;
    for (size_t e = 0; e < profile->n; e++) {
        if (profile->time[e] == RS_NO_TIME) continue;
        double residual = entry_residual(state, workspace, profile, e, workspace->user, scale) -
                          entry_drift(state, workspace, profile, e);
        double w = 1 / (state->noise * workspace->noise *
                        (double)state->sides[ITEMS].noise[profile->item[e]]);
        size_t moment = moment_of(&workspace->path, profile->time[e]);
        precision[moment] += w;
        slope[moment] += w * residual;
    }
    rs_gibbs_drift_smooth(&workspace->path, workspace->drift, precision, slope, 2, room);
}

/* Drift and vector in turn, which converges to what is expected of both. */
static void fold(const struct state *state, struct workspace *workspace,
                 const struct rs_profile *profile) {
    workspace->folded = true;
    workspace->noise = 1;
    if (profile->user != RS_NONE && state->same_users)
        workspace->noise = (double)state->sides[USERS].noise[profile->user];
    start_path(state, workspace, profile);
    float scale = make_base(state, workspace, profile);
    fold_vector(state, workspace, profile, scale);
    for (int round = 0; workspace->path.n > 0 && round < FOLD_ROUNDS; round++) {
        fold_drift(state, workspace, profile, scale);
        fold_vector(state, workspace, profile, scale);
    }
}

static void load_user(const struct state *state, struct workspace *workspace,
                      const struct rs_profile *profile) {
    if (profile->user == RS_NONE || profile->changed || !state->same_users) {
        fold(state, workspace, profile);
        return;
    }
    workspace->folded = false;
    workspace->noise = (double)state->sides[USERS].noise[profile->user];
    workspace->path = path_of(&state->sides[USERS], profile->user);
    rs_gibbs_halves(workspace->user, state->sides[USERS].vector + profile->user * state->length,
                    state->length);
}

/* Answers */

/* The variance of the expected rating: between the samples, and what the user's vector (folded) and
 * an unknown item's leave open within each. */
static double answer_spread(const struct state *state, struct workspace *workspace, bool known,
                            double mean) {
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
        const float *precision = state->sides[ITEMS].prior_precision;
        for (size_t i = 0; i < state->length; i++) {
            double x = i < n ? 1 : (double)workspace->user[i];
            within += x * x / (double)precision[i];
        }
    }
    return (between + within) / (double)n;
}

static void answer_query(const struct state *state, struct workspace *workspace, uint32_t item,
                         int64_t time, struct rs_answer *answer) {
    struct rs_gibbs_path of_item = path_of(&state->sides[ITEMS], item);
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
    if (item != RS_NONE) noise *= (double)state->sides[ITEMS].noise[item];
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
    const struct state *state = model->state;
    struct workspace *workspace = memory;
    load_user(state, workspace, profile);
    for (size_t q = 0; q < query->n; q++) {
        int64_t time = query->time == NULL ? RS_NO_TIME : query->time[q];
        answer_query(state, workspace, query->item[q], time, &answers[q]);
    }
}

/* By expected rating, without what all items share. */
static void rank(const struct rs_model *model, void *memory, const struct rs_profile *profile,
                 float *scores) {
    const struct state *state = model->state;
    struct workspace *workspace = memory;
    load_user(state, workspace, profile);
    for (size_t i = 0; i < state->sides[ITEMS].n; i++) {
        double sum = 0;
        load_item(state, workspace, (uint32_t)i);
        rs_gibbs_samples(workspace->samples, workspace->user, workspace->item, state->width,
                         state->n_samples);
        for (size_t s = 0; s < state->n_samples; s++) sum += (double)workspace->samples[s];
        double score = state->mean + state->deviation * sum / (double)state->n_samples;
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
