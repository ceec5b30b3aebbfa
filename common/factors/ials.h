/* iALS: implicit alternating least squares, factors that tell what a user chose from all the rest.
 *
 * With S the pairs that were observed, y their preferences (preference.h) and all others 0, it
 * minimises (Hu, Koren, Volinsky: Collaborative filtering for implicit feedback datasets. ICDM
 * 2008, in the form of Rendle, Krichene, Zhang, Koren: Revisiting the performance of iALS on item
 * recommendation benchmarks. RecSys 2022)
 *
 *     sum over S of y (1 - p_u.q_i)^2 + alpha sum over all (p_u.q_i)^2
 *         + lambda sum over lines of (n + alpha m)^exponent |p|^2
 *
 * m the number of lines of the other side. One half-sweep solves, for each user,
 *
 *     (alpha Q'Q + sum over S_u of y q q' + penalty) p = sum over S_u of y q
 *
 * A file holds user_vector and item_vector (f32, lines x stride, rows padded with zeros to stride =
 * rs_dense_padded(factors)) and gram (f32, stride x stride: alpha Q'Q); in the header "factors",
 * "alpha", "lambda", "exponent" and "preference". A user is folded in by a user's half-sweep. */
#ifndef RS_IALS_H
#define RS_IALS_H

#include <stdio.h>

#include "model/model.h"
#include "ratings/preference.h"

struct rs_ials_options {
    enum rs_preference_kind preference;
    size_t factors; /* 1 … 512 */
    int sweeps;
    double alpha, lambda, exponent; /* alpha and lambda above 0 */
    uint64_t seed;
    const struct rs_model *from; /* an earlier iALS of the same factors, to go on from; or NULL */
};

struct rs_ials {
    const struct rs_matrix *matrix;
    struct rs_ials_options options;
    struct rs_preference preference;
    size_t stride;
    float *user_vector, *item_vector;
    float *gram; /* alpha Q'Q */
};

/* False after filling *err: lambda and alpha are too small for the precision. */
bool rs_ials_fit(struct rs_ials *ials, const struct rs_matrix *matrix,
                 const struct rs_ials_options *options, struct rs_error *err);

/* Writes the model file. HEADER (program and parameters) is consumed. */
void rs_ials_write(const struct rs_ials *ials, FILE *file, json_t *header);

void rs_ials_free(struct rs_ials *ials);

/* Makes MODEL, whose file rs_ials_write made, an iALS model. */
bool rs_ials_open(struct rs_model *model, struct rs_error *err);

#endif
