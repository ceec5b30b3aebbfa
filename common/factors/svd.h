/* The truncated singular value decomposition of the matrix, X = U S V', missing entries 0.
 *
 * By Lanczos's method on X'X with full reorthogonalisation (Golub and Van Loan: Matrix
 * computations, 4th edition, 10.3), which goes on until every wanted singular value has converged.
 * All sums are in double and in a fixed order.
 *
 * X holds preferences, for ranking by x V V' (PureSVD: Cremonesi, Koren, Turrin: Performance of
 * recommender algorithms on top-N recommendation tasks. RecSys 2010), or residuals r - mean - b_u -
 * b_i, which show what sets tastes apart when what everybody likes is taken out, and predict by
 * baseline + x V V'. Each vector's sign is such that its greatest entry is positive.
 *
 * A file holds item_vector (f32, items x stride: V), user_vector (f32, users x stride: X V), stride
 * = rs_dense_padded(factors), singular (f64, factors), strongest (u32, factors x 2 RS_SVD_SHOWN:
 * the items of greatest entries, descending, then those of least, ascending; RS_NONE where there
 * are fewer items); in the header "factors", "values", "total" (the sum of squares of X) and
 * "preference". */
#ifndef RS_SVD_H
#define RS_SVD_H

#include <stdio.h>

#include "model/model.h"
#include "ratings/preference.h"

enum { RS_SVD_SHOWN = 10 };

enum rs_svd_values { RS_SVD_PREFERENCE, RS_SVD_RESIDUAL };
extern const char *const rs_svd_values_names[]; /* "preference", "residual", NULL */

struct rs_svd_options {
    enum rs_svd_values values;
    enum rs_preference_kind preference;
    size_t factors; /* 1 … 512 */
    uint64_t seed;
};

struct rs_svd {
    const struct rs_matrix *matrix;
    struct rs_svd_options options;
    struct rs_preference preference;
    size_t factors, stride; /* factors: as many as X has, at most those asked for */
    double total;
    double *singular;
    float *user_vector, *item_vector;
};

/* The entry of X of a rating of ITEM by a user of bias USER_BIAS. */
double rs_svd_value(const struct rs_svd *svd, uint32_t item, double user_bias, float rating);

/* False after filling *err: X is 0, or counts have no residuals. */
bool rs_svd_fit(struct rs_svd *svd, const struct rs_matrix *matrix,
                const struct rs_svd_options *options, struct rs_error *err);

/* Writes the model file. HEADER (program and parameters) is consumed. */
void rs_svd_write(const struct rs_svd *svd, FILE *file, json_t *header);

void rs_svd_free(struct rs_svd *svd);

/* Makes MODEL, whose file rs_svd_write made, a model by singular vectors. */
bool rs_svd_open(struct rs_model *model, struct rs_error *err);

#endif
