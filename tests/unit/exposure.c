/* Measures of lists against small cases worked by hand and against their definitions. */
#include "measures/exposure.h"

#include <stdlib.h>

#include "base/random.h"
#include "unit.h"

static void check_gini(void) {
    uint32_t equal[4] = {3, 3, 3, 3}, one[4] = {0, 8, 0, 0}, some[4] = {1, 0, 3, 2};
    CHECK_NEAR(rs_exposure_gini(equal, 4, 4), 0, 1e-15);
    CHECK_NEAR(rs_exposure_gini(one, 4, 4), 0.75, 1e-15);
    /* x = 0 1 2 3: (-3*0 - 1*1 + 1*2 + 3*3) / (4 * 6) */
    CHECK_NEAR(rs_exposure_gini(some, 4, 4), 10.0 / 24, 1e-15);
    /* Four more that were never listed: x = 0 0 0 0 0 1 2 3. */
    CHECK_NEAR(rs_exposure_gini(some, 4, 8), (3.0 * 1 + 5 * 2 + 7 * 3) / (8 * 6), 1e-15);
    CHECK_NEAR(rs_exposure_gini(one, 4, 1000), 0.999, 1e-12);
    CHECK_NEAR(rs_exposure_gini(one, 0, 10), 0, 0);
}

/* The mean absolute difference of two items over twice the mean, by its definition. */
static void check_gini_by_differences(void) {
    for (uint32_t trial = 0; trial < 50; trial++) {
        struct rs_random random = rs_random_stream(3, trial, 0, 0);
        enum { N = 20 };
        uint32_t counts[N];
        double total = 0, differences = 0;
        for (size_t i = 0; i < N; i++) total += counts[i] = rs_random_below(&random, 5);
        if (total == 0) continue;
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < N; j++)
                differences += fabs((double)counts[i] - (double)counts[j]);
        CHECK_NEAR(rs_exposure_gini(counts, N, N), differences / (2 * N * total), 1e-12);
    }
}

static void check_the_rest(void) {
    uint32_t counts[4] = {2, 1, 0, 1};
    CHECK_NEAR(rs_exposure_entropy(counts, 4), 1.5, 1e-15);
    CHECK_NEAR(rs_exposure_entropy(counts, 0), 0, 0);
    /* Lists {a, b}, {a, d}: they share one item. */
    CHECK_NEAR(rs_exposure_overlap(counts, 4, 2), 1, 1e-15);
    CHECK_NEAR(rs_exposure_overlap(counts, 4, 1), 0, 0);
    uint64_t a[2] = {6, 1}, b[2] = {3, 1}, none[2] = {0, 0};
    CHECK_NEAR(rs_set_jaccard(a, b, 2), 2.0 / 4, 1e-15);
    CHECK_NEAR(rs_set_jaccard(a, a, 2), 1, 0);
    CHECK_NEAR(rs_set_jaccard(a, none, 2), 0, 0);
    CHECK_NEAR(rs_set_jaccard(none, none, 2), -1, 0);
    /* Equal lists agree; {a b c} and {c a d} share 0, 1, 2 of the first 1, 2, 3. */
    uint32_t place[4] = {1, 2, 3, 0}, same[3] = {0, 1, 2}, mixed[3] = {2, 0, 3}, apart[1] = {3};
    CHECK_NEAR(rs_overlap_biased(place, 3, same, 3, 0.9), 1, 1e-15);
    CHECK_NEAR(rs_overlap_biased(place, 3, mixed, 3, 0.9),
               2.0 / 3 * 0.729 + 0.1 / 0.9 * (0.5 * 0.81 + 2.0 / 3 * 0.729), 1e-15);
    CHECK_NEAR(rs_overlap_biased(place, 3, apart, 1, 0.9), 0, 0);
    CHECK_NEAR(rs_overlap_biased(place, 3, same, 0, 0.9), 0, 0);
    double p[3] = {0.5, 0.5, 0}, q[3] = {1, 0, 0};
    CHECK_NEAR(rs_divergence(p, p, 3, 0.01), 0, 1e-15);
    CHECK_NEAR(rs_divergence(p, q, 3, 0.01), 0.5 * log(0.5 / 0.995) + 0.5 * log(100), 1e-12);
    CHECK(isfinite(rs_divergence(p, q, 3, 0.01)));
}

int main(void) {
    check_gini();
    check_gini_by_differences();
    check_the_rest();
    return done();
}
