#include "listing.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "topk.h"

struct rs_listing {
    const struct rs_model *model;
    size_t n_items;
    void *workspace;
    float *scores;  /* of all items */
    uint64_t *keys; /* of candidates, see topk.h */
};

struct rs_listing *rs_listing_new(const struct rs_model *model) {
    struct rs_listing *listing = rs_calloc(1, sizeof *listing);
    listing->model = model;
    listing->n_items = model->matrix->items.ids.n;
    listing->workspace = rs_model_workspace(model);
    listing->scores = rs_aligned(listing->n_items, sizeof *listing->scores);
    listing->keys = rs_malloc(listing->n_items, sizeof *listing->keys);
    return listing;
}

void rs_listing_free(struct rs_listing *listing) {
    if (listing == NULL) return;
    rs_model_free_workspace(listing->model, listing->workspace);
    free(listing->scores);
    free(listing->keys);
    free(listing);
}

static void score_by_popularity(const struct rs_matrix *matrix, float *scores) {
    const uint64_t *start = matrix->columns.start;
    for (size_t i = 0; i < matrix->columns.n_lines; i++)
        scores[i] = (float)(start[i + 1] - start[i]);
}

/* Takes out what is no candidate. */
static void mask(struct rs_listing *listing, const struct rs_profile *profile,
                 const struct rs_wish *wish) {
    float *scores = listing->scores;
    for (size_t e = 0; e < profile->n; e++) scores[profile->item[e]] = -INFINITY;
    for (size_t k = 0; k < wish->n_without; k++)
        if (wish->without[k] != RS_NONE) scores[wish->without[k]] = -INFINITY;
    for (size_t i = 0; wish->allowed != NULL && i < listing->n_items; i++)
        if (wish->allowed[i] == 0) scores[i] = -INFINITY;
}

static void select_best(struct rs_listing *listing, size_t n, struct rs_best *best) {
    uint64_t *keys = listing->keys;
    size_t n_keys = 0;
    for (uint32_t item = 0; item < listing->n_items; item++)
        if (isfinite(listing->scores[item]))
            keys[n_keys++] = rs_topk_key(listing->scores[item], item);
    rs_topk_partition(keys, n_keys, n);
    if (n_keys > n) n_keys = n;
    rs_topk_sort(keys, n_keys);
    for (size_t k = 0; k < n_keys; k++)
        best->entries[k] = (struct rs_listed){rs_topk_value(keys[k]), rs_topk_index(keys[k])};
    best->n = n_keys;
}

void rs_listing_fill(struct rs_listing *listing, const struct rs_profile *profile,
                     const struct rs_wish *wish, struct rs_best *best) {
    best->source = profile->n == 0 ? RS_FROM_POPULARITY : RS_FROM_MODEL;
    if (profile->n == 0) {
        score_by_popularity(listing->model->matrix, listing->scores);
    } else {
        rs_model_rank(listing->model, listing->workspace, profile, listing->scores);
    }
    if (wish->adjust != NULL) wish->adjust(wish->data, profile, best->source, listing->scores);
    mask(listing, profile, wish);
    select_best(listing, wish->n, best);
}
