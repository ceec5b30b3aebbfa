/* Varied lists against the definition, spelled out, on graphs and scores that are drawn. */
#include "neighbours/mmr.h"

#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "unit.h"

enum { N_ITEMS = 300, MAX_NEIGHBOURS = 40 };

static uint64_t start[N_ITEMS + 1];
static uint32_t other[N_ITEMS * MAX_NEIGHBOURS];
static float similarity[N_ITEMS * MAX_NEIGHBOURS];
static const struct rs_graph graph = {
    .n_lines = N_ITEMS, .start = start, .other = other, .similarity = similarity};

static void draw_graph(struct rs_random *random) {
    uint64_t at = 0;
    for (uint32_t item = 0; item < N_ITEMS; item++) {
        start[item] = at;
        uint32_t n = rs_random_below(random, MAX_NEIGHBOURS), step = 1 + rs_random_below(random, 7);
        for (uint32_t k = 1; k <= n; k++) {
            other[at] = (item + k * step) % N_ITEMS;
            similarity[at++] = (float)(1 - 1.3 * k / MAX_NEIGHBOURS);
        }
    }
    start[N_ITEMS] = at;
}

/* s(i, j) by looking through both lines. */
static double similar(uint32_t i, uint32_t j) {
    float most = 0;
    for (uint64_t e = start[i]; e < start[i + 1]; e++)
        if (other[e] == j && similarity[e] > most) most = similarity[e];
    for (uint64_t e = start[j]; e < start[j + 1]; e++)
        if (other[e] == i && similarity[e] > most) most = similarity[e];
    return (double)most;
}

/* What the entry of the pool is worth once the FIRST K are listed. */
static double worth(double lambda, const struct rs_listed *pool, size_t n, size_t entry,
                    const struct rs_listed *list, size_t k) {
    double least = INFINITY, most = -INFINITY, nearest = 0;
    for (size_t p = 0; p < n; p++) {
        least = fmin(least, (double)pool[p].score);
        most = fmax(most, (double)pool[p].score);
    }
    double range = most > least ? most - least : 1;
    for (size_t l = 0; l < k; l++) nearest = fmax(nearest, similar(pool[entry].item, list[l].item));
    return lambda * (((double)pool[entry].score - least) / range) - (1 - lambda) * nearest;
}

static bool is_listed(const struct rs_listed *list, size_t k, uint32_t item) {
    for (size_t l = 0; l < k; l++)
        if (list[l].item == item) return true;
    return false;
}

/* Every entry is the first of the best that were left when it was chosen. */
static void check_order(double lambda, const struct rs_listed *pool, size_t n,
                        const struct rs_listed *list) {
    size_t n_varied = n < RS_MMR_POOL ? n : RS_MMR_POOL;
    for (size_t k = 0; k < n_varied; k++) {
        size_t best = n_varied;
        double most = -INFINITY;
        for (size_t p = 0; p < n_varied; p++) {
            if (is_listed(list, k, pool[p].item)) continue;
            double value = worth(lambda, pool, n_varied, p, list, k);
            if (value > most) {
                most = value;
                best = p;
            }
        }
        if (list[k].item != pool[best].item) CHECK(list[k].item == pool[best].item);
        if (list[k].score != pool[best].score) CHECK(list[k].score == pool[best].score);
    }
    for (size_t k = n_varied; k < n; k++)
        if (list[k].item != pool[k].item) CHECK(list[k].item == pool[k].item);
}

static void check_drawn(struct rs_random *random, struct rs_mmr *mmr) {
    static const double lambdas[] = {0, 0.3, 0.7, 1};
    struct rs_listed pool[N_ITEMS], list[N_ITEMS];
    size_t n = rs_random_below(random, 2) == 0 ? rs_random_below(random, N_ITEMS)
                                               : rs_random_below(random, 12);
    uint32_t first = rs_random_below(random, N_ITEMS);
    float score = 7;
    for (size_t p = 0; p < n; p++) {
        score -= (float)rs_random_below(random, 3) / 4; /* some are the same */
        pool[p] = (struct rs_listed){score, (first + 7 * (uint32_t)p) % N_ITEMS};
    }
    for (size_t l = 0; l < sizeof lambdas / sizeof *lambdas; l++) {
        memcpy(list, pool, n * sizeof *list);
        struct rs_best best = {.entries = list, .n = n};
        rs_mmr_order(mmr, lambdas[l], &best, n);
        CHECK(best.n == n);
        check_order(lambdas[l], pool, n, list);
        if (lambdas[l] == 1) CHECK(memcmp(list, pool, n * sizeof *list) == 0);
        rs_mmr_order(mmr, 1, &best, n / 2);
        CHECK(best.n == n / 2);
    }
}

int main(void) {
    struct rs_random random = rs_random_stream(1, 0, 0, 0);
    CHECK(rs_mmr_pool(1) == RS_MMR_POOL && rs_mmr_pool(RS_MMR_POOL + 1) == RS_MMR_POOL + 1);
    for (int round = 0; round < 15; round++) {
        draw_graph(&random);
        struct rs_mmr *mmr = rs_mmr_new(&graph);
        for (int list = 0; list < 5; list++) check_drawn(&random, mmr);
        rs_mmr_free(mmr);
    }
    return done();
}
