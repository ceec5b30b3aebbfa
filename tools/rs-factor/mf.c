/* Biased matrix factorisation as a method of rs-factor. */
#include "factors/mf.h"

#include <math.h>

#include "base/message.h"
#include "method.h"

static double tau = 1;
static int64_t max_set = 4096;
static double attribute_weight = 0.2;

static const struct rs_option mf_options[] = {{0}};

static const struct rs_option sets_options[] = {
    {"tau", 0, RS_REAL, "T", &tau, 1e-3, 1e6, NULL, true,
     "regularisation of what a set says, beside its own weight of 1"},
    {"max-set", 0, RS_INTEGER, "N", &max_set, 1, 65536, NULL, true,
     "sets are of the N most popular items, or most active users; fitting holds N x N floats "
     "twice"},
    {"attributes", 0, RS_REAL, "W", &attribute_weight, 0, 100, NULL, true,
     "weight of what side tables say of users and items (categories, sets, numbers in eight "
     "buckets, the year at the end of a title) beside that of a set; 0 leaves them out"},
    {0},
};

static void fit(const struct rs_matrix *matrix, const struct shared_options *shared, FILE *file,
                json_t *header, bool sets) {
    const struct rs_mf_options how = {
        .factors = (size_t)shared_count(shared->factors, matrix->n_ratings < 500000 ? 16 : 32),
        .sweeps = (int)shared_count(shared->sweeps, shared->from != NULL ? 4
                                                    : sets               ? 32
                                                                         : 24),
        .lambda = shared->lambda,
        .tau = sets ? tau : 0,
        .max_set = (size_t)max_set,
        .attribute_weight = attribute_weight,
        .seed = (uint64_t)shared->seed,
        .from = shared->from == NULL ? NULL : rs_mf_of(shared->from),
    };
    struct rs_error err;
    struct rs_mf mf;
    if (!rs_mf_fit(&mf, matrix, &how, &err)) rs_die_error(&err);
    rs_note("%zu factors, noise %.4f", how.factors, mf.unit * sqrt(mf.noise));
    rs_mf_write(&mf, file, header);
    rs_mf_free(&mf);
}

static void fit_mf(const struct rs_matrix *matrix, const struct shared_options *shared, FILE *file,
                   json_t *header) {
    fit(matrix, shared, file, header, false);
}

static void fit_sets(const struct rs_matrix *matrix, const struct shared_options *shared,
                     FILE *file, json_t *header) {
    fit(matrix, shared, file, header, true);
}

const struct method method_mf = {
    .name = "mf",
    .goes_on = true,
    .about = "mf (predicts): biased matrix factorisation, r = mean + deviation (b_u + b_i + p_u . "
             "q_i), by alternating least squares. The regularisation is learned from the ratings "
             "(variational Bayes: Lim and Teh, KDD Cup 2007; Raiko, Ilin and Karhunen, ECML "
             "2007), or with --lambda it is lambda times the number of ratings (Zhou et al., AAIM "
             "2008). 16 factors (32 from half a million ratings) and 24 sweeps, with --from "
             "4, unless said otherwise.",
    .options = mf_options,
    .fit = fit_mf,
};

const struct method method_sets = {
    .name = "svd++",
    .goes_on = true,
    .about = "svd++ (predicts): mf in which the items that a user rated tell what to expect of the "
             "user's vector, and the users who rated an item what to expect of the item's, "
             "whatever the ratings (Koren, KDD 2008; on both sides as in Rendle, Zhang and Koren, "
             "2019); and so do the attributes in side tables (Agarwal and Chen, KDD 2009). Sets "
             "are those of the matrix alone, so of the training ratings. 32 sweeps, "
             "with --from 4. Holds 16 bytes "
             "a rating more.",
    .options = sets_options,
    .fit = fit_sets,
};
