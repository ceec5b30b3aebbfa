#include "factors/gibbs_from.h"

#include <stdlib.h>
#include <string.h>

#include "factors/factors.h"
#include "factors/gibbs_half.h"
#include "factors/gibbs_state.h"

uint32_t rs_gibbs_sweeps_before(const struct rs_model *model) {
    const json_t *header = model->file->segments[0].header;
    return (uint32_t)(json_integer_value(json_object_get(header, "sweeps_before")) +
                      json_integer_value(json_object_get(header, "sweeps")));
}

/* TO (WIDTH) = sample AT of a vector of N_SAMPLES. */
static void read_vector(float *to, const uint16_t *halves, size_t width, size_t n_samples,
                        size_t at) {
    for (size_t f = 0; f < width; f++) to[f] = rs_gibbs_from_half(halves[f * n_samples + at]);
}

/* The states of line U that the earlier model has of its line V, at the moments both have. */
static void read_drift(struct rs_gibbs_drift *drift, const struct rs_gibbs_moments *moments,
                       size_t u, const struct rs_gibbs_answers_side *earlier, size_t v) {
    uint64_t m = earlier->moment_start[v], end = earlier->moment_start[v + 1];
    for (uint64_t k = moments->moment_start[u]; k < moments->moment_start[u + 1]; k++) {
        while (m < end && earlier->moment[m] < moments->moment[k]) m++;
        if (m == end || earlier->moment[m] != moments->moment[k]) continue;
        for (size_t c = 0; c < moments->n_scales; c++)
            drift->state[c * moments->n_slots + moments->moment_slot[k]] =
                earlier->drift[m * moments->n_scales + c];
    }
}

static void read_side(struct rs_gibbs_chain *chain, int s, const uint32_t *line, size_t at) {
    const struct rs_gibbs_answers *answers = chain->data->options->from->state;
    const struct rs_gibbs_answers_side *earlier = &answers->sides[s];
    const struct rs_gibbs_side *side = &chain->data->sides[s];
    struct rs_gibbs_state *state = &chain->sides[s];
    size_t width = chain->data->width, n_samples = answers->n_samples;
    bool drifts = side->moments.n_slots > 0 && earlier->n_scales == side->moments.n_scales;
    for (size_t f = 0; f < width; f++) {
        state->own_prior.mean[f] = earlier->prior_mean[f * n_samples + at];
        state->own_prior.precision[f] = earlier->prior_precision[f * n_samples + at];
    }
    for (size_t c = 0; drifts && c < earlier->n_scales; c++)
        state->drift.variance[c] = earlier->variance[c];
    for (size_t u = 0; u < side->form->n_lines; u++) {
        float *combined = state->combined + u * width, *own = state->own + u * width;
        memcpy(combined, state->own_prior.mean, width * sizeof *combined);
        if (line[u] != RS_NONE) {
            read_vector(combined, earlier->vector + line[u] * answers->length, width, n_samples,
                        at);
            if (s == RS_GIBBS_USERS) combined[0] -= (float)chain->intercept;
        }
        memcpy(own, combined, width * sizeof *own);
        if (line[u] == RS_NONE) continue;
        state->tau[u] = 1 / earlier->noise[line[u]];
        if (drifts) read_drift(&state->drift, &side->moments, u, earlier, line[u]);
    }
}

/* What OTHERS contribute to the sets of a side's lines, sample AT of N_SAMPLES, and the lines' own
 * vectors without it. LINE: the others' in the earlier model. */
static void read_sets(struct rs_gibbs_chain *chain, int s, const uint16_t *halves, size_t n_samples,
                      size_t at, const uint32_t *line) {
    const struct rs_gibbs_side *side = &chain->data->sides[s];
    struct rs_gibbs_state *state = &chain->sides[s];
    size_t width = chain->data->width;
    for (size_t i = 0; i < side->form->n_others; i++)
        if (line[i] != RS_NONE)
            read_vector(state->set + i * width, halves + line[i] * width * n_samples, width,
                        n_samples, at);
    for (size_t u = 0; u < side->form->n_lines; u++) {
        float *own = state->own + u * width;
        for (uint64_t k = side->form->start[u]; k < side->form->start[u + 1]; k++)
            for (size_t f = 0; f < width; f++)
                own[f] -= side->scale[u] * state->set[side->form->other[k] * width + f];
    }
}

void rs_gibbs_from(struct rs_gibbs_chain *chain) {
    const struct rs_gibbs_options *options = chain->data->options;
    const struct rs_model *model = options->from;
    const struct rs_gibbs_answers *answers = model->state;
    const struct rs_matrix *matrix = chain->data->matrix;
    size_t start = (((size_t)chain->number + 1) * RS_GIBBS_STARTS - 1) / (size_t)options->chains;
    size_t at = (start + 1) * answers->n_samples / RS_GIBBS_STARTS - 1;
    uint32_t *line[RS_GIBBS_SIDES] = {
        [RS_GIBBS_USERS] = rs_factors_match(&matrix->users.ids, &model->matrix->users.ids),
        [RS_GIBBS_ITEMS] = rs_factors_match(&matrix->items.ids, &model->matrix->items.ids),
    };
    chain->sweep = rs_gibbs_sweeps_before(model);
    chain->intercept = (double)answers->intercept[at];
    chain->alpha = (double)answers->alpha[at];
    for (int s = 0; s < RS_GIBBS_SIDES; s++) read_side(chain, s, line[s], at);
    if (options->sets && answers->set_vector != NULL)
        read_sets(chain, RS_GIBBS_USERS, answers->set_vector, answers->n_samples, at,
                  line[RS_GIBBS_ITEMS]);
    if (options->sets && answers->user_set_vector != NULL)
        read_sets(chain, RS_GIBBS_ITEMS, answers->user_set_vector, RS_GIBBS_STARTS, start,
                  line[RS_GIBBS_USERS]);
    for (int s = 0; s < RS_GIBBS_SIDES; s++) free(line[s]);
}
