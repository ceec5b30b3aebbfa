/* Biased matrix factorisation by alternating least squares: r_ui = mean + unit
 * (b_u + b_i + p_u . q_i), unit the standard deviation of all ratings, so that nothing depends on
 * the scale.
 *
 * By default the regularisation is learned from the ratings (variational Bayes: Lim and Teh:
 * Variational Bayesian approach to movie rating prediction. KDD Cup 2007; with fully factorised
 * variances as in Raiko, Ilin and Karhunen: Principal component analysis for large scale problems
 * with lots of missing values. ECML 2007). With noise s and prior variances of every factor on both
 * sides, one half-sweep solves, for each user, with V the q_i of the items rated,
 *
 *     (V'V + diag(sum of var q_i + s / prior)) p = V' ((r - mean) / unit - b_u - b_i),   b_u along
 * with p var p_f = s / (V'V + …)_ff
 *
 * then the same for items, then s and the priors are set to the expectations of what they describe.
 * An uncertain item thus counts less, which is what scaling lambda by the number of ratings is
 * after. With a given lambda it is that: penalty lambda n, of biases lambda (Zhou, Wilkinson,
 * Schreiber, Pan: Large-scale parallel collaborative filtering for the Netflix Prize. AAIM 2008).
 *
 * With tau above 0, what is known before is not that vectors lie about 0, but about what the sets
 * say (sets.h): for a user which items were rated, for an item which users rated it, whatever the
 * ratings. This is SVD++ (Koren, KDD 2008) on both sides, "flipped" in the words of Rendle, Zhang
 * and Koren (On the difficulty of evaluating baselines. 2019); the sets are those of the training
 * ratings alone. The regression is part of every sweep; a line's own vector never speaks for
 * itself.
 *
 * A file holds user_vector, item_vector (f32, lines x stride, rows padded with zeros to stride =
 * rs_dense_padded(factors)), user_bias, item_bias (f32), user_variance, item_variance (f32, lines x
 * stride: the diagonal of the posterior), user_bias_variance, item_bias_variance (f32), and
 * user_prior (f64, factors + 1: of every factor, then of the bias); in the header "noise",
 * "factors", "mean", "unit", "sweeps" and "lambda" (-1: learned) and "set_items" (0: no
 * sets), and if above 0 set_vector (f32, set_items x rs_dense_padded(factors + 1): Y of the
 * members) and set_item (u32). A user is folded in by a user's half-sweep. */
#ifndef RS_MF_H
#define RS_MF_H

#include <stdio.h>

#include "factors/sets.h"
#include "model/model.h"

struct rs_mf_options {
    size_t factors; /* 1 … 512 */
    int sweeps;
    double lambda;  /* below 0: learned */
    double tau;     /* of sets.h; 0: sets are left out */
    size_t max_set; /* members of sets */
    double attribute_weight;
    uint64_t seed;
    const struct rs_mf *from; /* an earlier one of the same factors, to go on from; or NULL */
};

/* One side of the model. */
struct rs_mf_side {
    size_t n;
    float *vector, *variance; /* n x stride */
    float *bias, *bias_variance;
    double *prior;   /* factors + 1 */
    float *expected; /* n x width: what the sets say, the bias behind the factors; NULL at first */
    struct rs_sets sets;
};

struct rs_mf {
    const struct rs_matrix *matrix;
    struct rs_mf_options options;
    size_t stride, width;     /* of vectors; of vectors with their bias */
    double mean, unit, noise; /* noise: a variance, in units */
    struct rs_mf_side users, items;
};

/* False after filling *err: the matrix holds counts, or lambda is too small for the precision. */
bool rs_mf_fit(struct rs_mf *mf, const struct rs_matrix *matrix,
               const struct rs_mf_options *options, struct rs_error *err);

/* Writes the model file. HEADER (program and parameters) is consumed. */
void rs_mf_write(const struct rs_mf *mf, FILE *file, json_t *header);

/* The mean of N rows of WIDTH floats; 0 if there is none. */
void rs_mf_mean_row(const float *rows, size_t n, size_t width, float *mean);

void rs_mf_free(struct rs_mf *mf);

/* What an open model holds: its matrix, and arrays that lie in the file. Those of users are there
 * if they are the matrix's. */
const struct rs_mf *rs_mf_of(const struct rs_model *model);

/* Makes MODEL, whose file rs_mf_write made, a factor model. */
bool rs_mf_open(struct rs_model *model, struct rs_error *err);

#endif
