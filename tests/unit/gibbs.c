/* The parts of the Gibbs sampler against plain double precision: half floats, draws, the small
 * systems, folding in, and drift against the Gaussian process that it is. */
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "factors/gibbs_drift.h"
#include "factors/gibbs_fold.h"
#include "factors/gibbs_half.h"
#include "factors/gibbs_kernels.h"
#include "factors/gibbs_random.h"
#include "format/pairs.h"
#include "unit.h"

/* Half floats */

static double half_value(unsigned half) {
    int exponent = (int)(half >> 10 & 31), fraction = (int)(half & 1023);
    double value = exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25);
    return half & 0x8000 ? -value : value;
}

static void check_halves(void) {
    int wrong = 0, unrounded = 0;
    for (unsigned h = 0; h < 0x10000; h++) {
        if ((h >> 10 & 31) == 31) continue; /* infinite, or no number */
        double value = half_value(h);
        wrong += (double)rs_gibbs_from_half((uint16_t)h) != value;
        wrong += rs_gibbs_to_half((float)value) != h;
        if ((h & 0x7fff) == 0x7bff) continue;
        double next = half_value(h + 1), middle = (value + next) / 2; /* a float has it exactly */
        uint16_t even = (uint16_t)(h + (h & 1));
        unrounded += rs_gibbs_to_half((float)middle) != even;
        unrounded += rs_gibbs_to_half(nextafterf((float)middle, (float)value)) != h;
        unrounded += rs_gibbs_to_half(nextafterf((float)middle, (float)next)) != h + 1;
    }
    CHECK(wrong == 0);
    CHECK(unrounded == 0);
    CHECK(rs_gibbs_to_half(1e9f) == 0x7bff && rs_gibbs_to_half(-INFINITY) == 0xfbff);
}

/* Draws */

static void check_normals(void) {
    enum { N = 1 << 18 };
    float *draw = rs_aligned(N, sizeof *draw), again[RS_GIBBS_NORMALS];
    rs_gibbs_normals(3, 1, 2, 5, draw, N);
    double moment[5] = {0}, most = 0;
    for (size_t i = 0; i < N; i++) {
        double x = (double)draw[i];
        for (int m = 1; m < 5; m++) moment[m] += pow(x, m) / N;
        most = fmax(most, fabs(x));
    }
    CHECK_NEAR(moment[1], 0, 5 / sqrt(N)); /* five standard errors */
    CHECK_NEAR(moment[2], 1, 5 * sqrt(2.0 / N));
    CHECK_NEAR(moment[3], 0, 5 * sqrt(15.0 / N));
    CHECK_NEAR(moment[4], 3, 5 * sqrt(96.0 / N));
    CHECK(most > 4 && most < 5.8);
    rs_gibbs_normals(3, 1, 2, 5, again, RS_GIBBS_NORMALS);
    CHECK(memcmp(again, draw, sizeof again) == 0);
    rs_gibbs_normals(3, 1, 2, 6, again, RS_GIBBS_NORMALS);
    CHECK(memcmp(again, draw, sizeof again) != 0);
    free(draw);
}

static void check_gamma(double shape) {
    enum { N = 40000 };
    double sum = 0, squares = 0, least = INFINITY;
    for (uint32_t i = 0; i < N; i++) {
        double x = rs_gibbs_gamma(7, 2, i, 1, shape);
        sum += x / N;
        squares += x * x / N;
        least = fmin(least, x);
    }
    double variance = squares - sum * sum;
    CHECK_NEAR(sum, shape, 5 * sqrt(shape / N));
    CHECK_NEAR(variance / shape, 1, 5 * sqrt((2 + 6 / shape) / N));
    CHECK(least >= 0);
}

/* Small systems in double: solves A x = b by elimination, A (n x n) positive definite and lost. */
static void eliminate(double *a, double *b, size_t n) {
    for (size_t j = 0; j < n; j++)
        for (size_t i = j + 1; i < n; i++) {
            double factor = a[i * n + j] / a[j * n + j];
            for (size_t k = j; k < n; k++) a[i * n + k] -= factor * a[j * n + k];
            b[i] -= factor * b[j];
        }
    for (size_t j = n; j-- > 0;) {
        for (size_t k = j + 1; k < n; k++) b[j] -= a[j * n + k] * b[k];
        b[j] /= a[j * n + j];
    }
}

/* The mean of the draws is the solution; their covariance, over many, the inverse. */
static void check_solve(size_t width) {
    enum { N = 4096 };
    struct rs_random random = rs_random_stream(5, (uint32_t)width, 0, 0);
    float *a = rs_aligned(width * width, sizeof *a), *work = rs_aligned(width * width, sizeof *a);
    float *b = rs_aligned(width, sizeof *b), *right = rs_aligned(width, sizeof *b);
    float *draw = rs_aligned(width, sizeof *draw), *mean = rs_aligned(width, sizeof *mean);
    float *normal = rs_aligned(width * N, sizeof *normal), *zero = rs_aligned(width, sizeof *zero);
    double *exact = rs_malloc(width * width, sizeof *exact), *x = rs_calloc(width, sizeof *x);
    float *factor = rs_aligned(width * width, sizeof *factor);
    for (size_t i = 0; i < width * width; i++) factor[i] = (float)rs_random_normal(&random);
    for (size_t i = 0; i < width; i++) {
        b[i] = (float)rs_random_normal(&random);
        x[i] = (double)b[i];
        zero[i] = 0;
        for (size_t j = 0; j < width; j++) {
            double sum = i == j ? (double)width : 0;
            for (size_t k = 0; k < width; k++)
                sum += (double)factor[i * width + k] * (double)factor[j * width + k];
            a[i * width + j] = (float)sum;
            exact[i * width + j] = (double)(float)sum;
        }
    }
    eliminate(exact, x, width);
    rs_gibbs_normals(9, (uint32_t)width, 0, 0, normal, width * N);
    double worst = 0, squares = 0, expected[64] = {0};
    memcpy(work, a, width * width * sizeof *a);
    memcpy(right, b, width * sizeof *b);
    rs_gibbs_solve(width, work, right, zero, mean);
    for (size_t i = 0; i < width; i++) worst = fmax(worst, fabs((double)mean[i] - x[i]));
    CHECK_NEAR(worst, 0, 1e-5);
    for (size_t s = 0; s < N; s++) { /* (v - m)' A (v - m) is chi-squared */
        memcpy(work, a, width * width * sizeof *a);
        memcpy(right, b, width * sizeof *b);
        rs_gibbs_solve(width, work, right, normal + s * width, draw);
        for (size_t i = 0; i < width; i++) {
            double d = (double)draw[i] - x[i];
            expected[i] += d / N;
            for (size_t j = 0; j < width; j++)
                squares += d * (double)a[i * width + j] * ((double)draw[j] - x[j]) / N;
        }
    }
    CHECK_NEAR(squares / (double)width, 1, 5 * sqrt(2.0 / ((double)width * N)));
    worst = 0;
    for (size_t i = 0; i < width; i++) worst = fmax(worst, fabs(expected[i]));
    CHECK_NEAR(worst, 0, 5 / sqrt((double)width * N)); /* variances are below 1 / width */
    free(a), free(work), free(b), free(right), free(draw), free(mean), free(normal), free(zero);
    free(exact), free(x), free(factor);
}

/* Folding in: each sample's normal equations, their solution and what they leave open. */
static void check_fold(size_t width) {
    enum { SAMPLES = 32, N = 7 };
    struct rs_random random = rs_random_stream(6, (uint32_t)width, 0, 0);
    size_t length = width * SAMPLES;
    float *a = rs_aligned(length * width, sizeof *a), *c = rs_aligned(length, sizeof *c);
    float *x = rs_aligned(N * length, sizeof *x), *prior = rs_aligned(length, sizeof *prior);
    float precision[N][SAMPLES], residual[N][SAMPLES], spread[SAMPLES];
    memset(a, 0, length * width * sizeof *a);
    memset(c, 0, length * sizeof *c);
    for (size_t i = 0; i < N * length; i++) x[i] = (float)rs_random_normal(&random);
    for (size_t i = 0; i < length; i++) prior[i] = (float)(0.5 + rs_random_uniform(&random));
    for (size_t e = 0; e < N; e++) {
        for (size_t s = 0; s < SAMPLES; s++) {
            precision[e][s] = (float)(0.1 + rs_random_uniform(&random));
            residual[e][s] = (float)rs_random_normal(&random);
        }
        rs_gibbs_fold_add(a, c, x + e * length, precision[e], residual[e], width, SAMPLES);
    }
    rs_gibbs_fold_solve(a, c, prior, width, SAMPLES);
    rs_gibbs_fold_variance(spread, a, x, width, SAMPLES);
    double worst = 0, worst_spread = 0;
    double *system = rs_malloc(width * width, sizeof *system), *right = rs_malloc(width, 8);
    double *open = rs_malloc(width, sizeof *open);
    for (size_t s = 0; s < SAMPLES; s++) {
        for (int which = 0; which < 2; which++) { /* the solution, and A^-1 x */
            for (size_t i = 0; i < width; i++) {
                right[i] = 0;
                for (size_t j = 0; j < width; j++)
                    system[i * width + j] = i == j ? (double)prior[i * SAMPLES + s] : 0;
                open[i] = i == 0 ? 1 : (double)x[i * SAMPLES + s];
            }
            for (size_t e = 0; e < N; e++)
                for (size_t i = 0; i < width; i++) {
                    const float *v = x + e * length + s;
                    double w = (double)precision[e][s], xi = i == 0 ? 1 : (double)v[i * SAMPLES];
                    right[i] += w * xi * (double)residual[e][s];
                    for (size_t j = 0; j < width; j++)
                        system[i * width + j] += w * xi * (j == 0 ? 1 : (double)v[j * SAMPLES]);
                }
            if (which == 1) memcpy(right, open, width * sizeof *open);
            eliminate(system, right, width);
            double variance = 0;
            for (size_t i = 0; i < width; i++) {
                if (which == 0)
                    worst = fmax(worst, fabs(right[i] - (double)c[i * SAMPLES + s]));
                else
                    variance += open[i] * right[i];
            }
            if (which == 1)
                worst_spread = fmax(worst_spread, fabs(variance / (double)spread[s] - 1));
        }
    }
    CHECK_NEAR(worst, 0, 1e-4);
    CHECK_NEAR(worst_spread, 0, 1e-4);
    free(a), free(c), free(x), free(prior), free(system), free(right), free(open);
}

/* Drift */

enum { MOMENTS = 6, SCALES = 2 };
static const int64_t moment[MOMENTS] = {0, 10, 11, 300, 2000, 2500};
static const double scale[SCALES] = {20, 1000}, variance[SCALES] = {0.5, 2};

static double covariance(int s, double gap) {
    return variance[s] * exp(-fabs(gap) / scale[s]);
}

/* Expected states given observations, against the conditional of the Gaussian process. */
static void check_smoother(void) {
    const double seen[MOMENTS] = {1, 0.5, -0.3, 0, 2, -1}, weight[MOMENTS] = {1, 4, 0.5, 0, 2, 1};
    float state[MOMENTS * SCALES] = {0};
    double slope[MOMENTS], room[2 * MOMENTS], uncertainty[SCALES] = {0}, worst = 0;
    struct rs_gibbs_path path = {MOMENTS, SCALES, moment, state, scale, variance, uncertainty, 0};
    for (int t = 0; t < MOMENTS; t++) slope[t] = weight[t] * seen[t];
    rs_gibbs_drift_smooth(&path, state, weight, slope, 200, room);
    double a[MOMENTS * MOMENTS], b[MOMENTS];
    for (int i = 0; i < MOMENTS; i++) {
        b[i] = weight[i] > 0 ? seen[i] : 0;
        for (int j = 0; j < MOMENTS; j++) {
            double gap = (double)(moment[i] - moment[j]);
            a[i * MOMENTS + j] = covariance(0, gap) + covariance(1, gap);
            if (i == j) a[i * MOMENTS + j] += weight[i] > 0 ? 1 / weight[i] : 1e9;
        }
    }
    eliminate(a, b, MOMENTS);
    for (int s = 0; s < SCALES; s++)
        for (int t = 0; t < MOMENTS; t++) {
            double expected = 0;
            for (int i = 0; i < MOMENTS; i++)
                expected += covariance(s, (double)(moment[t] - moment[i])) * b[i];
            worst = fmax(worst, fabs(expected - (double)state[t * SCALES + s]));
        }
    CHECK_NEAR(worst, 0, 1e-4);
}

/* The drift at any time given exact states at the moments, against the same conditional. */
static void check_drift_at(int64_t time) {
    float state[MOMENTS * SCALES];
    double uncertainty[SCALES] = {0.1, 0.3}, mean = 0, open = 0, spread;
    for (int i = 0; i < MOMENTS * SCALES; i++) state[i] = (float)(i % 5) - 2;
    struct rs_gibbs_path path = {MOMENTS, SCALES, moment, state, scale, variance, uncertainty, 0};
    double found = rs_gibbs_drift_at(&path, time, &spread);
    for (int s = 0; s < SCALES; s++) {
        double a[MOMENTS * MOMENTS], b[MOMENTS], share = 0;
        for (int i = 0; i < MOMENTS; i++) {
            b[i] = covariance(s, (double)(moment[i] - time));
            for (int j = 0; j < MOMENTS; j++)
                a[i * MOMENTS + j] = covariance(s, (double)(moment[i] - moment[j]));
        }
        eliminate(a, b, MOMENTS);
        for (int i = 0; i < MOMENTS; i++) {
            mean += b[i] * (double)state[i * SCALES + s];
            share += b[i] * covariance(s, (double)(moment[i] - time)) / variance[s];
        }
        open += variance[s] * (1 - share) + uncertainty[s] * share;
    }
    CHECK_NEAR(found, mean, 1e-6);
    CHECK_NEAR(spread, open, 1e-6);
}

static void check_unknown_time(void) {
    double uncertainty[SCALES] = {0}, spread;
    struct rs_gibbs_path path = {0, SCALES, NULL, NULL, scale, variance, uncertainty, 0.25};
    CHECK_NEAR(rs_gibbs_drift_at(&path, RS_NO_TIME, &spread), 0.25, 0);
    CHECK_NEAR(spread, 2.5, 1e-12);
    CHECK_NEAR(rs_gibbs_drift_at(&path, 77, &spread), 0, 0); /* nobody was there */
    CHECK_NEAR(spread, 2.5, 1e-12);
}

/* Lines whose residuals are such a process and noise: the variance drawn is about theirs, whatever
 * it begins with, and residuals are left with the noise alone. */
static void check_drawing(double planted) {
    enum { LINES = 400, EACH = 25, N = LINES * EACH, SWEEPS = 60 };
    const double one[] = {1e5};
    static uint64_t start[LINES + 1];
    static int64_t time[N];
    static uint32_t other[N];
    static float residual[N], tau[LINES];
    struct rs_random random = rs_random_stream(8, 1, 0, 0);
    for (size_t u = 0; u < LINES; u++) {
        double state = sqrt(planted) * rs_random_normal(&random);
        start[u + 1] = (u + 1) * EACH;
        tau[u] = 1;
        for (size_t e = u * EACH; e < (u + 1) * EACH; e++) {
            time[e] = (int64_t)((e - u * EACH) * 30000);
            residual[e] = (float)(state + 0.5 * rs_random_normal(&random));
            double kept = exp(-0.3);
            state = kept * state + sqrt(planted * (1 - kept * kept)) * rs_random_normal(&random);
        }
    }
    struct rs_gibbs_moments moments = {0};
    struct rs_gibbs_drift drift;
    rs_gibbs_moments_make(&moments, LINES, start, time, one, 1);
    rs_gibbs_drift_new(&drift, &moments);
    double expected = 0, squares = 0;
    const float other_tau[1] = {1};
    for (uint32_t sweep = 0; sweep < SWEEPS; sweep++) {
        rs_gibbs_drift_draw(&drift, &moments, start, other, tau, other_tau, 4, residual, 3, 0,
                            sweep, 1);
        if (sweep < SWEEPS / 2) continue;
        expected += drift.variance[0] / (SWEEPS / 2);
        for (size_t e = 0; e < N; e++)
            squares += (double)residual[e] * (double)residual[e] / N / (SWEEPS / 2);
    }
    CHECK_NEAR(expected, planted, 0.05);
    CHECK_NEAR(squares, 0.25, 0.02);
    rs_gibbs_drift_free(&drift);
    rs_gibbs_moments_free(&moments);
}

int main(void) {
    check_halves();
    check_normals();
    check_gamma(0.5);
    check_gamma(1);
    check_gamma(3.7);
    check_gamma(500);
    for (size_t width = 16; width <= 64; width += 16) check_solve(width);
    check_fold(16);
    check_fold(48);
    check_smoother();
    const int64_t times[] = {-50, 0, 5, 10, 150, 1999, 2000, 2001, 2500, 9000};
    for (size_t t = 0; t < sizeof times / sizeof *times; t++) check_drift_at(times[t]);
    check_unknown_time();
    check_drawing(0.5);
    check_drawing(0.02);
    return done();
}
