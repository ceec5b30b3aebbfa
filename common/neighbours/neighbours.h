/* The most similar others of every line of a matrix, exactly.
 *
 * The result does not depend on the number of threads, on how the lines are cut into parts or on
 * the memory allowed: sums of ratings on a grid are exact integers, all others run in an order that
 * the matrix fixes, and ties go to the smaller index.
 *
 * How: lines are arranged by the number of their entries (packed.h) and cut into blocks. Every
 * block of rows is compared with the lines behind it, which have fewer entries, each pair once, by
 * whichever costs least: levels kept densely for the columns that many lines have, lists of entries
 * for the others (block.h), or, for all rows with few entries together, lists of what they have in
 * each column. All threads are at the same block, which they fill together, and take tiles of the
 * lines behind it. Sums of a tile against a block stay near; what of them can still matter for one
 * of the two lines is offered to its shortlist.
 *
 * Where memory is bounded there is less room for what a block keeps: fewer dense columns, and
 * blocks of fewer lines. Only where even that is too much are the rows cut into passes, each of
 * which compares its share with all lines and so loses most of what a pair once saves. */
#ifndef RS_NEIGHBOURS_H
#define RS_NEIGHBOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "neighbours/dots.h"
#include "neighbours/similarity.h"
#include "ratings/matrix.h"

struct rs_neighbours_options {
    struct rs_similarity similarity;
    bool users;           /* compare users; else items */
    size_t k;             /* neighbours of a line at most */
    float min_similarity; /* only what is more similar than this */
    size_t memory;        /* bytes to hold at most, with the matrix; 0: what is fastest */
    const struct rs_dots_kernel *kernel; /* NULL: the best that the processor has */
};

struct rs_neighbours {
    size_t from, to; /* lines */
    uint64_t *start; /* to - from + 1, from 0 */
    uint32_t *other; /* by descending similarity, then ascending index */
    float *similarity;
};

/* Finds the neighbours of the lines from..to-1. The caller frees them with rs_neighbours_free.
 * False (EX_USAGE) if the memory allowed is too small; *err says how much is needed. */
bool rs_neighbours_find(struct rs_neighbours *found, const struct rs_matrix *matrix,
                        const struct rs_neighbours_options *options, size_t from, size_t to,
                        struct rs_error *err);

void rs_neighbours_free(struct rs_neighbours *found);

/* Cuts the lines into N parts of about equal work, counted in multiply-adds; part I (from 0) is the
 * lines *from..*to-1. */
void rs_neighbours_part(const struct rs_matrix *matrix, bool users, size_t i, size_t n,
                        size_t *from, size_t *to);

#endif
