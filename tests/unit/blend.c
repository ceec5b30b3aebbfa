/* Standardised scores against their definition in long double. */
#include "hybrid/blend.h"

#include <stdlib.h>

#include "base/random.h"
#include "unit.h"

enum { MAX_ITEMS = 5000 };

static float scores[MAX_ITEMS], expected[MAX_ITEMS];

static void define(const float *raw, size_t n_items, const uint8_t *rated) {
    long double sum = 0, squares = 0;
    size_t n = 0;
    for (size_t i = 0; i < n_items; i++) {
        if (rated[i]) continue;
        sum += (long double)raw[i];
        n++;
    }
    for (size_t i = 0; i < n_items; i++) {
        long double difference = (long double)raw[i] - sum / n;
        if (!rated[i]) squares += difference * difference;
    }
    for (size_t i = 0; i < n_items; i++)
        expected[i] = (float)asinhl(((long double)raw[i] - sum / n) / sqrtl(squares / n));
}

/* The greatest difference, in parts of the value. */
static double worst(size_t n_items) {
    double worst = 0;
    for (size_t i = 0; i < n_items; i++) {
        double value = fabs((double)expected[i]),
               difference = fabs((double)(scores[i] - expected[i]));
        if (difference / (value + 1e-30) > worst && difference > 1e-12)
            worst = difference / (value + 1e-30);
    }
    return worst;
}

static void check(uint32_t trial) {
    struct rs_random random = rs_random_stream(8, trial, 0, 0);
    static uint32_t items[MAX_ITEMS];
    static uint8_t rated[MAX_ITEMS];
    size_t n_items = 20 + rs_random_below(&random, MAX_ITEMS - 20), n = 0;
    double spread = pow(10, 8 * rs_random_uniform(&random) - 4);
    for (uint32_t i = 0; i < n_items; i++) {
        double tail = rs_random_below(&random, 100) == 0 ? 1000 : 1;
        scores[i] = (float)(spread * tail * (rs_random_normal(&random) + 0.3));
        rated[i] = rs_random_below(&random, 10) == 0;
        if (rated[i]) items[n++] = i;
    }
    define(scores, n_items, rated);
    struct rs_profile profile = {.n = n, .item = items};
    rs_standardise(scores, n_items, &profile);
    CHECK_NEAR(worst(n_items), 0, 3e-7);
}

static void check_alike(void) {
    for (size_t i = 0; i < 100; i++) scores[i] = 0.3f;
    struct rs_profile nobody = {0};
    rs_standardise(scores, 100, &nobody);
    bool zero = true;
    for (size_t i = 0; i < 100; i++) zero = zero && scores[i] == 0;
    CHECK(zero);
}

int main(void) {
    for (uint32_t trial = 0; trial < 300; trial++) check(trial);
    check_alike();
    return done();
}
