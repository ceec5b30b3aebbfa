#include "model/listing.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "base/topk.h"

/* Items are laid out in rows of n_blocks, at most 64 and a multiple of STEP of them: a block is a
 * column of that table. LINE keeps the elements of a column out of each other's way in the cache.
 */
enum { WIDTH = 256, ROWS = 64, STEP = 4, LINE = 16 };

struct rs_listing {
    const struct rs_model *model;
    const struct rs_lists *lists; /* or NULL */
    size_t n_items, n_blocks, n_padded;
    void *workspace;
    float *scores;   /* of all items, the last rows filled up with what is no candidate */
    float *evidence; /* the same, all 0 between calls; if the class has this form */
    float *highest;  /* of each block */
    uint64_t *keys;  /* of candidates, see topk.h */
};

static float *new_scores(const struct rs_listing *listing) {
    float *scores = rs_aligned(listing->n_padded, sizeof *scores);
    memset(scores, 0, listing->n_items * sizeof *scores);
    for (size_t i = listing->n_items; i < listing->n_padded; i++) scores[i] = -INFINITY;
    return scores;
}

struct rs_listing *rs_listing_new(const struct rs_model *model, const struct rs_lists *lists) {
    struct rs_listing *listing = rs_calloc(1, sizeof *listing);
    listing->model = model;
    listing->lists = lists;
    listing->n_items = model->matrix->items.ids.n;
    listing->n_blocks = WIDTH * (listing->n_items / (WIDTH * ROWS) + 1) + LINE;
    size_t step = STEP * listing->n_blocks;
    listing->n_padded = (listing->n_items + step - 1) / step * step;
    listing->workspace = rs_model_workspace(model);
    listing->scores = new_scores(listing);
    if (model->class->evidence != NULL) listing->evidence = new_scores(listing);
    listing->highest = rs_aligned(listing->n_blocks, sizeof *listing->highest);
    listing->keys = rs_malloc(listing->n_padded + 1, sizeof *listing->keys);
    return listing;
}

void rs_listing_free(struct rs_listing *listing) {
    if (listing == NULL) return;
    rs_model_free_workspace(listing->model, listing->workspace);
    free(listing->scores);
    free(listing->evidence);
    free(listing->highest);
    free(listing->keys);
    free(listing);
}

static void score_by_popularity(const struct rs_matrix *matrix, float *scores) {
    const uint64_t *start = matrix->columns.start;
    for (size_t i = 0; i < matrix->columns.n_lines; i++)
        scores[i] = (float)(start[i + 1] - start[i]);
}

RS_CLONES static void keep_allowed(float *restrict scores, const uint8_t *restrict allowed,
                                   size_t n) {
    for (size_t i = 0; i < n; i++) scores[i] = allowed[i] != 0 ? scores[i] : -INFINITY;
}

/* Takes out what is no candidate. */
static void mask(float *scores, size_t n_items, const struct rs_profile *profile,
                 const struct rs_wish *wish) {
    for (size_t e = 0; e < profile->n; e++) scores[profile->item[e]] = -INFINITY;
    for (size_t k = 0; k < wish->n_without; k++)
        if (wish->without[k] != RS_NONE) scores[wish->without[k]] = -INFINITY;
    if (wish->allowed != NULL) keep_allowed(scores, wish->allowed, n_items);
}

/* Selection. The best N of the scores are not below the N-th of the blocks' highest, so that one
 * pass finds these and a look into the few blocks that reach it finds the candidates. */

static inline float higher(float score, float best) {
    return score > best && score <= FLT_MAX ? score : best;
}

/* The highest finite score of each block; -infinity where there is none. */
RS_CLONES static void find_highest(const float *restrict scores, size_t n_padded, size_t n_blocks,
                                   float *restrict highest) {
    for (size_t b = 0; b < n_blocks; b++) highest[b] = -INFINITY;
    for (size_t row = 0; row < n_padded; row += STEP * n_blocks) {
        const float *first = scores + row, *second = first + n_blocks;
        const float *third = second + n_blocks, *fourth = third + n_blocks;
        for (size_t b = 0; b < n_blocks; b++) {
            float best = higher(second[b], higher(first[b], highest[b]));
            highest[b] = higher(fourth[b], higher(third[b], best));
        }
    }
}

/* The least score that can be among the best N of those above FLOOR; FLOOR where all can. */
static float find_threshold(const struct rs_listing *listing, size_t n, float floor) {
    uint64_t *keys = listing->keys;
    size_t n_keys = 0;
    for (uint32_t b = 0; b < listing->n_blocks; b++) {
        keys[n_keys] = rs_topk_key(listing->highest[b], b);
        n_keys += listing->highest[b] > floor; /* no branch: it would be guessed wrong */
    }
    if (n_keys < n) return floor;
    rs_topk_partition(keys, n_keys, n);
    uint64_t least = UINT64_MAX;
    for (size_t k = 0; k < n; k++) least = keys[k] < least ? keys[k] : least;
    return rs_topk_value(least);
}

/* Puts the keys of the finite scores above FLOOR that are not below THRESHOLD at the beginning of
 * the listing's; returns their number. */
static size_t collect(struct rs_listing *listing, const float *scores, float threshold,
                      float floor) {
    uint64_t *keys = listing->keys;
    size_t n = 0;
    if (threshold == floor) { /* most are: no branches that would be guessed wrong */
        for (size_t i = 0; i < listing->n_items; i++) {
            keys[n] = rs_topk_key(scores[i], (uint32_t)i);
            n += (scores[i] > floor) & (scores[i] <= FLT_MAX);
        }
        return n;
    }
    for (size_t b = 0; b < listing->n_blocks; b++) {
        if (listing->highest[b] < threshold) continue;
        for (size_t i = b; i < listing->n_padded; i += listing->n_blocks)
            if (scores[i] >= threshold && scores[i] <= FLT_MAX)
                keys[n++] = rs_topk_key(scores[i], (uint32_t)i);
    }
    return n;
}

/* Fills BEST with the N best of the finite scores above FLOOR. */
static void select_best(struct rs_listing *listing, const float *scores, size_t n, float floor,
                        struct rs_best *best) {
    uint64_t *keys = listing->keys;
    find_highest(scores, listing->n_padded, listing->n_blocks, listing->highest);
    size_t n_keys = collect(listing, scores, find_threshold(listing, n, floor), floor);
    rs_topk_partition(keys, n_keys, n);
    best->n = n_keys < n ? n_keys : n;
    rs_topk_sort(keys, best->n);
    for (size_t k = 0; k < best->n; k++)
        best->entries[k] = (struct rs_listed){rs_topk_value(keys[k]), rs_topk_index(keys[k])};
}

/* Selects among what evidence speaks for, and among the rest if that is not enough. */
static void fill_from_evidence(struct rs_listing *listing, const struct rs_profile *profile,
                               const struct rs_wish *wish, struct rs_best *best) {
    const struct rs_model *model = listing->model;
    float *scores = listing->evidence;
    const float *instead = model->class->evidence(model, listing->workspace, profile, scores);
    mask(scores, listing->n_items, profile, wish);
    select_best(listing, scores, wish->n, 0, best);
    if (best->n < wish->n) {
        rs_model_stand_in(scores, instead, listing->n_items);
        select_best(listing, scores, wish->n, -INFINITY, best);
    }
    memset(scores, 0, listing->n_items * sizeof *scores);
}

static bool may_list(const struct rs_wish *wish, uint32_t item) {
    for (size_t k = 0; k < wish->n_without; k++)
        if (wish->without[k] == item) return false;
    return wish->allowed == NULL || wish->allowed[item] != 0;
}

/* Takes what the wish lets through of the user's ready list. False if that may not be all: where
 * ratings or scores have changed since, or the list ends before the wish is filled. */
static bool take_ready(const struct rs_lists *lists, const struct rs_profile *profile,
                       const struct rs_wish *wish, struct rs_best *best) {
    if (lists == NULL || profile->changed || profile->user == RS_NONE || profile->n == 0 ||
        wish->adjust != NULL)
        return false;
    uint64_t from = lists->start[profile->user], end = lists->start[profile->user + 1];
    best->n = 0;
    for (uint64_t e = from; e < end && best->n < wish->n; e++)
        if (may_list(wish, lists->item[e]))
            best->entries[best->n++] = (struct rs_listed){lists->score[e], lists->item[e]};
    return best->n == wish->n || end - from < lists->most;
}

void rs_listing_fill(struct rs_listing *listing, const struct rs_profile *profile,
                     const struct rs_wish *wish, struct rs_best *best) {
    const struct rs_model *model = listing->model;
    best->source = profile->n == 0 ? RS_FROM_POPULARITY : RS_FROM_MODEL;
    best->ready = take_ready(listing->lists, profile, wish, best);
    if (best->ready) return;
    if (profile->n == 0) {
        score_by_popularity(model->matrix, listing->scores);
    } else if (listing->evidence != NULL && wish->adjust == NULL) {
        fill_from_evidence(listing, profile, wish, best);
        return;
    } else {
        rs_model_rank(model, listing->workspace, profile, listing->scores);
    }
    if (wish->adjust != NULL) wish->adjust(wish->data, profile, best->source, listing->scores);
    mask(listing->scores, listing->n_items, profile, wish);
    select_best(listing, listing->scores, wish->n, -INFINITY, best);
}
