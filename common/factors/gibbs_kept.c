#include "factors/gibbs_kept.h"

#include <stdlib.h>

#include "base/memory.h"
#include "factors/gibbs_half.h"

void rs_gibbs_kept_new(struct rs_gibbs_kept *kept, const struct rs_gibbs_data *data) {
    size_t length = data->width * (size_t)data->options->samples, n_features = 0;
    *kept = (struct rs_gibbs_kept){.n_samples = (size_t)data->options->samples};
    for (int s = 0; s < RS_GIBBS_SIDES; s++) {
        struct rs_gibbs_kept_side *side = &kept->sides[s];
        side->vector = rs_aligned(data->sides[s].form->n_lines * length, sizeof(uint16_t));
        side->prior_mean = rs_aligned(length, sizeof(float));
        side->prior_precision = rs_aligned(length, sizeof(float));
    }
    for (size_t b = 0; b < data->sides[RS_GIBBS_USERS].n_blocks; b++)
        n_features += data->sides[RS_GIBBS_USERS].blocks[b].n_features;
    kept->attribute_vector = rs_aligned(n_features * length, sizeof(uint16_t));
    kept->set_vector =
        rs_aligned(data->sides[RS_GIBBS_ITEMS].form->n_lines * length, sizeof(uint16_t));
    kept->user_set_vector =
        rs_aligned(data->sides[RS_GIBBS_USERS].form->n_lines * data->width * RS_GIBBS_STARTS,
                   sizeof(uint16_t));
    kept->user_mean = rs_aligned(length, sizeof(float));
    kept->user_spread = rs_aligned(length, sizeof(float));
    kept->intercept = rs_aligned(kept->n_samples, sizeof(float));
    kept->alpha = rs_aligned(kept->n_samples, sizeof(float));
}

void rs_gibbs_kept_free(struct rs_gibbs_kept *kept) {
    for (int s = 0; s < RS_GIBBS_SIDES; s++) {
        free(kept->sides[s].vector);
        free(kept->sides[s].prior_mean);
        free(kept->sides[s].prior_precision);
    }
    free(kept->attribute_vector);
    free(kept->set_vector);
    free(kept->user_set_vector);
    free(kept->user_mean);
    free(kept->user_spread);
    free(kept->intercept);
    free(kept->alpha);
}

void rs_gibbs_sums_new(struct rs_gibbs_kept *sums, const struct rs_gibbs_data *data) {
    *sums = (struct rs_gibbs_kept){0};
    for (int s = 0; s < RS_GIBBS_SIDES; s++) {
        const struct rs_gibbs_side *side = &data->sides[s];
        sums->sides[s].noise = rs_calloc(side->form->n_lines, sizeof(double));
        sums->sides[s].drift =
            rs_calloc(side->moments.n_scales * side->moments.n_slots, sizeof(double));
    }
}

void rs_gibbs_sums_free(struct rs_gibbs_kept *sums) {
    for (int s = 0; s < RS_GIBBS_SIDES; s++) {
        free(sums->sides[s].noise);
        free(sums->sides[s].drift);
    }
}

void rs_gibbs_sums_sweep(struct rs_gibbs_kept *sums, const struct rs_gibbs_chain *chain) {
    sums->n_sweeps++;
    for (int s = 0; s < RS_GIBBS_SIDES; s++) {
        const struct rs_gibbs_state *state = &chain->sides[s];
        const struct rs_gibbs_side *side = &chain->data->sides[s];
        struct rs_gibbs_kept_side *to = &sums->sides[s];
        size_t n_slots = side->moments.n_slots;
        for (size_t u = 0; u < side->form->n_lines; u++) to->noise[u] += 1 / (double)state->tau[u];
        for (size_t c = 0; c < side->moments.n_scales; c++) {
            to->drift_variance[c] += state->drift.variance[c];
            for (size_t i = c * n_slots; i < (c + 1) * n_slots; i++) {
                double x = (double)state->drift.state[i];
                to->drift[i] += x;
                to->drift_squares[c] += x * x;
            }
        }
        for (size_t i = 0; i < n_slots; i++) {
            double total = 0;
            for (size_t c = 0; c < side->moments.n_scales; c++)
                total += (double)state->drift.state[c * n_slots + i];
            to->total_squares += total * total;
        }
    }
}

void rs_gibbs_sums_add(struct rs_gibbs_kept *to, const struct rs_gibbs_kept *from,
                       const struct rs_gibbs_data *data) {
    to->n_sweeps += from->n_sweeps;
    for (int s = 0; s < RS_GIBBS_SIDES; s++) {
        const struct rs_gibbs_side *side = &data->sides[s];
        const struct rs_gibbs_kept_side *add = &from->sides[s];
        for (size_t u = 0; u < side->form->n_lines; u++) to->sides[s].noise[u] += add->noise[u];
        for (size_t i = 0; i < side->moments.n_scales * side->moments.n_slots; i++)
            to->sides[s].drift[i] += add->drift[i];
        to->sides[s].total_squares += add->total_squares;
        for (size_t c = 0; c < side->moments.n_scales; c++) {
            to->sides[s].drift_squares[c] += add->drift_squares[c];
            to->sides[s].drift_variance[c] += add->drift_variance[c];
        }
    }
}

/* N vectors become sample AT of TO (each WIDTH x n_samples); FIRST is added to slot 0. */
static void keep_vectors(uint16_t *to, const float *vectors, size_t n, size_t width,
                         size_t n_samples, size_t at, float first) {
    for (size_t u = 0; u < n; u++)
        for (size_t f = 0; f < width; f++)
            to[(u * width + f) * n_samples + at] =
                rs_gibbs_to_half(vectors[u * width + f] + (f == 0 ? first : 0));
}

/* The users as a whole: what stands for one of whom nothing is known. */
static void keep_population(struct rs_gibbs_kept *kept, const struct rs_gibbs_chain *chain,
                            size_t at) {
    const float *vector = chain->sides[RS_GIBBS_USERS].combined;
    size_t width = chain->data->width, n = chain->data->matrix->rows.n_lines;
    for (size_t f = 0; f < width; f++) {
        double sum = 0, squares = 0;
        for (size_t u = 0; u < n; u++) sum += (double)vector[u * width + f];
        double mean = sum / (double)n;
        for (size_t u = 0; u < n; u++) {
            double difference = (double)vector[u * width + f] - mean;
            squares += difference * difference;
        }
        kept->user_mean[f * kept->n_samples + at] = (float)(mean + (f == 0 ? chain->intercept : 0));
        kept->user_spread[f * kept->n_samples + at] = (float)(squares / (double)n);
    }
}

void rs_gibbs_keep(struct rs_gibbs_kept *kept, const struct rs_gibbs_chain *chain, size_t at) {
    const struct rs_gibbs_data *data = chain->data;
    size_t width = data->width, n_samples = kept->n_samples, n_features = 0;
    for (int s = 0; s < RS_GIBBS_SIDES; s++) {
        const struct rs_gibbs_state *state = &chain->sides[s];
        float first = s == RS_GIBBS_USERS ? (float)chain->intercept : 0;
        keep_vectors(kept->sides[s].vector, state->combined, data->sides[s].form->n_lines, width,
                     n_samples, at, first);
        for (size_t f = 0; f < width; f++) {
            kept->sides[s].prior_mean[f * n_samples + at] = state->own_prior.mean[f];
            kept->sides[s].prior_precision[f * n_samples + at] = state->own_prior.precision[f];
        }
    }
    const struct rs_gibbs_side *users = &data->sides[RS_GIBBS_USERS];
    keep_vectors(kept->set_vector, chain->sides[RS_GIBBS_USERS].set, users->form->n_others, width,
                 n_samples, at, 0);
    size_t part = n_samples / RS_GIBBS_STARTS;
    if ((at + 1) % part == 0)
        keep_vectors(kept->user_set_vector, chain->sides[RS_GIBBS_ITEMS].set, users->form->n_lines,
                     width, RS_GIBBS_STARTS, at / part, 0);
    for (size_t b = 0; b < users->n_blocks; b++) {
        keep_vectors(kept->attribute_vector + n_features * width * n_samples,
                     chain->sides[RS_GIBBS_USERS].block[b], users->blocks[b].n_features, width,
                     n_samples, at, 0);
        n_features += users->blocks[b].n_features;
    }
    keep_population(kept, chain, at);
    kept->intercept[at] = (float)chain->intercept;
    kept->alpha[at] = (float)chain->alpha;
}
