/* What the chains of the Gibbs sampler share and do not change: ratings in both orders, attributes,
 * and moments of drift. See gibbs.h for the model. */
#ifndef RS_GIBBS_DATA_H
#define RS_GIBBS_DATA_H

#include "factors/gibbs.h"
#include "factors/gibbs_attributes.h"
#include "factors/gibbs_drift.h"

enum { RS_GIBBS_USERS, RS_GIBBS_ITEMS, RS_GIBBS_SIDES };

/* The data of one side. */
struct rs_gibbs_side {
    const struct rs_sparse *form;
    uint32_t *twin; /* of each rating: where it lies in the other side's order */
    float *scale;   /* 1 / sqrt(ratings of the line) */
    uint64_t most;  /* ratings of a line, or holders of a feature */
    struct rs_gibbs_block *blocks;
    size_t n_blocks;
    struct rs_gibbs_moments moments;
};

struct rs_gibbs_data {
    const struct rs_matrix *matrix;
    const struct rs_gibbs_options *options; /* resolved */
    size_t width;                           /* factors + 1 */
    double mean, deviation;                 /* ratings are taken in units of these */
    struct rs_gibbs_side sides[RS_GIBBS_SIDES];
};

/* The matrix and the options must outlive it. */
void rs_gibbs_data_make(struct rs_gibbs_data *data, const struct rs_matrix *matrix,
                        const struct rs_gibbs_options *options);
void rs_gibbs_data_free(struct rs_gibbs_data *data);

#endif
