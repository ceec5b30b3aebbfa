#include "factors/mf_line.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "linear/dense.h"

void rs_mf_bench_init(struct rs_mf_bench *bench, size_t factors) {
    *bench = (struct rs_mf_bench){0};
    rs_ridge_init(&bench->ridge, factors);
    bench->penalty = rs_aligned(bench->ridge.stride, sizeof *bench->penalty);
    bench->square = rs_aligned(factors, sizeof *bench->square);
    bench->right = rs_aligned(factors, sizeof *bench->right);
}

void rs_mf_bench_free(struct rs_mf_bench *bench) {
    rs_ridge_free(&bench->ridge);
    free(bench->penalty);
    free(bench->square);
    free(bench->right);
    free(bench->ones);
    free(bench->target);
}

static void make_room(struct rs_mf_bench *bench, size_t n) {
    size_t before = bench->ones_capacity;
    rs_grow(&bench->ones, &bench->ones_capacity, n, sizeof *bench->ones);
    for (size_t e = before; e < bench->ones_capacity; e++) bench->ones[e] = 1;
    rs_grow(&bench->target, &bench->target_capacity, n, sizeof *bench->target);
}

/* Penalties of the factors: lambda n, or sum of variances + noise / prior, in units of the noise.
 */
static void make_penalty(const struct rs_mf_half *half, struct rs_mf_bench *bench, size_t n,
                         const uint32_t *other) {
    float *penalty = bench->penalty;
    memset(penalty, 0, half->stride * sizeof *penalty);
    if (half->lambda >= 0) {
        for (size_t f = 0; f < half->factors; f++) penalty[f] = (float)(half->lambda * (double)n);
        return;
    }
    rs_dense_gather(penalty, n, other, bench->ones, half->variance, half->stride, half->stride);
    for (size_t f = 0; f < half->factors; f++)
        penalty[f] = (float)((double)penalty[f] + half->noise / half->prior[f]);
}

/* Diagonal of V'V, and the variances. */
static void make_variance(const struct rs_mf_half *half, struct rs_mf_bench *bench, size_t n,
                          const uint32_t *other, float *variance) {
    memset(bench->square, 0, half->factors * sizeof *bench->square);
    for (size_t e = 0; e < n; e++) {
        const float *v = half->vector + other[e] * half->stride;
        for (size_t f = 0; f < half->factors; f++) bench->square[f] += v[f] * v[f];
    }
    for (size_t f = 0; f < half->factors; f++)
        variance[f] = (float)(half->noise / ((double)bench->square[f] + (double)bench->penalty[f]));
}

/* What a system says of its line, before it is solved. */
static void note_system(const struct rs_mf_half *half, struct rs_mf_bench *bench, float *variance) {
    for (size_t f = 0; f < half->factors; f++) {
        float square = bench->ridge.a[f * half->stride + f];
        bench->square[f] = square;
        bench->right[f] = bench->ridge.b[f];
        variance[f] = (float)(half->noise / ((double)square + (double)bench->penalty[f]));
    }
}

bool rs_mf_solve(const struct rs_mf_half *half, struct rs_mf_bench *bench, size_t n,
                 const uint32_t *other, const float *rating, const float *expected, float *variance,
                 struct rs_mf_solved *solved) {
    struct rs_ridge *ridge = &bench->ridge;
    make_room(bench, n);
    *solved = (struct rs_mf_solved){0};
    for (size_t e = 0; e < n; e++) {
        double target =
            ((double)rating[e] - half->mean) / half->unit - (double)half->bias[other[e]];
        if (expected != NULL)
            target -= (double)expected[half->factors] +
                      (double)rs_dense_dot(half->vector + other[e] * half->stride, expected,
                                           half->stride);
        bench->target[e] = (float)target;
        solved->targets += target;
        solved->squares += target * target;
    }
    make_penalty(half, bench, n, other);
    solved->bias_penalty =
        half->lambda >= 0 ? half->lambda : half->noise / half->prior[half->factors];
    solved->bias_variance = half->noise / ((double)n + solved->bias_penalty);
    const struct rs_ridge_row row = {n, other, bench->target, NULL};
    memset(variance, 0, half->stride * sizeof *variance);
    solved->few = 2 * n < half->factors && n <= RS_RIDGE_FEW && solved->bias_penalty > 0;
    if (solved->few) {
        make_variance(half, bench, n, other, variance);
        return rs_ridge_solve_few(ridge, half->vector, &row, bench->penalty, solved->bias_penalty,
                                  &solved->bias);
    }
    rs_ridge_sum(ridge, half->vector, &row, NULL);
    note_system(half, bench, variance);
    return rs_ridge_solve_with_constant(ridge, bench->penalty, (double)n + solved->bias_penalty,
                                        solved->targets, &solved->bias);
}

void rs_mf_settle(const struct rs_mf_half *half, const struct rs_mf_bench *bench,
                  const float *expected, const struct rs_mf_solved *solved, float *vector,
                  float *bias) {
    memcpy(vector, bench->ridge.b, half->factors * sizeof *vector);
    *bias = (float)solved->bias;
    if (expected == NULL) return;
    for (size_t f = 0; f < half->factors; f++) vector[f] += expected[f];
    *bias += expected[half->factors];
}

/* The squared errors of a line: entry by entry, or where its system was summed up, by t't - z'b -
 * z'D z, z the solution with its bias, b the right side and D the penalties, since (A + D) z = b.
 */
static double squared_errors(const struct rs_mf_half *half, const struct rs_mf_bench *bench,
                             size_t n, const uint32_t *other, const struct rs_mf_solved *solved) {
    const float *z = bench->ridge.b;
    double sum = 0;
    if (solved->few) {
        for (size_t e = 0; e < n; e++) {
            const float *v = half->vector + other[e] * half->stride;
            double error = (double)bench->target[e] - solved->bias;
            for (size_t f = 0; f < half->factors; f++) error -= (double)(v[f] * z[f]);
            sum += error * error;
        }
        return sum;
    }
    for (size_t f = 0; f < half->factors; f++) {
        double x = (double)z[f];
        sum += x * ((double)bench->right[f] + (double)bench->penalty[f] * x);
    }
    sum += solved->bias * (solved->targets + solved->bias_penalty * solved->bias);
    return fmax(solved->squares - sum, 0);
}

double rs_mf_loss(const struct rs_mf_half *half, struct rs_mf_bench *bench, size_t n,
                  const uint32_t *other, const float *bias_variance, const float *vector,
                  const float *variance, const struct rs_mf_solved *solved) {
    double loss = squared_errors(half, bench, n, other, solved);
    for (size_t f = 0; f < half->factors; f++) {
        double x = (double)vector[f], var = (double)variance[f];
        double others = (double)bench->penalty[f] - half->noise / half->prior[f]; /* sum of w */
        loss += (double)bench->square[f] * var + others * (x * x + var);
    }
    for (size_t e = 0; e < n; e++) loss += (double)bias_variance[other[e]];
    return loss + (double)n * solved->bias_variance;
}
