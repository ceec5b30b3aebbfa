/* Dense linear algebra in single precision, for what the models spend their time on: sums of outer
 * products, small symmetric systems, and the inverse of a large symmetric matrix. (The exact
 * products of small integers that similarities are made of are in dots.h.)
 *
 * The kernels exist for AVX-512, for AVX2 with FMA and in portable form; the first call chooses.
 * Every sum has one order, so results do not depend on the number of threads (between processors
 * they may round differently). That is what a threaded BLAS does not promise, and the one that
 * Debian 12 ships takes processors that it does not know for one of 2004. */
#ifndef RS_DENSE_H
#define RS_DENSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rows that the kernels work on are padded with zeros to a multiple of this many floats. */
enum { RS_DENSE_WIDTH = 16, RS_DENSE_MAX = 512 /* of the order of rs_dense_solve */ };

static inline size_t rs_dense_padded(size_t n) {
    return (n + RS_DENSE_WIDTH - 1) / RS_DENSE_WIDTH * RS_DENSE_WIDTH;
}

/* C[i][j] += sum over r of A[r][i] B[r][j], for i < M and j < N, both multiples of RS_DENSE_WIDTH.
 * A, B and C lie by rows, lda, ldb and ldc floats apart. */
void rs_dense_outer(float *c, size_t ldc, size_t m, size_t n, const float *a, size_t lda,
                    const float *b, size_t ldb, size_t depth);

/* The same for C += A' A (N x N): at least all j >= i is computed. */
void rs_dense_square(float *c, size_t ldc, size_t n, const float *a, size_t lda, size_t depth);

/* Y += A' X: y[j] += sum over r of x[r] A[r][j], j < N, a multiple of RS_DENSE_WIDTH. */
void rs_dense_combine(float *y, const float *x, const float *a, size_t lda, size_t n, size_t depth);

/* The same over chosen rows: y[j] += sum over r < N_ROWS of x[r] A[row[r]][j], for any N. */
void rs_dense_gather(float *y, size_t n_rows, const uint32_t *row, const float *x, const float *a,
                     size_t lda, size_t n);

/* The inner product of two rows of N floats, a multiple of RS_DENSE_WIDTH. */
float rs_dense_dot(const float *a, const float *b, size_t n);

/* The inner products of N_ROWS rows of A with one of N floats, each what rs_dense_dot gives:
 * y[r] = sum over j of A[r][j] x[j]. */
void rs_dense_dots(float *y, size_t n_rows, const float *a, size_t lda, const float *x, size_t n);

/* Solves A x = b for a symmetric positive definite A (n x n with n <= RS_DENSE_MAX, by rows lda =
 * rs_dense_padded(n) apart, of which the upper triangle is read) and N_RIGHT right sides, lda
 * apart, by elimination. A is lost, each b becomes its x. False if A is not positive definite to
 * working precision. */
bool rs_dense_solve(float *a, size_t lda, size_t n, float *b, size_t n_right);

/* Replaces A (n x n, by rows), of which only the lower triangle is read, by its inverse, both
 * triangles. Threaded; holds n x 128 floats twice beside it. False if A is not positive definite
 * to working precision; A is lost then. */
bool rs_dense_invert(float *a, size_t n);

#endif
