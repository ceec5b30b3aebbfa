/* Which dimensions move ratings.
 *
 * Forward selection: of the dimensions that are left, the one of the least p joins those kept, as
 * long as p times the number left (Holm) is at most the level. The test: effects are fitted to the
 * users of the other folds, on top of the dimensions kept; the gain of a user is how much smaller
 * the sum of squared residuals is with them; p is of Student's one-sided test that users' gains are
 * above 0. A user's taste thus cannot pass for an effect of what goes with the user. */
#ifndef CONTEXT_CHOOSE_H
#define CONTEXT_CHOOSE_H

#include "camf.h"

/* What was found of a dimension, for ratings or for ranks. */
struct verdict {
    bool tested, kept;
    size_t order;       /* in which it was kept, from 0 */
    double gain;        /* a rating: of the mean squared error; a choice: of the log-likelihood */
    double error;       /* its standard error over users */
    double p, adjusted; /* adjusted: p times the dimensions that were left */
    double scale;       /* how much of the effect held for the users left out */
    double known;       /* K of context.h */
    double weight, of_user; /* W and U of context.h */
};

/* CHECK, of every rating, is the residual on which gains are measured, NaN where there is none; or
 * NULL: the residuals themselves. LAYOUTS and VERDICTS are of the data's candidates. */
void choose_predicting(const struct data *data, const struct layout *layouts, const float *check,
                       double level, struct verdict *verdicts);

/* Sets the scales of the dimensions kept anew, by CHECK; LEFT becomes what they leave of it. */
void choose_scales(const struct data *data, const struct layout *layouts, const float *check,
                   struct verdict *verdicts, float *left);

/* How a model's expectation h and one of a factorisation that knows the dimensions kept, f, are
 * combined: h + weight (f - h) + effect e, e what f says of the context alone (camf_effect_at). */
struct mixture {
    double weight, effect; /* 0: the factorisation is of no use */
    double gain, error, p;
    double rank; /* R of context.h, and how it was judged */
    double rank_gain, rank_error, rank_p;
};

/* By least squares over ratings that CAMF, fitted without them, has not seen: those of CHECK. It is
 * of use if it gains over what the effects leave, LEFT of choose_scales, of users left out, as a
 * dimension must. */
void choose_mixture(const struct data *data, const struct camf *camf, const float *check,
                    const float *left, double level, struct mixture *mixture);

/* The dimension of N that was kept after ORDER others; SIZE_MAX if there is none. */
size_t choose_nth(const struct verdict *verdicts, size_t n, size_t order);

/* The layouts of the dimensions kept, in the order of candidates; returns how many. */
size_t choose_kept(const struct data *data, const struct layout *layouts,
                   const struct verdict *verdicts, const struct layout **kept);

/* Student's one-sided p that the N gains are above 0 on average. */
double choose_p(const double *gains, size_t n, double *mean, double *error);

#endif
