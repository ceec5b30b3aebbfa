#include "world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "normal.h"
#include "streams.h"

enum { MAX_EPOCHS = 32, N_REGIONS = 50 };
#define EPOCH_BYTES ((size_t)64 << 20)

/* A shuffle of 0..n-1 (Fisher and Yates). */
static uint32_t *shuffled(uint32_t n, uint64_t seed, uint32_t what, uint32_t number) {
    uint32_t *order = rs_malloc(n, sizeof *order);
    struct rs_random random = rs_random_stream(seed, what, number, 0);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t j = rs_random_below(&random, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    return order;
}

static uint32_t *inverse(const uint32_t *order, uint32_t n) {
    uint32_t *place = rs_malloc(n, sizeof *place);
    for (uint32_t i = 0; i < n; i++) place[order[i]] = i;
    return place;
}

/* Ids 1..n in random order. */
static void draw_ids(uint32_t **id, uint32_t **of, uint32_t n, uint64_t seed, uint32_t number) {
    *id = shuffled(n, seed, STREAM_IDS, number);
    *of = inverse(*id, n);
    for (uint32_t i = 0; i < n; i++) (*id)[i]++;
}

/* Gives every user a number of ratings, and items of expected popularities their weights. */
static void draw_activity(struct world *world, double *weight) {
    uint32_t n = world->n_users;
    uint32_t *ascending = rs_malloc(n, sizeof *ascending);
    shape_activity(&world->plan.shape, ascending);
    shape_popularity(&world->plan.shape, ascending, weight, world->popularity);
    double sum = 0;
    for (uint32_t i = 0; i < world->n_items; i++) sum += world->popularity[i];
    for (uint32_t i = 0; i < world->n_items; i++) world->popularity[i] /= sum;
    uint32_t *order = shuffled(n, world->plan.seed, STREAM_ACTIVITY, 0);
    for (uint32_t u = 0; u < n; u++) world->activity[u] = ascending[order[u]];
    free(order);
    free(ascending);
}

/* Users arrive evenly, one in each of n equal parts of the time. */
static void draw_arrivals(struct world *world) {
    struct rs_random random = rs_random_stream(world->plan.seed, STREAM_ARRIVAL, 0, 0);
    double part = (double)world->span / world->n_users;
    for (uint32_t u = 0; u < world->n_users; u++) {
        double at = part * (u + rs_random_uniform(&random));
        world->arrival[u] = at < world->span - 1 ? (uint32_t)at : world->span - 1;
    }
}

/* Every item is rated by somebody: it gets one of the ratings to come, no two the same. A new item
 * appears when that user arrives, an old one was there before. */
static void draw_finders(struct world *world) {
    uint64_t seed = world->plan.seed, n_ratings = (uint64_t)world->plan.shape.ratings;
    uint64_t n = world->n_items;
    uint32_t user = 0;
    uint64_t user_end = world->activity[0];
    world->found = shuffled(world->n_items, seed, STREAM_FOUND, 0);
    struct rs_random random = rs_random_stream(seed, STREAM_APPEAR, 0, 0);
    double before = 4 * world->plan.shape.decay * DAY;
    world->found_start[0] = 0;
    for (uint32_t k = 0; k < world->n_items; k++) {
        uint64_t each = n_ratings / n, more = n_ratings % n;
        uint64_t from = k * each + k * more / n, to = (k + 1) * each + (k + 1) * more / n;
        uint64_t rating = from + (uint64_t)(rs_random_uniform(&random) * (double)(to - from));
        while (rating >= user_end) {
            user_end += world->activity[++user];
            world->found_start[user] = k;
        }
        bool old = rs_random_uniform(&random) < world->plan.shape.old;
        double age = fmin(before * rs_random_uniform(&random), 2e9);
        world->appeared[world->found[k]] = old ? -(int32_t)age - 1 : (int32_t)world->arrival[user];
    }
    while (user < world->n_users) world->found_start[++user] = world->n_items;
}

/* Popularity of an item AGE seconds after it appeared, at most 1: a rise over two weeks, then decay
 * to a tenth. */
static double popularity_at(double age, double decay) {
    if (age < 0) return 0;
    if (decay <= 0) return 1;
    double rise = 1 - 0.8 * exp(-age / (14 * DAY));
    return rise * (0.1 + 0.9 * exp2(-age / (decay * DAY)));
}

static void set_life(struct world *world) {
    double part = (double)world->span / (double)world->n_epochs;
    for (size_t e = 0; e < world->n_epochs; e++) {
        float *life = world->weight + e * world->n_items;
        double begin = part * (double)e, end = begin + part;
#pragma omp parallel for schedule(static)
        for (uint32_t i = 0; i < world->n_items; i++) {
            double from = fmax(begin, world->appeared[i]);
            double middle = (from + end) / 2;
            double there = from < end ? (end - from) / part : 0;
            life[i] = there > 0 ? (float)(there * popularity_at(middle - world->appeared[i],
                                                                world->plan.shape.decay))
                                : 0;
        }
    }
}

/* What fraction of an epoch's draws an item of weight WEIGHT and life LIFE gets, summed over
 * epochs. */
static void balance(struct world *world, double *weight) {
    uint32_t n = world->n_items;
    double *wanted = rs_malloc(n, sizeof *wanted), *least = rs_malloc(n, sizeof *least);
    double total[MAX_EPOCHS], sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += weight[i];
    for (uint32_t i = 0; i < n; i++) {
        wanted[i] = weight[i] / sum;
        least[i] = weight[i] / 30;
    }
    for (int round = 0; round < 6; round++) {
#pragma omp parallel for schedule(static)
        for (size_t e = 0; e < world->n_epochs; e++) {
            total[e] = 0;
            const float *life = world->weight + e * n;
            for (uint32_t i = 0; i < n; i++) total[e] += weight[i] * (double)life[i];
        }
#pragma omp parallel for schedule(static)
        for (uint32_t i = 0; i < n; i++) {
            double expected = 0;
            for (size_t e = 0; e < world->n_epochs; e++)
                if (total[e] > 0)
                    expected += weight[i] * (double)world->weight[e * n + i] / total[e];
            expected /= (double)world->n_epochs;
            double factor = expected > 0 ? wanted[i] / expected : 1;
            weight[i] =
                fmin(fmax(weight[i] * fmin(fmax(factor, 0.2), 5), least[i]), least[i] * 900);
        }
    }
    free(wanted);
    free(least);
}

static void set_epochs(struct world *world, double *weight) {
    size_t n = world->n_items;
    size_t fit = EPOCH_BYTES / (n * (sizeof(float) + sizeof(struct alias_cell)));
    world->n_epochs = fit < 1 ? 1 : fit > MAX_EPOCHS ? MAX_EPOCHS : fit;
    world->weight = rs_aligned(world->n_epochs * n, sizeof *world->weight);
    world->chance = rs_aligned(world->n_epochs * n, sizeof *world->chance);
    set_life(world);
    balance(world, weight);
#pragma omp parallel for schedule(dynamic, 1)
    for (size_t e = 0; e < world->n_epochs; e++) {
        float *row = world->weight + e * n;
        double sum = 0;
        for (size_t i = 0; i < n; i++) {
            row[i] *= (float)weight[i];
            sum += (double)row[i];
        }
        for (size_t i = 0; i < n && sum <= 0; i++) row[i] = 1; /* before the first item */
        alias_make(world->chance + e * n, row, n);
    }
}

/* Item factors have mean 0 over ratings, and deviations that fall with the factor's number as 1 /
 * sqrt(f) and whose squares sum to 1: with user factors of deviation `taste` so is their product's.
 */
static void draw_item_factors(struct world *world) {
    size_t n_factors = world->plan.n_factors, stride = world->stride;
    double sum = 0;
    for (size_t f = 0; f < n_factors; f++) sum += 1 / ((double)f + 1);
#pragma omp parallel for schedule(dynamic, 1)
    for (size_t f = 0; f < n_factors; f++) {
        double mean = 0, square = 0;
        for (uint32_t i = 0; i < world->n_items; i++) {
            struct rs_random random =
                rs_random_stream(world->plan.seed, STREAM_SPECTRUM, (uint32_t)f, i);
            float value = (float)normal_draw(&random);
            world->item_factors[i * stride + f] = value;
            mean += world->popularity[i] * (double)value;
            square += world->popularity[i] * (double)value * (double)value;
        }
        double deviation = sqrt(square - mean * mean);
        double wanted = sqrt(1 / ((double)f + 1) / sum);
        double factor = deviation > 0 ? wanted / deviation : 0;
        for (uint32_t i = 0; i < world->n_items; i++) {
            float *value = &world->item_factors[i * stride + f];
            *value = (float)(((double)*value - mean) * factor);
        }
    }
}

/* The more popular items are a little better: their bias correlates by 0.45 with the logarithm of
 * the popularity. */
static void draw_item_biases(struct world *world) {
    uint32_t n = world->n_items;
    double mean = 0, square = 0;
    for (uint32_t i = 0; i < n; i++) {
        mean += log(world->popularity[i]) / n;
        square += pow(log(world->popularity[i]), 2) / n;
    }
    double spread = sqrt(fmax(square - mean * mean, 1e-12));
    double *bias = rs_malloc(n, sizeof *bias);
    double bias_mean = 0, bias_square = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct rs_random random = rs_random_stream(world->plan.seed, STREAM_ITEM, i, 0);
        bias[i] = 0.45 * (log(world->popularity[i]) - mean) / spread +
                  sqrt(1 - 0.45 * 0.45) * normal_draw(&random);
        bias_mean += world->popularity[i] * bias[i];
        bias_square += world->popularity[i] * bias[i] * bias[i];
    }
    double deviation = sqrt(fmax(bias_square - bias_mean * bias_mean, 1e-12));
    for (uint32_t i = 0; i < n; i++)
        world->item_bias[i] =
            (float)((bias[i] - bias_mean) / deviation * world->plan.shape.item_bias);
    free(bias);
}

static void draw_users(struct world *world) {
    const struct shape *shape = &world->plan.shape;
#pragma omp parallel for schedule(static)
    for (uint32_t u = 0; u < world->n_users; u++) {
        struct rs_random random = rs_random_stream(world->plan.seed, STREAM_USER, u, 0);
        world->user_bias[u] = (float)(shape->user_bias * normal_draw(&random));
        world->region[u] =
            (uint8_t)alias_draw(world->region_chance, (uint32_t)world->n_regions, &random);
        world->whole[u] = rs_random_uniform(&random) < shape->whole;
        float *row = world->user_factors + (size_t)u * world->stride;
        for (size_t f = 0; f < world->plan.n_factors; f++)
            row[f] = (float)(shape->taste * normal_draw(&random));
    }
}

static void chance_of(struct alias_cell *cells, const double *share, size_t n) {
    float weights[MAX_VALUES];
    for (size_t v = 0; v < n; v++) weights[v] = (float)share[v];
    alias_make(cells, weights, n);
}

/* Tables of hours, regions and the values of contexts. */
static void set_chances(struct world *world) {
    struct context hour, region;
    context_parse(&hour, "hour");
    context_parse(&region, "region");
    chance_of(world->hour_chance, hour.share, hour.n_values);
    world->n_regions = region.n_values;
    for (size_t c = 0; c < world->plan.n_contexts; c++) {
        const struct context *context = &world->plan.contexts[c];
        if (context->source == FROM_REGION) {
            world->n_regions = context->n_values;
            memcpy(region.share, context->share, sizeof region.share);
        }
        if (context->source != FROM_SESSION) continue;
        world->context_chance[c] = rs_malloc(context->n_values, sizeof(struct alias_cell));
        chance_of(world->context_chance[c], context->share, context->n_values);
    }
    chance_of(world->region_chance, region.share, world->n_regions);
    free(hour.name);
    free(region.name);
}

/* Taste chosen by a logistic of slope s is that much better on average, in deviations: the integral
 * of z / (1 + exp(-s z)) over that of 1 / (1 + exp(-s z)), which is a half. */
static double selection_shift(double slope) {
    double sum = 0;
    enum { POINTS = 400 };
    for (int k = 0; k < POINTS; k++) {
        double z = normal_quantile((k + 0.5) / POINTS);
        sum += z / (1 + exp(-slope * z)) / POINTS;
    }
    return 2 * sum;
}

/* Effects of contexts get their share of a variance that they are part of. */
static void plant_contexts(struct world *world) {
    const struct shape *shape = &world->plan.shape;
    double strength = 0;
    for (size_t c = 0; c < world->plan.n_contexts; c++)
        strength += world->plan.contexts[c].strength;
    double other = shape->user_bias * shape->user_bias + shape->item_bias * shape->item_bias +
                   shape->taste * shape->taste + shape->noise * shape->noise;
    const struct context_ground ground = {
        world->plan.seed, world->n_items,      world->plan.n_factors,
        world->stride,    world->item_factors, world->popularity,
    };
    double moved = shape->taste * shape->taste;
    for (size_t c = 0; c < world->plan.n_contexts; c++) {
        struct context *context = &world->plan.contexts[c];
        double variance = context->strength * other / (1 - strength);
        context_plant(context, (uint32_t)c, variance, &ground);
        if (context->kind != MOVES_ALL) moved += variance;
    }
    world->affinity_deviation = sqrt(moved);
    world->intercept =
        shape->mean - selection_shift(world->plan.selection) * world->affinity_deviation;
}

static void allocate(struct world *world) {
    size_t users = world->n_users, items = world->n_items, stride = world->stride;
    world->activity = rs_malloc(users, sizeof *world->activity);
    world->arrival = rs_malloc(users, sizeof *world->arrival);
    world->region = rs_malloc(users, sizeof *world->region);
    world->whole = rs_malloc(users, sizeof *world->whole);
    world->user_bias = rs_malloc(users, sizeof *world->user_bias);
    world->user_factors = rs_aligned(users * stride, sizeof *world->user_factors);
    world->appeared = rs_malloc(items, sizeof *world->appeared);
    world->item_bias = rs_malloc(items, sizeof *world->item_bias);
    world->item_factors = rs_aligned(items * stride, sizeof *world->item_factors);
    world->popularity = rs_malloc(items, sizeof *world->popularity);
    world->found_start = rs_malloc(users + 1, sizeof *world->found_start);
    memset(world->user_factors, 0, users * stride * sizeof *world->user_factors);
    memset(world->item_factors, 0, items * stride * sizeof *world->item_factors);
}

void world_make(struct world *world, const struct plan *plan) {
    *world = (struct world){.plan = *plan,
                            .n_users = (uint32_t)plan->shape.users,
                            .n_items = (uint32_t)plan->shape.items,
                            .span = (uint32_t)(plan->shape.days * DAY),
                            .stride = (plan->n_factors + 3) / 4 * 4};
    allocate(world);
    double *weight = rs_malloc(world->n_items, sizeof *weight);
    draw_activity(world, weight);
    draw_ids(&world->user_id, &world->user_of, world->n_users, plan->seed, 0);
    draw_ids(&world->item_id, &world->item_of, world->n_items, plan->seed, 1);
    draw_arrivals(world);
    draw_finders(world);
    set_epochs(world, weight);
    free(weight);
    draw_item_factors(world);
    draw_item_biases(world);
    set_chances(world);
    draw_users(world);
    plant_contexts(world);
}

void world_free(struct world *world) {
    void *owned[] = {world->activity,  world->arrival,      world->region,       world->whole,
                     world->user_bias, world->user_factors, world->user_id,      world->user_of,
                     world->appeared,  world->item_bias,    world->item_factors, world->popularity,
                     world->item_id,   world->item_of,      world->found,        world->found_start,
                     world->weight,    world->chance};
    for (size_t k = 0; k < sizeof owned / sizeof *owned; k++) free(owned[k]);
    for (size_t c = 0; c < MAX_CONTEXTS; c++) free(world->context_chance[c]);
    for (size_t c = 0; c < world->plan.n_contexts; c++) {
        free(world->plan.contexts[c].name);
        free(world->plan.contexts[c].effect);
    }
    *world = (struct world){0};
}
