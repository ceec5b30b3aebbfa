/* A user's vector from a list of ratings, given each sample's items: the closed form of what the
 * sampler draws about, for all samples side by side.
 *
 * Arrays of a vector are WIDTH x SAMPLES floats, SAMPLES a multiple of RS_GIBBS_FOLD_LANES. */
#ifndef RS_GIBBS_FOLD_H
#define RS_GIBBS_FOLD_H

#include <stddef.h>
#include <stdint.h>

enum { RS_GIBBS_FOLD_LANES = 16 };

/* OUT[f][s] = the halves as floats. */
void rs_gibbs_halves(float *out, const uint16_t *halves, size_t n);

/* TO += WEIGHT halves. */
void rs_gibbs_add_halves(float *to, float weight, const uint16_t *halves, size_t n);

/* OUT[s] = user[0] + item[0] + sum over f > 0 of user[f] item[f]: a rating by each sample. */
void rs_gibbs_samples(float *out, const float *user, const float *item, size_t width,
                      size_t n_samples);

/* Adds one rating to the normal equations A (by group of lanes: width x width x lanes, the upper
 * triangle) and C (width x samples), X the item's vector (slot 0 is taken as 1), with PRECISION and
 * RESIDUAL by sample. */
void rs_gibbs_fold_add(float *a, float *c, const float *x, const float *precision,
                       const float *residual, size_t width, size_t n_samples);

/* Adds the prior's precision (width x samples) to A, eliminates it to U'U in place and replaces C
 * by the solution. */
void rs_gibbs_fold_solve(float *a, float *c, const float *prior, size_t width, size_t n_samples);

/* OUT[s] = x' (U'U)^-1 x: the variance that a user's vector leaves to a rating. */
void rs_gibbs_fold_variance(float *out, const float *u, const float *x, size_t width,
                            size_t n_samples);

#endif
