/* The models that need no file: what every other one must beat.
 *
 *   random       a draw from the normal distribution of all ratings; ranks by a draw
 *   popular      ranks by the number of ratings; predicts nothing
 *   global-mean, user-mean, item-mean
 *   baseline     mean + user bias + item bias (baseline.h)
 *
 * Draws depend on the seed and the ids alone. */
#ifndef RS_MEANS_H
#define RS_MEANS_H

#include "model/model.h"

/* Makes MODEL the one called NAME; false if there is none of that name. */
bool rs_means_open(struct rs_model *model, const char *name, uint64_t seed);

#endif
