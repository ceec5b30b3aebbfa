/* Where a chain of the Gibbs sampler begins that goes on from a sample of an earlier model. */
#ifndef RS_GIBBS_FROM_H
#define RS_GIBBS_FROM_H

#include "factors/gibbs_chain.h"

/* Puts CHAIN, made but for its residuals, where the model of data->options->from was at one of its
 * samples, the chains spread evenly over them. Lines are matched by their ids; those that the model
 * does not know begin as its prior expects. */
void rs_gibbs_from(struct rs_gibbs_chain *chain);

/* Sweeps that were made before those of MODEL and by it: the number of the next. */
uint32_t rs_gibbs_sweeps_before(const struct rs_model *model);

#endif
