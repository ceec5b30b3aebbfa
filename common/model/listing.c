#include "model/listing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "base/selection.h"
#include "base/topk.h"

struct rs_listing {
    const struct rs_model *model;
    const struct rs_lists *lists; /* or NULL */
    size_t n_items;
    void *workspace;
    struct rs_selection *selection;
    float *scores;   /* of all items, for the selection */
    float *evidence; /* the same, all 0 between calls; if the class has this form */
};

struct rs_listing *rs_listing_new(const struct rs_model *model, const struct rs_lists *lists) {
    struct rs_listing *listing = rs_calloc(1, sizeof *listing);
    listing->model = model;
    listing->lists = lists;
    listing->n_items = model->matrix->items.ids.n;
    listing->workspace = rs_model_workspace(model);
    listing->selection = rs_selection_new(listing->n_items);
    listing->scores = rs_selection_values(listing->selection);
    if (model->class->evidence != NULL) listing->evidence = rs_selection_values(listing->selection);
    return listing;
}

void rs_listing_free(struct rs_listing *listing) {
    if (listing == NULL) return;
    rs_model_free_workspace(listing->model, listing->workspace);
    rs_selection_free(listing->selection);
    free(listing->scores);
    free(listing->evidence);
    free(listing);
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

/* Fills BEST with the N best of the finite scores above FLOOR. */
static void select_best(struct rs_listing *listing, const float *scores, size_t n, float floor,
                        struct rs_best *best) {
    const uint64_t *keys;
    best->n = rs_selection_find(listing->selection, scores, n, floor, &keys);
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

bool rs_listing_take(const struct rs_lists *lists, const struct rs_profile *profile,
                     const struct rs_wish *wish, struct rs_best *best) {
    if (lists == NULL || profile->changed || profile->user == RS_NONE || profile->n == 0 ||
        wish->adjust != NULL)
        return false;
    uint64_t from = lists->start[profile->user], end = lists->start[profile->user + 1];
    best->n = 0;
    best->source = RS_FROM_MODEL;
    for (uint64_t e = from; e < end && best->n < wish->n; e++)
        if (may_list(wish, lists->item[e]))
            best->entries[best->n++] = (struct rs_listed){lists->score[e], lists->item[e]};
    best->ready = best->n == wish->n || end - from < lists->most;
    return best->ready;
}

void rs_listing_fill(struct rs_listing *listing, const struct rs_profile *profile,
                     const struct rs_wish *wish, struct rs_best *best) {
    const struct rs_model *model = listing->model;
    if (rs_listing_take(listing->lists, profile, wish, best)) return;
    best->source = profile->n == 0 ? RS_FROM_POPULARITY : RS_FROM_MODEL;
    best->ready = false;
    if (profile->n == 0) {
        rs_rank_popular(model->matrix, listing->scores);
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
