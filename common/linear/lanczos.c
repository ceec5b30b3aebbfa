#include "linear/lanczos.h"

#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

struct lanczos {
    size_t n, n_basis, capacity;
    double *basis;        /* rows, orthonormal */
    double *alpha, *beta; /* the tridiagonal matrix: beta[i] joins i and i + 1 */
    double *coefficient;  /* scratch of the orthogonalisation */
};

static double dot(const double *x, const double *y, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i] * y[i];
    return sum;
}

/* Takes what lies in the basis out of W: by Gram and Schmidt's method in its classical form, twice.
 */
static void orthogonalise(struct lanczos *l, double *w) {
    enum { PIECE = 1024 };
    size_t n_pieces = (l->n + PIECE - 1) / PIECE;
    for (int pass = 0; pass < 2; pass++) {
#pragma omp parallel
        {
#pragma omp for schedule(static)
            for (size_t b = 0; b < l->n_basis; b++)
                l->coefficient[b] = dot(l->basis + b * l->n, w, l->n);
#pragma omp for schedule(static)
            for (size_t p = 0; p < n_pieces; p++) {
                size_t end = (p + 1) * PIECE < l->n ? (p + 1) * PIECE : l->n;
                for (size_t b = 0; b < l->n_basis; b++) {
                    const double *v = l->basis + b * l->n;
                    for (size_t i = p * PIECE; i < end; i++) w[i] -= l->coefficient[b] * v[i];
                }
            }
        }
    }
}

/* Makes W, scaled to length 1, the next of the basis. */
static void add_to_basis(struct lanczos *l, const double *w, double length) {
    if (l->n_basis == l->capacity) {
        l->capacity = l->capacity == 0 ? 64 : 2 * l->capacity;
        if (l->capacity > l->n) l->capacity = l->n;
        l->basis = rs_realloc(l->basis, l->capacity * l->n, sizeof *l->basis);
        l->alpha = rs_realloc(l->alpha, l->capacity, sizeof *l->alpha);
        l->beta = rs_realloc(l->beta, l->capacity, sizeof *l->beta);
        l->coefficient = rs_realloc(l->coefficient, l->capacity, sizeof *l->coefficient);
    }
    double *v = l->basis + l->n_basis++ * l->n;
    for (size_t i = 0; i < l->n; i++) v[i] = w[i] / length;
}

/* A new direction, at the start and where the old ones lead no further. */
static void add_random(struct lanczos *l, uint64_t seed, double *w) {
    double length = 0;
    for (uint32_t attempt = 0; length < 1e-3; attempt++) {
        struct rs_random random = rs_random_stream(seed, 3, (uint32_t)l->n_basis, attempt);
        for (size_t i = 0; i < l->n; i++) w[i] = rs_random_normal(&random);
        length = sqrt(dot(w, w, l->n));
        for (size_t i = 0; i < l->n; i++) w[i] /= length;
        orthogonalise(l, w);
        length = sqrt(dot(w, w, l->n));
    }
    add_to_basis(l, w, length);
}

/* Eigenvalues (ascending) and vectors (columns of Z) of the tridiagonal matrix so far. */
static void solve_tridiagonal(const struct lanczos *l, double *value, double *z) {
    size_t m = l->n_basis;
    double *off = rs_malloc(m, sizeof *off);
    memcpy(value, l->alpha, m * sizeof *value);
    memcpy(off, l->beta, m * sizeof *off);
    LAPACKE_dsteqr(LAPACK_COL_MAJOR, 'I', (lapack_int)m, value, off, z, (lapack_int)m);
    free(off);
}

/* Whether the K greatest have converged: the residual of a vector is the last beta times its last
 * entry in the basis. */
static int has_converged(const struct lanczos *l, size_t k, const double *value, const double *z) {
    size_t m = l->n_basis;
    if (m == l->n) return 1;
    if (m < k) return 0;
    for (size_t j = m - k; j < m; j++)
        if (fabs(l->beta[m - 1] * z[j * m + m - 1]) > 1e-8 * value[m - 1]) return 0;
    return 1;
}

/* The K greatest pairs out of the small ones; returns how many are above 0. */
static size_t lift(const struct lanczos *l, size_t k, const double *small, const double *z,
                   double *value, double *vector) {
    size_t m = l->n_basis, found = 0;
    for (size_t j = m; j-- > 0 && found < k; found++) {
        if (!(small[j] > 1e-12 * small[m - 1])) break;
        value[found] = small[j];
        double *v = vector + found * l->n;
        memset(v, 0, l->n * sizeof *v);
        for (size_t b = 0; b < m; b++)
            for (size_t i = 0; i < l->n; i++) v[i] += z[j * m + b] * l->basis[b * l->n + i];
    }
    return found;
}

size_t rs_lanczos(const struct rs_lanczos_operator *operator, size_t n, size_t k, uint64_t seed,
                  double *value, double *vector) {
    struct lanczos l = {.n = n};
    double *w = rs_malloc(n, sizeof *w), *small = NULL, *z = NULL, greatest = 0;
    size_t found = 0, next_check = k + k / 2 + 10;
    if (k > n) k = n;
    add_random(&l, seed, w);
    while (true) {
        size_t last = l.n_basis - 1;
        const double *v = l.basis + last * n;
        operator->apply(operator->context, v, w);
        l.alpha[last] = dot(v, w, n);
        orthogonalise(&l, w);
        double length = sqrt(dot(w, w, n));
        if (l.alpha[last] > greatest) greatest = l.alpha[last];
        bool ended = length <= 1e-12 * greatest; /* an invariant subspace is exhausted */
        l.beta[last] = ended ? 0 : length;
        if (l.n_basis >= next_check || l.n_basis == n) {
            small = rs_realloc(small, l.n_basis, sizeof *small);
            z = rs_realloc(z, l.n_basis * l.n_basis, sizeof *z);
            solve_tridiagonal(&l, small, z);
            if (has_converged(&l, k, small, z)) break;
            next_check += k / 2 + 10;
        }
        if (ended)
            add_random(&l, seed, w);
        else
            add_to_basis(&l, w, length);
    }
    found = lift(&l, k, small, z, value, vector);
    free(l.basis), free(l.alpha), free(l.beta), free(l.coefficient);
    free(w), free(small), free(z);
    return found;
}
