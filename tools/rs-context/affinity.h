/* How much more often than usual items are taken up at the values of one dimension.
 *
 * With x the traits of the items that ratings are of, a rating of user u at value v has the mean
 * taste of u and of v:
 *
 *     x = t_u + a_v + noise,   t_u ~ N(0, T_k),  a_v ~ N(0, A_k), by trait k,
 *
 * fitted by alternation, the variances learned as in effects.h. Since traits are of variance 1 and
 * uncorrelated, a_v . x_i is, to first order, the logarithm of how much more often item i is taken
 * up at v by the same user. What is left is counted item by item: of n ratings of item i at v, m
 * would be usual given the users there and a_v, and count_vi = log((n + s) / (m + s)), 1/s the
 * variance of n / m beyond chance (gamma prior). */
#ifndef CONTEXT_AFFINITY_H
#define CONTEXT_AFFINITY_H

#include "effects.h"

struct affinity {
    const struct layout *layout;
    double *a;    /* values x WIDTH, the first 0 */
    float *count; /* values x items, or NULL */
};

/* Fits the users outside of fold LEFT_OUT (N_FOLDS: all). BEFORE are N_BEFORE dimensions that are
 * known already, fitted without the same fold. */
void affinity_fit(struct affinity *affinity, const struct layout *layout,
                  const struct affinity *const *before, size_t n_before, unsigned left_out);
void affinity_free(struct affinity *affinity);

/* The logarithm of how much more often ITEM is taken up at VALUE. */
double affinity_at(const struct affinity *affinity, uint8_t value, uint32_t item);

/* The mean over the user's values of a . x. */
void affinity_of_user(const struct affinity *affinity, uint32_t user, double mean[WIDTH]);

#endif
