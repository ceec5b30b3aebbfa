/* Everything that is drawn before the first rating: who rates how much from when on, which items
 * there are from when on, what users like and what items are like.
 *
 * Users are numbered by arrival, items by popularity; ids are shuffled so that they tell neither.
 * A rating is intercept + user bias + item bias + user factors * item factors + contexts + noise,
 * rounded to the scale. Read-only and thread-safe once made. */
#ifndef SYNTH_WORLD_H
#define SYNTH_WORLD_H

#include "alias.h"
#include "context.h"
#include "shape.h"

enum { MAX_FACTORS = 256, DAY = 86400 };

struct plan {
    struct shape shape;
    uint64_t seed;
    size_t n_factors;
    double selection; /* how much taste decides what is rated: logit per standard deviation */
    bool implicit;    /* counts instead of ratings */
    size_t n_contexts;
    struct context *contexts; /* planted by world_make */
    int64_t start;            /* the first second, since 1970 */
};

struct world {
    struct plan plan;
    uint32_t n_users, n_items;
    uint32_t span; /* seconds */
    size_t stride; /* floats from one row of factors to the next; the last may be padding */
    double intercept;
    double affinity_deviation; /* of taste and contexts, by which selection measures */

    uint32_t *activity; /* ratings of each user */
    uint32_t *arrival;  /* seconds since the start */
    uint8_t *region;    /* from 0 */
    uint8_t *whole;     /* 1: gives whole stars only */
    float *user_bias, *user_factors;
    uint32_t *user_id, *user_of; /* user_of[id - 1] */

    int32_t *appeared; /* seconds since the start, negative before */
    float *item_bias, *item_factors;
    double *popularity; /* share of the ratings expected */
    uint32_t *item_id, *item_of;
    uint32_t *found;       /* items in the order of the users who rate them first */
    uint32_t *found_start; /* n_users + 1: user u is the first to rate found[found_start[u]] … */

    size_t n_epochs;           /* equal parts of the time, each with its popularities */
    float *weight;             /* n_epochs rows of n_items */
    struct alias_cell *chance; /* the same to draw from */

    struct alias_cell hour_chance[24];
    struct alias_cell region_chance[MAX_VALUES];
    size_t n_regions;
    struct alias_cell *context_chance[MAX_CONTEXTS]; /* of those that a session has, or NULL */
};

void world_make(struct world *world, const struct plan *plan);
void world_free(struct world *world);

static inline size_t world_epoch(const struct world *world, uint32_t time) {
    size_t epoch = (size_t)((uint64_t)time * world->n_epochs / world->span);
    return epoch < world->n_epochs ? epoch : world->n_epochs - 1;
}

#endif
