/* What a model without context leaves unexplained, and the traits by which it tells items apart. */
#ifndef CONTEXT_RESIDUALS_H
#define CONTEXT_RESIDUALS_H

#include "data.h"

/* Sets data->residual: of every rating, what it differs from the expectation of a factorisation of
 * the ratings of the other folds (rs_mf, N_FOLDS folds of ratings). Left NULL for counts. */
void residuals_make(struct data *data, uint64_t seed);

/* Sets data->x from that factorisation of all ratings and from a singular value decomposition of
 * what was rated, and data->known from what that factorisation learned of how users differ. */
void traits_make(struct data *data, uint64_t seed);

#endif
