/* How much the values of one dimension move ratings.
 *
 * A rating's residual r is explained by (c_v - s_u) . x_i + cell_vi: see context.h. Neither is
 * fitted freely. Element k of c is normal with a variance t_k over the values, every cell with a
 * variance t; these are learned from the residuals (empirical Bayes), so that a dimension that does
 * nothing comes out as nothing.
 *
 *     c_v += (H_v / w + diag(1 / t))^-1 (sum over ratings at v of x (r - (c_v - s_u) . x) / w - c_v
 * / t) t_k = sum over v of c_vk^2 / (V - sum over v of var c_vk / t_k)      (MacKay 1992)
 *
 * H_v sums (1 - the share of v in s_u) x x' over the ratings at v: what they tell of c_v beyond
 * what they tell of the user. w is the variance of r times how much more the ratings of one user at
 * one value vary together than independent ones would (the design effect of Kish 1965). The
 * variance of the cells is the mean product of residuals of two users of a cell less that of two
 * users of the item at different values. */
#ifndef CONTEXT_EFFECTS_H
#define CONTEXT_EFFECTS_H

#include "data.h"

/* Facts of a dimension that do not depend on the residuals. */
struct layout {
    const struct data *data;
    const struct candidate *candidate;
    size_t n_values;
    uint64_t *user_start; /* which values each user is met at, and how often */
    uint8_t *user_value;
    float *user_share;
    bool cells; /* there are few enough to hold */
};

void layout_make(struct layout *layout, const struct data *data, const struct candidate *candidate);
void layout_free(struct layout *layout);

struct effects {
    const struct layout *layout;
    double *c;   /* values x WIDTH */
    float *cell; /* values x items, or NULL */
};

/* Fits the users outside of fold LEFT_OUT (N_FOLDS: all). */
void effects_fit(struct effects *effects, const struct layout *layout, const float *residual,
                 unsigned left_out);
void effects_free(struct effects *effects);

/* MEAN[WIDTH]: s_u of the user. */
void effects_of_user(const struct effects *effects, uint32_t user, double mean[WIDTH]);

/* By how much rating R moves; MEAN of its user. */
double effects_at(const struct effects *effects, size_t r, const double mean[WIDTH]);

/* Takes from R of every rating outside fold LEFT_OUT its item's mean, shrunk by its variance, and
 * from the others what the item's mean is without them. */
void centre_items(const struct data *data, const float *residual, unsigned left_out, float *r);

#endif
