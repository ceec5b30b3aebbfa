/* A factorisation that knows the context: with y a rating, standardised over all of them,
 *
 *     y_ui = b_u + b_i + sum over dimensions d of c_d0 + (p_u + sum over d of c_d) . q_i + noise,
 *
 * c_d the row of the value of d at the rating: its bias and what it adds to every user's taste
 * (context-aware matrix factorisation: Baltrunas, Ludwig, Ricci, RecSys 2011). What effects.h finds
 * in the residuals of models that know no context is cheap to test; here users and items are told
 * apart by what they are beside the context, which is worth as much again where ratings are few.
 *
 * Fitted by alternation, variational with fully factorised variances like mf.h: every row of users,
 * items and values is the solution of a ridge regression with the learned prior variances, in which
 * the variances of what it is multiplied with add to the diagonal. */
#ifndef CONTEXT_CAMF_H
#define CONTEXT_CAMF_H

#include "effects.h"

/* Rows of one side: a bias, then factors. */
struct camf_side {
    size_t n;
    double *row, *variance; /* n x WIDTH */
    double prior[WIDTH];
};

struct camf {
    const struct data *data;
    double noise;
    size_t n_dimensions;
    const struct layout *layout[RS_MAX_DIMENSIONS];
    struct camf_side users, items, values[RS_MAX_DIMENSIONS];
};

/* Fits the ratings whose LEFT_OUT is not set (NULL: all). LAYOUTS are of N dimensions. */
void camf_fit(struct camf *camf, const struct data *data, const struct layout *const *layouts,
              size_t n, const uint8_t *left_out, uint64_t seed);
void camf_free(struct camf *camf);

/* What rating R is expected to be. */
double camf_at(const struct camf *camf, size_t r);

/* By how much the context of R moves it, for a model that knows none: net of S, of the user, what
 * such a model has taken for the user's own taste (s_u of context.h, over all dimensions, with K_k
 * the noise over the users' prior variance). */
double camf_effect_at(const struct camf *camf, size_t r, const double s[WIDTH]);
void camf_of_user(const struct camf *camf, uint32_t user, double s[WIDTH]);

/* ADDED: what the context of R adds to its user's row, by the dimensions of which WANTED, in the
 * order of layouts, is set. */
void camf_added_at(const struct camf *camf, size_t r, const bool *wanted, double added[WIDTH]);

#endif
