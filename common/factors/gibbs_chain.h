/* One chain of the Gibbs sampler: its state, and how a sweep changes it. See gibbs.h for the
 * model. */
#ifndef RS_GIBBS_CHAIN_H
#define RS_GIBBS_CHAIN_H

#include "factors/gibbs_data.h"
#include "factors/gibbs_drift.h"
#include "factors/gibbs_kernels.h"

/* The normal prior of the vectors of a block, by slot. */
struct rs_gibbs_prior {
    float mean[RS_GIBBS_WIDTH_MAX], precision[RS_GIBBS_WIDTH_MAX];
};

/* What a chain holds of one side. */
struct rs_gibbs_state {
    float *residual; /* in the order of the side's ratings; up to date during the side's turn */
    float *own, *combined; /* by line */
    float *set;            /* what the other's lines contribute to this side's sets */
    float *set_change;
    float **block; /* by block: the features' vectors */
    struct rs_gibbs_prior own_prior, set_prior, *block_prior;
    float *design, *set_design; /* combined with slot 0 = 1; set with slot 0 = 0 */
    float *tau;                 /* precision of the line's noise, about 1 */
    double shape;               /* of their gamma prior: shape / 2, shape / 2 */
    struct rs_gibbs_drift drift;
};

struct rs_gibbs_chain {
    const struct rs_gibbs_data *data;
    uint32_t number; /* of the chain */
    int threads;     /* for the work within a sweep */
    uint32_t sweep;
    double intercept, alpha;
    struct rs_gibbs_state sides[RS_GIBBS_SIDES];
    float *record;
    double *sums; /* by line */
};

void rs_gibbs_chain_new(struct rs_gibbs_chain *chain, const struct rs_gibbs_data *data,
                        uint32_t number, int threads);
void rs_gibbs_chain_free(struct rs_gibbs_chain *chain);

/* Draws everything once. Combined vectors, intercept and drift then predict a rating, in units of
 * the deviation from the mean. */
void rs_gibbs_chain_sweep(struct rs_gibbs_chain *chain);

#endif
