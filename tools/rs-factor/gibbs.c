/* Bayesian matrix factorisation as a method of rs-factor. */
#include "factors/gibbs.h"

#include "base/message.h"
#include "base/progress.h"
#include "method.h"

static int64_t samples = 0;
static int64_t chains = 0;
static int64_t burn_in = -1;
static bool no_sets, no_attributes, no_drift, equal_noise;

static const struct rs_option options[] = {
    {"samples", 0, RS_INTEGER, "N", &samples, 1, 4096, NULL, true,
     "samples that the model keeps, rounded up to a multiple of 16; default: 96, fewer where they "
     "would take more than a GB"},
    {"chains", 0, RS_INTEGER, "N", &chains, 1, 1000, NULL, true,
     "independent chains, which run at the same time where there are threads; default: 2, with "
     "--from each from another sample of the earlier model"},
    {"burn-in", 0, RS_INTEGER, "N", &burn_in, 0, 100000, NULL, true,
     "sweeps at the beginning of each chain that are not used; default: an eighth of all, with "
     "--from a sixth"},
    {"no-sets", 0, RS_FLAG, NULL, &no_sets, 0, 0, NULL, true,
     "leave out who rated what else: plain Bayesian factorisation"},
    {"no-attributes", 0, RS_FLAG, NULL, &no_attributes, 0, 0, NULL, true,
     "leave out the categories, sets and numbers of the side tables"},
    {"no-drift", 0, RS_FLAG, NULL, &no_drift, 0, 0, NULL, true,
     "leave out when ratings were given"},
    {"equal-noise", 0, RS_FLAG, NULL, &equal_noise, 0, 0, NULL, true,
     "one noise for all, instead of one for each user and each item"},
    {0},
};

static void on_sweep(uint64_t done, uint64_t all) {
    if (done == 1) rs_progress_start("sampling", "sweeps", all);
    rs_progress_at(done);
    if (done == all) rs_progress_end();
}

static void fit(const struct rs_matrix *matrix, const struct shared_options *shared, FILE *file,
                json_t *header) {
    struct rs_gibbs_options how = rs_gibbs_defaults;
    how.seed = (uint64_t)shared->seed;
    how.factors = (int)shared_count(shared->factors, how.factors);
    how.sweeps = (int)shared_count(shared->sweeps, how.sweeps);
    how.chains = (int)chains;
    how.samples = (int)samples;
    if (burn_in >= 0) how.burn_in = (int)burn_in;
    how.sets = !no_sets;
    how.attributes = !no_attributes;
    how.drift = !no_drift;
    how.noise = !equal_noise;
    how.memory = (uint64_t)shared->memory;
    how.from = shared->from;
    how.on_sweep = on_sweep;
    struct rs_error err;
    if (!rs_gibbs_fit(matrix, &how, file, header, &err)) rs_die_error(&err);
}

const struct method method_gibbs = {
    .name = "gibbs",
    .goes_on = true,
    .about =
        "gibbs (predicts): Bayesian matrix factorisation by Gibbs sampling, the 'timeSVD++ "
        "flipped' of Rendle, Zhang and Koren (2019): biases and factors of users and items are "
        "sums of their own, of what else the user rated and who else rated the item (training "
        "ratings only), and of their attributes; users and items drift over time, if the matrix "
        "has --times and the question has one; each has a noise of its own. All variances are "
        "drawn, none is tuned. The answer is the mean of the samples, with its standard "
        "deviation. Factors come by 15, 31, 47 or 63; up to a million ratings 2 chains make 200 "
        "sweeps, above that fewer, down to 60; with --from a quarter of "
        "that. A sweep of a chain costs about 0.3 seconds of a processor for every million "
        "ratings, "
        "with 15 factors.",
    .options = options,
    .fit = fit,
};
