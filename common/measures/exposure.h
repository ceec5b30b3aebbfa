/* Measures of recommendation lists beyond accuracy: how attention is spread over a catalogue, how
 * alike lists and the items in them are. Pure functions, thread-safe. */
#ifndef RS_EXPOSURE_H
#define RS_EXPOSURE_H

#include <stddef.h>
#include <stdint.h>

/* How often each item was listed. COUNTS has N_COUNTS elements, of which those above 0 are used;
 * the catalogue has N_ITEMS, the rest of which were never listed. */

/* Gini coefficient over the whole catalogue: 0 if all are listed equally often, (n - 1) / n if it
 * is always one. With x ascending: sum over i of (2 i - n - 1) x_i / (n sum x). */
double rs_exposure_gini(const uint32_t *counts, size_t n_counts, uint64_t n_items);

/* - sum of q log2 q, q being an item's share of all places. */
double rs_exposure_entropy(const uint32_t *counts, size_t n_counts);

/* Mean over pairs of lists of the number of items they share: a count of c makes c (c - 1) / 2
 * pairs that share the item. 0 for fewer than two lists. */
double rs_exposure_overlap(const uint32_t *counts, size_t n_counts, size_t n_lists);

/* Share of items that two sets of categories have in common, |A and B| / |A or B|; -1 if both are
 * empty. The sets are bits in WORDS words. */
double rs_set_jaccard(const uint64_t *a, const uint64_t *b, size_t words);

/* Rank-biased overlap of two lists of distinct items, 0 … 1, extrapolated from their first N and M
 * places: it weighs agreement at depth d by p^(d - 1) (Webber, Moffat & Zobel: A similarity measure
 * for indefinite rankings. ACM TOIS 2010, equation 30; of lists of unequal length the longer is
 * cut). PLACE tells an item's place in the first list, from 1, 0 for one that is not in it. */
double rs_overlap_biased(const uint32_t *place, size_t n, const uint32_t *other, size_t m,
                         double p);

/* Kullback-Leibler divergence in nats of two distributions, KL(p || (1 - alpha) q + alpha p): 0 if
 * they are equal (Steck: Calibrated recommendations. RecSys 2018). */
double rs_divergence(const double *p, const double *q, size_t n, double alpha);

#endif
