#include "factors/gibbs_drift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "base/random.h"
#include "factors/gibbs_random.h"
#include "format/ids.h"
#include "format/pairs.h"

enum { LANES = RS_GIBBS_LANES };

/* Where the moments lie */

static int compare_times(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Fills MOMENT with the different times among N and returns how many they are. */
static size_t different_times(int64_t *moment, const int64_t *time, size_t n) {
    size_t kept = 0, different = 0;
    for (size_t k = 0; k < n; k++)
        if (time[k] != RS_NO_TIME) moment[kept++] = time[k];
    qsort(moment, kept, sizeof *moment, compare_times);
    for (size_t k = 0; k < kept; k++)
        if (k == 0 || moment[k] != moment[k - 1]) moment[different++] = moment[k];
    return different;
}

static void find_moments(struct rs_gibbs_moments *moments, const uint64_t *start,
                         const int64_t *time) {
    size_t n = 0;
    moments->moment_start = rs_malloc(moments->n_lines + 1, sizeof *moments->moment_start);
    moments->moment = rs_malloc(start[moments->n_lines], sizeof *moments->moment);
    for (size_t u = 0; u < moments->n_lines; u++) {
        moments->moment_start[u] = n;
        n += different_times(moments->moment + n, time + start[u],
                             (size_t)(start[u + 1] - start[u]));
    }
    moments->moment_start[moments->n_lines] = n;
}

struct length {
    uint64_t n;
    uint32_t line;
};

static int compare_lengths(const void *a, const void *b) {
    const struct length *x = a, *y = b;
    if (x->n != y->n) return x->n < y->n ? 1 : -1;
    return (x->line > y->line) - (x->line < y->line);
}

/* Groups lines of like length, longest first. */
static void make_groups(struct rs_gibbs_moments *moments) {
    size_t n = moments->n_lines;
    struct length *lengths = rs_malloc(n, sizeof *lengths);
    for (size_t u = 0; u < n; u++)
        lengths[u] =
            (struct length){moments->moment_start[u + 1] - moments->moment_start[u], (uint32_t)u};
    qsort(lengths, n, sizeof *lengths, compare_lengths);
    moments->n_groups = (n + LANES - 1) / LANES;
    moments->line = rs_malloc(moments->n_groups * LANES, sizeof *moments->line);
    moments->length = rs_malloc(moments->n_groups * LANES, sizeof *moments->length);
    moments->group_start = rs_malloc(moments->n_groups + 1, sizeof *moments->group_start);
    moments->group_start[0] = 0;
    for (size_t g = 0; g < moments->n_groups; g++) {
        moments->group_start[g + 1] = moments->group_start[g] + lengths[g * LANES].n * LANES;
        for (size_t l = g * LANES; l < (g + 1) * LANES; l++) {
            moments->line[l] = l < n ? lengths[l].line : RS_NONE;
            moments->length[l] = l < n ? (uint32_t)lengths[l].n : 0;
        }
    }
    moments->n_slots = moments->group_start[moments->n_groups];
    free(lengths);
}

static void place_line(struct rs_gibbs_moments *moments, uint32_t u, uint64_t first) {
    uint64_t begin = moments->moment_start[u], end = moments->moment_start[u + 1];
    for (uint64_t m = begin; m < end; m++) {
        uint64_t slot = first + (m - begin) * LANES;
        moments->moment_slot[m] = (uint32_t)slot;
        if (m == begin) continue;
        double gap = (double)moments->moment[m] - (double)moments->moment[m - 1];
        for (size_t s = 0; s < moments->n_scales; s++)
            moments->innovation[s * moments->n_slots + slot] =
                (float)-expm1(-2 * gap / moments->scale[s]);
    }
}

static void place_ratings(struct rs_gibbs_moments *moments, uint32_t u, const uint64_t *start,
                          const int64_t *time) {
    uint64_t begin = moments->moment_start[u];
    size_t n = (size_t)(moments->moment_start[u + 1] - begin);
    for (uint64_t k = start[u]; k < start[u + 1]; k++) {
        const int64_t *found = n == 0 ? NULL
                                      : bsearch(&time[k], moments->moment + begin, n,
                                                sizeof *moments->moment, compare_times);
        moments->slot[k] = found == NULL ? RS_NONE : moments->moment_slot[found - moments->moment];
    }
}

void rs_gibbs_moments_make(struct rs_gibbs_moments *moments, size_t n_lines, const uint64_t *start,
                           const int64_t *time, const double *scale, size_t n_scales) {
    *moments = (struct rs_gibbs_moments){.n_lines = n_lines};
    if (time == NULL || n_scales == 0) return;
    moments->n_scales = n_scales;
    memcpy(moments->scale, scale, n_scales * sizeof *scale);
    find_moments(moments, start, time);
    make_groups(moments);
    size_t n_innovations = n_scales * moments->n_slots;
    moments->slot = rs_malloc(start[n_lines], sizeof *moments->slot);
    moments->moment_slot = rs_malloc(moments->moment_start[n_lines], sizeof *moments->moment_slot);
    moments->innovation = rs_aligned(n_innovations, sizeof *moments->innovation);
    for (size_t i = 0; i < n_innovations; i++) moments->innovation[i] = 1;
    for (size_t g = 0; g < moments->n_groups; g++)
        for (size_t l = 0; l < LANES; l++) {
            uint32_t u = moments->line[g * LANES + l];
            if (u == RS_NONE) continue;
            place_line(moments, u, moments->group_start[g] + l);
            place_ratings(moments, u, start, time);
        }
}

void rs_gibbs_moments_free(struct rs_gibbs_moments *moments) {
    free(moments->line);
    free(moments->length);
    free(moments->group_start);
    free(moments->slot);
    free(moments->innovation);
    free(moments->moment_start);
    free(moments->moment);
    free(moments->moment_slot);
    *moments = (struct rs_gibbs_moments){0};
}

/* Drawing */

void rs_gibbs_drift_new(struct rs_gibbs_drift *drift, const struct rs_gibbs_moments *moments) {
    size_t n = moments->n_slots;
    *drift = (struct rs_gibbs_drift){0};
    if (n == 0) return;
    drift->state = rs_aligned(moments->n_scales * n, sizeof(float));
    memset(drift->state, 0, moments->n_scales * n * sizeof(float));
    drift->before = rs_aligned(n, sizeof(float));
    drift->precision = rs_aligned(n, sizeof(float));
    drift->slope = rs_aligned(n, sizeof(float));
    drift->sums = rs_calloc(3 * moments->n_groups, sizeof *drift->sums);
    for (size_t s = 0; s < moments->n_scales; s++) drift->variance[s] = 0.02;
}

void rs_gibbs_drift_free(struct rs_gibbs_drift *drift) {
    free(drift->state);
    free(drift->before);
    free(drift->precision);
    free(drift->slope);
    free(drift->sums);
    *drift = (struct rs_gibbs_drift){0};
}

/* One process of a group of LANES lines over N moments. FILTER has room for 2 x N x LANES. */
RS_CLONES
static void draw_group(size_t n, float variance, const float *innovation, const float *precision,
                       float *slope, float *state, const float *normal, float *filter) {
    float *mean = filter, *spread = filter + n * LANES;
    for (size_t t = 0; t < n; t++) {
        const float *before = mean + (t == 0 ? 0 : t - 1) * LANES;
        const float *spread_before = spread + (t == 0 ? 0 : t - 1) * LANES;
        for (size_t l = 0; l < LANES; l++) {
            size_t i = t * LANES + l;
            float fresh = innovation[i], kept = 1 - fresh;
            slope[i] += precision[i] * state[i];
            float prior = t == 0 ? variance : kept * spread_before[l] + variance * fresh;
            float expected = t == 0 ? 0 : sqrtf(kept) * before[l];
            float shrink = 1 / (1 + prior * precision[i]);
            spread[i] = prior * shrink;
            mean[i] = (expected + prior * slope[i]) * shrink;
        }
    }
    for (size_t t = n; t-- > 0;) {
        size_t after = (t + 1 < n ? t + 1 : t) * LANES;
        bool last = t + 1 == n;
        for (size_t l = 0; l < LANES; l++) {
            size_t i = t * LANES + l;
            float fresh = last ? 1 : innovation[after + l], kept = 1 - fresh;
            float step = variance * fresh, total = kept * spread[i] + step;
            float correlation = sqrtf(kept), gain = correlation * spread[i] / total;
            float next = last ? 0 : state[after + l];
            state[i] = mean[i] + gain * (next - correlation * mean[i]) +
                       sqrtf(spread[i] * step / total) * normal[i];
        }
    }
    for (size_t i = 0; i < n * LANES; i++) slope[i] -= precision[i] * state[i];
}

/* SUM[0] = squared innovations of a group in units of the variance; SUM[1], SUM[2] = information
 * about a common factor of all states and its slope at 1. A lane of LENGTH moments counts no more.
 */
RS_CLONES
static void sum_group(size_t n, const uint32_t *length, const float *innovation,
                      const float *precision, const float *slope, const float *state, double *sum) {
    float squares[LANES] = {0}, information[LANES] = {0}, slopes[LANES] = {0};
    float before[LANES] = {0};
    for (size_t t = 0; t < n; t++) {
        for (size_t l = 0; l < LANES; l++) {
            size_t i = t * LANES + l;
            float x = state[i], step = x - sqrtf(1 - innovation[i]) * before[l];
            float square = step * step / innovation[i];
            squares[l] += t < length[l] ? square : 0;
            information[l] += precision[i] * x * x; /* 0 past the end */
            slopes[l] += slope[i] * x;
            before[l] = x;
        }
    }
    sum[0] = sum[1] = sum[2] = 0;
    for (size_t l = 0; l < LANES; l++) {
        sum[0] += (double)squares[l];
        sum[1] += (double)information[l];
        sum[2] += (double)slopes[l];
    }
}

/* The standard deviation of a process has a half-normal prior of this scale, in standard deviations
 * of the ratings. */
static const double prior_deviation = 0.5;

/* Draws a variance twice: given the states (with the prior by acceptance), then given the states in
 * units of it, which mixes where the data say little of each state (Yu and Meng: To center or not
 * to center. JCGS 2011). Returns the factor by which all states change. */
static double draw_variance(double *variance, const double *sum, double n, uint64_t seed,
                            uint32_t what, uint32_t sweep) {
    struct rs_random random = rs_random_stream(seed, what, 0, sweep);
    double prior = prior_deviation * prior_deviation;
    if (n >= 3) {
        double proposal = sum[0] / 2 / rs_gibbs_gamma(seed, what, 1, sweep, (n - 1) / 2);
        double accept = exp((*variance - proposal) / (2 * prior));
        if (proposal > 1e-9 && rs_random_uniform(&random) < accept) *variance = proposal;
    }
    double information = sum[1] + *variance / prior;
    double change =
        (sum[2] - *variance / prior) / information + rs_random_normal(&random) / sqrt(information);
    double factor = fabs(1 + change);
    if (!(factor * factor * *variance > 1e-9)) return 1;
    *variance *= factor * factor;
    return factor;
}

static void accumulate(struct rs_gibbs_drift *drift, const struct rs_gibbs_moments *moments,
                       const uint64_t *start, const uint32_t *other, const float *tau,
                       const float *other_tau, float alpha, const float *residual) {
    memset(drift->precision, 0, moments->n_slots * sizeof(float));
    memset(drift->slope, 0, moments->n_slots * sizeof(float));
    memset(drift->before, 0, moments->n_slots * sizeof(float));
    for (size_t s = 0; s < moments->n_scales; s++)
        for (size_t i = 0; i < moments->n_slots; i++)
            drift->before[i] += drift->state[s * moments->n_slots + i];
    for (size_t u = 0; u < moments->n_lines; u++)
        for (uint64_t k = start[u]; k < start[u + 1]; k++) {
            uint32_t slot = moments->slot[k];
            if (slot == RS_NONE) continue;
            float w = alpha * tau[u] * other_tau[other[k]];
            drift->precision[slot] += w;
            drift->slope[slot] += w * residual[k];
        }
}

/* Draws process S. */
static void draw_process(struct rs_gibbs_drift *drift, const struct rs_gibbs_moments *moments,
                         size_t s, uint64_t seed, uint32_t what, uint32_t sweep, int threads) {
    const float *innovation = moments->innovation + s * moments->n_slots;
    float *state = drift->state + s * moments->n_slots;
    size_t longest = (size_t)moments->group_start[1];
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        float *filter = rs_aligned(3 * longest + RS_GIBBS_NORMALS, sizeof *filter);
        float *normal = filter + 2 * longest;
#pragma omp for schedule(dynamic, 4)
        for (size_t g = 0; g < moments->n_groups; g++) {
            uint64_t first = moments->group_start[g];
            size_t n = (size_t)(moments->group_start[g + 1] - first);
            size_t n_normals = (n + RS_GIBBS_NORMALS - 1) / RS_GIBBS_NORMALS * RS_GIBBS_NORMALS;
            rs_gibbs_normals(seed, what, (uint32_t)g, sweep, normal, n_normals);
            draw_group(n / LANES, (float)drift->variance[s], innovation + first,
                       drift->precision + first, drift->slope + first, state + first, normal,
                       filter);
            sum_group(n / LANES, moments->length + g * LANES, innovation + first,
                      drift->precision + first, drift->slope + first, state + first,
                      drift->sums + 3 * g);
        }
        free(filter);
    }
    double sum[3] = {0};
    for (size_t g = 0; g < 3 * moments->n_groups; g++) sum[g % 3] += drift->sums[g];
    double n = (double)moments->moment_start[moments->n_lines];
    float factor = (float)draw_variance(&drift->variance[s], sum, n, seed, what + 1, sweep);
    for (size_t i = 0; i < moments->n_slots; i++) {
        drift->slope[i] -= drift->precision[i] * (factor - 1) * state[i];
        state[i] *= factor;
    }
}

void rs_gibbs_drift_draw(struct rs_gibbs_drift *drift, const struct rs_gibbs_moments *moments,
                         const uint64_t *start, const uint32_t *other, const float *tau,
                         const float *other_tau, float alpha, float *residual, uint64_t seed,
                         uint32_t what, uint32_t sweep, int threads) {
    if (moments->n_slots == 0) return;
    accumulate(drift, moments, start, other, tau, other_tau, alpha, residual);
    for (size_t s = 0; s < moments->n_scales; s++)
        draw_process(drift, moments, s, seed, what + 2 * (uint32_t)s, sweep, threads);
    for (size_t s = 0; s < moments->n_scales; s++)
        for (size_t i = 0; i < moments->n_slots; i++)
            drift->before[i] -= drift->state[s * moments->n_slots + i];
    for (uint64_t k = 0; k < start[moments->n_lines]; k++)
        if (moments->slot[k] != RS_NONE) residual[k] += drift->before[moments->slot[k]];
}

double rs_gibbs_drift_sum(const struct rs_gibbs_drift *drift,
                          const struct rs_gibbs_moments *moments, uint64_t k) {
    double sum = 0;
    if (moments->n_slots == 0 || moments->slot[k] == RS_NONE) return 0;
    for (size_t s = 0; s < moments->n_scales; s++)
        sum += (double)drift->state[s * moments->n_slots + moments->slot[k]];
    return sum;
}

/* Answering */

/* Moments before and after a time, as shares of a process there. */
struct place {
    size_t next;          /* the first moment at or after the time */
    double before, after; /* milliseconds */
};

size_t rs_gibbs_path_find(const struct rs_gibbs_path *path, int64_t time) {
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

static struct place find_place(const struct rs_gibbs_path *path, int64_t time) {
    size_t low = rs_gibbs_path_find(path, time);
    struct place place = {low, INFINITY, INFINITY};
    if (low > 0) place.before = (double)time - (double)path->moment[low - 1];
    if (low < path->n) place.after = (double)path->moment[low] - (double)time;
    return place;
}

double rs_gibbs_drift_at(const struct rs_gibbs_path *path, int64_t time, double *spread) {
    double drift = time == RS_NO_TIME ? path->average : 0;
    *spread = 0;
    struct place place = {0, INFINITY, INFINITY};
    if (time != RS_NO_TIME) place = find_place(path, time);
    for (size_t s = 0; s < path->n_scales; s++) {
        double left = exp(-place.before / path->scale[s]),
               right = exp(-place.after / path->scale[s]);
        double both = 1 - left * left * right * right;
        double from_left = place.after == 0 ? 0 : left * (1 - right * right) / both;
        double from_right = place.after == 0 ? 1 : right * (1 - left * left) / both;
        if (from_left > 0)
            drift += from_left * (double)path->state[(place.next - 1) * path->n_scales + s];
        if (from_right > 0)
            drift += from_right * (double)path->state[place.next * path->n_scales + s];
        double share = from_left * left + from_right * right;
        *spread += path->variance[s] * (1 - share) + path->uncertainty[s] * share;
    }
    return drift;
}

/* The expected states of process S, by Kalman's filter forwards and Rauch, Tung and Striebel's
 * smoother back. */
static void smooth_process(const struct rs_gibbs_path *path, size_t s, float *state,
                           const double *precision, double *slope, double *room) {
    double *mean = room, *spread = room + path->n, variance = path->variance[s];
    for (size_t t = 0; t < path->n; t++) {
        float *x = &state[t * path->n_scales + s];
        double prior = variance, expected = 0;
        if (t > 0) {
            double gap = (double)path->moment[t] - (double)path->moment[t - 1];
            double kept = exp(-gap / path->scale[s]);
            prior = kept * kept * spread[t - 1] + variance * (1 - kept * kept);
            expected = kept * mean[t - 1];
        }
        slope[t] += precision[t] * (double)*x;
        double shrink = 1 / (1 + prior * precision[t]);
        spread[t] = prior * shrink;
        mean[t] = (expected + prior * slope[t]) * shrink;
    }
    for (size_t t = path->n; t-- > 0;) {
        double x = mean[t];
        if (t + 1 < path->n) {
            double gap = (double)path->moment[t + 1] - (double)path->moment[t];
            double kept = exp(-gap / path->scale[s]);
            double ahead = kept * kept * spread[t] + variance * (1 - kept * kept);
            double next = (double)state[(t + 1) * path->n_scales + s];
            if (ahead > 0) x += kept * spread[t] / ahead * (next - kept * mean[t]);
        }
        state[t * path->n_scales + s] = (float)x;
        slope[t] -= precision[t] * x;
    }
}

void rs_gibbs_drift_smooth(const struct rs_gibbs_path *path, float *state, const double *precision,
                           double *slope, int rounds, double *room) {
    for (int round = 0; round < rounds; round++)
        for (size_t s = 0; s < path->n_scales; s++)
            smooth_process(path, s, state, precision, slope, room);
}
