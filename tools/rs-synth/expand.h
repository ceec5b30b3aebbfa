/* Enlarges a set of real ratings by a randomised Kronecker product with a reduced version of itself
 * (Belletti et al.: Scalable realistic recommendation datasets through fractal expansions,
 * arXiv:1901.08910, section III.4).
 *
 * The result consists of blocks, one for every element p of the reduced matrix: the set with its
 * users and its items shuffled anew, of which every rating is kept with probability p. Ratings and
 * times stay what they were. */
#ifndef SYNTH_EXPAND_H
#define SYNTH_EXPAND_H

#include "format/pairs.h"
#include "rows.h"

struct expansion {
    size_t n_users, n_items; /* of the result */
    size_t times_users, times_items;
    bool has_time, implicit;
    float *levels; /* the ratings that occur, ascending */
    size_t n_levels;
    size_t n_blocks;
    struct expansion_private *private;
};

enum { MAX_TIMES = 4096 };

/* Reads the stream at PATH. NEAR: users are shuffled among those of about as many ratings, items
 * likewise, so that the sums over blocks stay as unequal as the source. */
void expansion_open(struct expansion *expansion, const char *path, size_t times_users,
                    size_t times_items, bool near, uint64_t seed);
void expansion_close(struct expansion *expansion);

/* Appends a block of users; a rows_fill. */
void expansion_fill(void *expansion, size_t block, struct rows *rows);

#endif
