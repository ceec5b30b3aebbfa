/* Ranking measures against lists worked by hand, and ties against every order of them. */
#include "measures/ranks.h"

#include <stdlib.h>

#include "base/random.h"
#include "unit.h"

enum { MAX_LIST = 8 };

/* A small list: the group of each candidate (equal: tied), whether it is relevant, its gain. */
struct list {
    size_t n;
    int group[MAX_LIST];
    int relevant[MAX_LIST];
    double gain[MAX_LIST];
};

struct totals {
    double hits, hit, reciprocal, precisions, discounted, auc;
    size_t n_orders;
};

/* The measures of one order by their definitions. */
static void add_order(const struct list *list, const int *order, uint32_t k, const double *sums,
                      struct totals *totals) {
    double seen = 0, pairs = 0, wins = 0;
    for (uint32_t p = 1; p <= list->n; p++) {
        int item = order[p - 1];
        if (p <= k) totals->discounted += list->gain[item] * (sums[p] - sums[p - 1]);
        if (!list->relevant[item]) continue;
        seen++;
        if (p > k) continue;
        totals->hits++;
        totals->precisions += seen / p;
        if (seen == 1) {
            totals->hit++;
            totals->reciprocal += 1.0 / p;
        }
    }
    for (size_t a = 0; a < list->n; a++)
        for (size_t b = a + 1; b < list->n; b++) {
            if (list->relevant[order[a]] == list->relevant[order[b]]) continue;
            pairs++;
            wins += list->relevant[order[a]];
        }
    if (pairs > 0) totals->auc += wins / pairs;
    totals->n_orders++;
}

/* Every order that keeps the groups in theirs. */
static void permute(const struct list *list, int *order, size_t at, unsigned used, uint32_t k,
                    const double *sums, struct totals *totals) {
    if (at == list->n) {
        add_order(list, order, k, sums, totals);
        return;
    }
    int lowest = 1000;
    for (size_t i = 0; i < list->n; i++)
        if (!(used >> i & 1) && list->group[i] < lowest) lowest = list->group[i];
    for (size_t i = 0; i < list->n; i++) {
        if (used >> i & 1 || list->group[i] != lowest) continue;
        order[at] = (int)i;
        permute(list, order, at + 1, used | 1u << i, k, sums, totals);
    }
}

static size_t ties_of(const struct list *list, struct rs_tie *ties, double *behind,
                      uint64_t *n_relevant) {
    size_t n = 0, merged = 0;
    *behind = 0;
    *n_relevant = 0;
    for (size_t i = 0; i < list->n; i++) {
        uint32_t above = 0, tied = 0;
        for (size_t j = 0; j < list->n; j++) {
            above += list->group[j] < list->group[i];
            tied += list->group[j] == list->group[i];
        }
        if (list->relevant[i]) {
            *behind += above + (tied - 1.0) / 2;
            ++*n_relevant;
        }
        if (list->relevant[i] || list->gain[i] > 0)
            ties[n++] = (struct rs_tie){above, tied, (uint32_t)list->relevant[i], list->gain[i]};
    }
    CHECK(rs_ties_merge(ties, n, &merged));
    return merged;
}

static void check_list(const struct list *list, uint32_t k) {
    double sums[MAX_LIST + 3], behind;
    struct totals totals = {0};
    struct rs_tie ties[MAX_LIST];
    uint64_t n_relevant;
    int order[MAX_LIST];
    rs_discounts_log(sums, MAX_LIST + 2);
    permute(list, order, 0, 0, k, sums, &totals);
    size_t n = ties_of(list, ties, &behind, &n_relevant);
    double orders = (double)totals.n_orders;
    CHECK_NEAR(rs_ranks_hits(ties, n, k), totals.hits / orders, 1e-12);
    CHECK_NEAR(rs_ranks_hit(ties, n, k), totals.hit / orders, 1e-12);
    CHECK_NEAR(rs_ranks_reciprocal(ties, n, k), totals.reciprocal / orders, 1e-12);
    CHECK_NEAR(rs_ranks_precisions(ties, n, k), totals.precisions / orders, 1e-12);
    CHECK_NEAR(rs_ranks_discounted(ties, n, k, sums), totals.discounted / orders, 1e-12);
    double auc = rs_ranks_auc(behind, n_relevant, n_relevant, list->n);
    if (n_relevant > 0 && n_relevant < list->n) CHECK_NEAR(auc, totals.auc / orders, 1e-12);
}

/* Random lists with few groups, so that most of them tie. */
static void check_ties(void) {
    for (uint32_t trial = 0; trial < 300; trial++) {
        struct rs_random random = rs_random_stream(7, trial, 0, 0);
        struct list list = {.n = 1 + rs_random_below(&random, MAX_LIST - 1)};
        uint32_t groups = 1 + rs_random_below(&random, 4);
        for (size_t i = 0; i < list.n; i++) {
            list.group[i] = (int)rs_random_below(&random, groups);
            list.relevant[i] = rs_random_below(&random, 3) == 0;
            list.gain[i] = rs_random_below(&random, 2) * rs_random_uniform(&random);
        }
        check_list(&list, 1 + rs_random_below(&random, MAX_LIST + 1));
    }
}

/* All candidates in one tie: what a random order is worth on average. */
static void check_constant_is_random(void) {
    struct rs_tie ties[3] = {{0, 100, 1, 1}, {0, 100, 1, 1}, {0, 100, 1, 1}};
    size_t n;
    double sums[11];
    rs_discounts_log(sums, 10);
    CHECK(rs_ties_merge(ties, 3, &n) && n == 1 && ties[0].relevant == 3);
    CHECK_NEAR(rs_ranks_hits(ties, n, 10), 0.3, 1e-15);
    CHECK_NEAR(rs_ranks_hit(ties, n, 10), 1 - 90.0 * 89 * 88 / (100.0 * 99 * 98), 1e-15);
    CHECK_NEAR(rs_ranks_discounted(ties, n, 10, sums), 0.03 * sums[10], 1e-15);
    CHECK_NEAR(rs_ranks_auc(3 * 49.5, 3, 3, 100), 0.5, 1e-15);
}

/* Relevant items at 1, 3 and 6 of ten, worked by hand. */
static void check_by_hand(void) {
    struct rs_tie ties[3] = {{5, 1, 1, 1}, {0, 1, 1, 1}, {2, 1, 1, 1}};
    size_t n;
    double sums[11], ones[3] = {1, 1, 1};
    rs_discounts_log(sums, 10);
    CHECK(rs_ties_merge(ties, 3, &n) && n == 3);
    CHECK_NEAR(rs_ranks_hits(ties, n, 5), 2, 0);
    CHECK_NEAR(rs_ranks_hit(ties, n, 5), 1, 0);
    CHECK_NEAR(rs_ranks_reciprocal(ties, n, 5), 1, 0);
    CHECK_NEAR(rs_ranks_precisions(ties, n, 5), 1 + 2.0 / 3, 1e-15);
    CHECK_NEAR(rs_ranks_precisions(ties, n, 10), 1 + 2.0 / 3 + 3.0 / 6, 1e-15);
    CHECK_NEAR(rs_ranks_discounted(ties, n, 5, sums), 1.5, 1e-15);
    CHECK_NEAR(rs_ranks_ideal(ones, 3, 5, sums), 1 + 0.6309297535714574 + 0.5, 1e-15);
    CHECK_NEAR(rs_ranks_ideal(ones, 3, 2, sums), 1.6309297535714574, 1e-15);
    /* Pairs lost: 0, 1 and 3 others above; 3 * 7 pairs. */
    CHECK_NEAR(rs_ranks_auc(0 + 2 + 5, 3, 3, 10), (21 - 4) / 21.0, 1e-15);
    /* A fourth relevant item is no candidate and stands behind all. */
    CHECK_NEAR(rs_ranks_auc(7, 3, 4, 10), 17.0 / 28, 1e-15);
    double geometric[4];
    rs_discounts_geometric(geometric, 3, 0.85);
    CHECK_NEAR(geometric[3], 0.15 * (1 + 0.85 + 0.7225), 1e-15);
}

static void check_edges(void) {
    struct rs_tie overlap[2] = {{0, 3, 1, 1}, {2, 1, 1, 1}};
    struct rs_tie crowded[2] = {{0, 1, 1, 1}, {0, 1, 1, 1}};
    struct rs_tie differing[2] = {{0, 2, 1, 1}, {0, 3, 1, 1}};
    size_t n = 9;
    CHECK(!rs_ties_merge(overlap, 2, &n));
    CHECK(!rs_ties_merge(crowded, 2, &n));
    CHECK(!rs_ties_merge(differing, 2, &n));
    CHECK(rs_ties_merge(NULL, 0, &n) && n == 0);
    CHECK_NEAR(rs_ranks_hits(NULL, 0, 10), 0, 0);
    CHECK_NEAR(rs_ranks_hit(NULL, 0, 10), 0, 0);
    CHECK_NEAR(rs_ranks_reciprocal(NULL, 0, 10), 0, 0);
    CHECK(rs_ranks_auc(0, 5, 5, 5) < 0);
    CHECK(rs_ranks_auc(0, 0, 0, 5) < 0);
    /* A huge tie stays cheap and finite. */
    struct rs_tie huge[1] = {{0, UINT32_MAX - 1, 1, 1}};
    CHECK(rs_ties_merge(huge, 1, &n));
    CHECK_NEAR(rs_ranks_hits(huge, 1, 10) * (UINT32_MAX - 1), 10, 1e-9);
    /* More than an insertion sort's worth of them. */
    struct rs_tie many[64];
    for (uint32_t i = 0; i < 64; i++) many[i] = (struct rs_tie){63 - i, 1, 1, 1};
    CHECK(rs_ties_merge(many, 64, &n) && n == 64 && many[0].above == 0 && many[63].above == 63);
}

int main(void) {
    check_by_hand();
    check_constant_is_random();
    check_ties();
    check_edges();
    return done();
}
