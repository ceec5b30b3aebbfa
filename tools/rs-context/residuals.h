/* What a model without context leaves unexplained, and the traits by which it tells items apart. */
#ifndef CONTEXT_RESIDUALS_H
#define CONTEXT_RESIDUALS_H

#include "data.h"

/* Sets data->residual: of every rating, what it differs from the expectation of a factorisation of
 * the ratings of the other folds (rs_mf, N_FOLDS folds of ratings). Left NULL for counts. */
void residuals_make(struct data *data, uint64_t seed);

/* Sets data->x from that factorisation of the ratings whose LEFT_OUT is not set (NULL: of all) and
 * from a singular value decomposition of which these are, and data->known from what that
 * factorisation learned of how users differ. By traits that know a rating effects seem
 * greater there than they are, by the same for every situation: that leaves a test as it is, but
 * not a size. */
void traits_make(struct data *data, const uint8_t *left_out, uint64_t seed);

#endif
