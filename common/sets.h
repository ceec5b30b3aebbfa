/* What the set of a line's entries, whatever their ratings, says of the line's vector.
 *
 * Row u of S has n_u^-1/2 for every other line that u has an entry of, out of at most a given
 * number of the most popular ones (the features). Vectors X, one a line, are regressed on it:
 *
 *     Y = (S'S + tau)^-1 S'X
 *
 * so that S Y is what the sets say: the implicit part of SVD++ (Koren: Factorization meets the
 * neighborhood. KDD 2008), here as the mean of a prior. For a line that is among X itself its own
 * vector must not speak: its value is the one that leaving it out gives, which for ridge regression
 * is (S_u Y - h_u x_u) / (1 - h_u), h_u = S_u (S'S + tau)^-1 S_u'. */
#ifndef RS_SETS_H
#define RS_SETS_H

#include "matrix.h"

struct rs_sets {
    const struct rs_sparse *form, *transposed;
    size_t n_features, width; /* width: floats of a vector, a multiple of RS_DENSE_WIDTH */
    uint32_t *feature;        /* their numbers, ascending */
    uint32_t *number;         /* of each other line among the features, or RS_NONE */
    float *inverse;           /* (S'S + tau)^-1 */
    float *leverage;          /* h */
    float *y;                 /* n_features x width */
};

/* Readies for the lines of FORM. False if tau is too small for the precision. */
bool rs_sets_init(struct rs_sets *sets, const struct rs_sparse *form,
                  const struct rs_sparse *transposed, size_t max_features, double tau,
                  size_t width);

void rs_sets_free(struct rs_sets *sets);

/* Regresses X (lines x width) and sets MEAN (the same) to what is said of every line without it. */
void rs_sets_regress(struct rs_sets *sets, const float *x, float *mean);

/* MEAN (width) of a line of N entries that was not among X. NUMBER and Y as in struct rs_sets. */
void rs_sets_mean(const uint32_t *number, const float *y, size_t width, size_t n,
                  const uint32_t *other, float *mean);

#endif
