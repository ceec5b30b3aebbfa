/* The best items for somebody under a model: what rs-score lists and what the server recommends are
 * made here, so that both give the same answer.
 *
 * Candidates are the items of the matrix that the profile has not rated and that the wish lets
 * through. They come by the model's score (rs_model_rank), the highest first, equal ones by
 * ascending index. Somebody without ratings gets what is popular: scores are then the numbers of
 * the items' ratings.
 *
 *     struct rs_listing *listing = rs_listing_new(model, NULL);
 *     struct rs_listed entries[10];
 *     struct rs_best best = {.entries = entries};
 *     rs_listing_fill(listing, &profile, &(struct rs_wish){.n = 10}, &best);
 *
 * A listing is what one thread works with (some sixteen bytes an item, and the model's workspace);
 * threads share the model. */
#ifndef RS_LISTING_H
#define RS_LISTING_H

#include <stddef.h>
#include <stdint.h>

#include "model/lists.h"
#include "model/model.h"

struct rs_listed {
    float score; /* finite */
    uint32_t item;
};

/* What is asked for. Everything but n may be left 0. */
struct rs_wish {
    size_t n;
    const uint8_t *allowed;  /* one an item of the matrix, 0: no candidate; NULL: all may be */
    const uint32_t *without; /* further items that are no candidates, in any order, or RS_NONE */
    size_t n_without;

    /* Changes the scores of all items before the best are selected: what a situation does to them.
     * SOURCE tells what they are: RS_FROM_MODEL, or RS_FROM_POPULARITY (numbers of ratings). A
     * score that it makes infinite or NaN takes the item out. */
    void (*adjust)(void *data, const struct rs_profile *profile, enum rs_source source,
                   float *scores);
    void *data;
};

struct rs_best {
    struct rs_listed *entries; /* the caller's, with room for the wish's n */
    size_t n;                  /* less than the wish's where there are no more candidates */
    enum rs_source source;     /* RS_FROM_MODEL or RS_FROM_POPULARITY */
    bool ready;                /* taken from lists made before */
};

struct rs_listing; /* of one thread */

/* LISTS are those that were made by the model, or NULL. What they hold is not computed again: the
 * answer is the same, to the last bit. Both must outlive the listing. */
struct rs_listing *rs_listing_new(const struct rs_model *model, const struct rs_lists *lists);
void rs_listing_free(struct rs_listing *listing);

/* Fills BEST from LISTS (NULL: there are none) alone, which takes no listing. False if that may not
 * be all: where ratings or scores have changed since, or a list ends before the wish is filled. */
bool rs_listing_take(const struct rs_lists *lists, const struct rs_profile *profile,
                     const struct rs_wish *wish, struct rs_best *best);

/* Fills BEST with the best candidates of the profile. */
void rs_listing_fill(struct rs_listing *listing, const struct rs_profile *profile,
                     const struct rs_wish *wish, struct rs_best *best);

#endif
