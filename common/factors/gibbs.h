/* Bayesian matrix factorisation by Gibbs sampling: no parameter is tuned, the answer is the mean of
 * many samples, and their spread tells how sure it is.
 *
 * The model is the "timeSVD++ flipped" of Rendle, Zhang and Koren (On the difficulty of evaluating
 * baselines. arXiv 1905.01395, 2019), a factorisation machine (Rendle: Factorization machines with
 * libFM. ACM TIST 2012):
 *
 *     r_ui = m + b_u + c_i + <p_u, q_i> + drift_u(t) + drift_i(t) + noise
 *
 * where (b_u, p_u) is the sum of the user's own vector, of a vector for every item that the user
 * rated, over sqrt(n_u) (SVD++), and of vectors of the user's attributes; (c_i, q_i) likewise has
 * one for every user who rated the item ("flipped"). All vectors are normal; the mean and
 * precision of each block of them, by slot, are drawn too. It departs from libFM in that
 *
 *   - a set leaves out the rating that is to be explained, as it is left out when a new pair is
 *     predicted. The sets hold training ratings only;
 *   - every user and every item has a noise of its own: precision alpha tau_u tau_i with gamma
 *     priors, whose shapes are drawn;
 *   - drift is by continuous time, at several scales, and not by day (gibbs_drift.h). It needs the
 *     matrix to keep times, and questions to have one;
 *   - whole vectors are drawn at once, given the Gram matrix of each line, and not one number after
 *     the other. A set thus costs once per line and not once per rating.
 *
 * Chains are independent; bytes are the same for every number of threads.
 *
 * A fit may go on from an earlier model, of ratings of which the matrix holds a few more: each
 * chain from another of its samples, spread evenly over them, from where it finds the samples given
 * all ratings in fewer sweeps than from chance (the move step of Chopin: A sequential particle
 * filter method for static models. Biometrika 2002; the weights, which in so many dimensions leave
 * one sample, are left out). Sweeps are counted on from the model's, so that no draw is made twice.
 * What a file does not hold is taken from what it holds: drift and noise of a line are as they were
 * expected, its own vector has in it what its attributes contributed. Of a million ratings of
 * MovieLens 1M's shape, of which 1 % were new, RMSE was .0006 above that of a fit from the
 * beginning with four times the sweeps (p .1 over users).
 *
 * A file holds S samples (a multiple of 16), evenly spread over the sweeps after the burn-in of all
 * chains, in units of "deviation" from "mean". Vectors have W = factors + 1 numbers, the bias
 * first; all W x S of one line lie together, in half precision (IEEE 754 binary16 as u16):
 *
 *     user_vector (n_users x W S), item_vector (n_items x W S): combined; the intercept is in the
 *         user's bias
 *     set_vector (n_items x W S): what an item contributes to those who rated it; absent without
 *         sets
 *     user_set_vector (n_users x 16 W): what a user contributes to the items that were rated, at
 *         the last of every 16th part of the samples, for a fit that goes on; absent without sets
 *     user_attribute_start (u64, n_users + 1), user_attribute (u32), user_attribute_weight (f32),
 *         user_attribute_vector (of each, W S): absent without
 *     user_prior_mean, user_prior_precision, item_… (f32, W S): of own vectors
 *     user_mean, user_spread (f32, W S): mean and variance over all users of their vectors
 *     intercept, alpha (f32, S)
 *     user_noise, item_noise (f32): the expected 1 / tau
 *     user_drift_scale, …_variance, …_uncertainty (f64, by scale; together what is open of their
 *         sum), user_moment_start (u64), _moment
 *         (i64, milliseconds), user_drift (f32, moments x scales): expected states,
 *         user_drift_average (f32): their sum at a moment picked by chance; item_… likewise
 *
 * In the header "factors", "samples", "chains", "sweeps", "burn_in", "sweeps_before" (by the
 * models it goes on from), "mean", "deviation", "noise" (of the ratings, root mean square), "sets"
 * and "drift" (what they are made of, or null), and the names of "user_attributes" and
 * "item_attributes". */
#ifndef RS_GIBBS_H
#define RS_GIBBS_H

#include <jansson.h>
#include <stdio.h>

#include "model/model.h"

/* The samples that later fits may go on from: the last of every 16th part of all. */
enum { RS_GIBBS_STARTS = 16 };

struct rs_gibbs_options {
    uint64_t seed;
    int factors; /* rounded up to a multiple of 16, less one: 15, 31, 47 or 63; 0: 15 */
    int chains;  /* 0: 2 */
    int sweeps;  /* of each chain; 0: by the number of ratings, going on a quarter of that */
    int burn_in; /* of these, how many are not used; -1: an eighth, going on a sixth */
    int samples; /* kept in all, rounded up to a multiple of 16; 0: by the size of the model */
    bool sets, attributes, drift, noise;
    const struct rs_model *from; /* to go on from: rs_gibbs_class, of the same factors, its
                                    matrix with its users; or NULL */
    uint64_t memory;             /* bytes that fitting may take beside the matrix; 0: any */
    void (*on_sweep)(uint64_t done, uint64_t all); /* by the calling thread; or NULL */
};

/* Everything on, everything by size. */
extern const struct rs_gibbs_options rs_gibbs_defaults;

/* Fits the matrix and writes the model. HEADER (program and parameters) is consumed. False after
 * filling *err: the feedback is implicit, it does not fit into the memory, or the earlier
 * model has other factors. */
bool rs_gibbs_fit(const struct rs_matrix *matrix, const struct rs_gibbs_options *options,
                  FILE *file, json_t *header, struct rs_error *err);

extern const struct rs_model_class rs_gibbs_class;

/* Makes MODEL, whose file rs_gibbs_fit made, a model of that class. */
bool rs_gibbs_open(struct rs_model *model, struct rs_error *err);

#endif
