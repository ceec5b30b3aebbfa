#include "measures/significance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

/* Resampling: a block of draws is made at a time, unit by draw, and multiplied with all columns. */

enum { BLOCK = 32, CHUNK = 256, LANES = 4, VECTORS = BLOCK / LANES };

typedef double vector __attribute__((vector_size(LANES * sizeof(double))));

static void draw(const struct rs_resampling *resampling, size_t d, int8_t *weights) {
    size_t n = resampling->n_units;
    struct rs_random random =
        rs_random_stream(resampling->seed, (uint32_t)resampling->kind, (uint32_t)d, 0);
    memset(weights, 0, n);
    if (resampling->kind == RS_BOOTSTRAP) {
        for (size_t i = 0; i < n; i++) {
            int8_t *weight = &weights[rs_random_below(&random, (uint32_t)n)];
            *weight = (int8_t)(*weight + (*weight < INT8_MAX));
        }
        return;
    }
    for (size_t i = 0; i < n; i += 32) {
        uint32_t bits = rs_random_u32(&random);
        for (size_t j = i; j < n && j < i + 32; j++, bits >>= 1) weights[j] = bits & 1 ? 1 : -1;
    }
}

/* Adds N units' weighted values of one column to the sums of a block. */
__attribute__((target_clones("avx2", "default"))) static void
add_column(const double *column, const vector *weights, size_t n, double *sums) {
    vector sum[VECTORS];
    memcpy(sum, sums, sizeof sum);
    for (size_t i = 0; i < n; i++) {
        vector value = {column[i], column[i], column[i], column[i]};
        const vector *weight = weights + i * VECTORS;
        for (size_t v = 0; v < VECTORS; v++) sum[v] += value * weight[v];
    }
    memcpy(sums, sum, sizeof sum);
}

static void sum_block(const struct rs_resampling *resampling, size_t first,
                      const double *const *columns, size_t n_columns, int8_t *weights, vector *real,
                      double *block, double *sums) {
    size_t n = resampling->n_units, n_draws = resampling->n_draws;
    size_t n_here = n_draws - first < BLOCK ? n_draws - first : BLOCK;
    for (size_t d = 0; d < n_here; d++) draw(resampling, first + d, weights + d * n);
    memset(block, 0, n_columns * BLOCK * sizeof *block);
    for (size_t from = 0; from < n; from += CHUNK) {
        size_t n_chunk = n - from < CHUNK ? n - from : CHUNK;
        double *flat = (double *)real;
        for (size_t d = 0; d < n_here; d++)
            for (size_t i = 0; i < n_chunk; i++) flat[i * BLOCK + d] = weights[d * n + from + i];
        for (size_t c = 0; c < n_columns; c++)
            add_column(columns[c] + from, real, n_chunk, block + c * BLOCK);
    }
    for (size_t c = 0; c < n_columns; c++)
        memcpy(sums + c * n_draws + first, block + c * BLOCK, n_here * sizeof *sums);
}

void rs_resample(const struct rs_resampling *resampling, const double *const *columns,
                 size_t n_columns, double *sums) {
#pragma omp parallel
    {
        int8_t *weights = rs_malloc(resampling->n_units, BLOCK);
        vector *real = rs_aligned(CHUNK * VECTORS, sizeof *real);
        double *block = rs_aligned(n_columns * BLOCK, sizeof *block);
        memset(real, 0, CHUNK * VECTORS * sizeof *real);
#pragma omp for schedule(dynamic, 1)
        for (size_t first = 0; first < resampling->n_draws; first += BLOCK)
            sum_block(resampling, first, columns, n_columns, weights, real, block, sums);
        free(weights);
        free(real);
        free(block);
    }
}

double rs_quantile(const double *sorted, size_t n, double q) {
    double place = q * (double)(n - 1);
    size_t below = (size_t)place;
    if (below + 1 >= n) return sorted[n - 1];
    return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

/* Tails */

double rs_normal_tails(double z) {
    return erfc(fabs(z) / M_SQRT2);
}

/* The continued fraction of the incomplete beta function, by Lentz's method (Press et al.,
 * Numerical Recipes, 6.4). */
static double beta_fraction(double a, double b, double x) {
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double value = d;
    for (int m = 1; m <= 10000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double before = value;
        for (int half = 0; half < 2; half++) {
            double term = half == 0 ? even : odd;
            d = 1 + term * d;
            c = 1 + term / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            value *= d * c;
        }
        if (fabs(value / before - 1) < 1e-15) break;
    }
    return value;
}

/* I_x(a, b), the distribution function of the beta distribution. */
static double incomplete_beta(double a, double b, double x) {
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double rs_student_tails(double t, double degrees) {
    return incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

/* Wilcoxon */

enum { MOST_EXACT = 50 };

static int compare_magnitudes(const void *a, const void *b) {
    double first = fabs(*(const double *)a), second = fabs(*(const double *)b);
    return first < second ? -1 : first > second;
}

/* The probability that the smaller rank sum is at most LEAST, when every sign is a coin's: the
 * number of subsets of 1 … n by their sum. */
static double exact_p(size_t n, double least) {
    size_t most = n * (n + 1) / 2;
    double ways[MOST_EXACT * (MOST_EXACT + 1) / 2 + 1] = {1}, tail = 0;
    for (size_t rank = 1; rank <= n; rank++)
        for (size_t sum = most; sum >= rank; sum--) ways[sum] += ways[sum - rank];
    for (size_t sum = 0; sum <= most && (double)sum <= least; sum++) tail += ways[sum];
    double p = 2 * ldexp(tail, -(int)n);
    return p < 1 ? p : 1;
}

struct rs_paired rs_wilcoxon(const double *differences, size_t n) {
    double *sorted = rs_malloc(n, sizeof *sorted);
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (differences[i] != 0) sorted[m++] = differences[i];
    qsort(sorted, m, sizeof *sorted, compare_magnitudes);
    double plus = 0, minus = 0, tied = 0, pairs = (double)m;
    for (size_t i = 0; i < m;) {
        size_t next = i + 1;
        while (next < m && fabs(sorted[next]) == fabs(sorted[i])) next++;
        double rank = ((double)i + 1 + (double)next) / 2, size = (double)(next - i);
        for (size_t j = i; j < next; j++) *(sorted[j] > 0 ? &plus : &minus) += rank;
        tied += size * size * size - size;
        i = next;
    }
    free(sorted);
    struct rs_paired result = {.n = m, .p = 1};
    if (m == 0) return result;
    result.effect = (plus - minus) / (pairs * (pairs + 1) / 2);
    if (m <= MOST_EXACT && tied == 0 && m == n) {
        result.p = exact_p(m, plus < minus ? plus : minus);
        return result;
    }
    double variance = pairs * (pairs + 1) * (2 * pairs + 1) / 24 - tied / 48;
    result.p = rs_normal_tails((plus - pairs * (pairs + 1) / 4) / sqrt(variance));
    return result;
}

/* Student */

static void moments(const double *values, size_t n, double *mean, double *variance) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) sum += values[i];
    *mean = n > 0 ? sum / (double)n : 0;
    for (size_t i = 0; i < n; i++) squares += (values[i] - *mean) * (values[i] - *mean);
    *variance = n > 1 ? squares / (double)(n - 1) : 0;
}

/* t test with the given variance of the mean, as a multiple of the differences' own. */
static struct rs_paired t_test(const double *differences, size_t n, double multiple) {
    double mean, variance;
    moments(differences, n, &mean, &variance);
    struct rs_paired result = {.n = n, .p = 1};
    if (n < 2 || mean == 0) return result;
    if (variance == 0) { /* always the same difference: as sure as can be */
        result.p = 0;
        result.effect = NAN;
        return result;
    }
    result.effect = mean / sqrt(variance);
    result.p = rs_student_tails(mean / sqrt(multiple * variance), (double)n - 1);
    return result;
}

struct rs_paired rs_paired_t(const double *differences, size_t n) {
    return t_test(differences, n, 1 / (double)(n > 0 ? n : 1));
}

struct rs_paired rs_resampled_t(const double *differences, size_t n_folds, double ratio) {
    return t_test(differences, n_folds, 1 / (double)(n_folds > 0 ? n_folds : 1) + ratio);
}

double rs_flips_p(const double *sums, size_t n_draws, double observed) {
    size_t as_far = 1;
    /* A sum of the same terms in other order may round otherwise: a hair's breadth counts as equal.
     */
    double limit = fabs(observed) * (1 - 1e-12);
    for (size_t d = 0; d < n_draws; d++) as_far += fabs(sums[d]) >= limit;
    return (double)as_far / (double)(n_draws + 1);
}

struct numbered {
    double p;
    size_t index;
};

static int compare_numbered(const void *a, const void *b) {
    const struct numbered *first = a, *second = b;
    if (first->p != second->p) return first->p < second->p ? -1 : 1;
    return first->index < second->index ? -1 : first->index > second->index;
}

void rs_holm(const double *p, size_t n, double *adjusted) {
    struct numbered *sorted = rs_malloc(n, sizeof *sorted);
    for (size_t i = 0; i < n; i++) sorted[i] = (struct numbered){p[i], i};
    qsort(sorted, n, sizeof *sorted, compare_numbered);
    double largest = 0;
    for (size_t k = 0; k < n; k++) {
        double corrected = sorted[k].p * (double)(n - k);
        if (corrected > largest) largest = corrected;
        adjusted[sorted[k].index] = largest < 1 ? largest : 1;
    }
    free(sorted);
}
