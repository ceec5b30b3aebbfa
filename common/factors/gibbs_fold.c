#include "factors/gibbs_fold.h"

#include <math.h>

#include "base/cpu.h"
#include "factors/gibbs_half.h"

enum { LANES = RS_GIBBS_FOLD_LANES, WIDTH_MAX = 64 };

RS_CLONES
void rs_gibbs_halves(float *out, const uint16_t *halves, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = rs_gibbs_from_half(halves[i]);
}

RS_CLONES
void rs_gibbs_add_halves(float *to, float weight, const uint16_t *halves, size_t n) {
    for (size_t i = 0; i < n; i++) to[i] += weight * rs_gibbs_from_half(halves[i]);
}

RS_CLONES
void rs_gibbs_samples(float *out, const float *user, const float *item, size_t width,
                      size_t n_samples) {
    for (size_t first = 0; first < n_samples; first += LANES) {
        float sum[LANES];
        for (size_t l = 0; l < LANES; l++) sum[l] = user[first + l] + item[first + l];
        for (size_t f = 1; f < width; f++)
            for (size_t l = 0; l < LANES; l++)
                sum[l] += user[f * n_samples + first + l] * item[f * n_samples + first + l];
        for (size_t l = 0; l < LANES; l++) out[first + l] = sum[l];
    }
}

/* The vector of one group of lanes, slot 0 as 1. */
static inline void load_design(float design[][LANES], const float *x, size_t width,
                               size_t n_samples) {
    for (size_t l = 0; l < LANES; l++) design[0][l] = 1;
    for (size_t f = 1; f < width; f++)
        for (size_t l = 0; l < LANES; l++) design[f][l] = x[f * n_samples + l];
}

RS_CLONES
void rs_gibbs_fold_add(float *a, float *c, const float *x, const float *precision,
                       const float *residual, size_t width, size_t n_samples) {
    float design[WIDTH_MAX][LANES];
    for (size_t first = 0; first < n_samples; first += LANES, a += width * width * LANES) {
        load_design(design, x + first, width, n_samples);
        for (size_t f = 0; f < width; f++) {
            float weighted[LANES];
            for (size_t l = 0; l < LANES; l++) weighted[l] = precision[first + l] * design[f][l];
            for (size_t g = f; g < width; g++)
                for (size_t l = 0; l < LANES; l++)
                    a[(f * width + g) * LANES + l] += weighted[l] * design[g][l];
            for (size_t l = 0; l < LANES; l++)
                c[f * n_samples + first + l] += weighted[l] * residual[first + l];
        }
    }
}

/* Row k of U and what it takes from the rows below, for one group of lanes. */
static inline void eliminate(float *a, size_t k, size_t width) {
    float *row = a + k * width * LANES;
    for (size_t l = 0; l < LANES; l++) {
        float pivot = row[k * LANES + l];
        row[k * LANES + l] = sqrtf(pivot > 1e-10f ? pivot : 1e-10f);
    }
    for (size_t g = k + 1; g < width; g++)
        for (size_t l = 0; l < LANES; l++) row[g * LANES + l] /= row[k * LANES + l];
    for (size_t f = k + 1; f < width; f++)
        for (size_t g = f; g < width; g++)
            for (size_t l = 0; l < LANES; l++)
                a[(f * width + g) * LANES + l] -= row[f * LANES + l] * row[g * LANES + l];
}

/* Replaces Y by U'^-1 Y; Y's slots are STRIDE floats apart. */
static inline void substitute(const float *u, float *y, size_t stride, size_t width) {
    for (size_t k = 0; k < width; k++) {
        for (size_t l = 0; l < LANES; l++) y[k * stride + l] /= u[(k * width + k) * LANES + l];
        for (size_t g = k + 1; g < width; g++)
            for (size_t l = 0; l < LANES; l++)
                y[g * stride + l] -= u[(k * width + g) * LANES + l] * y[k * stride + l];
    }
}

RS_CLONES
void rs_gibbs_fold_solve(float *a, float *c, const float *prior, size_t width, size_t n_samples) {
    for (size_t first = 0; first < n_samples; first += LANES, a += width * width * LANES) {
        for (size_t f = 0; f < width; f++)
            for (size_t l = 0; l < LANES; l++)
                a[(f * width + f) * LANES + l] += prior[f * n_samples + first + l];
        for (size_t k = 0; k < width; k++) eliminate(a, k, width);
        float *y = c + first;
        substitute(a, y, n_samples, width);
        for (size_t k = width; k-- > 0;) {
            for (size_t g = k + 1; g < width; g++)
                for (size_t l = 0; l < LANES; l++)
                    y[k * n_samples + l] -= a[(k * width + g) * LANES + l] * y[g * n_samples + l];
            for (size_t l = 0; l < LANES; l++)
                y[k * n_samples + l] /= a[(k * width + k) * LANES + l];
        }
    }
}

RS_CLONES
void rs_gibbs_fold_variance(float *out, const float *u, const float *x, size_t width,
                            size_t n_samples) {
    float design[WIDTH_MAX][LANES];
    for (size_t first = 0; first < n_samples; first += LANES, u += width * width * LANES) {
        float sum[LANES] = {0};
        load_design(design, x + first, width, n_samples);
        substitute(u, design[0], LANES, width);
        for (size_t f = 0; f < width; f++)
            for (size_t l = 0; l < LANES; l++) sum[l] += design[f][l] * design[f][l];
        for (size_t l = 0; l < LANES; l++) out[first + l] = sum[l];
    }
}
