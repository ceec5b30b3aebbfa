#include "gibbs.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "factors.h"
#include "gibbs_chain.h"
#include "gibbs_half.h"
#include "ids.h"
#include "memory.h"
#include "writer.h"

const struct rs_gibbs_options rs_gibbs_defaults = {
    .seed = 1, .burn_in = -1, .sets = true, .attributes = true, .drift = true, .noise = true};

enum { LANES = 16, MOST_SAMPLES = 4096 };

static const char *const side_names[RS_GIBBS_SIDES] = {"user", "item"};

/* What is kept of one side. */
struct kept_side {
    uint16_t *vector;
    float *prior_mean, *prior_precision;
    double *noise;                             /* sums of 1 / tau */
    double *drift;                             /* n_scales x n_slots: sums of states */
    double drift_squares[RS_GIBBS_MAX_SCALES]; /* of all states */
    double drift_variance[RS_GIBBS_MAX_SCALES];
};

/* What is kept of the samples. The vectors and priors are all chains' together; the sums are each
 * chain's own. */
struct kept {
    size_t n_samples, n_sweeps;
    struct kept_side sides[RS_GIBBS_SIDES];
    uint16_t *set_vector, *attribute_vector;
    float *intercept, *alpha;
    float *user_mean, *user_spread; /* mean and variance over users of their combined vectors */
};

/* Options */

static int by_size(int value, double otherwise) {
    return value > 0 ? value : (int)otherwise;
}

/* The rules behind "0: by size". A sweep takes time in proportion to the ratings: up to a million
 * of them 200 are made, beyond that fewer. */
static void resolve(struct rs_gibbs_options *options, const struct rs_matrix *matrix) {
    double n = (double)matrix->n_ratings;
    options->factors = (by_size(options->factors, 15) + LANES) / LANES * LANES - 1;
    if (options->factors >= RS_GIBBS_WIDTH_MAX) options->factors = RS_GIBBS_WIDTH_MAX - 1;
    options->chains = by_size(options->chains, 2);
    options->sweeps = by_size(options->sweeps, fmax(60, fmin(200, 2e8 / n)));
    if (options->burn_in < 0) options->burn_in = options->sweeps / 8;
    if (options->burn_in >= options->sweeps) options->burn_in = options->sweeps - 1;
    double lines = (double)matrix->users.ids.n + 2 * (double)matrix->items.ids.n;
    double bytes = 2 * lines * (options->factors + 1);
    int samples = by_size(options->samples, fmax(16, fmin(96, 1e9 / bytes)));
    int made = options->chains * (options->sweeps - options->burn_in);
    if (samples > made) samples = made;
    if (samples > MOST_SAMPLES) samples = MOST_SAMPLES;
    options->samples = (samples + LANES - 1) / LANES * LANES;
    while (options->chains * (options->sweeps - options->burn_in) < options->samples)
        options->sweeps++;
}

static double bytes_needed(const struct rs_matrix *matrix, const struct rs_gibbs_options *options) {
    double n = (double)matrix->n_ratings, width = options->factors + 1;
    double users = (double)matrix->users.ids.n, items = (double)matrix->items.ids.n;
    double shared = 8 * n + 2 * (users + 2 * items) * width * options->samples;
    double chain =
        8 * n + 4 * fmax(users, items) * (width * width + 2 * width) + 24 * (users + items) * width;
    if (options->drift && matrix->time != NULL) {
        shared += 60 * n;
        chain += 90 * n;
    }
    return shared + options->chains * chain;
}

static bool is_possible(const struct rs_matrix *matrix, const struct rs_gibbs_options *options,
                        struct rs_error *err) {
    if (matrix->implicit)
        return rs_fail(err, EX_DATAERR,
                       "holds counts and no ratings, which Gibbs sampling can't predict");
    if (matrix->n_ratings >= UINT32_MAX)
        return rs_fail(err, EX_DATAERR, "Gibbs sampling takes fewer than 2^32 ratings");
    double need = bytes_needed(matrix, options);
    if (options->memory == 0 || need <= (double)options->memory) return true;
    return rs_fail(err, EX_USAGE,
                   "Gibbs sampling takes %.1f GB of memory and may have %.1f (--memory); fewer "
                   "chains, factors or samples take less",
                   need / 1e9, (double)options->memory / 1e9);
}

/* Keeping */

static void keep_nothing(struct kept *kept, const struct rs_gibbs_data *data) {
    size_t length = data->width * (size_t)data->options->samples, n_features = 0;
    *kept = (struct kept){.n_samples = (size_t)data->options->samples};
    for (int s = 0; s < RS_GIBBS_SIDES; s++) {
        struct kept_side *side = &kept->sides[s];
        side->vector = rs_aligned(data->sides[s].form->n_lines * length, sizeof(uint16_t));
        side->prior_mean = rs_aligned(length, sizeof(float));
        side->prior_precision = rs_aligned(length, sizeof(float));
    }
    for (size_t b = 0; b < data->sides[RS_GIBBS_USERS].n_blocks; b++)
        n_features += data->sides[RS_GIBBS_USERS].blocks[b].n_features;
    kept->attribute_vector = rs_aligned(n_features * length, sizeof(uint16_t));
    kept->set_vector =
        rs_aligned(data->sides[RS_GIBBS_ITEMS].form->n_lines * length, sizeof(uint16_t));
    kept->user_mean = rs_aligned(length, sizeof(float));
    kept->user_spread = rs_aligned(length, sizeof(float));
    kept->intercept = rs_aligned(kept->n_samples, sizeof(float));
    kept->alpha = rs_aligned(kept->n_samples, sizeof(float));
}

static void free_kept(struct kept *kept) {
    for (int s = 0; s < RS_GIBBS_SIDES; s++) {
        free(kept->sides[s].vector);
        free(kept->sides[s].prior_mean);
        free(kept->sides[s].prior_precision);
    }
    free(kept->attribute_vector);
    free(kept->set_vector);
    free(kept->user_mean);
    free(kept->user_spread);
    free(kept->intercept);
    free(kept->alpha);
}

static void start_sums(struct kept *sums, const struct rs_gibbs_data *data) {
    *sums = (struct kept){0};
    for (int s = 0; s < RS_GIBBS_SIDES; s++) {
        const struct rs_gibbs_side *side = &data->sides[s];
        sums->sides[s].noise = rs_calloc(side->form->n_lines, sizeof(double));
        sums->sides[s].drift =
            rs_calloc(side->moments.n_scales * side->moments.n_slots, sizeof(double));
    }
}

static void free_sums(struct kept *sums) {
    for (int s = 0; s < RS_GIBBS_SIDES; s++) {
        free(sums->sides[s].noise);
        free(sums->sides[s].drift);
    }
}

static void add_sweep(struct kept *sums, const struct rs_gibbs_chain *chain) {
    sums->n_sweeps++;
    for (int s = 0; s < RS_GIBBS_SIDES; s++) {
        const struct rs_gibbs_state *state = &chain->sides[s];
        const struct rs_gibbs_side *side = &chain->data->sides[s];
        struct kept_side *to = &sums->sides[s];
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
    }
}

static void add_sums(struct kept *to, const struct kept *from, const struct rs_gibbs_data *data) {
    to->n_sweeps += from->n_sweeps;
    for (int s = 0; s < RS_GIBBS_SIDES; s++) {
        const struct rs_gibbs_side *side = &data->sides[s];
        const struct kept_side *add = &from->sides[s];
        for (size_t u = 0; u < side->form->n_lines; u++) to->sides[s].noise[u] += add->noise[u];
        for (size_t i = 0; i < side->moments.n_scales * side->moments.n_slots; i++)
            to->sides[s].drift[i] += add->drift[i];
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
static void keep_population(struct kept *kept, const struct rs_gibbs_chain *chain, size_t at) {
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

static void keep_sample(struct kept *kept, const struct rs_gibbs_chain *chain, size_t at) {
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

/* Sampling */

static void run_chain(struct kept *kept, struct kept *sums, const struct rs_gibbs_data *data,
                      int number, int threads) {
    const struct rs_gibbs_options *options = data->options;
    size_t n_chains = (size_t)options->chains,
           n_used = (size_t)(options->sweeps - options->burn_in);
    size_t first = kept->n_samples * (size_t)number / n_chains, next = first;
    size_t last = kept->n_samples * ((size_t)number + 1) / n_chains;
    struct rs_gibbs_chain chain;
    rs_gibbs_chain_new(&chain, data, (uint32_t)number, threads);
    start_sums(sums, data);
    for (int sweep = 0; sweep < options->sweeps; sweep++) {
        rs_gibbs_chain_sweep(&chain);
        if (options->on_sweep != NULL && omp_get_thread_num() == 0)
            options->on_sweep((uint64_t)sweep + 1, (uint64_t)options->sweeps);
        if (sweep < options->burn_in) continue;
        add_sweep(sums, &chain);
        size_t used = (size_t)(sweep - options->burn_in) + 1;
        while (next < last && (next - first + 1) * n_used <= used * (last - first))
            keep_sample(kept, &chain, next++);
    }
    rs_gibbs_chain_free(&chain);
}

/* Runs the chains, as many at once as there are threads, and leaves their sums in SUMS[0]. */
static void run_chains(struct kept *kept, struct kept *sums, const struct rs_gibbs_data *data) {
    int n_chains = data->options->chains, threads = omp_get_max_threads();
    int at_once = threads < n_chains ? threads : n_chains, levels = omp_get_max_active_levels();
    omp_set_max_active_levels(2);
#pragma omp parallel for schedule(dynamic, 1) num_threads(at_once)
    for (int c = 0; c < n_chains; c++) run_chain(kept, &sums[c], data, c, threads / at_once);
    omp_set_max_active_levels(levels);
    for (int c = 1; c < n_chains; c++) {
        add_sums(&sums[0], &sums[c], data);
        free_sums(&sums[c]);
    }
}

/* The file */

static char *named(char *buffer, size_t size, int side, const char *what) {
    snprintf(buffer, size, "%s_%s", side_names[side], what);
    return buffer;
}

/* What is expected of a line's drift at a time that nobody knows: the mean at its ratings. */
static void write_average_drift(struct rs_writer *writer, const float *drift,
                                const struct rs_gibbs_data *data, int s) {
    const struct rs_gibbs_moments *moments = &data->sides[s].moments;
    float *average = rs_malloc(moments->n_lines, sizeof *average);
    for (size_t u = 0; u < moments->n_lines; u++) {
        uint64_t first = moments->moment_start[u], end = moments->moment_start[u + 1];
        double sum = 0;
        for (uint64_t i = first * moments->n_scales; i < end * moments->n_scales; i++)
            sum += (double)drift[i];
        average[u] = end > first ? (float)(sum / (double)(end - first)) : 0;
    }
    char name[64];
    rs_writer_f32(writer, named(name, sizeof name, s, "drift_average"), average, moments->n_lines);
    free(average);
}

static void write_drift(struct rs_writer *writer, const struct kept *sums,
                        const struct rs_gibbs_data *data, int s) {
    const struct rs_gibbs_moments *moments = &data->sides[s].moments;
    const struct kept_side *side = &sums->sides[s];
    size_t n_scales = moments->n_scales, n_lines = moments->n_lines;
    if (moments->n_slots == 0) return;
    size_t n = moments->moment_start[n_lines];
    double sweeps = (double)sums->n_sweeps, variance[RS_GIBBS_MAX_SCALES];
    double uncertainty[RS_GIBBS_MAX_SCALES];
    float *drift = rs_malloc(n * n_scales, sizeof *drift);
    for (size_t c = 0; c < n_scales; c++) {
        double padding = 0, squares = 0;
        for (size_t m = 0; m < n; m++) {
            double mean = side->drift[c * moments->n_slots + moments->moment_slot[m]] / sweeps;
            drift[m * n_scales + c] = (float)mean;
            squares += mean * mean;
        }
        padding = (double)(moments->n_slots - n); /* drawn from the prior */
        variance[c] = side->drift_variance[c] / sweeps;
        uncertainty[c] =
            (side->drift_squares[c] / sweeps - padding * variance[c] - squares) / (double)n;
        uncertainty[c] = fmin(fmax(uncertainty[c], 0), variance[c]);
    }
    write_average_drift(writer, drift, data, s);
    char name[64];
    rs_writer_f64(writer, named(name, sizeof name, s, "drift_scale"), moments->scale, n_scales);
    rs_writer_f64(writer, named(name, sizeof name, s, "drift_variance"), variance, n_scales);
    rs_writer_f64(writer, named(name, sizeof name, s, "drift_uncertainty"), uncertainty, n_scales);
    rs_writer_u64(writer, named(name, sizeof name, s, "moment_start"), moments->moment_start,
                  n_lines + 1);
    rs_writer_array(writer, named(name, sizeof name, s, "moment"),
                    (struct rs_array){RS_I64, n, 1, moments->moment});
    rs_writer_array(writer, named(name, sizeof name, s, "drift"),
                    (struct rs_array){RS_F32, n, n_scales, drift});
    free(drift);
}

static void write_side(struct rs_writer *writer, const struct kept *kept, const struct kept *sums,
                       const struct rs_gibbs_data *data, int s) {
    size_t n = data->sides[s].form->n_lines, length = data->width * kept->n_samples;
    const struct kept_side *side = &kept->sides[s];
    float *noise = rs_malloc(n, sizeof *noise);
    for (size_t u = 0; u < n; u++)
        noise[u] = (float)(sums->sides[s].noise[u] / (double)sums->n_sweeps);
    char name[64];
    rs_writer_array(writer, named(name, sizeof name, s, "vector"),
                    (struct rs_array){RS_U16, n, length, side->vector});
    rs_writer_f32(writer, named(name, sizeof name, s, "prior_mean"), side->prior_mean, length);
    rs_writer_f32(writer, named(name, sizeof name, s, "prior_precision"), side->prior_precision,
                  length);
    rs_writer_f32(writer, named(name, sizeof name, s, "noise"), noise, n);
    free(noise);
    write_drift(writer, sums, data, s);
}

/* The users' attributes, the features of all blocks numbered through. */
static void write_attributes(struct rs_writer *writer, const struct kept *kept,
                             const struct rs_gibbs_data *data) {
    const struct rs_gibbs_side *users = &data->sides[RS_GIBBS_USERS];
    size_t n = users->form->n_lines, n_features = 0, at = 0, room = 0;
    if (users->n_blocks == 0) return;
    for (size_t b = 0; b < users->n_blocks; b++) room += users->blocks[b].start[n];
    uint64_t *start = rs_malloc(n + 1, sizeof *start);
    uint32_t *attribute = rs_malloc(room, sizeof *attribute);
    float *weight = rs_malloc(room, sizeof *weight);
    for (size_t u = 0; u < n; u++) {
        start[u] = at;
        n_features = 0;
        for (size_t b = 0; b < users->n_blocks; b++) {
            const struct rs_gibbs_block *block = &users->blocks[b];
            for (uint64_t k = block->start[u]; k < block->start[u + 1]; k++, at++) {
                attribute[at] = (uint32_t)n_features + block->feature[k];
                weight[at] = block->scale[u];
            }
            n_features += block->n_features;
        }
    }
    start[n] = at;
    rs_writer_u64(writer, "user_attribute_start", start, n + 1);
    rs_writer_u32(writer, "user_attribute", attribute, at);
    rs_writer_f32(writer, "user_attribute_weight", weight, at);
    rs_writer_array(writer, "user_attribute_vector",
                    (struct rs_array){RS_U16, n_features, data->width * kept->n_samples,
                                      kept->attribute_vector});
    free(start);
    free(attribute);
    free(weight);
}

static json_t *describe_blocks(const struct rs_gibbs_side *side) {
    json_t *names = json_array();
    for (size_t b = 0; b < side->n_blocks; b++)
        json_array_append_new(names, json_string_nocheck(side->blocks[b].name));
    return names;
}

static void describe(json_t *header, const struct rs_gibbs_data *data, const struct kept *kept) {
    const struct rs_gibbs_options *options = data->options;
    double noise = 0;
    for (size_t s = 0; s < kept->n_samples; s++)
        noise += 1 / sqrt((double)kept->alpha[s]) / (double)kept->n_samples;
    rs_factors_describe(header, "gibbs", data->matrix);
    json_object_set_new(header, "factors", json_integer(options->factors));
    json_object_set_new(header, "samples", json_integer(options->samples));
    json_object_set_new(header, "chains", json_integer(options->chains));
    json_object_set_new(header, "sweeps", json_integer(options->sweeps));
    json_object_set_new(header, "burn_in", json_integer(options->burn_in));
    json_object_set_new(header, "mean", json_real(data->mean));
    json_object_set_new(header, "deviation", json_real(data->deviation));
    json_object_set_new(header, "noise", json_real(noise * data->deviation));
    json_object_set_new(header, "sets",
                        options->sets ? json_string("training ratings only") : json_null());
    json_object_set_new(header, "drift",
                        json_boolean(data->sides[RS_GIBBS_USERS].moments.n_slots > 0));
    json_object_set_new(header, "user_attributes", describe_blocks(&data->sides[RS_GIBBS_USERS]));
    json_object_set_new(header, "item_attributes", describe_blocks(&data->sides[RS_GIBBS_ITEMS]));
}

static void write_model(FILE *file, json_t *header, const struct kept *kept,
                        const struct kept *sums, const struct rs_gibbs_data *data) {
    describe(header, data, kept);
    struct rs_writer writer;
    rs_writer_init(&writer, file);
    rs_writer_begin(&writer, "factors", header);
    for (int s = 0; s < RS_GIBBS_SIDES; s++) write_side(&writer, kept, sums, data, s);
    if (data->options->sets)
        rs_writer_array(&writer, "set_vector",
                        (struct rs_array){RS_U16, data->sides[RS_GIBBS_ITEMS].form->n_lines,
                                          data->width * kept->n_samples, kept->set_vector});
    write_attributes(&writer, kept, data);
    rs_writer_f32(&writer, "user_mean", kept->user_mean, data->width * kept->n_samples);
    rs_writer_f32(&writer, "user_spread", kept->user_spread, data->width * kept->n_samples);
    rs_writer_f32(&writer, "intercept", kept->intercept, kept->n_samples);
    rs_writer_f32(&writer, "alpha", kept->alpha, kept->n_samples);
    rs_writer_end(&writer, NULL);
}

bool rs_gibbs_fit(const struct rs_matrix *matrix, const struct rs_gibbs_options *options,
                  FILE *file, json_t *header, struct rs_error *err) {
    struct rs_gibbs_options resolved = *options;
    resolve(&resolved, matrix);
    if (!is_possible(matrix, &resolved, err)) {
        json_decref(header);
        return false;
    }
    struct rs_gibbs_data data;
    struct kept kept, *sums = rs_calloc((size_t)resolved.chains, sizeof *sums);
    rs_gibbs_data_make(&data, matrix, &resolved);
    keep_nothing(&kept, &data);
    run_chains(&kept, sums, &data);
    write_model(file, header, &kept, &sums[0], &data);
    free_sums(&sums[0]);
    free(sums);
    free_kept(&kept);
    rs_gibbs_data_free(&data);
    return true;
}
