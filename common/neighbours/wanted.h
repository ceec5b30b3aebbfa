/* Which of RS_PAIRS pairs of a line X and others may be wanted: whether the similarity is not below
 * the threshold of the shortlist of one of the two. Nearly always there is none, and so the
 * functions ask that first, from what is known before a similarity is. */
#ifndef RS_WANTED_H
#define RS_WANTED_H

#include <stdbool.h>
#include <stdint.h>

#include "neighbours/similarity.h"

/* For one pair whose similarity is known. */
static inline bool rs_wanted(float similarity, float threshold_x, float threshold) {
    return similarity >= (threshold < threshold_x ? threshold : threshold_x);
}

/* These set PASSED[i] to whether X and line i may want each other, and return whether any may; else
 * PASSED is left as it is. */
bool rs_wanted_similarities(const float *similarity, float threshold_x, const float *threshold,
                            uint8_t *passed);

/* Cosines from products, without a division: right to one part in 10^5, on the safe side. ROOT is
 * that of X, INVERSE_ROOT those of the others (facts.root). */
bool rs_wanted_cosines(const int32_t *sums, const float *inverse_root, float root,
                       float threshold_x, const float *threshold, uint8_t *passed);

/* The same for jaccard: SUMS are the entries in common, N those of the others, N_X those of X. */
bool rs_wanted_overlaps(const int32_t *sums, const double *n, double n_x, float threshold_x,
                        const float *threshold, uint8_t *passed);

/* True if one of the pairs has so much in common, N, that one of its lines may want the other:
 * shrunk similarities are no more than their weight (similarity.h). */
bool rs_wanted_weights(const int32_t *n, float shrink, float threshold_x, const float *threshold);

#endif
