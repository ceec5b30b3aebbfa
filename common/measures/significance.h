/* How sure a figure is: resampling, tests for paired differences, corrections. Counter-based and
 * summed in a fixed order, so that results do not depend on threads. Pure functions. */
#ifndef RS_SIGNIFICANCE_H
#define RS_SIGNIFICANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rs_resampling_kind {
    RS_BOOTSTRAP, /* as many units as there are, with replacement (Efron 1979) */
    RS_SIGN_FLIPS /* every unit once, with a random sign (Fisher's randomisation test) */
};

/* Draws D of SEED are the same whatever is summed with them. */
struct rs_resampling {
    enum rs_resampling_kind kind;
    uint64_t seed;
    size_t n_units, n_draws;
};

/* SUMS[c * n_draws + d] = sum over units of (weight of the unit in draw d) * COLUMNS[c][unit]. */
void rs_resample(const struct rs_resampling *resampling, const double *const *columns,
                 size_t n_columns, double *sums);

/* The value below which the share Q of the N sorted values lies, interpolated (type 7 of Hyndman &
 * Fan, The American Statistician 1996). */
double rs_quantile(const double *sorted, size_t n, double q);

/* A test of paired differences against none. */
struct rs_paired {
    size_t n;      /* pairs that entered */
    double p;      /* two-sided */
    double effect; /* of the test's own kind, see below; NAN: all differences are the same */
};

/* Wilcoxon's signed-rank test: pairs without difference left out, mean ranks for equal ones. Exact
 * for up to 50 pairs with no two alike, else the normal approximation with the correction for ties
 * and without one for continuity. effect: the matched-pairs rank-biserial correlation, -1 … 1
 * (Kerby 2014). */
struct rs_paired rs_wilcoxon(const double *differences, size_t n);

/* Student's t test of the mean difference. effect: Cohen's d_z, mean over standard deviation. */
struct rs_paired rs_paired_t(const double *differences, size_t n);

/* The randomisation test's p: how many of the N_DRAWS sums under RS_SIGN_FLIPS are as far from 0 as
 * the observed one, counting that itself. */
double rs_flips_p(const double *sums, size_t n_draws, double observed);

/* The corrected resampled t test over folds, which share training data and so are not independent:
 * t = mean / sqrt((1 / k + RATIO) * variance) with k - 1 degrees of freedom, RATIO = test pairs per
 * training rating (Nadeau & Bengio: Inference for the generalization error. Machine Learning 2003).
 * p is 1 if all differences are 0; n < 2 gives p = 1. */
struct rs_paired rs_resampled_t(const double *differences, size_t n_folds, double ratio);

/* Holm's step-down correction (1979) of N p-values, in their order. */
void rs_holm(const double *p, size_t n, double *adjusted);

/* Two-sided tails of the normal and of Student's distribution. */
double rs_normal_tails(double z);
double rs_student_tails(double t, double degrees);

#endif
