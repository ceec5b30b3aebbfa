/* The best of many values against looking for the next one again and again. */
#include "base/selection.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/topk.h"
#include "unit.h"

/* The greatest key below LAST of the finite values above FLOOR; 0 if there is none. */
static uint64_t next_key(const float *values, size_t n, float floor, uint64_t last) {
    uint64_t next = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!isfinite(values[i]) || !(values[i] > floor)) continue;
        uint64_t key = rs_topk_key(values[i], i);
        if (key < last && key > next) next = key;
    }
    return next;
}

static void check(uint32_t trial) {
    struct rs_random random = rs_random_stream(1, trial, 0, 0);
    size_t n = rs_random_below(&random, trial % 50 == 0 ? 40000 : 700);
    uint32_t distinct = 1 + rs_random_below(&random, trial % 3 == 0 ? 1000000 : 30);
    struct rs_selection *selection = rs_selection_new(n);
    float *values = rs_selection_values(selection);
    bool zeros = true, right = true;
    for (size_t i = 0; i < n; i++) {
        zeros &= values[i] == 0;
        values[i] = (float)rs_random_below(&random, distinct) / 8 - 1;
        if (rs_random_below(&random, 50) == 0) values[i] = NAN;
        if (rs_random_below(&random, 50) == 0) values[i] = INFINITY;
        if (rs_random_below(&random, 50) == 0) values[i] = -INFINITY;
    }
    for (size_t again = 0; again < 3; again++) { /* with the same memory */
        const uint64_t *keys;
        size_t k = 1 + rs_random_below(&random, again == 2 ? 2 * (uint32_t)n + 2 : 60), found = 0;
        float floor = again == 0 ? -INFINITY : (float)rs_random_below(&random, 9) / 8 - 1;
        size_t n_keys = rs_selection_find(selection, values, k, floor, &keys);
        if (again == 2 && n > 1000) k = 60; /* of those the first */
        uint64_t last = UINT64_MAX;
        for (; found < k && (last = next_key(values, n, floor, last)) != 0; found++)
            right &= found < n_keys && keys[found] == last;
        right &= found == (n_keys < k ? n_keys : k);
    }
    CHECK(zeros);
    CHECK(right);
    free(values);
    rs_selection_free(selection);
}

int main(void) {
    for (uint32_t trial = 0; trial < 400; trial++) check(trial);
    return done();
}
