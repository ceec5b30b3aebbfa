#include "history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "normal.h"
#include "streams.h"

/* Items are drawn in batches, whose cells are fetched together: the tables of all epochs are larger
 * than a cache, and one miss after another would be most of the work. */
enum { BATCH = 16 };

struct key {
    float key;
    uint32_t item;
};

struct history {
    const struct world *world;
    uint64_t *seen;              /* a bit an item */
    uint32_t *item;              /* of the user's ratings so far */
    uint32_t *time;              /* likewise, since the world's start */
    struct key *keys;            /* of all items left */
    float *wish;                 /* the user's factors and what the context adds to them */
    uint8_t value[MAX_CONTEXTS]; /* the context that `wish` is of */
    bool wish_valid;
    struct rs_random random;
    uint32_t user;
    size_t n, want;                    /* ratings drawn, and to be drawn */
    size_t n_placed;                   /* of the items that the user finds */
    size_t n_draws;                    /* by rejection */
    uint32_t cell[BATCH], toss[BATCH]; /* drawn, from the table `chance` */
    size_t n_cells;                    /* of them not yet looked at */
    const struct alias_cell *chance;
};

struct history *history_new(const struct world *world) {
    struct history *history = rs_calloc(1, sizeof *history);
    history->world = world;
    history->seen = rs_calloc(world->n_items / 64 + 1, sizeof *history->seen);
    history->item = rs_malloc(world->n_items, sizeof *history->item);
    history->time = rs_malloc(world->n_items, sizeof *history->time);
    history->keys = rs_malloc(world->n_items, sizeof *history->keys);
    history->wish = rs_aligned(world->stride, sizeof *history->wish);
    return history;
}

void history_free(struct history *history) {
    if (history == NULL) return;
    free(history->seen);
    free(history->item);
    free(history->time);
    free(history->keys);
    free(history->wish);
    free(history);
}

static bool is_seen(const struct history *history, uint32_t item) {
    return history->seen[item / 64] >> item % 64 & 1;
}

static void flip_seen(struct history *history, uint32_t item) {
    history->seen[item / 64] ^= 1ull << item % 64;
}

/* The value of a context at a time; SESSION holds those that only a session knows. */
static uint8_t value_at(const struct history *history, size_t c, uint32_t time,
                        const uint8_t *session) {
    const struct world *world = history->world;
    uint64_t second = (uint64_t)(world->plan.start + time);
    switch (world->plan.contexts[c].source) {
    case FROM_HOUR:
        return (uint8_t)(second / 3600 % 24);
    case FROM_WEEKDAY:
        return (uint8_t)((second / DAY + 3) % 7); /* 1970 began on a Thursday */
    case FROM_MONTH:
        return (uint8_t)context_month((int64_t)(second / DAY));
    case FROM_REGION:
        return world->region[history->user];
    case FROM_SESSION:
        break;
    }
    return session[c];
}

/* Sets the contexts of a moment and what the user wishes for in it. */
static void set_moment(struct history *history, uint32_t time, const uint8_t *session) {
    const struct world *world = history->world;
    bool same = history->wish_valid;
    for (size_t c = 0; c < world->plan.n_contexts; c++) {
        uint8_t value = value_at(history, c, time, session);
        same &= value == history->value[c];
        history->value[c] = value;
    }
    if (same) return;
    const float *user = world->user_factors + (size_t)history->user * world->stride;
    for (size_t f = 0; f < world->stride; f++) history->wish[f] = user[f];
    for (size_t c = 0; c < world->plan.n_contexts; c++) {
        const struct context *context = &world->plan.contexts[c];
        if (context->kind != MOVES_TASTE || context->strength <= 0) continue;
        const float *more = context->effect + history->value[c] * world->stride;
        for (size_t f = 0; f < world->stride; f++) history->wish[f] += more[f];
    }
    history->wish_valid = true;
}

/* What taste and contexts add to the rating of an item at the moment that is set. */
static float affinity(const struct history *history, uint32_t item) {
    const struct world *world = history->world;
    const float *row = world->item_factors + (size_t)item * world->stride;
    float sum[4] = {0};
    for (size_t f = 0; f < world->stride; f += 4)
        for (size_t k = 0; k < 4; k++) sum[k] += history->wish[f + k] * row[f + k];
    float total = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    for (size_t c = 0; c < world->plan.n_contexts; c++) {
        const struct context *context = &world->plan.contexts[c];
        if (context->kind == MOVES_ITEMS && context->strength > 0)
            total += context->effect[item * context->n_values + history->value[c]];
    }
    return total;
}

/* The probability of rating an item that was thought of. */
static float consent(const struct history *history, uint32_t item) {
    const struct world *world = history->world;
    if (world->plan.selection <= 0 || world->affinity_deviation <= 0) return 1;
    float slope = (float)(world->plan.selection / world->affinity_deviation);
    return 1 / (1 + expf(-slope * affinity(history, item)));
}

static float uniform(struct rs_random *random) {
    return ((float)(rs_random_u32(random) >> 8) + 0.5f) * 0x1p-24f;
}

/* Puts the FIRST least keys in front (Hoare's quickselect). */
static void select_least(struct key *keys, size_t n, size_t first) {
    size_t low = 0, high = n;
    while (high - low > 1 && first > low && first < high) {
        float pivot = keys[low + (high - low) / 2].key;
        size_t i = low, j = high - 1;
        while (i <= j) {
            while (keys[i].key < pivot) i++;
            while (keys[j].key > pivot) j--;
            if (i > j) break;
            struct key swap = keys[i];
            keys[i++] = keys[j];
            keys[j] = swap;
            if (j == 0) break;
            j--;
        }
        if (first <= j) {
            high = j + 1;
        } else {
            low = i;
            if (first < i) return;
        }
    }
}

static int compare_keys(const void *a, const void *b) {
    const struct key *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

/* Draws N items more from all that are left. Those that are still to come are taken last. */
static void draw_by_keys(struct history *history, size_t n) {
    const struct world *world = history->world;
    uint32_t time = history->time[history->n];
    const float *weight = world->weight + world_epoch(world, time) * world->n_items;
    size_t n_left = 0;
    for (uint32_t i = 0; i < world->n_items; i++) {
        if (is_seen(history, i)) continue;
        float rate = weight[i] * consent(history, i);
        if (!(rate > 1e-20f) || world->appeared[i] > (int64_t)time) rate = 1e-20f;
        history->keys[n_left++] = (struct key){-logf(uniform(&history->random)) / rate, i};
    }
    select_least(history->keys, n_left, n);
    qsort(history->keys, n, sizeof *history->keys, compare_keys);
    for (size_t k = 0; k < n; k++) {
        history->item[history->n++] = history->keys[k].item;
        flip_seen(history, history->keys[k].item);
    }
}

static void draw_cells(struct history *history, const struct alias_cell *chance) {
    uint32_t n = history->world->n_items;
    history->chance = chance;
    history->n_cells = BATCH;
    for (size_t k = 0; k < BATCH; k++) {
        history->cell[k] = (uint32_t)((uint64_t)rs_random_u32(&history->random) * n >> 32);
        history->toss[k] = rs_random_u32(&history->random);
        __builtin_prefetch(&chance[history->cell[k]]);
    }
}

/* Draws one item by rejection; false when the user's patience is at its end. */
static bool draw_one(struct history *history) {
    const struct world *world = history->world;
    uint32_t time = history->time[history->n];
    const struct alias_cell *chance = world->chance + world_epoch(world, time) * world->n_items;
    size_t patience = 64 + world->n_items / 2;
    while (history->n_draws < patience) {
        if (history->n_cells == 0 || history->chance != chance) draw_cells(history, chance);
        history->n_draws++;
        size_t k = --history->n_cells;
        const struct alias_cell *cell = &chance[history->cell[k]];
        uint32_t item = history->toss[k] < cell->threshold ? history->cell[k] : cell->other;
        if (is_seen(history, item) || world->appeared[item] > (int64_t)time) continue;
        if (world->plan.selection > 0 && uniform(&history->random) >= consent(history, item))
            continue;
        flip_seen(history, item);
        history->item[history->n++] = item;
        return true;
    }
    return false;
}

/* One of the items that the user is the first to rate, at a random place among all. */
static bool place_found(struct history *history) {
    const uint32_t *start = history->world->found_start + history->user;
    size_t left = start[1] - start[0] - history->n_placed;
    if (left == 0) return false;
    if (rs_random_below(&history->random, (uint32_t)(history->want - history->n)) >= left)
        return false;
    history->item[history->n++] = history->world->found[start[0] + history->n_placed++];
    return true;
}

static void draw_items(struct history *history, size_t end, const uint8_t *session) {
    const struct world *world = history->world;
    while (history->n < end) {
        set_moment(history, history->time[history->n], session);
        if (place_found(history) || draw_one(history)) continue;
        const uint32_t *start = world->found_start + history->user;
        size_t found = start[1] - start[0] - history->n_placed;
        size_t n = end - history->n, left = history->want - history->n;
        /* As many of those to be found as are due, the rest by keys. */
        size_t due = found * n / left;
        draw_by_keys(history, n - due);
        for (; due > 0; due--)
            history->item[history->n++] = world->found[start[0] + history->n_placed++];
    }
}

/* How many ratings the next session has: half of the users give all at once. */
static size_t session_length(struct history *history, size_t left, bool at_once) {
    if (at_once) return left;
    double mean = fmax(20, (double)history->want / 6);
    size_t length = 1 + (size_t)(-log(1 - rs_random_uniform(&history->random)) * mean);
    return length + 5 > left ? left : length;
}

/* The time at which the next session begins, or 0 if there is no room for one. */
static uint32_t session_time(struct history *history, uint32_t last, bool first) {
    const struct world *world = history->world;
    double gap = first ? 0 : exp(log(10.0) + 1.8 * normal_draw(&history->random));
    uint64_t day = last / DAY + (uint64_t)fmin(gap, 1e6) + !first;
    if (day * DAY + DAY > world->span && !first) {
        uint64_t room = world->span / DAY - last / DAY;
        if (room < 2) return 0;
        day = last / DAY + 1 + rs_random_below(&history->random, (uint32_t)room - 1);
    }
    /* Two in 23 sessions of a weekday wait until the weekend, whose days get 4 to a weekday's 3. */
    uint64_t weekday = ((uint64_t)world->plan.start / DAY + day + 3) % 7;
    if (!first && weekday < 5 && rs_random_below(&history->random, 23) < 2)
        day += 5 - weekday + rs_random_below(&history->random, 2);
    uint32_t hour = alias_draw(world->hour_chance, 24, &history->random);
    uint64_t at = day * DAY + hour * 3600 + rs_random_below(&history->random, 3600);
    /* A new user's first session is on the day of arrival, whatever the hour. */
    if (first && at < last) at = last;
    return at < world->span ? (uint32_t)at : first ? world->span - 1 : 0;
}

/* A value for every context of a session: with an even chance the user's habit, if there is one. */
static void draw_session(struct history *history, const uint8_t *habit, uint8_t *session) {
    const struct world *world = history->world;
    for (size_t c = 0; c < world->plan.n_contexts; c++) {
        if (world->context_chance[c] == NULL) continue;
        uint32_t n = (uint32_t)world->plan.contexts[c].n_values;
        bool usual = habit != NULL && rs_random_below(&history->random, 2) == 0;
        session[c] =
            usual ? habit[c] : (uint8_t)alias_draw(world->context_chance[c], n, &history->random);
    }
}

static uint32_t value_of(struct history *history, uint32_t item) {
    const struct world *world = history->world;
    const struct shape *shape = &world->plan.shape;
    double value = world->intercept + (double)world->user_bias[history->user] +
                   (double)world->item_bias[item] + (double)affinity(history, item);
    for (size_t c = 0; c < world->plan.n_contexts; c++)
        if (world->plan.contexts[c].kind == MOVES_ALL)
            value += (double)world->plan.contexts[c].effect[history->value[c]];
    value += shape->noise * normal_draw(&history->random);
    if (world->plan.implicit) return 1 + (uint32_t)fmin(exp(value), 1e9);
    if (world->whole[history->user])
        value = fmin(fmax(rint(value), ceil(shape->low)), floor(shape->high));
    value = fmin(fmax(value, shape->low), shape->high);
    return (uint32_t)rint((value - shape->low) / shape->step);
}

static void append_session(struct history *history, size_t from, const uint8_t *session,
                           struct rows *rows) {
    const struct world *world = history->world;
    for (size_t k = from; k < history->n; k++) {
        set_moment(history, history->time[k], session);
        size_t r = rows->n++;
        rows->user[r] = world->user_id[history->user];
        rows->item[r] = world->item_id[history->item[k]];
        rows->time[r] = world->plan.start + history->time[k];
        rows->value[r] = value_of(history, history->item[k]);
        for (size_t c = 0, column = 0; c < world->plan.n_contexts; c++)
            if (context_is_column(&world->plan.contexts[c]))
                rows->context[column++][r] = history->value[c];
    }
}

static void start(struct history *history, uint32_t user) {
    const struct world *world = history->world;
    history->user = user;
    history->n = history->n_placed = history->n_draws = history->n_cells = 0;
    history->want = world->activity[user];
    history->wish_valid = false;
    history->random = rs_random_stream(world->plan.seed, STREAM_HISTORY, user, 0);
    for (uint32_t k = world->found_start[user]; k < world->found_start[user + 1]; k++)
        flip_seen(history, world->found[k]);
}

void history_write(struct history *history, uint32_t user, struct rows *rows) {
    const struct world *world = history->world;
    uint8_t habit[MAX_CONTEXTS] = {0}, session[MAX_CONTEXTS] = {0};
    start(history, user);
    rows_room(rows, history->want);
    draw_session(history, NULL, habit);
    bool at_once = rs_random_below(&history->random, 2) == 0;
    uint32_t last = world->arrival[user];
    while (history->n < history->want) {
        size_t from = history->n;
        uint32_t at = session_time(history, last, from == 0);
        size_t left = history->want - from;
        size_t length = session_length(history, left, at_once || at == 0);
        if (at == 0 || at < last) at = last;
        for (size_t k = from; k < from + length; k++) {
            history->time[k] = at;
            at += 1 + rs_random_below(&history->random, 24);
        }
        last = at;
        draw_session(history, habit, session);
        draw_items(history, from + length, session);
        append_session(history, from, session, rows);
    }
    for (size_t k = 0; k < history->n; k++) flip_seen(history, history->item[k]);
}
