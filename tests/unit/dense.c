/* The kernels against plain sums in double, and the inverse of random positive definite matrices
 * against the identity, at sizes around a block's. */
#include "linear/dense.h"

#include <omp.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "unit.h"

static float *random_floats(size_t n, uint32_t what) {
    struct rs_random random = rs_random_stream(11, what, (uint32_t)n, 0);
    float *a = rs_aligned(n, sizeof *a);
    for (size_t i = 0; i < n; i++) a[i] = (float)rs_random_normal(&random);
    return a;
}

static void check_products(size_t m, size_t n, size_t depth) {
    size_t lda = m + 3, ldb = n + 1, ldc = n + 5;
    float *a = random_floats(depth * lda, 1), *b = random_floats(depth * ldb, 2);
    float *c = random_floats(m * ldc, 3), *before = random_floats(m * ldc, 3);
    float *y = random_floats(n, 4), *y_before = random_floats(n, 4);
    rs_dense_outer(c, ldc, m, n, a, lda, b, ldb, depth);
    double worst = 0;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = (double)before[i * ldc + j];
            for (size_t r = 0; r < depth; r++)
                sum += (double)a[r * lda + i] * (double)b[r * ldb + j];
            worst = fmax(worst, fabs(sum - (double)c[i * ldc + j]));
        }
    CHECK_NEAR(worst, 0, 1e-4);
    CHECK(memcmp(c + n, before + n, 5 * sizeof *c) == 0); /* nothing beside C is touched */
    rs_dense_combine(y, a, b, ldb, n, depth);
    worst = 0;
    for (size_t j = 0; j < n; j++) {
        double sum = (double)y_before[j];
        for (size_t r = 0; r < depth; r++) sum += (double)a[r] * (double)b[r * ldb + j];
        worst = fmax(worst, fabs(sum - (double)y[j]));
    }
    CHECK_NEAR(worst, 0, 1e-4);
    free(a), free(b), free(c), free(before), free(y), free(y_before);
}

static void check_square(size_t n, size_t depth) {
    float *a = random_floats(depth * n, 5), *c = rs_aligned(n * n, sizeof *c);
    memset(c, 0, n * n * sizeof *c);
    rs_dense_square(c, n, n, a, n, depth);
    double worst = 0, dot = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++) {
            double sum = 0;
            for (size_t r = 0; r < depth; r++) sum += (double)a[r * n + i] * (double)a[r * n + j];
            worst = fmax(worst, fabs(sum - (double)c[i * n + j]));
        }
    CHECK_NEAR(worst, 0, 1e-4);
    for (size_t j = 0; j < n; j++) dot += (double)a[j] * (double)c[j];
    CHECK_NEAR((double)rs_dense_dot(a, c, n), dot, 1e-4 * (fabs(dot) + 1));
    free(a), free(c);
}

static void check_dots(size_t n_rows, size_t n) {
    size_t lda = n + 16;
    float *a = random_floats(n_rows * lda, 11), *x = random_floats(n, 12);
    float *y = random_floats(n_rows + 1, 13), after = y[n_rows];
    rs_dense_dots(y, n_rows, a, lda, x, n);
    bool same = y[n_rows] == after;
    for (size_t r = 0; r < n_rows; r++) same &= y[r] == rs_dense_dot(a + r * lda, x, n);
    CHECK(same);
    free(a), free(x), free(y);
}

static void check_gather(size_t n_rows, size_t n) {
    size_t lda = n + 2, height = 50;
    float *a = random_floats(height * lda, 8), *x = random_floats(n_rows, 9);
    float *y = random_floats(n + 1, 10), *before = random_floats(n + 1, 10);
    uint32_t row[64];
    for (uint32_t r = 0; r < n_rows; r++) row[r] = r * 7 % (uint32_t)height;
    rs_dense_gather(y, n_rows, row, x, a, lda, n);
    double worst = 0;
    for (size_t j = 0; j < n; j++) {
        double sum = (double)before[j];
        for (size_t r = 0; r < n_rows; r++) sum += (double)x[r] * (double)a[row[r] * lda + j];
        worst = fmax(worst, fabs(sum - (double)y[j]));
    }
    CHECK_NEAR(worst, 0, 1e-4);
    CHECK(y[n] == before[n]);
    free(a), free(x), free(y), free(before);
}

/* Positive definite, eigenvalues from n / 2 to about 4.5 n. */
static float *random_definite(size_t n, size_t lda) {
    float *factor = random_floats(n * n, 6), *a = rs_aligned(n * lda, sizeof *a);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = i == j ? 0.5 * (double)n : 0;
            for (size_t k = 0; k < n; k++)
                sum += (double)factor[i * n + k] * (double)factor[j * n + k];
            a[i * lda + j] = (float)sum;
        }
    free(factor);
    return a;
}

static void check_solve(size_t n) {
    size_t lda = rs_dense_padded(n);
    float *a = random_definite(n, lda), *upper = rs_aligned(lda * lda, sizeof *upper);
    float *b = random_floats(lda, 7), *x = random_floats(lda, 7);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < lda; j++) upper[i * lda + j] = j < i ? 1e9f : a[i * lda + j];
    CHECK(rs_dense_solve(upper, lda, n, x, 1));
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        double sum = -(double)b[i];
        for (size_t j = 0; j < n; j++) sum += (double)a[i * lda + j] * (double)x[j];
        worst = fmax(worst, fabs(sum));
    }
    CHECK_NEAR(worst, 0, 1e-4);
    free(a), free(upper), free(b), free(x);
}

/* The greatest deviation of A B from the identity. */
static double deviation(const float *a, const float *b, size_t n) {
    double worst = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = i == j ? -1 : 0;
            for (size_t k = 0; k < n; k++) sum += (double)a[i * n + k] * (double)b[j * n + k];
            if (fabs(sum) > worst) worst = fabs(sum);
        }
    return worst;
}

static void check_inverse(size_t n) {
    float *a = random_definite(n, n), *one = rs_aligned(n * n, sizeof *one),
          *two = rs_aligned(n * n, sizeof *two);
    memcpy(one, a, n * n * sizeof *a);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) two[i * n + j] = j > i ? NAN : a[i * n + j];
    omp_set_num_threads(1);
    CHECK(rs_dense_invert(one, n));
    omp_set_num_threads(3);
    CHECK(rs_dense_invert(two, n));
    CHECK(memcmp(one, two, n * n * sizeof *one) == 0);
    CHECK_NEAR(deviation(a, one, n), 0, 1e-4);
    free(a), free(one), free(two);
}

int main(void) {
    check_products(16, 16, 1);
    check_products(16, 48, 7);
    check_products(64, 80, 100);
    check_gather(1, 3);
    check_gather(9, 100);
    check_gather(40, 5000);
    for (size_t n_rows = 0; n_rows < 40; n_rows++) check_dots(n_rows, 16 + n_rows % 5 * 16);
    check_square(16, 3);
    check_square(80, 33);
    for (size_t n = 1; n < 70; n += 5) check_solve(n);
    check_solve(RS_DENSE_MAX);
    const size_t sizes[] = {1, 2, 17, 127, 128, 129, 400};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) check_inverse(sizes[s]);
    float indefinite[4] = {1, 2, 2, 1}, zero[1] = {0};
    float wide[256] = {[0] = 1, [1] = 2, [17] = 1}, b[16] = {1, 1};
    CHECK(!rs_dense_invert(indefinite, 2));
    CHECK(!rs_dense_invert(zero, 1));
    CHECK(!rs_dense_solve(wide, 16, 2, b, 1));
    return done();
}
