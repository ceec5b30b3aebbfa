#include "factors/gibbs.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "base/memory.h"
#include "factors/gibbs_kept.h"
#include "factors/gibbs_state.h"

const struct rs_gibbs_options rs_gibbs_defaults = {
    .seed = 1, .burn_in = -1, .sets = true, .attributes = true, .drift = true, .noise = true};

enum { LANES = 16, MOST_SAMPLES = 4096 };

/* Options */

static int by_size(int value, double otherwise) {
    return value > 0 ? value : (int)otherwise;
}

/* The rules behind "0: by size". A sweep takes time in proportion to the ratings: up to a million
 * of them 200 are made, beyond that fewer. Going on takes a quarter: of a million ratings, 1 % of
 * them new, the error is then that of a fit from the beginning within the noise of users (.0006
 * more, p .1; with a third .0003, p .7), while as many sweeps in many short chains are .0037 worse.
 */
static void resolve(struct rs_gibbs_options *options, const struct rs_matrix *matrix) {
    double n = (double)matrix->n_ratings;
    bool begins = options->from == NULL;
    options->factors = (by_size(options->factors, 15) + LANES) / LANES * LANES - 1;
    if (options->factors >= RS_GIBBS_WIDTH_MAX) options->factors = RS_GIBBS_WIDTH_MAX - 1;
    double sweeps = fmax(60, fmin(200, 2e8 / n));
    options->chains = by_size(options->chains, 2);
    options->sweeps = by_size(options->sweeps, begins ? sweeps : round(0.24 * sweeps));
    if (options->burn_in < 0) options->burn_in = options->sweeps / (begins ? 8 : 6);
    if (options->burn_in >= options->sweeps) options->burn_in = options->sweeps - 1;
    double lines = (double)matrix->users.ids.n + 2 * (double)matrix->items.ids.n;
    double bytes = 2 * lines * (options->factors + 1);
    int samples = by_size(options->samples, fmax(16, fmin(96, 1e9 / bytes)));
    int made = options->chains * (options->sweeps - options->burn_in);
    if (samples > made) samples = made;
    if (samples > MOST_SAMPLES) samples = MOST_SAMPLES;
    options->samples = (samples + LANES - 1) / LANES * LANES;
    while (options->chains * (options->sweeps - options->burn_in) < options->samples)
        options->sweeps++;
}

static int chains_at_once(const struct rs_gibbs_options *options) {
    int threads = omp_get_max_threads();
    return threads < options->chains ? threads : options->chains;
}

static double bytes_needed(const struct rs_matrix *matrix, const struct rs_gibbs_options *options) {
    double n = (double)matrix->n_ratings, width = options->factors + 1;
    double users = (double)matrix->users.ids.n, items = (double)matrix->items.ids.n;
    double shared = 8 * n + 2 * (users + 2 * items) * width * options->samples +
                    2 * users * width * RS_GIBBS_STARTS;
    double chain =
        8 * n + 4 * fmax(users, items) * (width * width + 2 * width) + 24 * (users + items) * width;
    if (options->drift && matrix->time != NULL) {
        shared += 100 * n;
        chain += 90 * n;
    }
    return shared + chains_at_once(options) * chain;
}

static bool is_possible(const struct rs_matrix *matrix, const struct rs_gibbs_options *options,
                        struct rs_error *err) {
    if (matrix->implicit)
        return rs_fail(
            err, EX_DATAERR,
            "the matrix holds counts and no ratings to predict: use a method that ranks");
    if (matrix->n_ratings >= UINT32_MAX)
        return rs_fail(err, EX_DATAERR, "Gibbs sampling takes fewer than 2^32 ratings");
    const struct rs_gibbs_answers *earlier = options->from == NULL ? NULL : options->from->state;
    if (earlier != NULL && earlier->width != (size_t)options->factors + 1)
        return rs_fail(err, EX_DATAERR, "%s: has %zu factors and not %d", options->from->file->name,
                       earlier->width - 1, options->factors);
    double need = bytes_needed(matrix, options);
    if (options->memory == 0 || need <= (double)options->memory) return true;
    return rs_fail(err, EX_USAGE,
                   "Gibbs sampling takes %.1f GB of memory and may have %.1f (--memory); fewer "
                   "chains, factors or samples take less",
                   need / 1e9, (double)options->memory / 1e9);
}

/* Sampling */

static void run_chain(struct rs_gibbs_kept *kept, struct rs_gibbs_kept *sums,
                      const struct rs_gibbs_data *data, int number, int threads) {
    const struct rs_gibbs_options *options = data->options;
    size_t n_chains = (size_t)options->chains,
           n_used = (size_t)(options->sweeps - options->burn_in);
    size_t first = kept->n_samples * (size_t)number / n_chains, next = first;
    size_t last = kept->n_samples * ((size_t)number + 1) / n_chains;
    struct rs_gibbs_chain chain;
    rs_gibbs_chain_new(&chain, data, (uint32_t)number, threads);
    rs_gibbs_sums_new(sums, data);
    for (int sweep = 0; sweep < options->sweeps; sweep++) {
        rs_gibbs_chain_sweep(&chain);
        if (options->on_sweep != NULL && omp_get_thread_num() == 0)
            options->on_sweep((uint64_t)sweep + 1, (uint64_t)options->sweeps);
        if (sweep < options->burn_in) continue;
        rs_gibbs_sums_sweep(sums, &chain);
        size_t used = (size_t)(sweep - options->burn_in) + 1;
        while (next < last && (next - first + 1) * n_used <= used * (last - first))
            rs_gibbs_keep(kept, &chain, next++);
    }
    rs_gibbs_chain_free(&chain);
}

/* Runs the chains, as many at once as there are threads, and leaves the sum of their sums, in the
 * order of the chains. */
static void run_chains(struct rs_gibbs_kept *kept, struct rs_gibbs_kept *sums,
                       const struct rs_gibbs_data *data) {
    int threads = omp_get_max_threads(), at_once = chains_at_once(data->options);
    int levels = omp_get_max_active_levels();
    rs_gibbs_sums_new(sums, data);
    omp_set_max_active_levels(2);
#pragma omp parallel for ordered schedule(dynamic, 1) num_threads(at_once)
    for (int c = 0; c < data->options->chains; c++) {
        struct rs_gibbs_kept own;
        run_chain(kept, &own, data, c, threads / at_once);
#pragma omp ordered
        rs_gibbs_sums_add(sums, &own, data);
        rs_gibbs_sums_free(&own);
    }
    omp_set_max_active_levels(levels);
}

bool rs_gibbs_fit(const struct rs_matrix *matrix, const struct rs_gibbs_options *options,
                  FILE *file, json_t *header, struct rs_error *err) {
    struct rs_gibbs_options resolved = *options;
    resolve(&resolved, matrix);
    if (!is_possible(matrix, &resolved, err)) {
        json_decref(header);
        return false;
    }
    struct rs_gibbs_data data;
    struct rs_gibbs_kept kept, sums;
    rs_gibbs_data_make(&data, matrix, &resolved);
    rs_gibbs_kept_new(&kept, &data);
    run_chains(&kept, &sums, &data);
    rs_gibbs_write(file, header, &kept, &sums, &data);
    rs_gibbs_sums_free(&sums);
    rs_gibbs_kept_free(&kept);
    rs_gibbs_data_free(&data);
    return true;
}
