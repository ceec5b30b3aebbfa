#include "factors/gibbs_state.h"

#include <math.h>
#include <stdio.h>

#include "factors/factors.h"
#include "factors/gibbs_fold.h"
#include "factors/gibbs_kernels.h"

static const char *const side_names[RS_GIBBS_SIDES] = {"user", "item"};

/* N floats, all of them finite and at least LEAST. */
static bool open_floats(const struct rs_model *model, const char *name, size_t n, float least,
                        const float **data, struct rs_error *err) {
    float *found;
    if (!rs_factors_floats(model, name, n, &found, err)) return false;
    *data = found;
    if (rs_factors_trusted(model)) return true;
    for (size_t i = 0; i < n; i++)
        if ((*data)[i] < least)
            return rs_fail(err, EX_DATAERR, "%s: the file is damaged: a %s is below %g",
                           model->file->name, name, (double)least);
    return true;
}

/* N numbers above LEAST. */
static bool open_doubles(const struct rs_model *model, const char *name, size_t n, double least,
                         const double **data, struct rs_error *err) {
    if (!rs_factors_array(model, name, RS_F64, n, data, err)) return false;
    if (rs_factors_trusted(model)) return true;
    for (size_t i = 0; i < n; i++)
        if (!((*data)[i] >= least) || !isfinite((*data)[i]))
            return rs_fail(err, EX_DATAERR, "%s: the file is damaged: a %s is not sound",
                           model->file->name, name);
    return true;
}

/* N + 1 starts that ascend; *total becomes the last. */
static bool open_starts(const struct rs_model *model, const char *name, size_t n,
                        const uint64_t **start, size_t *total, struct rs_error *err) {
    if (!rs_factors_array(model, name, RS_U64, n + 1, start, err)) return false;
    bool ascending = (*start)[0] == 0;
    for (size_t u = 0; !rs_factors_trusted(model) && u < n; u++) ascending &= (*start)[u] <= (*start)[u + 1];
    *total = (*start)[n];
    return ascending || rs_fail(err, EX_DATAERR, "%s: the file is damaged: %s does not ascend",
                                model->file->name, name);
}

static bool open_drift(struct rs_gibbs_answers_side *side, const struct rs_model *model,
                       const char *prefix, struct rs_error *err) {
    enum { SCALE, VARIANCE, UNCERTAINTY, START, MOMENT, DRIFT, AVERAGE, N_NAMES };
    static const char *const what[] = {"drift_scale",  "drift_variance", "drift_uncertainty",
                                       "moment_start", "moment",         "drift",
                                       "drift_average"};
    char name[N_NAMES][64];
    for (int i = 0; i < N_NAMES; i++) snprintf(name[i], sizeof name[i], "%s_%s", prefix, what[i]);
    const struct rs_array *scales = rs_segment_find(&model->file->segments[0], name[SCALE]);
    if (scales == NULL) return true;
    size_t n_scales = scales->n_rows, n;
    if (n_scales == 0 || n_scales > RS_GIBBS_MAX_SCALES)
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: %s has %zu rows",
                       model->file->name, name[SCALE], n_scales);
    side->n_scales = n_scales;
    return open_doubles(model, name[SCALE], n_scales, 1e-9, &side->scale, err) &&
           open_doubles(model, name[VARIANCE], n_scales, 0, &side->variance, err) &&
           open_doubles(model, name[UNCERTAINTY], n_scales, 0, &side->uncertainty, err) &&
           open_starts(model, name[START], side->n, &side->moment_start, &n, err) &&
           rs_factors_array(model, name[MOMENT], RS_I64, n, &side->moment, err) &&
           (n <= SIZE_MAX / n_scales ||
            rs_fail(err, EX_DATAERR, "%s: the file is damaged", model->file->name)) &&
           rs_factors_array(model, name[DRIFT], RS_F32, n * n_scales, &side->drift, err) &&
           open_floats(model, name[AVERAGE], side->n, -INFINITY, &side->average, err);
}

static bool open_side(struct rs_gibbs_answers *state, int s, const struct rs_model *model,
                      struct rs_error *err) {
    struct rs_gibbs_answers_side *side = &state->sides[s];
    double n;
    char name[64];
    snprintf(name, sizeof name, "%ss", side_names[s]);
    if (!rs_factors_number(model, name, &n, err)) return false;
    side->n = (size_t)n;
    if (s == RS_GIBBS_ITEMS && side->n != model->matrix->items.ids.n)
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

static bool open_attributes(struct rs_gibbs_answers *state, const struct rs_model *model,
                            struct rs_error *err) {
    const char *place = model->file->name;
    const struct rs_segment *segment = &model->file->segments[0];
    const struct rs_array *vectors = rs_segment_find(segment, "user_attribute_vector");
    if (vectors == NULL) return true;
    size_t n_features = vectors->n_rows, n_users = state->sides[RS_GIBBS_USERS].n;
    size_t n;
    if (n_features > SIZE_MAX / state->length ||
        !rs_factors_array(model, "user_attribute_vector", RS_U16, n_features * state->length,
                          &state->attribute_vector, err) ||
        !open_starts(model, "user_attribute_start", n_users, &state->attribute_start, &n, err))
        return false;
    if (!rs_factors_array(model, "user_attribute", RS_U32, n, &state->attribute, err) ||
        !open_floats(model, "user_attribute_weight", n, 0, &state->attribute_weight, err))
        return false;
    bool sound = true;
    for (size_t k = 0; !rs_factors_trusted(model) && k < n; k++) sound &= state->attribute[k] < n_features;
    return sound ||
           rs_fail(err, EX_DATAERR, "%s: the file is damaged: there is no such attribute", place);
}

static bool open_numbers(struct rs_gibbs_answers *state, const struct rs_model *model,
                         struct rs_error *err) {
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

bool rs_gibbs_answers_open(struct rs_gibbs_answers *state, const struct rs_model *model,
                           struct rs_error *err) {
    if (!open_numbers(state, model, err) || !open_side(state, RS_GIBBS_USERS, model, err) ||
        !open_side(state, RS_GIBBS_ITEMS, model, err) || !open_attributes(state, model, err) ||
        !open_floats(model, "intercept", state->n_samples, -INFINITY, &state->intercept, err) ||
        !open_floats(model, "user_mean", state->length, -INFINITY, &state->user_mean, err) ||
        !open_floats(model, "user_spread", state->length, 0, &state->user_spread, err) ||
        !open_floats(model, "alpha", state->n_samples, 1e-20f, &state->alpha, err))
        return false;
    if (rs_segment_find(&model->file->segments[0], "set_vector") != NULL &&
        !rs_factors_array(model, "set_vector", RS_U16,
                          state->sides[RS_GIBBS_ITEMS].n * state->length, &state->set_vector, err))
        return false;
    if (rs_segment_find(&model->file->segments[0], "user_set_vector") != NULL &&
        !rs_factors_array(model, "user_set_vector", RS_U16,
                          state->sides[RS_GIBBS_USERS].n * state->width * RS_GIBBS_STARTS,
                          &state->user_set_vector, err))
        return false;
    for (size_t s = 0; s < state->n_samples; s++)
        state->noise += 1 / (double)state->alpha[s] / (double)state->n_samples;
    const struct rs_gibbs_answers_side *users = &state->sides[RS_GIBBS_USERS];
    for (size_t u = 0; users->n_scales > 0 && u < users->n; u++)
        state->averages += (double)users->average[u] * (double)users->average[u] / (double)users->n;
    state->same_users = rs_factors_same_users(model) &&
                        state->sides[RS_GIBBS_USERS].n == model->matrix->users.ids.n;
    return true;
}
