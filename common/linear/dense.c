#include "linear/dense.h"

#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/memory.h"

#define PASTE(a, b)  a##b
#define PASTE2(a, b) PASTE(a, b)
#define KERNEL(name) PASTE2(name, SUFFIX)
#define V            KERNEL(vector)
#define SPREAD(x)    ((x) - (V){0})

#define SUFFIX _portable
#define TARGET
#define WIDTH                  4
#define FMA(x, y, z)           ((x) * (y) + (z))
#define INTERLEAVE_FIRST(x, y) __builtin_shufflevector(x, y, 0, 4, 1, 5)
#define INTERLEAVE_LAST(x, y)  __builtin_shufflevector(x, y, 2, 6, 3, 7)
#include "linear/dense_kernels.h"
#undef SUFFIX
#undef TARGET
#undef WIDTH
#undef FMA
#undef INTERLEAVE_FIRST
#undef INTERLEAVE_LAST

#ifdef __x86_64__
#include <immintrin.h>

#define SUFFIX                 _avx2
#define TARGET                 __attribute__((target("avx2,fma")))
#define WIDTH                  8
#define FMA(x, y, z)           ((V)_mm256_fmadd_ps((__m256)(x), (__m256)(y), (__m256)(z)))
#define INTERLEAVE_FIRST(x, y) __builtin_shufflevector(x, y, 0, 8, 1, 9, 2, 10, 3, 11)
#define INTERLEAVE_LAST(x, y)  __builtin_shufflevector(x, y, 4, 12, 5, 13, 6, 14, 7, 15)
#include "linear/dense_kernels.h"
#undef SUFFIX
#undef TARGET
#undef WIDTH
#undef FMA
#undef INTERLEAVE_FIRST
#undef INTERLEAVE_LAST

#ifdef __clang__ /* which takes the width from the types of the vectors */
#define TARGET __attribute__((target("avx512f")))
#else
#define TARGET __attribute__((target("avx512f,prefer-vector-width=512")))
#endif
#define SUFFIX       _avx512
#define WIDTH        16
#define FMA(x, y, z) ((V)_mm512_fmadd_ps((__m512)(x), (__m512)(y), (__m512)(z)))
#define INTERLEAVE_FIRST(x, y)                                                                     \
    __builtin_shufflevector(x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define INTERLEAVE_LAST(x, y)                                                                      \
    __builtin_shufflevector(x, y, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#include "linear/dense_kernels.h"
#undef SUFFIX
#undef TARGET
#undef WIDTH
#undef FMA
#undef INTERLEAVE_FIRST
#undef INTERLEAVE_LAST
#endif

/* The kernels of one set of instructions. */
struct kernels {
    void (*outer)(float *c, size_t ldc, size_t m, size_t n, const float *a, size_t lda,
                  const float *b, size_t ldb, size_t depth);
    void (*square)(float *c, size_t ldc, size_t n, const float *a, size_t lda, size_t depth);
    void (*combine)(float *y, const float *x, const float *a, size_t lda, size_t n, size_t depth);
    void (*gather)(float *restrict y, size_t n_rows, const uint32_t *row, const float *x,
                   const float *a, size_t lda, size_t n);
    float (*dot)(const float *a, const float *b, size_t n);
    void (*dots)(float *y, size_t n_rows, const float *a, size_t lda, const float *x, size_t n);
    bool (*solve)(float *restrict a, size_t lda, size_t n, float *restrict b, size_t n_right);
};

#define KERNELS(suffix)                                                                            \
    {                                                                                              \
        outer##suffix, square##suffix, combine##suffix, gather##suffix, dot##suffix, dots##suffix, \
            solve##suffix                                                                          \
    }

/* Those that this processor has. */
static const struct kernels *kernels(void) {
    static const struct kernels all[] = {
        [RS_CPU_PORTABLE] = KERNELS(_portable),
#ifdef __x86_64__
        [RS_CPU_AVX2] = KERNELS(_avx2),
        [RS_CPU_AVX512] = KERNELS(_avx512),
#endif
    };
    return &all[rs_cpu_vectors()];
}

void rs_dense_outer(float *c, size_t ldc, size_t m, size_t n, const float *a, size_t lda,
                    const float *b, size_t ldb, size_t depth) {
    kernels()->outer(c, ldc, m, n, a, lda, b, ldb, depth);
}

void rs_dense_square(float *c, size_t ldc, size_t n, const float *a, size_t lda, size_t depth) {
    kernels()->square(c, ldc, n, a, lda, depth);
}

void rs_dense_combine(float *y, const float *x, const float *a, size_t lda, size_t n,
                      size_t depth) {
    kernels()->combine(y, x, a, lda, n, depth);
}

void rs_dense_gather(float *y, size_t n_rows, const uint32_t *row, const float *x, const float *a,
                     size_t lda, size_t n) {
    kernels()->gather(y, n_rows, row, x, a, lda, n);
}

float rs_dense_dot(const float *a, const float *b, size_t n) {
    return kernels()->dot(a, b, n);
}

void rs_dense_dots(float *y, size_t n_rows, const float *a, size_t lda, const float *x, size_t n) {
    kernels()->dots(y, n_rows, a, lda, x, n);
}

bool rs_dense_solve(float *a, size_t lda, size_t n, float *b, size_t n_right) {
    return kernels()->solve(a, lda, n, b, n_right);
}

/* The inverse of a large matrix, by the sweep operator on blocks (Beaton 1964; Goodnight: A
 * tutorial on the SWEEP operator. The American Statistician 1979). With D the inverse of diagonal
 * block k,
 *
 *     A[i][j] -= A[i][k] D A[k][j]     A[i][k] = A[i][k] D     A[k][k] = -D
 *
 * and when every k has been swept A is minus its inverse. All that is left of A at any step is
 * positive definite, so no pivots need be chosen. The matrix stays symmetric, and only the lower
 * triangle of blocks is computed. */

enum { BLOCK = 128, STRIDE = BLOCK + 16 /* so that rows do not share a set of the cache */ };

struct sweep {
    float *a;
    size_t n, n_blocks;
    float *row;     /* block row k: block j by rows STRIDE apart, padded with zeros */
    float *product; /* minus D times each of them */
    float d[BLOCK * STRIDE];
    double pivot[BLOCK * BLOCK];
};

static size_t block_size(const struct sweep *s, size_t k) {
    return s->n - k * BLOCK < BLOCK ? s->n - k * BLOCK : BLOCK;
}

static float *block_at(const struct sweep *s, size_t i, size_t j) {
    return s->a + i * BLOCK * s->n + j * BLOCK;
}

/* The inverse of diagonal block k, into d and with its sign changed into A: Gauss and Jordan's in
 * double. False if it is not positive definite. */
static bool invert_pivot(struct sweep *s, size_t k) {
    size_t n = block_size(s, k);
    float *block = block_at(s, k, k);
    double *p = s->pivot;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            p[i * BLOCK + j] = (double)(j <= i ? block[i * s->n + j] : block[j * s->n + i]);
    for (size_t j = 0; j < n; j++) {
        double *row = p + j * BLOCK, pivot = row[j];
        if (!(pivot > 0)) return false;
        row[j] = 1;
        for (size_t c = 0; c < n; c++) row[c] /= pivot;
        for (size_t i = 0; i < n; i++) {
            double *other = p + i * BLOCK, f = other[j];
            if (i == j) continue;
            other[j] = 0;
            for (size_t c = 0; c < n; c++) other[c] -= f * row[c];
        }
    }
    memset(s->d, 0, sizeof s->d);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            float value = (float)(0.5 * (p[i * BLOCK + j] + p[j * BLOCK + i]));
            s->d[i * STRIDE + j] = s->d[j * STRIDE + i] = -value;
            block[i * s->n + j] = -value;
        }
    return true;
}

/* Copies block j of block row k out of the lower triangle, and multiplies it by -D. */
static void lift(struct sweep *s, size_t k, size_t j) {
    float *row = s->row + j * BLOCK * STRIDE, *product = s->product + j * BLOCK * STRIDE;
    size_t n = block_size(s, k), m = block_size(s, j);
    memset(row, 0, BLOCK * STRIDE * sizeof *row);
    memset(product, 0, BLOCK * STRIDE * sizeof *product);
    const float *from = j < k ? block_at(s, k, j) : block_at(s, j, k);
    for (size_t r = 0; r < n; r++)
        for (size_t c = 0; c < m; c++)
            row[r * STRIDE + c] = j < k ? from[r * s->n + c] : from[c * s->n + r];
    rs_dense_outer(product, STRIDE, BLOCK, BLOCK, s->d, STRIDE, row, STRIDE, n);
}

/* Puts block j of the product back in the place of block row k, its sign changed. */
static void settle(struct sweep *s, size_t k, size_t j) {
    const float *product = s->product + j * BLOCK * STRIDE;
    size_t n = block_size(s, k), m = block_size(s, j);
    float *to = j < k ? block_at(s, k, j) : block_at(s, j, k);
    for (size_t r = 0; r < n; r++)
        for (size_t c = 0; c < m; c++) {
            float value = -product[r * STRIDE + c];
            if (j < k)
                to[r * s->n + c] = value;
            else
                to[c * s->n + r] = value;
        }
}

/* A[i][j] -= A[i][k] D A[k][j] */
static void update(struct sweep *s, size_t k, size_t i, size_t j) {
    const float *left = s->product + i * BLOCK * STRIDE, *right = s->row + j * BLOCK * STRIDE;
    size_t rows = block_size(s, i), columns = block_size(s, j);
    float *block = block_at(s, i, j);
    if (rows == BLOCK && columns == BLOCK) {
        rs_dense_outer(block, s->n, BLOCK, BLOCK, left, STRIDE, right, STRIDE, block_size(s, k));
        return;
    }
    float *whole = rs_aligned(BLOCK * BLOCK, sizeof *whole); /* at the edge */
    memset(whole, 0, BLOCK * BLOCK * sizeof *whole);
    for (size_t r = 0; r < rows; r++)
        memcpy(whole + r * BLOCK, block + r * s->n, columns * sizeof *whole);
    rs_dense_outer(whole, BLOCK, BLOCK, BLOCK, left, STRIDE, right, STRIDE, block_size(s, k));
    for (size_t r = 0; r < rows; r++)
        memcpy(block + r * s->n, whole + r * BLOCK, columns * sizeof *whole);
    free(whole);
}

static bool sweep_block(struct sweep *s, size_t k) {
    if (!invert_pivot(s, k)) return false;
#pragma omp parallel
    {
#pragma omp for schedule(dynamic)
        for (size_t j = 0; j < s->n_blocks; j++)
            if (j != k) lift(s, k, j);
#pragma omp for schedule(dynamic, 4)
        for (size_t t = 0; t < s->n_blocks * s->n_blocks; t++) {
            size_t i = t / s->n_blocks, j = t % s->n_blocks;
            if (j <= i && i != k && j != k) update(s, k, i, j);
        }
#pragma omp for schedule(dynamic)
        for (size_t j = 0; j < s->n_blocks; j++)
            if (j != k) settle(s, k, j);
    }
    return true;
}

/* Changes the sign of the lower triangle and copies it to the upper. */
static void finish(const struct sweep *s) {
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < s->n_blocks; i++)
        for (size_t j = 0; j <= i; j++) {
            float *lower = block_at(s, i, j), *upper = block_at(s, j, i);
            size_t rows = block_size(s, i), columns = block_size(s, j);
            for (size_t r = 0; r < rows; r++)
                for (size_t c = 0; c < (i == j ? r + 1 : columns); c++) {
                    float value = -lower[r * s->n + c];
                    lower[r * s->n + c] = upper[c * s->n + r] = value;
                }
        }
}

bool rs_dense_invert(float *a, size_t n) {
    struct sweep *s = rs_aligned(1, sizeof *s);
    s->a = a;
    s->n = n;
    s->n_blocks = (n + BLOCK - 1) / BLOCK;
    s->row = rs_aligned(s->n_blocks * BLOCK, STRIDE * sizeof *s->row);
    s->product = rs_aligned(s->n_blocks * BLOCK, STRIDE * sizeof *s->product);
    bool ok = true;
    for (size_t k = 0; ok && k < s->n_blocks; k++) ok = sweep_block(s, k);
    if (ok) finish(s);
    free(s->row);
    free(s->product);
    free(s);
    return ok;
}
