/* What a situation does to ratings and ranks, by the formulas of context.h. */
#ifndef RS_EFFECTS_H
#define RS_EFFECTS_H

#include "context/situation.h"
#include "model/model.h"

/* How much the situation moves EXPECTED, the rating that PROFILE's user would give to ITEM
 * (RS_NONE: one that the matrix does not know) in none. */
double rs_context_shift(const struct rs_context_model *context,
                        const struct rs_situation *situation, const struct rs_profile *profile,
                        uint32_t item, double expected);

/* By how much the situation moves the standardised scores of all items: 0 everywhere where it moves
 * no ranks. An item moves up by a positive number; of two requests in different situations the one
 * with the greater number has it higher. */
void rs_context_lifts(const struct rs_context_model *context, const struct rs_situation *situation,
                      const struct rs_profile *profile, float *lifts);

/* Standardises a model's SCORES of all items, as rs_standardise does to within rounding, and adds
 * the lifts, which must have been made for the same profile. */
void rs_context_rank(const struct rs_profile *profile, size_t n_items, const float *lifts,
                     float *scores);

#endif
