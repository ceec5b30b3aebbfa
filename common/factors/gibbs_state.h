/* What a file of Gibbs samples says, checked: see gibbs.h for the arrays. */
#ifndef RS_GIBBS_STATE_H
#define RS_GIBBS_STATE_H

#include "factors/gibbs_data.h"

struct rs_gibbs_answers_side {
    size_t n;
    const uint16_t *vector;
    const float *prior_mean, *prior_precision, *noise;
    size_t n_scales; /* 0: no drift */
    const double *scale, *variance, *uncertainty;
    const uint64_t *moment_start;
    const int64_t *moment;
    const float *drift, *average;
};

struct rs_gibbs_answers {
    size_t width, n_samples, length; /* width x n_samples */
    double mean, deviation;
    double noise;    /* expected 1 / alpha */
    double averages; /* mean square of the users' average drift */
    struct rs_gibbs_answers_side sides[RS_GIBBS_SIDES];
    const uint16_t *set_vector;      /* NULL: no sets */
    const uint16_t *user_set_vector; /* likewise */
    const uint64_t *attribute_start; /* NULL: no attributes */
    const uint32_t *attribute;
    const float *attribute_weight;
    const uint16_t *attribute_vector;
    const float *user_mean, *user_spread, *intercept, *alpha;
    bool same_users; /* as those of the matrix */
};

/* Points ANSWERS into the model's file. False after filling *err; there is nothing to free. */
bool rs_gibbs_answers_open(struct rs_gibbs_answers *answers, const struct rs_model *model,
                           struct rs_error *err);

#endif
