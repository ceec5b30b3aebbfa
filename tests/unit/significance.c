/* Tests and corrections against scipy's figures, resampling against its definition. */
#include "measures/significance.h"

#include <stdlib.h>

#include "unit.h"

static void check_wilcoxon(void) {
    /* scipy.stats.wilcoxon: exact, and approximate with ties and zeros. */
    double exact[] = {0.5, -0.25, 1.5, 2, -3, 0.75, 1.25, -0.1, 0.3, 2.5};
    double tied[] = {1, 1, -1, 2, 2, 0, 0, 3, -2, 1, 1, -1, 2, 1, 0, 4};
    double longer[] = {0.45, 0.92,  0.43,  -1.2,  1.01,  0.55,  -0.44, 0.68,  0.46,  0.39,
                       0.13, 0.65,  -0.64, -0.06, -0.38, 0.7,   0.14,  -0.19, -0.68, -0.16,
                       0.11, -0.18, 1.39,  1.11,  -2.61, -1.79, -0.07, -0.32, 0.31,  0.32,
                       2.22, -1.01, -0.28, 2.14,  0.75,  0.76,  -0.41, -1.55, 0.27,  0.21};
    CHECK_NEAR(rs_wilcoxon(exact, 10).p, 0.16015625, 1e-15);
    CHECK_NEAR(rs_wilcoxon(exact, 10).effect, 0.5272727272727272, 1e-15);
    CHECK_NEAR(rs_wilcoxon(tied, 16).p, 0.04577590301865018, 1e-14);
    CHECK(rs_wilcoxon(tied, 16).n == 13);
    CHECK_NEAR(rs_wilcoxon(longer, 40).p, 0.2616982068849638, 1e-14);
    double none[] = {0, 0, 0};
    CHECK(rs_wilcoxon(none, 3).n == 0);
    CHECK_NEAR(rs_wilcoxon(none, 3).p, 1, 0);
    CHECK_NEAR(rs_wilcoxon(NULL, 0).p, 1, 0);
    double one[] = {2};
    CHECK_NEAR(rs_wilcoxon(one, 1).p, 1, 0);
    CHECK_NEAR(rs_wilcoxon(one, 1).effect, 1, 0);
}

static void check_student(void) {
    double sample[] = {0.5, -0.25, 1.5, 2, -3, 0.75, 1.25, -0.1, 0.3, 2.5};
    CHECK_NEAR(rs_paired_t(sample, 10).p, 0.289111168345395, 1e-13);
    CHECK_NEAR(rs_paired_t(sample, 10).effect, 0.35621633623677124, 1e-14);
    double folds[] = {0.01, 0.012, 0.008, 0.011, 0.009};
    CHECK_NEAR(rs_resampled_t(folds, 5, 0.25).p, 0.0007056129425387885, 1e-13);
    CHECK_NEAR(rs_resampled_t(folds, 1, 0.25).p, 1, 0);
    double same[] = {0.5, 0.5, 0.5}, none[] = {0, 0, 0};
    CHECK_NEAR(rs_paired_t(same, 3).p, 0, 0);
    CHECK(isnan(rs_paired_t(same, 3).effect));
    CHECK_NEAR(rs_paired_t(none, 3).p, 1, 0);
    CHECK_NEAR(rs_paired_t(NULL, 0).p, 1, 0);
    static const double tails[][3] = {{1, 1, 0.5},
                                      {2.5, 4, 0.06676654481198813},
                                      {0.3, 9, 0.7709907037415249},
                                      {5, 942, 6.83552776851582e-07},
                                      {40, 3, 3.438068078915854e-05},
                                      {1e-3, 7, 0.9992300172449988}};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        CHECK_NEAR(rs_student_tails(tails[i][0], tails[i][1]) / tails[i][2], 1, 1e-11);
        CHECK_NEAR(rs_student_tails(-tails[i][0], tails[i][1]) / tails[i][2], 1, 1e-11);
    }
    CHECK_NEAR(rs_normal_tails(-1.7), 0.08913092551708608, 1e-15);
    CHECK_NEAR(rs_normal_tails(0), 1, 0);
}

static void check_holm(void) {
    double p[] = {0.01, 0.04, 0.03, 0.005}, adjusted[4];
    rs_holm(p, 4, adjusted); /* R: p.adjust(p, "holm") */
    CHECK_NEAR(adjusted[0], 0.03, 1e-15);
    CHECK_NEAR(adjusted[1], 0.06, 1e-15);
    CHECK_NEAR(adjusted[2], 0.06, 1e-15);
    CHECK_NEAR(adjusted[3], 0.02, 1e-15);
    double big[] = {0.9, 0.8};
    rs_holm(big, 2, adjusted);
    CHECK_NEAR(adjusted[0], 1, 0);
    rs_holm(NULL, 0, NULL);
}

static void check_quantile(void) {
    double sorted[] = {1, 2, 4, 8};
    CHECK_NEAR(rs_quantile(sorted, 4, 0), 1, 0);
    CHECK_NEAR(rs_quantile(sorted, 4, 0.5), 3, 1e-15);
    CHECK_NEAR(rs_quantile(sorted, 4, 0.9), 6.8, 1e-14);
    CHECK_NEAR(rs_quantile(sorted, 4, 1), 8, 0);
    CHECK_NEAR(rs_quantile(sorted, 1, 0.975), 1, 0);
}

/* Weights show themselves when the columns are units. */
static void check_bootstrap(void) {
    enum { UNITS = 700, DRAWS = 333 };
    double *ones = malloc(UNITS * sizeof *ones), *ramp = malloc(UNITS * sizeof *ramp);
    double *sums = malloc(3 * DRAWS * sizeof *sums), single[UNITS] = {0};
    for (size_t i = 0; i < UNITS; i++) {
        ones[i] = 1;
        ramp[i] = (double)i;
    }
    single[699] = 1;
    const double *columns[] = {ones, ramp, single};
    struct rs_resampling bootstrap = {RS_BOOTSTRAP, 5, UNITS, DRAWS};
    rs_resample(&bootstrap, columns, 3, sums);
    double mean = 0, variance = 0, drawn = 0;
    for (size_t d = 0; d < DRAWS; d++) {
        CHECK(sums[d] == UNITS); /* every draw has as many as there are */
        mean += sums[DRAWS + d] / UNITS / DRAWS;
        drawn += sums[2 * DRAWS + d] / DRAWS;
    }
    for (size_t d = 0; d < DRAWS; d++) variance += pow(sums[DRAWS + d] / UNITS - mean, 2) / DRAWS;
    /* The mean of the ramp is 349.5; of a draw its standard deviation is 202.07 / sqrt(700) = 7.64.
     */
    CHECK_NEAR(mean, 349.5, 4 * 7.64 / sqrt(DRAWS));
    CHECK_NEAR(sqrt(variance), 7.64, 1.2);
    CHECK_NEAR(drawn, 1, 0.25);
    /* A column alone gives the same draws. */
    double *alone = malloc(DRAWS * sizeof *alone);
    rs_resample(&bootstrap, columns + 1, 1, alone);
    CHECK(memcmp(alone, sums + DRAWS, DRAWS * sizeof *alone) == 0);
    free(ones);
    free(ramp);
    free(sums);
    free(alone);
}

/* With few units every combination of signs comes up, each about equally often: 10 ones have a sum
 * of 8 or more with probability 22 / 1024. */
static void check_sign_flips(void) {
    enum { UNITS = 10, DRAWS = 20000 };
    double ones[UNITS], *sums = malloc(DRAWS * sizeof *sums);
    for (size_t i = 0; i < UNITS; i++) ones[i] = 0.1;
    const double *columns[] = {ones};
    struct rs_resampling flips = {RS_SIGN_FLIPS, 1, UNITS, DRAWS};
    rs_resample(&flips, columns, 1, sums);
    CHECK_NEAR(rs_flips_p(sums, DRAWS, 0.8), 22.0 / 1024, 0.004);
    CHECK_NEAR(rs_flips_p(sums, DRAWS, 1.0), 2.0 / 1024, 0.001);
    CHECK_NEAR(rs_flips_p(sums, DRAWS, 0), 1, 0);
    CHECK_NEAR(rs_flips_p(sums, DRAWS, 2), 1.0 / (DRAWS + 1), 1e-15);
    free(sums);
}

int main(void) {
    check_wilcoxon();
    check_student();
    check_holm();
    check_quantile();
    check_bootstrap();
    check_sign_flips();
    return done();
}
