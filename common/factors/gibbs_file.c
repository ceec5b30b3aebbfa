/* The file of gibbs.h. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "factors/factors.h"
#include "factors/gibbs_from.h"
#include "factors/gibbs_kept.h"
#include "format/writer.h"

static const char *const side_names[RS_GIBBS_SIDES] = {"user", "item"};

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

/* What the samples leave open of the N expected states, by scale. Scales stand in for one another,
 * so that their sum is known better than each alone: they are scaled to what is open of the sum.
 * Slots beyond the moments are padding, drawn from the prior. */
static void find_uncertainty(const struct rs_gibbs_kept_side *side,
                             const struct rs_gibbs_moments *moments, double sweeps,
                             const float *drift, size_t n, double *uncertainty) {
    double padding = (double)(moments->n_slots - n), each = 0;
    double open = side->total_squares / sweeps; /* becomes that of the sum */
    for (size_t c = 0; c < moments->n_scales; c++) {
        double variance = side->drift_variance[c] / sweeps, squares = 0;
        for (size_t m = 0; m < n; m++) {
            double mean = (double)drift[m * moments->n_scales + c];
            squares += mean * mean;
        }
        double left = side->drift_squares[c] / sweeps - padding * variance - squares;
        uncertainty[c] = fmin(fmax(left / (double)n, 0), variance);
        each += uncertainty[c];
        open -= padding * variance;
    }
    for (size_t m = 0; m < n; m++) {
        double total = 0;
        for (size_t c = 0; c < moments->n_scales; c++)
            total += (double)drift[m * moments->n_scales + c];
        open -= total * total;
    }
    double share = each > 0 ? fmin(fmax(open / (double)n / each, 0), 1) : 0;
    for (size_t c = 0; c < moments->n_scales; c++) uncertainty[c] *= share;
}

static void write_drift(struct rs_writer *writer, const struct rs_gibbs_kept *sums,
                        const struct rs_gibbs_data *data, int s) {
    const struct rs_gibbs_moments *moments = &data->sides[s].moments;
    const struct rs_gibbs_kept_side *side = &sums->sides[s];
    size_t n_scales = moments->n_scales, n_lines = moments->n_lines;
    if (moments->n_slots == 0) return;
    size_t n = moments->moment_start[n_lines];
    double sweeps = (double)sums->n_sweeps, variance[RS_GIBBS_MAX_SCALES];
    double uncertainty[RS_GIBBS_MAX_SCALES];
    float *drift = rs_malloc(n * n_scales, sizeof *drift);
    for (size_t c = 0; c < n_scales; c++) {
        const double *states = side->drift + c * moments->n_slots;
        for (size_t m = 0; m < n; m++)
            drift[m * n_scales + c] = (float)(states[moments->moment_slot[m]] / sweeps);
        variance[c] = side->drift_variance[c] / sweeps;
    }
    find_uncertainty(side, moments, sweeps, drift, n, uncertainty);
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

static void write_side(struct rs_writer *writer, const struct rs_gibbs_kept *kept,
                       const struct rs_gibbs_kept *sums, const struct rs_gibbs_data *data, int s) {
    size_t n = data->sides[s].form->n_lines, length = data->width * kept->n_samples;
    const struct rs_gibbs_kept_side *side = &kept->sides[s];
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
static void write_attributes(struct rs_writer *writer, const struct rs_gibbs_kept *kept,
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

/* The standard deviation of the noise of the ratings, their mean square. */
static double noise_of(const struct rs_gibbs_data *data, const struct rs_gibbs_kept *kept,
                       const struct rs_gibbs_kept *sums) {
    const struct rs_sparse *rows = &data->matrix->rows;
    const double *by_user = sums->sides[RS_GIBBS_USERS].noise;
    const double *by_item = sums->sides[RS_GIBBS_ITEMS].noise;
    double common = 0, squares = 0, sweeps = (double)sums->n_sweeps;
    for (size_t s = 0; s < kept->n_samples; s++)
        common += 1 / (double)kept->alpha[s] / (double)kept->n_samples;
    for (size_t u = 0; u < rows->n_lines; u++)
        for (uint64_t k = rows->start[u]; k < rows->start[u + 1]; k++)
            squares += by_user[u] / sweeps * (by_item[rows->other[k]] / sweeps);
    return data->deviation * sqrt(common * squares / (double)data->matrix->n_ratings);
}

static void describe(json_t *header, const struct rs_gibbs_data *data,
                     const struct rs_gibbs_kept *kept, const struct rs_gibbs_kept *sums) {
    const struct rs_gibbs_options *options = data->options;
    rs_factors_describe(header, "gibbs", data->matrix);
    json_object_set_new(header, "factors", json_integer(options->factors));
    json_object_set_new(header, "samples", json_integer(options->samples));
    json_object_set_new(header, "chains", json_integer(options->chains));
    json_object_set_new(header, "sweeps", json_integer(options->sweeps));
    json_object_set_new(
        header, "sweeps_before",
        json_integer(options->from ? rs_gibbs_sweeps_before(options->from) + 1 : 0));
    json_object_set_new(header, "burn_in", json_integer(options->burn_in));
    json_object_set_new(header, "mean", json_real(data->mean));
    json_object_set_new(header, "deviation", json_real(data->deviation));
    json_object_set_new(header, "noise", json_real(noise_of(data, kept, sums)));
    json_object_set_new(header, "sets",
                        options->sets ? json_string("training ratings only") : json_null());
    json_object_set_new(header, "drift",
                        data->sides[RS_GIBBS_USERS].moments.n_slots > 0
                            ? json_string("times of training ratings and of questions")
                            : json_null());
    json_object_set_new(header, "user_attributes", describe_blocks(&data->sides[RS_GIBBS_USERS]));
    json_object_set_new(header, "item_attributes", describe_blocks(&data->sides[RS_GIBBS_ITEMS]));
}

void rs_gibbs_write(FILE *file, json_t *header, const struct rs_gibbs_kept *kept,
                    const struct rs_gibbs_kept *sums, const struct rs_gibbs_data *data) {
    describe(header, data, kept, sums);
    struct rs_writer writer;
    rs_writer_init(&writer, file);
    rs_writer_begin(&writer, "factors", header);
    for (int s = 0; s < RS_GIBBS_SIDES; s++) write_side(&writer, kept, sums, data, s);
    if (data->options->sets)
        rs_writer_array(&writer, "user_set_vector",
                        (struct rs_array){RS_U16, data->sides[RS_GIBBS_USERS].form->n_lines,
                                          data->width * RS_GIBBS_STARTS, kept->user_set_vector});
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
