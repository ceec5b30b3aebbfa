#include "format/scale.h"

#include <math.h>

#include "base/cpu.h"

static const double steps[RS_SCALE_N_STEPS] = RS_SCALE_STEPS;

/* A rating is stored as a float: 3.1 is a multiple of 0.1 as nearly as a float can be. */
static bool is_multiple(float rating, double step) {
    double quotient = rating / step;
    return fabs(quotient - nearbyint(quotient)) <= 1e-6 * (1 + fabs(quotient));
}

RS_CLONES static bool all_on_step(const float *ratings, size_t n, double step) {
    if (step >= 0.5) { /* exact in a float, and nearly all scales: one cheap pass */
        float per_step = (float)(1 / step);
        unsigned off = 0;
        for (size_t i = 0; i < n; i++) {
            float scaled = ratings[i] * per_step;
            /* Beyond 2^24 a float has no halves; it need not fit an integer. */
            float bounded = fabsf(scaled) < 0x1p24f ? scaled : 0;
            off |= bounded != (float)(int32_t)bounded;
        }
        return off == 0;
    }
    for (size_t i = 0; i < n; i++)
        if (!is_multiple(ratings[i], step)) return false;
    return true;
}

/* In lanes, since a compiler may not reorder the comparisons of floats by itself. */
enum { LANES = 16 };

RS_CLONES static void find_ends(const float *ratings, size_t n, float *min, float *max) {
    float low[LANES], high[LANES];
    size_t i = 0;
    for (int k = 0; k < LANES; k++) low[k] = *min, high[k] = *max;
    for (; i + LANES <= n; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            low[k] = ratings[i + k] < low[k] ? ratings[i + k] : low[k];
            high[k] = ratings[i + k] > high[k] ? ratings[i + k] : high[k];
        }
    }
    for (; i < n; i++) {
        low[0] = ratings[i] < low[0] ? ratings[i] : low[0];
        high[0] = ratings[i] > high[0] ? ratings[i] : high[0];
    }
    for (int k = 0; k < LANES; k++) {
        *min = low[k] < *min ? low[k] : *min;
        *max = high[k] > *max ? high[k] : *max;
    }
}

void rs_scale_add(struct rs_scale *scale, const float *ratings, size_t n) {
    if (n == 0) return;
    float min = scale->n == 0 ? ratings[0] : scale->min;
    float max = scale->n == 0 ? ratings[0] : scale->max;
    find_ends(ratings, n, &min, &max);
    bool implied[RS_SCALE_N_STEPS] = {false};
    for (int s = 0; s < RS_SCALE_N_STEPS; s++) {
        if (implied[s] || scale->off_step >> s & 1) continue;
        if (!all_on_step(ratings, n, steps[s])) {
            scale->off_step |= 1u << s;
            continue;
        }
        for (int finer = s + 1; finer < RS_SCALE_N_STEPS; finer++)
            if (is_multiple((float)steps[s], steps[finer])) implied[finer] = true;
    }
    scale->min = min;
    scale->max = max;
    scale->n += n;
}

void rs_scale_join(struct rs_scale *scale, const struct rs_scale *more) {
    if (more->n == 0) return;
    if (scale->n == 0 || more->min < scale->min) scale->min = more->min;
    if (scale->n == 0 || more->max > scale->max) scale->max = more->max;
    scale->off_step |= more->off_step;
    scale->n += more->n;
}

double rs_scale_step(const struct rs_scale *scale) {
    if (scale->n == 0) return 0;
    for (int s = 0; s < RS_SCALE_N_STEPS; s++)
        if (!(scale->off_step >> s & 1)) return steps[s];
    return 0;
}

json_t *rs_scale_json(const struct rs_scale *scale) {
    return json_pack("{s:f, s:f, s:f, s:I}", "min", (double)scale->min, "max", (double)scale->max,
                     "step", rs_scale_step(scale), "n", (json_int_t)scale->n);
}

struct rs_scale rs_scale_from_json(const json_t *json) {
    struct rs_scale scale = {0};
    if (!json_is_object(json)) return scale;
    scale.min = (float)json_number_value(json_object_get(json, "min"));
    scale.max = (float)json_number_value(json_object_get(json, "max"));
    scale.n = (uint64_t)json_integer_value(json_object_get(json, "n"));
    double step = json_number_value(json_object_get(json, "step"));
    for (int s = 0; s < RS_SCALE_N_STEPS; s++)
        if (step == 0 || steps[s] > step) scale.off_step |= 1u << s;
    if (!isfinite(scale.min) || !isfinite(scale.max) || scale.min > scale.max) scale.n = 0;
    return scale;
}
