/* All ratings in memory, for what needs to see them all: repeated pairs and the k-core.
 *
 * A rating takes 12 bytes, 8 more with times, 4 more for each context, and 4 (8 for a core) while
 * it is resolved. */
#ifndef CLEAN_HOLD_H
#define CLEAN_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "format/pairs.h"

/* Which of the ratings of a pair by the same user and item counts. LAST and FIRST go by time where
 * both have one, else by order; the pair's place is that of the rating that stays. */
enum dedupe {
    DEDUPE_KEEP, /* all, as they come */
    DEDUPE_LAST,
    DEDUPE_FIRST,
    DEDUPE_MEAN, /* the last, with the mean rating */
    DEDUPE_MAX,  /* the highest, the last of several */
    DEDUPE_SUM,  /* the last, with the sum */
    DEDUPE_ERROR,
};

/* Where a rating came from, for messages: the number of an input above and of a line below. */
enum { PLACE_LINE_BITS = 40 };

struct chunk;

struct hold {
    struct chunk *chunks;
    size_t n_chunks, capacity;
    uint64_t n;
    bool places;       /* notes where ratings come from */
    uint8_t *gone;     /* a bit a rating: dropped */
    uint8_t *repeated; /* a bit a rating: kept beside another of its pair (KEEP) */
    uint32_t *order;   /* the ratings by user, each user's in order of arrival */
    uint32_t *start;   /* n_users + 1, in order */
    size_t n_users, n_items;
};

/* PLACE is of each row, or NULL. False when there are more than a hold can number. */
bool hold_add(struct hold *hold, const struct rs_pairs *rows, const uint64_t *place,
              struct rs_error *err);

/* Rows that are `removed` take all earlier ratings of their pair with them, whatever the policy. */
struct repeated {
    uint64_t n_pairs, n_dropped;
    uint64_t n_removed; /* rows that take ratings back, and the ratings that they took */
    /* DEDUPE_ERROR: the first repeated rating in order of arrival, and the one before it. */
    uint32_t user, item;
    uint64_t place, place_before;
};

/* Finds repeated pairs and keeps what POLICY says. N_USERS and N_ITEMS bound the indices. */
struct repeated hold_resolve(struct hold *hold, enum dedupe policy, size_t n_users, size_t n_items);

/* How much a core leaves out. */
struct core {
    uint64_t n_ratings, n_users, n_items; /* before */
    uint64_t ratings_dropped, users_dropped, items_dropped;
};

/* Drops users with fewer than MIN_USER pairs and items with fewer than MIN_ITEM until none is left.
 * To be called after hold_resolve. */
struct core hold_core(struct hold *hold, uint64_t min_user, uint64_t min_item);

/* Copies ratings that are left, from number *AT on and in order, to the end of ROWS, until that has
 * RS_BATCH_ROWS or there are no more. Moves *AT; false when nothing was copied. */
bool hold_next(const struct hold *hold, uint64_t *at, struct rs_pairs *rows);

void hold_free(struct hold *hold);

#endif
