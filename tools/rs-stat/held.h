/* As many pairs as may be held. */
#ifndef HELD_H
#define HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/pairs.h"

/* The pairs of those users (or items) whose name has a hash that begins with LEVEL bits of 0. While
 * there are no more pairs than the limit it is all of them, which by_user then holds for both; of
 * more, the fewest bits with which they fit in a SAMPLE_PART of it. So it is the same sample in
 * whatever order the ratings come. */
enum { SAMPLE_PART = 4 };

struct held {
    bool by_user;
    unsigned level; /* 0: everything is held */
    size_t limit, n, capacity;
    uint32_t *user, *item; /* pages */
    size_t n_lines, line_capacity;
    uint64_t *hash; /* by line */
    bool *kept;     /* by line */
};

/* Makes lines known; it must be done before their pairs are added. */
void held_name(struct held *held, const struct rs_ids *names);

/* Adds the pairs of a batch to both. */
void held_add(struct held *by_user, struct held *by_item, const struct rs_pairs *batch);

void held_free(struct held *held);

#endif
