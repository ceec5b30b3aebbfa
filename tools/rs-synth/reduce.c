#include "reduce.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "normal.h"
#include "streams.h"

/* Subspace iteration with a few vectors more than are wanted (Halko, Martinsson, Tropp: Finding
 * structure with randomness, SIAM Review 2011). */
enum { SPARE = 8, SWEEPS = 6 };

/* OUT (n_lines x width) = A (a line's places are ones) times IN (others x width). */
static void multiply(size_t n_lines, const uint64_t *start, const uint32_t *other, const double *in,
                     size_t width, double *out) {
#pragma omp parallel for schedule(dynamic, 256)
    for (size_t line = 0; line < n_lines; line++) {
        double *sum = out + line * width;
        memset(sum, 0, width * sizeof *sum);
        for (uint64_t k = start[line]; k < start[line + 1]; k++) {
            const double *row = in + other[k] * width;
            for (size_t f = 0; f < width; f++) sum[f] += row[f];
        }
    }
}

static void check(lapack_int info, const char *what) {
    if (info != 0) rs_die(EX_SOFTWARE, "%s failed (%d)", what, (int)info);
}

/* Makes the columns of A (n x width, n >= width) orthonormal. */
static void orthonormalise(double *a, size_t n, size_t width) {
    double *tau = rs_malloc(width, sizeof *tau);
    lapack_int rows = (lapack_int)n, columns = (lapack_int)width;
    check(LAPACKE_dgeqrf(LAPACK_ROW_MAJOR, rows, columns, a, columns, tau), "dgeqrf");
    check(LAPACKE_dorgqr(LAPACK_ROW_MAJOR, rows, columns, columns, a, columns, tau), "dorgqr");
    free(tau);
}

struct triplets {
    size_t k;
    double *left, *right; /* n_rows x k, n_columns x k */
    double *value;        /* k, descending */
};

/* B = A' Q gives A ~ Q B'; from the eigenvectors W of B'B come U = Q W and V = B W / s. */
static void rotate(struct triplets *triplets, const struct places *places, const double *q,
                   const double *b, size_t width) {
    size_t k = triplets->k, m = places->n_rows, n = places->n_columns;
    double *gram = rs_malloc(width * width, sizeof *gram), *eigen = rs_malloc(width, sizeof *eigen);
    double *w = rs_malloc(width * k, sizeof *w);
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)width, (int)width, (int)n, 1, b,
                (int)width, b, (int)width, 0, gram, (int)width);
    check(LAPACKE_dsyev(LAPACK_ROW_MAJOR, 'V', 'U', (lapack_int)width, gram, (lapack_int)width,
                        eigen),
          "dsyev");
    for (size_t f = 0; f < k; f++) {
        triplets->value[f] = sqrt(fmax(eigen[width - 1 - f], 0));
        for (size_t r = 0; r < width; r++) w[r * k + f] = gram[r * width + (width - 1 - f)];
    }
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)m, (int)k, (int)width, 1, q,
                (int)width, w, (int)k, 0, triplets->left, (int)k);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n, (int)k, (int)width, 1, b,
                (int)width, w, (int)k, 0, triplets->right, (int)k);
    for (size_t r = 0; r < n; r++)
        for (size_t f = 0; f < k; f++)
            if (triplets->value[f] > 0) triplets->right[r * k + f] /= triplets->value[f];
    free(gram);
    free(eigen);
    free(w);
}

static struct triplets leading(const struct places *places, size_t k, uint64_t seed) {
    size_t m = places->n_rows, n = places->n_columns, least = m < n ? m : n;
    size_t width = k + SPARE < least ? k + SPARE : least;
    struct triplets triplets = {k, rs_malloc(m * k, sizeof(double)),
                                rs_malloc(n * k, sizeof(double)), rs_malloc(k, sizeof(double))};
    double *q = rs_malloc(m * width, sizeof *q), *b = rs_malloc(n * width, sizeof *b);
    struct rs_random random = rs_random_stream(seed, STREAM_SPECTRUM, 0, 0);
    for (size_t i = 0; i < n * width; i++) b[i] = normal_draw(&random);
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        multiply(m, places->row_start, places->row, b, width, q);
        orthonormalise(q, m, width);
        multiply(n, places->column_start, places->column, q, width, b);
        if (sweep + 1 < SWEEPS) orthonormalise(b, n, width);
    }
    rotate(&triplets, places, q, b, width);
    free(q);
    free(b);
    return triplets;
}

/* SMALL (rows x k): averages of A (n x k) over equal parts of its rows, cut within rows. */
static void average(const double *a, size_t n, size_t k, double *small, size_t rows) {
    double part = (double)n / (double)rows;
    for (size_t r = 0; r < rows; r++) {
        double from = part * (double)r, to = part * (double)(r + 1);
        for (size_t f = 0; f < k; f++) small[r * k + f] = 0;
        for (size_t i = (size_t)from; i < n && (double)i < to; i++) {
            double share = fmin((double)(i + 1), to) - fmax((double)i, from);
            for (size_t f = 0; f < k; f++) small[r * k + f] += share / part * a[i * k + f];
        }
    }
}

/* The nearest matrix with orthonormal columns: A (A'A)^(-1/2). A has at least as many rows as
 * columns. */
static void nearest_orthonormal(double *a, size_t rows, size_t k) {
    double *gram = rs_malloc(k * k, sizeof *gram), *eigen = rs_malloc(k, sizeof *eigen);
    double *scaled = rs_malloc(k * k, sizeof *scaled), *root = rs_malloc(k * k, sizeof *root);
    double *result = rs_malloc(rows * k, sizeof *result);
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)k, (int)k, (int)rows, 1, a, (int)k, a,
                (int)k, 0, gram, (int)k);
    check(LAPACKE_dsyev(LAPACK_ROW_MAJOR, 'V', 'U', (lapack_int)k, gram, (lapack_int)k, eigen),
          "dsyev");
    for (size_t r = 0; r < k; r++)
        for (size_t f = 0; f < k; f++)
            scaled[r * k + f] =
                eigen[f] > 1e-12 * eigen[k - 1] ? gram[r * k + f] / sqrt(eigen[f]) : 0;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)k, (int)k, (int)k, 1, scaled, (int)k,
                gram, (int)k, 0, root, (int)k);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)k, (int)k, 1, a, (int)k,
                root, (int)k, 0, result, (int)k);
    memcpy(a, result, rows * k * sizeof *a);
    free(gram);
    free(eigen);
    free(scaled);
    free(root);
    free(result);
}

void reduce_places(const struct places *places, size_t rows, size_t columns, uint64_t seed,
                   double *small) {
    size_t k = rows < columns ? rows : columns;
    if (k > places->n_rows) k = places->n_rows;
    if (k > places->n_columns) k = places->n_columns;
    openblas_set_num_threads(1); /* sums in one order, whatever the machine */
    struct triplets triplets = leading(places, k, seed);
    double *left = rs_malloc(rows * k, sizeof *left),
           *right = rs_malloc(columns * k, sizeof *right);
    average(triplets.left, places->n_rows, k, left, rows);
    average(triplets.right, places->n_columns, k, right, columns);
    nearest_orthonormal(left, rows, k);
    nearest_orthonormal(right, columns, k);
    double largest = 0;
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            double sum = 0;
            for (size_t f = 0; f < k; f++)
                sum += left[r * k + f] * triplets.value[f] * right[c * k + f];
            small[r * columns + c] = fabs(sum);
            largest = fmax(largest, fabs(sum));
        }
    }
    for (size_t e = 0; e < rows * columns; e++) small[e] = largest > 0 ? small[e] / largest : 1;
    free(left);
    free(right);
    free(triplets.left);
    free(triplets.right);
    free(triplets.value);
}
