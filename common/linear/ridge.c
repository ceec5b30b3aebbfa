#include "linear/ridge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "linear/dense.h"

enum { TILE = 64, AHEAD = 8 };

void rs_ridge_init(struct rs_ridge *ridge, size_t k) {
    size_t stride = rs_dense_padded(k), few = k < RS_RIDGE_FEW ? stride : RS_RIDGE_FEW;
    size_t rows = few > TILE ? few : TILE;
    *ridge = (struct rs_ridge){.k = k, .stride = stride};
    ridge->a = rs_aligned(stride * stride, sizeof *ridge->a);
    ridge->b = rs_aligned(2 * (stride > few ? stride : few), sizeof *ridge->b);
    ridge->tile = rs_aligned(rows * stride, sizeof *ridge->tile);
    ridge->scratch = rs_aligned(stride > rows ? stride : rows, sizeof *ridge->scratch);
}

void rs_ridge_free(struct rs_ridge *ridge) {
    free(ridge->a);
    free(ridge->b);
    free(ridge->tile);
    free(ridge->scratch);
}

RS_CLONES static void scale_row(float *restrict row, const float *restrict vector, float factor,
                                size_t n) {
    for (size_t j = 0; j < n; j++) row[j] = vector[j] * factor;
}

/* Puts the vectors of N entries into the tile, each times its FACTOR, those to come being fetched
 * meanwhile. */
static void gather(struct rs_ridge *ridge, const float *vectors, const uint32_t *other,
                   const float *factor, size_t n, size_t n_left) {
    size_t stride = ridge->stride;
    for (size_t e = 0; e < n; e++) {
        if (e + AHEAD < n_left) {
            const char *next = (const char *)(vectors + other[e + AHEAD] * stride);
            for (size_t c = 0; c < stride * sizeof(float); c += 64) __builtin_prefetch(next + c);
        }
        scale_row(ridge->tile + e * stride, vectors + other[e] * stride, factor[e], stride);
    }
}

void rs_ridge_sum(struct rs_ridge *ridge, const float *vectors, const struct rs_ridge_row *row,
                  const float *base) {
    size_t stride = ridge->stride;
    if (base == NULL) {
        memset(ridge->a, 0, stride * stride * sizeof *ridge->a);
    } else {
        memcpy(ridge->a, base, stride * stride * sizeof *ridge->a);
    }
    memset(ridge->b, 0, 2 * stride * sizeof *ridge->b);
    for (size_t from = 0; from < row->n; from += TILE) {
        size_t n = row->n - from < TILE ? row->n - from : TILE;
        float root[TILE], target[TILE]; /* of the weights; times those */
        for (size_t e = 0; e < n; e++) {
            root[e] = row->weight == NULL ? 1 : sqrtf(row->weight[from + e]);
            target[e] = row->target[from + e] * root[e];
        }
        gather(ridge, vectors, row->other + from, root, n, row->n - from);
        rs_dense_square(ridge->a, stride, stride, ridge->tile, stride, n);
        rs_dense_combine(ridge->b, target, ridge->tile, stride, stride, n);
        rs_dense_combine(ridge->b + stride, root, ridge->tile, stride, stride, n);
    }
}

static void add_penalty(struct rs_ridge *ridge, const float *penalty) {
    for (size_t j = 0; j < ridge->k; j++) ridge->a[j * ridge->stride + j] += penalty[j];
}

bool rs_ridge_solve(struct rs_ridge *ridge, const float *penalty) {
    add_penalty(ridge, penalty);
    return rs_dense_solve(ridge->a, ridge->stride, ridge->k, ridge->b, 1);
}

bool rs_ridge_solve_with_constant(struct rs_ridge *ridge, const float *penalty, double total,
                                  double targets, double *constant) {
    size_t k = ridge->k;
    float *x = ridge->b, *second = ridge->b + ridge->stride, *sums = ridge->scratch;
    memcpy(sums, second, k * sizeof *sums);
    add_penalty(ridge, penalty);
    if (!rs_dense_solve(ridge->a, ridge->stride, k, ridge->b, 2)) return false;
    double above = targets, below = total; /* the Schur complement of the factors */
    for (size_t j = 0; j < k; j++) {
        above -= (double)sums[j] * (double)x[j];
        below -= (double)sums[j] * (double)second[j];
    }
    if (!(below > 0)) return false;
    *constant = above / below;
    for (size_t j = 0; j < k; j++) x[j] = (float)((double)x[j] - *constant * (double)second[j]);
    return true;
}

bool rs_ridge_solve_few(struct rs_ridge *ridge, const float *vectors,
                        const struct rs_ridge_row *row, const float *penalty,
                        double constant_penalty, double *constant) {
    size_t n = row->n, k = ridge->k, width = rs_dense_padded(n);
    float *alpha = ridge->b, *inverse = ridge->scratch;
    for (size_t j = 0; j < k; j++) inverse[j] = 1 / sqrtf(penalty[j]);
    memset(ridge->tile, 0, k * width * sizeof *ridge->tile); /* column e is D^-1/2 v_e */
    for (size_t e = 0; e < n; e++) {
        const float *v = vectors + row->other[e] * ridge->stride;
        for (size_t j = 0; j < k; j++) ridge->tile[j * width + e] = v[j] * inverse[j];
    }
    float shared = (float)(1 / constant_penalty);
    for (size_t e = 0; e < width * width; e++) ridge->a[e] = shared;
    for (size_t e = 0; e < n; e++) ridge->a[e * width + e] += 1;
    rs_dense_square(ridge->a, width, width, ridge->tile, width, k);
    memcpy(alpha, row->target, n * sizeof *alpha);
    if (!rs_dense_solve(ridge->a, width, n, alpha, 1)) return false;
    double sum = 0;
    for (size_t e = 0; e < n; e++) sum += (double)alpha[e];
    *constant = sum / constant_penalty;
    float x[RS_DENSE_MAX] = {0};
    for (size_t e = 0; e < n; e++) {
        const float *v = vectors + row->other[e] * ridge->stride;
        for (size_t j = 0; j < k; j++) x[j] += alpha[e] * v[j];
    }
    for (size_t j = 0; j < k; j++) ridge->b[j] = x[j] / penalty[j];
    return true;
}
