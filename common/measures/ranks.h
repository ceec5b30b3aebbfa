/* Measures of one ranked list, exact where scores tie.
 *
 * A list is known by where its test items stand: each has `above` candidates with a greater score
 * and shares its score with `tied` candidates, itself included. Items of equal score stand in any
 * order with equal probability, so a measure is its expected value over those orders: a scorer that
 * gives everything the same score is worth as much as a random one, whatever the order of its
 * input (McSherry & Najork: Computing information retrieval performance measures efficiently in the
 * presence of tied scores. ECIR 2008).
 *
 * Test items that are no candidates are not passed in; they count in the denominators, which are
 * the caller's. Pure functions, thread-safe. */
#ifndef RS_RANKS_H
#define RS_RANKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Candidates of one score: positions above + 1 … above + tied of the list. */
struct rs_tie {
    uint32_t above, tied;
    uint32_t relevant; /* test items among them that are relevant */
    double gain;       /* sum of the gains of the test items among them */
};

/* Sorts N single items (relevant 0 or 1) by `above` and joins those that are tied. *n_merged is the
 * number of ties left. False if they contradict each other: overlap, or hold more than `tied`. */
bool rs_ties_merge(struct rs_tie *ties, size_t n, size_t *n_merged);

/* Expected number of relevant items among the first K. */
double rs_ranks_hits(const struct rs_tie *ties, size_t n, uint32_t k);

/* Probability that there is a relevant one among the first K. */
double rs_ranks_hit(const struct rs_tie *ties, size_t n, uint32_t k);

/* Expected 1 / position of the first relevant item, 0 where that is beyond K. */
double rs_ranks_reciprocal(const struct rs_tie *ties, size_t n, uint32_t k);

/* Expected sum over positions p <= K of relevant(p) * (relevant items up to p) / p. */
double rs_ranks_precisions(const struct rs_tie *ties, size_t n, uint32_t k);

/* Expected sum over positions p <= K of gain(p) * discount(p), where SUMS[p] = discount(1) + … +
 * discount(p) has K + 1 elements. */
double rs_ranks_discounted(const struct rs_tie *ties, size_t n, uint32_t k, const double *sums);

/* The largest value of the same for gains in descending order. */
double rs_ranks_ideal(const double *descending, size_t n, uint32_t k, const double *sums);

/* SUMS of the discounts 1 / log2(p + 1), and of (1 - patience) * patience^(p - 1). */
void rs_discounts_log(double *sums, uint32_t k);
void rs_discounts_geometric(double *sums, uint32_t k, double patience);

/* Probability that a relevant item stands above one that is not, a tie counting half: the area
 * under the ROC curve (Mann & Whitney 1947). BEHIND is the sum over the relevant candidates of
 * above + (tied - 1) / 2, N_FOUND their number, N_RELEVANT that of all relevant test items, of
 * which those that are no candidates stand behind everything. Negative if there is nothing to
 * compare with. */
double rs_ranks_auc(double behind, uint64_t n_found, uint64_t n_relevant, uint64_t candidates);

#endif
