/* What the Gibbs sampler keeps: some samples whole, and sums over all sweeps. Shared by the fit
 * (gibbs.c) and by what writes its file (gibbs_file.c); nobody else includes this. */
#ifndef RS_GIBBS_KEPT_H
#define RS_GIBBS_KEPT_H

#include "factors/gibbs_chain.h"

/* What is kept of one side. */
struct rs_gibbs_kept_side {
    uint16_t *vector;
    float *prior_mean, *prior_precision;
    double *noise;                             /* sums of 1 / tau */
    double *drift;                             /* n_scales x n_slots: sums of states */
    double drift_squares[RS_GIBBS_MAX_SCALES]; /* of all states */
    double total_squares;                      /* of their sums over the scales */
    double drift_variance[RS_GIBBS_MAX_SCALES];
};

/* What is kept of the samples. The vectors and priors are all chains' together; the sums are each
 * chain's own. */
struct rs_gibbs_kept {
    size_t n_samples, n_sweeps;
    struct rs_gibbs_kept_side sides[RS_GIBBS_SIDES];
    uint16_t *set_vector, *attribute_vector;
    uint16_t *user_set_vector; /* n_users x width x RS_GIBBS_STARTS */
    float *intercept, *alpha;
    float *user_mean, *user_spread; /* mean and variance over users of their combined vectors */
};

/* Room for the samples of all chains, which KEEP fills: AT says which. */
void rs_gibbs_kept_new(struct rs_gibbs_kept *kept, const struct rs_gibbs_data *data);
void rs_gibbs_kept_free(struct rs_gibbs_kept *kept);
void rs_gibbs_keep(struct rs_gibbs_kept *kept, const struct rs_gibbs_chain *chain, size_t at);

/* The sums of one chain: to them a sweep is added, or another chain's. */
void rs_gibbs_sums_new(struct rs_gibbs_kept *sums, const struct rs_gibbs_data *data);
void rs_gibbs_sums_free(struct rs_gibbs_kept *sums);
void rs_gibbs_sums_sweep(struct rs_gibbs_kept *sums, const struct rs_gibbs_chain *chain);
void rs_gibbs_sums_add(struct rs_gibbs_kept *to, const struct rs_gibbs_kept *from,
                       const struct rs_gibbs_data *data);

/* Writes the file. HEADER is consumed. */
void rs_gibbs_write(FILE *file, json_t *header, const struct rs_gibbs_kept *kept,
                    const struct rs_gibbs_kept *sums, const struct rs_gibbs_data *data);

#endif
