#include "factors/gibbs_chain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "factors/gibbs_from.h"
#include "factors/gibbs_random.h"

/* What is drawn: the first of the numbers that name a stream. A chain has 1000 of them, a side
 * 400. */
enum {
    WHAT_START = 0,
    WHAT_NOISE = 1,
    WHAT_SIDE = 10,
    WHAT_OWN = 0,
    WHAT_SET = 1,
    WHAT_TAU = 2,
    WHAT_SHAPE = 3,
    WHAT_OWN_PRIOR = 4,
    WHAT_SET_PRIOR = 5,
    WHAT_DRIFT = 10,
    WHAT_BLOCK = 100,
    WHAT_BLOCK_PRIOR = 200,
    PER_SIDE = 400,
    PER_CHAIN = 1000,
    CHUNK = 16, /* lines whose normals are drawn together */
};

static uint32_t what_of(const struct rs_gibbs_chain *chain, int side, uint32_t what) {
    return chain->number * PER_CHAIN + WHAT_SIDE + (uint32_t)side * PER_SIDE + what;
}

/* State */

static float *zeros(size_t n) {
    float *array = rs_aligned(n, sizeof *array);
    memset(array, 0, n * sizeof *array);
    return array;
}

static void start_prior(struct rs_gibbs_prior *prior, float precision) {
    for (size_t f = 0; f < RS_GIBBS_WIDTH_MAX; f++)
        prior->precision[f] = precision, prior->mean[f] = 0;
}

static void start_state(struct rs_gibbs_chain *chain, int s) {
    const struct rs_gibbs_data *data = chain->data;
    const struct rs_gibbs_side *side = &data->sides[s];
    struct rs_gibbs_state *state = &chain->sides[s];
    size_t width = data->width, n = side->form->n_lines, m = side->form->n_others;
    state->residual = rs_aligned(data->matrix->n_ratings, sizeof(float));
    state->own = zeros(n * width + RS_GIBBS_NORMALS);
    state->combined = zeros(n * width);
    state->set = zeros(m * width);
    state->set_change = zeros(m * width);
    state->design = zeros(n * width);
    state->set_design = zeros(m * width);
    state->block = rs_calloc(side->n_blocks, sizeof *state->block);
    state->block_prior = rs_calloc(side->n_blocks, sizeof *state->block_prior);
    for (size_t b = 0; b < side->n_blocks; b++) {
        state->block[b] = zeros(side->blocks[b].n_features * width);
        start_prior(&state->block_prior[b], 25);
    }
    start_prior(&state->own_prior, 12);
    start_prior(&state->set_prior, 25);
    state->tau = rs_malloc(n, sizeof *state->tau);
    for (size_t u = 0; u < n; u++) state->tau[u] = 1;
    state->shape = 16;
    rs_gibbs_drift_new(&state->drift, &side->moments);
    rs_gibbs_normals(data->options->seed, what_of(chain, s, WHAT_START), 0, 0, state->own,
                     (n * width + RS_GIBBS_NORMALS - 1) / RS_GIBBS_NORMALS * RS_GIBBS_NORMALS);
    for (size_t i = 0; i < n * width; i++) {
        state->own[i] = i % width == 0 ? 0 : 0.25f * state->own[i];
        state->combined[i] = state->own[i];
    }
}

/* What a rating is predicted by: the combined vectors of both, each without the other's
 * contribution to its sets, and drift. */
static void start_residuals(struct rs_gibbs_chain *chain) {
    const struct rs_gibbs_data *data = chain->data;
    const struct rs_sparse *rows = &data->matrix->rows;
    const struct rs_gibbs_side *user_side = &data->sides[RS_GIBBS_USERS];
    const struct rs_gibbs_side *item_side = &data->sides[RS_GIBBS_ITEMS];
    const struct rs_gibbs_state *users = &chain->sides[RS_GIBBS_USERS];
    const struct rs_gibbs_state *items = &chain->sides[RS_GIBBS_ITEMS];
    size_t width = data->width;
    for (size_t u = 0; u < rows->n_lines; u++)
        for (uint64_t k = rows->start[u]; k < rows->start[u + 1]; k++) {
            size_t i = rows->other[k];
            const float *of_user = users->combined + u * width,
                        *of_item = items->combined + i * width;
            const float *in_users = users->set + i * width, *in_items = items->set + u * width;
            double predicted = chain->intercept;
            for (size_t f = 0; f < width; f++) {
                double x = (double)(of_user[f] - user_side->scale[u] * in_users[f]);
                double y = (double)(of_item[f] - item_side->scale[i] * in_items[f]);
                predicted += f == 0 ? x + y : x * y;
            }
            predicted += rs_gibbs_drift_sum(&users->drift, &user_side->moments, k) +
                         rs_gibbs_drift_sum(&items->drift, &item_side->moments, user_side->twin[k]);
            users->residual[k] =
                (float)(((double)rows->rating[k] - data->mean) / data->deviation - predicted);
        }
}

void rs_gibbs_chain_free(struct rs_gibbs_chain *chain) {
    for (int s = 0; s < RS_GIBBS_SIDES; s++) {
        struct rs_gibbs_state *state = &chain->sides[s];
        for (size_t b = 0; b < chain->data->sides[s].n_blocks; b++) free(state->block[b]);
        free(state->block);
        free(state->block_prior);
        free(state->residual);
        free(state->own);
        free(state->combined);
        free(state->set);
        free(state->set_change);
        free(state->design);
        free(state->set_design);
        free(state->tau);
        rs_gibbs_drift_free(&state->drift);
    }
    free(chain->record);
    free(chain->sums);
}

/* Noise */

/* SUMS[u] = sum over line u's ratings of other_tau e^2. */
static void sum_squares(struct rs_gibbs_chain *chain, int s) {
    const struct rs_sparse *form = chain->data->sides[s].form;
    const float *e = chain->sides[s].residual, *other_tau = chain->sides[!s].tau;
#pragma omp parallel for schedule(static, 64) num_threads(chain->threads) if (chain->threads > 1)
    for (size_t u = 0; u < form->n_lines; u++) {
        double sum = 0;
        for (uint64_t k = form->start[u]; k < form->start[u + 1]; k++)
            sum += (double)other_tau[form->other[k]] * (double)e[k] * (double)e[k];
        chain->sums[u] = sum;
    }
}

/* The intercept (flat prior) and alpha (gamma prior, shape and rate 1/2), at the users' turn. */
static void draw_noise(struct rs_gibbs_chain *chain) {
    const struct rs_sparse *rows = &chain->data->matrix->rows;
    struct rs_gibbs_state *users = &chain->sides[RS_GIBBS_USERS];
    const float *other_tau = chain->sides[RS_GIBBS_ITEMS].tau;
    double weights = 0, slope = 0, squares = 0;
    for (size_t u = 0; u < rows->n_lines; u++)
        for (uint64_t k = rows->start[u]; k < rows->start[u + 1]; k++) {
            double w = (double)users->tau[u] * (double)other_tau[rows->other[k]];
            weights += w;
            slope += w * (double)users->residual[k];
        }
    uint32_t what = chain->number * PER_CHAIN + WHAT_NOISE;
    uint64_t seed = chain->data->options->seed;
    struct rs_random random = rs_random_stream(seed, what, 0, chain->sweep);
    double change = slope / weights + rs_random_normal(&random) / sqrt(chain->alpha * weights);
    chain->intercept += change;
    for (uint64_t k = 0; k < rows->start[rows->n_lines]; k++) users->residual[k] -= (float)change;
    if (chain->sweep == 0) return;
    sum_squares(chain, RS_GIBBS_USERS);
    for (size_t u = 0; u < rows->n_lines; u++) squares += (double)users->tau[u] * chain->sums[u];
    double shape = (1 + (double)chain->data->matrix->n_ratings) / 2;
    chain->alpha = rs_gibbs_gamma(seed, what, 1, chain->sweep, shape) / ((1 + squares) / 2);
}

/* The shape of the prior of tau, from a grid on which it is uniform. It does not go below 16: with
 * less those who give the same rating to all are taken to be without noise, and answers become what
 * is most frequent instead of what is expected. */
static double draw_shape(const struct rs_gibbs_chain *chain, int s) {
    static const double grid[] = {16, 24, 32, 48, 64, 96, 128, 192, 256};
    enum { N_GRID = sizeof grid / sizeof *grid };
    const float *tau = chain->sides[s].tau;
    size_t n = chain->data->sides[s].form->n_lines;
    double logs = 0, sum = 0, likelihood[N_GRID], best = -INFINITY, total = 0;
    for (size_t u = 0; u < n; u++) {
        logs += log((double)tau[u]);
        sum += (double)tau[u];
    }
    for (size_t g = 0; g < N_GRID; g++) {
        double half = grid[g] / 2;
        likelihood[g] =
            (double)n * (half * log(half) - lgamma(half)) + (half - 1) * logs - half * sum;
        if (likelihood[g] > best) best = likelihood[g];
    }
    for (size_t g = 0; g < N_GRID; g++) total += likelihood[g] = exp(likelihood[g] - best);
    struct rs_random random = rs_random_stream(chain->data->options->seed,
                                               what_of(chain, s, WHAT_SHAPE), 0, chain->sweep);
    double left = rs_random_uniform(&random) * total;
    size_t g = 0;
    while (g + 1 < N_GRID && (left -= likelihood[g]) > 0) g++;
    return grid[g];
}

/* Each line's precision. The first sweeps leave it alone: there residuals hold the signal. */
static void draw_tau(struct rs_gibbs_chain *chain, int s) {
    const struct rs_sparse *form = chain->data->sides[s].form;
    struct rs_gibbs_state *state = &chain->sides[s];
    if (!chain->data->options->noise || chain->sweep < 2) return;
    sum_squares(chain, s);
    uint32_t what = what_of(chain, s, WHAT_TAU);
#pragma omp parallel for schedule(static, 64) num_threads(chain->threads) if (chain->threads > 1)
    for (size_t u = 0; u < form->n_lines; u++) {
        double n = (double)(form->start[u + 1] - form->start[u]);
        double draw = rs_gibbs_gamma(chain->data->options->seed, what, (uint32_t)u, chain->sweep,
                                     (state->shape + n) / 2);
        double tau = draw / ((state->shape + chain->alpha * chain->sums[u]) / 2);
        state->tau[u] = (float)(tau > 1e-6 ? tau : 1e-6);
    }
    state->shape = draw_shape(chain, s);
}

/* Vectors */

/* The mean and precision of a block's N vectors by slot: normal and gamma, as in libFM (Rendle:
 * Factorization machines with libFM. ACM TIST 2012). */
static void draw_prior(const struct rs_gibbs_chain *chain, struct rs_gibbs_prior *prior,
                       const float *vectors, size_t n, uint32_t what) {
    size_t width = chain->data->width;
    uint64_t seed = chain->data->options->seed;
    double sum[RS_GIBBS_WIDTH_MAX] = {0}, square[RS_GIBBS_WIDTH_MAX] = {0};
    for (size_t j = 0; j < n; j++)
        for (size_t f = 0; f < width; f++) sum[f] += (double)vectors[j * width + f];
    struct rs_random random = rs_random_stream(seed, what, 0, chain->sweep);
    for (size_t f = 0; f < width; f++) {
        double deviation = 1 / sqrt(((double)n + 1) * (double)prior->precision[f]);
        prior->mean[f] = (float)(sum[f] / ((double)n + 1) + rs_random_normal(&random) * deviation);
        square[f] = (double)prior->mean[f] * (double)prior->mean[f];
    }
    for (size_t j = 0; j < n; j++)
        for (size_t f = 0; f < width; f++) {
            double difference = (double)vectors[j * width + f] - (double)prior->mean[f];
            square[f] += difference * difference;
        }
    for (size_t f = 0; f < width; f++)
        prior->precision[f] =
            (float)(rs_gibbs_gamma(seed, what, 1 + (uint32_t)f, chain->sweep, ((double)n + 2) / 2) /
                    ((square[f] + 0.08) / 2));
}

/* The other side's vectors as this side's design. */
static void make_design(struct rs_gibbs_chain *chain, int s) {
    size_t width = chain->data->width;
    struct rs_gibbs_state *other = &chain->sides[!s];
    size_t n = chain->data->sides[s].form->n_others, m = chain->data->sides[s].form->n_lines;
    memcpy(other->design, other->combined, n * width * sizeof(float));
    memcpy(other->set_design, other->set, m * width * sizeof(float));
    for (size_t i = 0; i < n; i++) other->design[i * width] = 1;
    for (size_t u = 0; u < m; u++) other->set_design[u * width] = 0;
}

static struct rs_gibbs_turn make_turn(struct rs_gibbs_chain *chain, int s) {
    const struct rs_gibbs_side *side = &chain->data->sides[s];
    const struct rs_gibbs_state *other = &chain->sides[!s];
    return (struct rs_gibbs_turn){
        .width = chain->data->width,
        .n_lines = side->form->n_lines,
        .start = side->form->start,
        .other = side->form->other,
        .residual = chain->sides[s].residual,
        .design = other->design,
        .own_in_sets = chain->data->options->sets ? other->set_design : NULL,
        .other_scale = chain->data->sides[!s].scale,
        .tau = chain->sides[s].tau,
        .other_tau = other->tau,
        .alpha = (float)chain->alpha,
        .record = chain->record,
    };
}

static void fill_records(const struct rs_gibbs_chain *chain, const struct rs_gibbs_turn *turn,
                         int s) {
    size_t most = (size_t)chain->data->sides[s].most;
#pragma omp parallel num_threads(chain->threads) if (chain->threads > 1)
    {
        struct rs_gibbs_scratch scratch = rs_gibbs_scratch_new(turn->width, most);
#pragma omp for schedule(dynamic, CHUNK)
        for (size_t u = 0; u < turn->n_lines; u++) rs_gibbs_fill_record(turn, u, &scratch);
        rs_gibbs_scratch_free(&scratch);
    }
}

/* Draws the N features of a block in order. FEATURE has what they share; START, HOLDER and POSITION
 * say who has which. */
static void draw_features(const struct rs_gibbs_chain *chain, const struct rs_gibbs_turn *turn,
                          struct rs_gibbs_feature feature, size_t n, const uint64_t *start,
                          const uint32_t *holder, const uint32_t *position, float *vectors,
                          float *changes, uint32_t what, const struct rs_gibbs_scratch *scratch) {
    _Alignas(64) float normal[CHUNK * RS_GIBBS_WIDTH_MAX];
    size_t width = turn->width;
    for (size_t j = 0; j < n; j++) {
        if (j % CHUNK == 0)
            rs_gibbs_normals(chain->data->options->seed, what, (uint32_t)(j / CHUNK), chain->sweep,
                             normal, CHUNK * width);
        feature.n = (size_t)(start[j + 1] - start[j]);
        feature.line = holder + start[j];
        feature.position = position == NULL ? NULL : position + start[j];
        feature.other = (uint32_t)j;
        feature.value = vectors + j * width;
        feature.change = changes + (position == NULL ? 0 : j * width);
        feature.normal = normal + j % CHUNK * width;
        rs_gibbs_draw_feature(turn, &feature, scratch);
    }
}

static void draw_shared(struct rs_gibbs_chain *chain, const struct rs_gibbs_turn *turn, int s) {
    const struct rs_gibbs_side *side = &chain->data->sides[s], *other = &chain->data->sides[!s];
    struct rs_gibbs_state *state = &chain->sides[s];
    size_t most = (size_t)(side->most > other->most ? side->most : other->most);
    struct rs_gibbs_scratch scratch = rs_gibbs_scratch_new(turn->width, most);
    _Alignas(64) float change[RS_GIBBS_WIDTH_MAX];
    for (size_t b = 0; b < side->n_blocks; b++) {
        const struct rs_gibbs_block *block = &side->blocks[b];
        struct rs_gibbs_feature feature = {.scale = block->scale,
                                           .mean = state->block_prior[b].mean,
                                           .precision = state->block_prior[b].precision};
        draw_features(chain, turn, feature, block->n_features, block->holders, block->holder, NULL,
                      state->block[b], change, what_of(chain, s, WHAT_BLOCK + (uint32_t)b),
                      &scratch);
    }
    if (chain->data->options->sets) {
        struct rs_gibbs_feature feature = {.scale = side->scale,
                                           .mean = state->set_prior.mean,
                                           .precision = state->set_prior.precision};
        draw_features(chain, turn, feature, side->form->n_others, other->form->start,
                      other->form->other, other->twin, state->set, state->set_change,
                      what_of(chain, s, WHAT_SET), &scratch);
    }
    rs_gibbs_scratch_free(&scratch);
}

/* Draws the lines' own vectors and brings residuals and combined vectors up to date. */
static void draw_lines(struct rs_gibbs_chain *chain, const struct rs_gibbs_turn *turn, int s) {
    struct rs_gibbs_state *state = &chain->sides[s];
    const struct rs_gibbs_side *side = &chain->data->sides[s];
    size_t width = turn->width, n_chunks = (turn->n_lines + CHUNK - 1) / CHUNK;
    const float *set_change = chain->data->options->sets ? state->set_change : NULL;
    uint32_t what = what_of(chain, s, WHAT_OWN);
#pragma omp parallel num_threads(chain->threads) if (chain->threads > 1)
    {
        struct rs_gibbs_scratch scratch = rs_gibbs_scratch_new(width, 1);
        _Alignas(64) float normal[CHUNK * RS_GIBBS_WIDTH_MAX];
#pragma omp for schedule(dynamic, 1)
        for (size_t chunk = 0; chunk < n_chunks; chunk++) {
            rs_gibbs_normals(chain->data->options->seed, what, (uint32_t)chunk, chain->sweep,
                             normal, CHUNK * width);
            for (size_t u = chunk * CHUNK; u < turn->n_lines && u < (chunk + 1) * CHUNK; u++) {
                rs_gibbs_draw_own(turn, u, state->own + u * width, state->own_prior.mean,
                                  state->own_prior.precision, normal + u % CHUNK * width, &scratch);
                const float *change =
                    turn->record + u * rs_gibbs_record(width) + width * width + width;
                for (size_t f = 0; f < width; f++) state->combined[u * width + f] += change[f];
                rs_gibbs_update_residuals(turn, u, set_change, side->scale[u]);
            }
        }
        rs_gibbs_scratch_free(&scratch);
    }
}

static void draw_priors(struct rs_gibbs_chain *chain, int s) {
    const struct rs_gibbs_side *side = &chain->data->sides[s];
    struct rs_gibbs_state *state = &chain->sides[s];
    draw_prior(chain, &state->own_prior, state->own, side->form->n_lines,
               what_of(chain, s, WHAT_OWN_PRIOR));
    if (chain->data->options->sets)
        draw_prior(chain, &state->set_prior, state->set, side->form->n_others,
                   what_of(chain, s, WHAT_SET_PRIOR));
    for (size_t b = 0; b < side->n_blocks; b++)
        draw_prior(chain, &state->block_prior[b], state->block[b], side->blocks[b].n_features,
                   what_of(chain, s, WHAT_BLOCK_PRIOR + (uint32_t)b));
}

/* The priors of what was read are drawn given it, in a sweep of their own. */
static void go_on(struct rs_gibbs_chain *chain) {
    rs_gibbs_from(chain);
    for (int s = 0; s < RS_GIBBS_SIDES; s++) {
        const struct rs_sparse *form = chain->data->sides[s].form;
        struct rs_gibbs_state *state = &chain->sides[s];
        draw_prior(chain, &state->own_prior, state->own, form->n_lines,
                   what_of(chain, s, WHAT_OWN_PRIOR));
        if (chain->data->options->sets)
            draw_prior(chain, &state->set_prior, state->set, form->n_others,
                       what_of(chain, s, WHAT_SET_PRIOR));
    }
    chain->sweep++;
}

void rs_gibbs_chain_new(struct rs_gibbs_chain *chain, const struct rs_gibbs_data *data,
                        uint32_t number, int threads) {
    *chain =
        (struct rs_gibbs_chain){.data = data, .number = number, .threads = threads, .alpha = 1.2};
    const struct rs_sparse *rows = &data->matrix->rows, *columns = &data->matrix->columns;
    size_t longest = rows->n_lines > columns->n_lines ? rows->n_lines : columns->n_lines;
    for (int s = 0; s < RS_GIBBS_SIDES; s++) start_state(chain, s);
    chain->record = rs_aligned(longest * rs_gibbs_record(data->width), sizeof(float));
    chain->sums = rs_malloc(longest, sizeof *chain->sums);
    if (data->options->from != NULL) go_on(chain);
    start_residuals(chain);
}

static void take_turn(struct rs_gibbs_chain *chain, int s) {
    const struct rs_gibbs_side *side = &chain->data->sides[s];
    struct rs_gibbs_state *state = &chain->sides[s];
    draw_tau(chain, s);
    rs_gibbs_drift_draw(&state->drift, &side->moments, side->form->start, side->form->other,
                        state->tau, chain->sides[!s].tau, (float)chain->alpha, state->residual,
                        chain->data->options->seed, what_of(chain, s, WHAT_DRIFT), chain->sweep,
                        chain->threads);
    make_design(chain, s);
    struct rs_gibbs_turn turn = make_turn(chain, s);
    fill_records(chain, &turn, s);
    draw_shared(chain, &turn, s);
    draw_lines(chain, &turn, s);
    draw_priors(chain, s);
}

/* Hands the residuals over to the other side. */
static void pass_residuals(struct rs_gibbs_chain *chain, int from) {
    const uint32_t *twin = chain->data->sides[!from].twin;
    const float *e = chain->sides[from].residual;
    float *to = chain->sides[!from].residual;
    uint64_t n = chain->data->matrix->n_ratings;
#pragma omp parallel for schedule(static) num_threads(chain->threads) if (chain->threads > 1)
    for (uint64_t k = 0; k < n; k++) to[k] = e[twin[k]];
}

void rs_gibbs_chain_sweep(struct rs_gibbs_chain *chain) {
    draw_noise(chain);
    take_turn(chain, RS_GIBBS_USERS);
    pass_residuals(chain, RS_GIBBS_USERS);
    take_turn(chain, RS_GIBBS_ITEMS);
    pass_residuals(chain, RS_GIBBS_ITEMS);
    chain->sweep++;
}
