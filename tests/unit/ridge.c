/* Rows of alternating least squares against Gauss's elimination in double. */
#include "linear/ridge.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "linear/dense.h"
#include "unit.h"

enum { MAX = 80 };

/* Solves a (n x n) x = b by elimination without pivots: a is positive definite. */
static void eliminate(double a[MAX][MAX], double *b, size_t n) {
    for (size_t j = 0; j < n; j++)
        for (size_t i = j + 1; i < n; i++) {
            double f = a[i][j] / a[j][j];
            for (size_t c = j; c < n; c++) a[i][c] -= f * a[j][c];
            b[i] -= f * b[j];
        }
    for (size_t j = n; j-- > 0;) {
        for (size_t i = j + 1; i < n; i++) b[j] -= a[j][i] * b[i];
        b[j] /= a[j][j];
    }
}

struct problem {
    size_t n, k, stride;
    float *vectors, target[200], weight[200], penalty[MAX];
    uint32_t other[200];
};

static void make(struct problem *p, size_t n, size_t k) {
    struct rs_random random = rs_random_stream(5, (uint32_t)n, (uint32_t)k, 0);
    *p = (struct problem){.n = n, .k = k, .stride = rs_dense_padded(k)};
    p->vectors = rs_aligned(300 * p->stride, sizeof(float));
    memset(p->vectors, 0, 300 * p->stride * sizeof(float));
    for (size_t v = 0; v < 300; v++)
        for (size_t f = 0; f < k; f++)
            p->vectors[v * p->stride + f] = (float)rs_random_normal(&random);
    for (size_t e = 0; e < n; e++) {
        p->other[e] = rs_random_below(&random, 300);
        p->target[e] = (float)rs_random_normal(&random);
        p->weight[e] = (float)(0.1 + rs_random_uniform(&random));
    }
    for (size_t f = 0; f < k; f++) p->penalty[f] = (float)(0.5 + rs_random_uniform(&random));
}

/* The answer, with the constant behind the factors where PENALTY of it is not below 0. */
static void expect(const struct problem *p, bool weighted, double penalty, double *x) {
    static double a[MAX][MAX];
    size_t size = p->k + (penalty >= 0 ? 1 : 0);
    memset(a, 0, sizeof a);
    memset(x, 0, MAX * sizeof *x);
    for (size_t e = 0; e < p->n; e++) {
        double v[MAX], w = weighted ? (double)p->weight[e] : 1;
        for (size_t f = 0; f < p->k; f++) v[f] = (double)p->vectors[p->other[e] * p->stride + f];
        v[p->k] = 1;
        for (size_t f = 0; f < size; f++) {
            x[f] += w * v[f] * (double)p->target[e];
            for (size_t g = 0; g < size; g++) a[f][g] += w * v[f] * v[g];
        }
    }
    for (size_t f = 0; f < size; f++) a[f][f] += f < p->k ? (double)p->penalty[f] : penalty;
    eliminate(a, x, size);
}

static double worst(const float *ours, const double *theirs, size_t k) {
    double most = 0;
    for (size_t f = 0; f < k; f++) most = fmax(most, fabs((double)ours[f] - theirs[f]));
    return most;
}

static void check(size_t n, size_t k) {
    struct problem p;
    struct rs_ridge ridge;
    double x[MAX], constant, targets = 0;
    make(&p, n, k);
    rs_ridge_init(&ridge, k);
    struct rs_ridge_row row = {n, p.other, p.target, p.weight};
    rs_ridge_sum(&ridge, p.vectors, &row, NULL);
    CHECK(rs_ridge_solve(&ridge, p.penalty));
    expect(&p, true, -1, x);
    CHECK_NEAR(worst(ridge.b, x, k), 0, 1e-4);
    row.weight = NULL;
    rs_ridge_sum(&ridge, p.vectors, &row, NULL);
    for (size_t e = 0; e < n; e++) targets += (double)p.target[e];
    CHECK(rs_ridge_solve_with_constant(&ridge, p.penalty, (double)n + 3, targets, &constant));
    expect(&p, false, 3, x);
    CHECK_NEAR(worst(ridge.b, x, k), 0, 1e-4);
    CHECK_NEAR(constant, x[k], 1e-4);
    if (n <= k) {
        CHECK(rs_ridge_solve_few(&ridge, p.vectors, &row, p.penalty, 3, &constant));
        CHECK_NEAR(worst(ridge.b, x, k), 0, 1e-4);
        CHECK_NEAR(constant, x[k], 1e-4);
    }
    rs_ridge_free(&ridge);
    free(p.vectors);
}

int main(void) {
    const size_t sizes[] = {0, 1, 2, 15, 16, 17, 40, 63, 64, 65, 150};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        check(sizes[s], 1);
        check(sizes[s], 16);
        check(sizes[s], 20);
        check(sizes[s], 64);
    }
    return done();
}
