/* Makes lists, in one thread: the best by the model, or more varied ones (common/neighbours/mmr.h).
 */
#ifndef SCORE_LISTER_H
#define SCORE_LISTER_H

#include "model/listing.h"
#include "score.h"

struct lister;

/* For lists of N. What SCORING names must outlive it. */
struct lister *lister_new(const struct scoring *scoring, size_t n);
void lister_free(struct lister *lister);

/* Fills BEST, which has room for N entries. */
void lister_fill(struct lister *lister, const struct rs_profile *profile, struct rs_best *best);

#endif
