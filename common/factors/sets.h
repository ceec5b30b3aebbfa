/* What the set of a line's entries, whatever their ratings, and its attributes say of the line's
 * vector.
 *
 * Row u of S has n_u^-1/2 for every other line that u has an entry of, out of at most a given
 * number of the most popular ones, and behind these the attributes of u (attributes.h) times a
 * weight. Vectors X, one a line, are regressed on it:
 *
 *     Y = (S'S + tau)^-1 S'X
 *
 * so that S Y is what sets and attributes say: the implicit part of SVD++ (Koren: Factorization
 * meets the neighborhood. KDD 2008), here as the mean of a prior, as regression on attributes is in
 * Agarwal and Chen: Regression-based latent factor models. KDD 2009. For a line that is among X
 * itself its own vector must not speak: its value is the one that leaving it out gives, which for
 * ridge regression is (S_u Y - h_u x_u) / (1 - h_u), h_u = S_u (S'S + tau)^-1 S_u'. */
#ifndef RS_SETS_H
#define RS_SETS_H

#include "ratings/attributes.h"
#include "ratings/matrix.h"

struct rs_sets {
    size_t n_members;               /* features that are other lines */
    size_t n_features;              /* these and the attributes */
    size_t width;                   /* floats of a vector, a multiple of RS_DENSE_WIDTH */
    uint32_t *member;               /* their numbers, ascending */
    uint32_t *number;               /* of each other line among the members, or RS_NONE */
    struct rs_sparse rows, columns; /* S and its transpose */
    void *owned[6];
    float *inverse;  /* (S'S + tau)^-1 */
    float *leverage; /* h */
    float *y;        /* n_features x width */
};

struct rs_sets_options {
    size_t max_members, width;
    double tau, attribute_weight; /* 0: no attributes */
};

/* Readies for the lines of FORM, which TABLE describes. False if tau is too small for the
 * precision. */
bool rs_sets_init(struct rs_sets *sets, const struct rs_sparse *form,
                  const struct rs_sparse *transposed, const struct rs_table *table,
                  const struct rs_sets_options *options);

void rs_sets_free(struct rs_sets *sets);

/* Regresses X (lines x width) and sets MEAN (the same) to what is said of every line without it. */
void rs_sets_regress(struct rs_sets *sets, const float *x, float *mean);

/* SAID (lines x width): what the attributes alone say, after rs_sets_regress. */
void rs_sets_attributes(const struct rs_sets *sets, float *said);

/* Adds to MEAN (width) what the set of N entries says of a line that was not among X. NUMBER and Y
 * as in struct rs_sets. */
void rs_sets_add(const uint32_t *number, const float *y, size_t width, size_t n,
                 const uint32_t *other, float *mean);

#endif
