#include "expand.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/random.h"
#include "program/options.h"
#include "reduce.h"
#include "shuffle.h"
#include "streams.h"

enum { USERS_A_BLOCK = 64, WINDOWS = 64 };

/* One side of the source in the order of numbers of ratings, and the shuffles of it. */
struct ranks {
    uint32_t n;
    uint32_t *of, *at;     /* of[number] = rank, at[rank] = number */
    uint32_t window;       /* so many consecutive ranks are shuffled among themselves */
    struct shuffle *whole; /* a window, for each block */
    struct shuffle *rest;  /* the last window, if it is smaller */
};

struct expansion_private {
    uint64_t seed;
    uint32_t n_users, n_items; /* of the source */
    uint64_t *start;           /* by users */
    uint32_t *item, *level;
    int64_t *time;     /* seconds since 1970, or RS_NO_TIME */
    double *keep;      /* times_users x times_items probabilities */
    uint32_t *user_of; /* by id - 1 of the result: block * n_users + place in it */
    uint32_t *item_id; /* likewise the other way round */
    struct ranks users, items;
};

/* What the stream holds, in its order. */
struct log {
    size_t n, capacity;
    uint32_t *user, *item;
    float *rating;
    int64_t *time;
};

static void append(struct log *log, const struct rs_pairs *batch) {
    size_t need = log->n + batch->n;
    if (need > log->capacity) {
        size_t capacity = log->capacity + log->capacity / 2;
        if (capacity < need) capacity = need;
        log->user = rs_realloc(log->user, capacity, sizeof *log->user);
        log->item = rs_realloc(log->item, capacity, sizeof *log->item);
        log->rating = rs_realloc(log->rating, capacity, sizeof *log->rating);
        log->time = rs_realloc(log->time, capacity, sizeof *log->time);
        log->capacity = capacity;
    }
    memcpy(log->user + log->n, batch->user, batch->n * sizeof *log->user);
    memcpy(log->item + log->n, batch->item, batch->n * sizeof *log->item);
    for (size_t r = 0; r < batch->n; r++) {
        int64_t time = batch->time == NULL ? RS_NO_TIME : batch->time[r];
        float rating = batch->rating == NULL ? 1 : batch->rating[r];
        log->rating[log->n + r] = rating == 0 ? 0 : rating; /* no minus zero */
        log->time[log->n + r] = time == RS_NO_TIME ? RS_NO_TIME : time / 1000 - (time % 1000 < 0);
    }
    log->n += batch->n;
}

static void free_log(struct log *log) {
    free(log->user);
    free(log->item);
    free(log->rating);
    free(log->time);
}

static struct log read_log(struct expansion *expansion, const char *path) {
    struct rs_error err;
    struct rs_pairs_reader reader;
    if (!rs_pairs_open(&reader, &path, 1, "ratings", &err)) rs_die_error(&err);
    reader.skip_tables = true;
    struct log log = {0};
    for (;;) {
        struct rs_pairs *batch;
        if (!rs_pairs_next(&reader, &batch, &err)) rs_die_error(&err);
        if (batch == NULL) break;
        expansion->has_time |= batch->time != NULL;
        append(&log, batch);
    }
    expansion->implicit = rs_pairs_implicit(&reader);
    expansion->private->n_users = (uint32_t)reader.users.ids.n;
    expansion->private->n_items = (uint32_t)reader.items.ids.n;
    if (log.n == 0) rs_die(EX_DATAERR, "%s: there are no ratings to expand", path);
    rs_pairs_close(&reader);
    return log;
}

static int compare_floats(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

/* Sorts and drops repeated ones. Returns how many are left. */
static size_t distinct(float *levels, size_t n) {
    size_t kept = 0;
    qsort(levels, n, sizeof *levels, compare_floats);
    for (size_t l = 0; l < n; l++)
        if (kept == 0 || levels[l] != levels[kept - 1]) levels[kept++] = levels[l];
    return kept;
}

/* Gathers ratings that are not yet known, and takes them in when they are as many as those known.
 */
static void find_levels(struct expansion *expansion, const struct log *log) {
    size_t capacity = 0, n = 0, known = 0;
    float *levels = NULL;
    for (size_t r = 0; r < log->n; r++) {
        if (known > 0 &&
            bsearch(&log->rating[r], levels, known, sizeof *levels, compare_floats) != NULL)
            continue;
        rs_grow(&levels, &capacity, n + 1, sizeof *levels);
        levels[n++] = log->rating[r];
        if (n >= 64 + 2 * known) known = n = distinct(levels, n);
    }
    expansion->n_levels = distinct(levels, n);
    expansion->levels = levels;
}

/* Sorts the ratings by user; of several of the same item the last stays. */
static void arrange(struct expansion *expansion, const struct log *log) {
    struct expansion_private *private = expansion->private;
    uint64_t *place = rs_calloc((size_t) private->n_users + 1, sizeof *place);
    uint32_t *row = rs_malloc(log->n, sizeof *row);
    uint32_t *later = rs_calloc(private->n_items, sizeof *later); /* user + 1 who rated it later */
    for (size_t r = 0; r < log->n; r++) place[log->user[r] + 1]++;
    for (size_t u = 0; u < private->n_users; u++) place[u + 1] += place[u];
    private->start = rs_malloc((size_t) private->n_users + 1, sizeof *private->start);
    memcpy(private->start, place, ((size_t) private->n_users + 1) * sizeof *place);
    for (size_t r = 0; r < log->n; r++) row[place[log->user[r]]++] = (uint32_t)r;
    private->item = rs_malloc(log->n, sizeof *private->item);
    private->level = rs_malloc(log->n, sizeof *private->level);
    private->time = rs_malloc(log->n, sizeof *private->time);
    uint64_t n = 0, from = 0;
    for (uint32_t u = 0; u < private->n_users; u++) {
        uint64_t to = private->start[u + 1], begin = n;
        for (uint64_t k = to; k-- > from;) {
            uint32_t r = row[k];
            if (later[log->item[r]] == u + 1) continue;
            later[log->item[r]] = u + 1;
            const float *level = bsearch(&log->rating[r], expansion->levels, expansion->n_levels,
                                         sizeof *level, compare_floats);
            private->item[n] = log->item[r];
            private->level[n] = (uint32_t)(level - expansion->levels);
            private->time[n++] = log->time[r];
        }
        private->start[u] = begin;
        from = to;
    }
    private->start[private->n_users] = n;
    free(place);
    free(row);
    free(later);
}

static void find_probabilities(struct expansion *expansion) {
    struct expansion_private *private = expansion->private;
    size_t n = private->start[private->n_users], n_items = private->n_items;
    uint64_t *start = rs_calloc(n_items + 1, sizeof *start);
    uint64_t *place = rs_malloc(n_items + 1, sizeof *place);
    uint32_t *user = rs_malloc(n, sizeof *user);
    for (size_t r = 0; r < n; r++) start[private->item[r] + 1]++;
    for (size_t i = 0; i < n_items; i++) start[i + 1] += start[i];
    memcpy(place, start, (n_items + 1) * sizeof *place);
    for (uint32_t u = 0; u < private->n_users; u++)
        for (uint64_t r = private->start[u]; r < private->start[u + 1]; r++)
            user[place[private->item[r]]++] = u;
    const struct places places = {
        private->n_users, private->n_items, private->start, start, private->item, user};
    private->keep =
        rs_malloc(expansion->times_users * expansion->times_items, sizeof *private->keep);
    reduce_places(&places, expansion->times_users, expansion->times_items, private->seed,
                  private->keep);
    free(start);
    free(place);
    free(user);
}

static uint32_t *shuffled_ids(size_t n, uint64_t seed, uint32_t number) {
    struct shuffle shuffle = shuffle_make((uint32_t)n, seed, number, UINT32_MAX);
    uint32_t *order = rs_malloc(n, sizeof *order);
    for (size_t i = 0; i < n; i++) order[i] = shuffle_at(&shuffle, (uint32_t)i);
    return order;
}

struct count {
    uint64_t ratings;
    uint32_t number;
};

/* Most ratings first. */
static int compare_counts(const void *a, const void *b) {
    const struct count *x = a, *y = b;
    if (x->ratings != y->ratings) return x->ratings > y->ratings ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Sorts COUNTS; makes N_BLOCKS shuffles of the ranks, or of windows of them if NEAR. */
static struct ranks make_ranks(struct count *counts, uint32_t n, size_t n_blocks, bool near,
                               uint64_t seed, uint32_t side) {
    struct ranks ranks = {.n = n, .window = near && n > WINDOWS ? n / WINDOWS : n};
    if (near && ranks.window < 2 && n > 1) ranks.window = 2;
    ranks.of = rs_malloc(n, sizeof *ranks.of);
    ranks.at = rs_malloc(n, sizeof *ranks.at);
    ranks.whole = rs_malloc(n_blocks, sizeof *ranks.whole);
    ranks.rest = rs_malloc(n_blocks, sizeof *ranks.rest);
    qsort(counts, n, sizeof *counts, compare_counts);
    for (uint32_t r = 0; r < n; r++) {
        ranks.at[r] = counts[r].number;
        ranks.of[counts[r].number] = r;
    }
    uint32_t left = n % ranks.window;
    for (uint32_t b = 0; b < n_blocks; b++) {
        ranks.whole[b] = shuffle_make(ranks.window, seed, side, b);
        ranks.rest[b] = shuffle_make(left > 0 ? left : 1, seed, side + 2, b);
    }
    return ranks;
}

static void free_ranks(struct ranks *ranks) {
    free(ranks->of);
    free(ranks->at);
    free(ranks->whole);
    free(ranks->rest);
}

/* Where a rank goes in a block. */
static uint32_t shuffled_rank(const struct ranks *ranks, size_t block, uint32_t rank) {
    uint32_t begin = rank / ranks->window * ranks->window;
    bool whole = ranks->n - begin >= ranks->window;
    return begin + shuffle_at(whole ? &ranks->whole[block] : &ranks->rest[block], rank - begin);
}

static void make_shuffles(struct expansion *expansion, bool near) {
    struct expansion_private *private = expansion->private;
    size_t n = expansion->times_users * expansion->times_items;
    struct count *users = rs_calloc(private->n_users, sizeof *users);
    struct count *items = rs_calloc(private->n_items, sizeof *items);
    for (uint32_t u = 0; u < private->n_users; u++)
        users[u] = (struct count){private->start[u + 1] - private->start[u], u};
    for (uint32_t i = 0; i < private->n_items; i++) items[i].number = i;
    for (uint64_t r = 0; r < private->start[private->n_users]; r++)
        items[private->item[r]].ratings++;
    private->users = make_ranks(users, private->n_users, n, near, private->seed, 0);
    private->items = make_ranks(items, private->n_items, n, near, private->seed, 1);
    private->user_of = shuffled_ids(expansion->n_users, private->seed, 4);
    private->item_id = shuffled_ids(expansion->n_items, private->seed, 5);
    free(users);
    free(items);
}

void expansion_open(struct expansion *expansion, const char *path, size_t times_users,
                    size_t times_items, bool near, uint64_t seed) {
    *expansion = (struct expansion){.times_users = times_users,
                                    .times_items = times_items,
                                    .private = rs_calloc(1, sizeof *expansion->private)};
    struct expansion_private *private = expansion->private;
    private->seed = seed;
    struct log log = read_log(expansion, path);
    expansion->n_users = times_users * private->n_users;
    expansion->n_items = times_items * private->n_items;
    if (expansion->n_users >= UINT32_MAX || expansion->n_items >= UINT32_MAX)
        rs_usage_error("--expand-by: %zu users and %zu items are too many", expansion->n_users,
                       expansion->n_items);
    expansion->n_blocks = (expansion->n_users + USERS_A_BLOCK - 1) / USERS_A_BLOCK;
    find_levels(expansion, &log);
    arrange(expansion, &log);
    free_log(&log);
    find_probabilities(expansion);
    make_shuffles(expansion, near);
}

void expansion_close(struct expansion *expansion) {
    struct expansion_private *private = expansion->private;
    free(private->start);
    free(private->item);
    free(private->level);
    free(private->time);
    free(private->keep);
    free(private->user_of);
    free(private->item_id);
    free_ranks(&private->users);
    free_ranks(&private->items);
    free(private);
    free(expansion->levels);
    *expansion = (struct expansion){0};
}

/* Appends what one block keeps of one of its users. The number of ratings skipped between two that
 * are kept is geometric. */
static void fill_part(const struct expansion *expansion, size_t block, uint32_t place, uint32_t id,
                      struct rows *rows) {
    const struct expansion_private *private = expansion->private;
    uint32_t user = private->users.at[shuffled_rank(&private->users, block, place)];
    uint64_t from = private->start[user], n = private->start[user + 1] - from;
    double keep = private->keep[block], step = keep < 1 ? 1 / log1p(-keep) : 0;
    if (keep <= 0) return;
    struct rs_random random = rs_random_stream(private->seed, STREAM_KEEP, (uint32_t)block, place);
    size_t column = block % expansion->times_items * private->n_items;
    rows_room(rows, n);
    for (double at = 0; at < (double)n; at++) {
        if (keep < 1) at += floor(log(1 - rs_random_uniform(&random)) * step);
        if (at >= (double)n) break;
        uint64_t k = from + (uint64_t)at;
        uint32_t rank = private->items.of[private->item[k]];
        size_t r = rows->n++;
        rows->user[r] = id;
        rows->item[r] = 1 + private->item_id[column + shuffled_rank(&private->items, block, rank)];
        rows->value[r] = private->level[k];
        rows->time[r] = private->time[k];
    }
}

void expansion_fill(void *data, size_t block, struct rows *rows) {
    const struct expansion *expansion = data;
    const struct expansion_private *private = expansion->private;
    size_t from = block * USERS_A_BLOCK, to = from + USERS_A_BLOCK;
    if (to > expansion->n_users) to = expansion->n_users;
    for (size_t id = from; id < to; id++) {
        uint32_t part = private->user_of[id] / private->n_users;
        uint32_t place = private->user_of[id] % private->n_users;
        size_t begin = rows->n;
        for (size_t c = 0; c < expansion->times_items; c++)
            fill_part(expansion, part * expansion->times_items + c, place, (uint32_t)id + 1, rows);
        if (expansion->has_time) rows_sort(rows, begin);
    }
}
