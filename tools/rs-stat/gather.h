/* What one pass over the ratings leaves: sums by user and by item, the ratings' distribution, hours
 * and months, contexts, and the pairs of as many users and of as many items as may be held.
 *
 * Two threads take batches in turns, so that a batch is read, and counted while the next one is
 * read, by the same processor: what it has in its cache the other one would wait for longer than it
 * takes to count. Even batches and odd ones are summed up apart, by one thread as by two. */
#ifndef GATHER_H
#define GATHER_H

#include "format/file.h"
#include "held.h"
#include "sums.h"
#include "values.h"

struct gathered {
    struct sums all;
    struct tally tally;
    uint64_t *user_counts, *item_counts; /* ascending */
    struct distribution distribution;
    struct held by_user, by_item;
};

/* A batch, and what its columns lie in. */
struct taken {
    struct rs_pairs batch;
    struct rs_segment arrays;
    uint32_t *made; /* by the source */
};

/* Where batches come from. */
struct source {
    /* Reads a batch into *taken, which is zero, or sets *over. One call at a time, by any thread.
     */
    bool (*next)(void *what, struct taken *taken, bool *over, struct rs_error *err);
    void *what;
    const struct rs_ids *users, *items; /* the names of all that was read so far */
};

/* Reads a source to its end. LIMIT: pairs to be held. False after filling *err. */
bool gather_source(struct gathered *gathered, const struct source *source, size_t limit,
                   struct rs_error *err);

void gathered_free(struct gathered *gathered);

#endif
