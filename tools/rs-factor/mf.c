/* Biased matrix factorisation as a method of rs-factor. */
#include "mf.h"

#include <math.h>

#include "message.h"
#include "method.h"

static const struct rs_option options[] = {{0}};

static void fit(const struct rs_matrix *matrix, FILE *file, json_t *header) {
    const struct rs_mf_options how = {
        .factors = (size_t)shared_count(shared.factors, 16),
        .sweeps = (int)shared_count(shared.sweeps, 24),
        .lambda = shared.lambda,
        .seed = (uint64_t)shared.seed,
    };
    struct rs_error err;
    struct rs_mf mf;
    if (!rs_mf_fit(&mf, matrix, &how, &err)) rs_die_error(&err);
    rs_note("%zu factors, noise %.4f", how.factors, mf.unit * sqrt(mf.noise));
    rs_mf_write(&mf, file, header);
    rs_mf_free(&mf);
}

const struct method method_mf = {
    .name = "mf",
    .about = "mf (predicts): biased matrix factorisation, r = mean + deviation (b_u + b_i + p_u . "
             "q_i), by "
             "alternating least squares. The regularisation is learned from the ratings "
             "(variational Bayes: Lim and Teh, KDD Cup 2007; Raiko, Ilin and Karhunen, ECML "
             "2007), or with --lambda it is lambda times the number of ratings (Zhou et al., AAIM "
             "2008). 16 factors and 24 sweeps unless said otherwise.",
    .options = options,
    .fit = fit,
};
