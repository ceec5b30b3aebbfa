/* Selection against sorting, and shortlists filled by several threads against one. */
#include "base/topk.h"

#include <omp.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "neighbours/shortlist.h"
#include "unit.h"

static int descending(const void *a, const void *b) {
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return first < second ? 1 : first > second ? -1 : 0;
}

static void check_keys(void) {
    const float values[] = {3e38f, 1, 0.5f, 1e-45f, 0, -1e-45f, -0.5f, -1, -3e38f};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        CHECK(rs_topk_value(rs_topk_key(values[i], 7)) == values[i]);
        CHECK(rs_topk_index(rs_topk_key(values[i], 7)) == 7);
        CHECK(rs_topk_key(values[i], 3) > rs_topk_key(values[i], 4));
        if (i > 0) CHECK(rs_topk_key(values[i - 1], UINT32_MAX) > rs_topk_key(values[i], 0));
    }
    CHECK(rs_topk_key(-0.0f, 1) == rs_topk_key(0.0f, 1));
}

static void check_selection(uint32_t trial) {
    struct rs_random random = rs_random_stream(1, trial, 0, 0);
    size_t n = rs_random_below(&random, trial % 10 == 0 ? 3000 : 200),
           k = rs_random_below(&random, 210);
    uint32_t distinct = 1 + rs_random_below(&random, 50);
    uint64_t *keys = rs_malloc(n, sizeof *keys), *sorted = rs_malloc(n, sizeof *sorted);
    for (size_t i = 0; i < n; i++) {
        float value = (float)rs_random_below(&random, distinct) - 10;
        keys[i] = sorted[i] = rs_topk_key(value, (uint32_t)i);
    }
    qsort(sorted, n, sizeof *sorted, descending);
    rs_topk_partition(keys, n, k);
    size_t best = k < n ? k : n;
    rs_topk_sort(keys, best);
    CHECK(memcmp(keys, sorted, best * sizeof *keys) == 0);
    rs_topk_sort(keys, n);
    CHECK(memcmp(keys, sorted, n * sizeof *keys) == 0);
    free(keys);
    free(sorted);
}

/* The value that index I offers to a list: many ties. */
static float value_of(uint32_t list, uint32_t i) {
    struct rs_random random = rs_random_stream(2, list, i, 0);
    return (float)rs_random_below(&random, 40);
}

static void check_shortlists(size_t n_lists, uint32_t n_candidates, size_t k, float more_than) {
    struct rs_shortlists shortlists;
    rs_shortlists_make(&shortlists, n_lists, k, n_candidates, more_than, n_lists + 5);
    CHECK(isinf(shortlists.threshold[n_lists]) && isinf(shortlists.threshold[n_lists + 4]));
    omp_set_num_threads(3);
#pragma omp parallel
    {
        struct rs_offers *offers = rs_calloc(1, sizeof *offers);
        offers->shortlists = &shortlists;
#pragma omp for schedule(dynamic, 16)
        for (uint32_t i = 0; i < n_candidates; i++) {
            for (uint32_t list = 0; list < n_lists; list++) {
                float value = value_of(list, i);
                if (value >= shortlists.threshold[list]) rs_offers_add(offers, list, value, i);
            }
        }
        rs_offers_flush(offers);
        free(offers);
    }
    uint64_t *keys = rs_malloc(n_candidates, sizeof *keys);
    bool same = true;
    for (uint32_t list = 0; list < n_lists; list++) {
        size_t n = 0;
        for (uint32_t i = 0; i < n_candidates; i++)
            if (value_of(list, i) > more_than) keys[n++] = rs_topk_key(value_of(list, i), i);
        qsort(keys, n, sizeof *keys, descending);
        rs_shortlists_finish(&shortlists, list);
        if (n > k) n = k;
        same = same && shortlists.lists[list].n == n &&
               (n == 0 || memcmp(shortlists.lists[list].keys, keys, n * sizeof *keys) == 0);
    }
    CHECK(same);
    free(keys);
    rs_shortlists_free(&shortlists);
}

int main(void) {
    check_keys();
    for (uint32_t trial = 0; trial < 3000; trial++) check_selection(trial);
    check_shortlists(1, 1, 1, -1);
    check_shortlists(70, 600, 10, 5);
    check_shortlists(3, 500, 500, -1);
    check_shortlists(200, 100, 99, 20);
    check_shortlists(40, 90, 60, 39);
    return done();
}
