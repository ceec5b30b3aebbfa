#include "residuals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "factors/mf.h"
#include "factors/svd.h"
#include "part.h"

/* So many factors and a bias fill the rows that sets are worked out in; more sweeps and members of
 * sets bring ratings closer by a thousandth and cost as much again. */
enum { RESIDUAL_FACTORS = 15, SWEEPS = 16, MAX_SET = 1024 };
enum { MF_FACTORS = 8, SVD_FACTORS = N_TRAITS - MF_FACTORS };

static void fit_mf(struct rs_mf *mf, const struct rs_matrix *matrix, size_t factors,
                   uint64_t seed) {
    struct rs_error err;
    const struct rs_mf_options options = {.factors = factors,
                                          .sweeps = SWEEPS,
                                          .lambda = -1,
                                          .tau = 1,
                                          .max_set = MAX_SET,
                                          .attribute_weight = 0.2,
                                          .seed = seed};
    if (!rs_mf_fit(mf, matrix, &options, &err)) rs_die_error(&err);
}

static double expected(const struct rs_mf *mf, uint32_t user, uint32_t item) {
    const float *p = mf->users.vector + user * mf->stride;
    const float *q = mf->items.vector + item * mf->stride;
    double sum = (double)mf->users.bias[user] + (double)mf->items.bias[item];
    for (size_t f = 0; f < mf->options.factors; f++) sum += (double)p[f] * (double)q[f];
    return mf->mean + mf->unit * sum;
}

void residuals_make(struct data *data, uint64_t seed) {
    if (data->matrix->implicit) return;
    uint8_t *fold = rs_malloc(data->n, 1), *left_out = rs_malloc(data->n, 1);
    for (size_t r = 0; r < data->n; r++) fold[r] = (uint8_t)part_fold(data, r, seed);
    data->residual = rs_malloc(data->n, sizeof *data->residual);
    for (unsigned f = 0; f < N_FOLDS; f++) {
        struct part part;
        struct rs_mf mf;
        for (size_t r = 0; r < data->n; r++) left_out[r] = fold[r] == f;
        part_make(&part, data, left_out);
        fit_mf(&mf, &part.matrix, RESIDUAL_FACTORS, seed);
        for (size_t r = 0; r < data->n; r++)
            if (left_out[r])
                data->residual[r] = (float)((double)data->matrix->rows.rating[r] -
                                            expected(&mf, data->user[r], data->item[r]));
        rs_mf_free(&mf);
        part_free(&part);
    }
    free(fold);
    free(left_out);
}

/* Traits */

typedef double square[WIDTH][WIDTH];

/* Makes the traits of mean 0, variance 1 and uncorrelated, items weighing by their ratings: with C
 * = L L' their covariance, x becomes L^-1 (x - mean). A trait that says nothing new becomes 0. */
static void whiten(struct data *data, square l) {
    double mean[WIDTH] = {0};
    memset(l, 0, sizeof(square));
    const uint64_t *start = data->matrix->columns.start;
    for (size_t i = 0; i < data->n_items; i++)
        for (size_t k = 1; k < WIDTH; k++)
            mean[k] += (double)(start[i + 1] - start[i]) * (double)data->x[i * WIDTH + k];
    for (size_t k = 1; k < WIDTH; k++) mean[k] /= (double)data->n;
    for (size_t i = 0; i < data->n_items; i++) {
        const float *x = data->x + i * WIDTH;
        double weight = (double)(start[i + 1] - start[i]) / (double)data->n;
        for (size_t k = 1; k < WIDTH; k++)
            for (size_t j = 1; j <= k; j++)
                l[k][j] += weight * ((double)x[k] - mean[k]) * ((double)x[j] - mean[j]);
    }
    for (size_t j = 1; j < WIDTH; j++) {
        double before = l[j][j];
        for (size_t m = 1; m < j; m++) l[j][j] -= l[j][m] * l[j][m];
        l[j][j] = l[j][j] > 1e-6 * before && before > 0 ? sqrt(l[j][j]) : 0;
        for (size_t k = j + 1; k < WIDTH; k++) {
            for (size_t m = 1; m < j; m++) l[k][j] -= l[k][m] * l[j][m];
            l[k][j] = l[j][j] > 0 ? l[k][j] / l[j][j] : 0;
        }
    }
    for (size_t i = 0; i < data->n_items; i++) {
        float *x = data->x + i * WIDTH;
        double y[WIDTH];
        for (size_t k = 1; k < WIDTH; k++) {
            y[k] = (double)x[k] - mean[k];
            for (size_t m = 1; m < k; m++) y[k] -= l[k][m] * y[m];
            y[k] = l[k][k] > 0 ? y[k] / l[k][k] : 0;
            x[k] = (float)y[k];
        }
    }
}

static void add_mf_traits(struct data *data, const struct rs_mf *mf) {
    for (size_t i = 0; i < data->n_items; i++)
        for (size_t f = 0; f < MF_FACTORS; f++)
            data->x[i * WIDTH + 1 + f] = mf->items.vector[i * mf->stride + f];
}

/* A user's vector p gives p . q = (L' p) . x and a constant: by the variance of L' p over the
 * users, so many ratings of noise as it takes to equal it. */
static void find_known(struct data *data, const struct rs_mf *mf, square l) {
    double sum[WIDTH] = {0};
    for (size_t u = 0; u < data->n_users; u++) {
        const float *p = mf->users.vector + u * mf->stride;
        const float *variance = mf->users.variance + u * mf->stride;
        double bias = (double)mf->users.bias[u];
        sum[0] += bias * bias + (double)mf->users.bias_variance[u];
        for (size_t k = 1; k <= MF_FACTORS; k++) {
            double taste = 0;
            for (size_t f = k; f <= MF_FACTORS; f++) {
                taste += l[f][k] * (double)p[f - 1];
                sum[k] += l[f][k] * l[f][k] * (double)variance[f - 1];
            }
            sum[k] += taste * taste;
        }
    }
    for (size_t k = 0; k <= MF_FACTORS; k++)
        data->known[k] = sum[k] > 0 ? mf->noise * (double)data->n_users / sum[k] : INFINITY;
}

/* An item's entries in the singular vectors grow with the root of its ratings, which is no trait.
 */
static void add_svd_traits(struct data *data, const struct rs_matrix *matrix, uint64_t seed) {
    struct rs_error err;
    struct rs_svd svd;
    const struct rs_svd_options options = {
        .values = RS_SVD_PREFERENCE, .factors = SVD_FACTORS, .seed = seed};
    if (!rs_svd_fit(&svd, matrix, &options, &err)) rs_die_error(&err);
    const uint64_t *start = matrix->columns.start;
    for (size_t i = 0; i < data->n_items; i++) {
        double root = sqrt((double)(start[i + 1] - start[i]) + 10);
        for (size_t f = 0; f < svd.factors; f++)
            data->x[i * WIDTH + 1 + MF_FACTORS + f] =
                (float)((double)svd.item_vector[i * svd.stride + f] / root);
    }
    rs_svd_free(&svd);
}

static void traits_of(struct data *data, const struct rs_matrix *matrix, uint64_t seed) {
    struct rs_mf mf;
    square l;
    memset(data->x, 0, data->n_items * WIDTH * sizeof *data->x);
    for (size_t i = 0; i < data->n_items; i++) data->x[i * WIDTH] = 1;
    for (size_t k = 0; k < WIDTH; k++) data->known[k] = INFINITY;
    if (!matrix->implicit) {
        fit_mf(&mf, matrix, MF_FACTORS, seed);
        add_mf_traits(data, &mf);
    }
    add_svd_traits(data, matrix, seed);
    whiten(data, l);
    if (matrix->implicit) return;
    find_known(data, &mf, l);
    rs_mf_free(&mf);
}

void traits_make(struct data *data, const uint8_t *left_out, uint64_t seed) {
    if (data->x == NULL) data->x = rs_aligned(data->n_items * WIDTH, sizeof *data->x);
    if (left_out == NULL) {
        traits_of(data, data->matrix, seed);
        return;
    }
    struct part part;
    part_make(&part, data, left_out);
    traits_of(data, &part.matrix, seed);
    part_free(&part);
}
