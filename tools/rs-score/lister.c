#include "lister.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "neighbours/mmr.h"

struct lister {
    struct rs_listing *listing;
    size_t n;
    double lambda;
    struct rs_mmr *mmr;     /* NULL: the model's order */
    struct rs_listed *pool; /* what a varied list is made of */
};

struct lister *lister_new(const struct scoring *scoring, size_t n) {
    struct lister *lister = rs_calloc(1, sizeof *lister);
    lister->listing = rs_listing_new(scoring->model, scoring->lists);
    lister->n = n;
    lister->lambda = scoring->mmr;
    if (scoring->mmr < 1) {
        lister->mmr = rs_mmr_new(scoring->neighbours);
        lister->pool = rs_malloc(rs_mmr_pool(n), sizeof *lister->pool);
    }
    return lister;
}

void lister_free(struct lister *lister) {
    rs_listing_free(lister->listing);
    rs_mmr_free(lister->mmr);
    free(lister->pool);
    free(lister);
}

static void fill_varied(struct lister *lister, const struct rs_profile *profile,
                        struct rs_best *best) {
    const struct rs_wish wish = {.n = rs_mmr_pool(lister->n)};
    struct rs_listed *entries = best->entries;
    best->entries = lister->pool;
    rs_listing_fill(lister->listing, profile, &wish, best);
    rs_mmr_order(lister->mmr, lister->lambda, best, lister->n);
    if (best->n > 0) memcpy(entries, lister->pool, best->n * sizeof *entries);
    best->entries = entries;
}

void lister_fill(struct lister *lister, const struct rs_profile *profile, struct rs_best *best) {
    const struct rs_wish wish = {.n = lister->n};
    if (lister->mmr != NULL) {
        fill_varied(lister, profile, best);
    } else {
        rs_listing_fill(lister->listing, profile, &wish, best);
    }
}
