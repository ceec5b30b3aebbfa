/* The most similar others of every line of a matrix, exactly.
 *
 * The result does not depend on the number of threads or on how the lines are cut into parts: which
 * sums are formed in which order is fixed by the matrix alone, and ties go to the smaller index. */
#ifndef RS_NEIGHBOURS_H
#define RS_NEIGHBOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "matrix.h"
#include "similarity.h"

struct rs_neighbours_options {
    struct rs_similarity similarity;
    bool users;           /* compare users; else items */
    size_t k;             /* neighbours of a line at most */
    float min_similarity; /* only what is more similar than this */
};

struct rs_neighbours {
    size_t from, to; /* lines */
    uint64_t *start; /* to - from + 1, from 0 */
    uint32_t *other; /* by descending similarity, then ascending index */
    float *similarity;
};

/* Finds the neighbours of the lines from..to-1. The caller frees them with rs_neighbours_free. */
void rs_neighbours_find(struct rs_neighbours *found, const struct rs_matrix *matrix,
                        const struct rs_neighbours_options *options, size_t from, size_t to);

void rs_neighbours_free(struct rs_neighbours *found);

/* Cuts the lines into N parts of about equal work, counted in multiply-adds; part I (from 0) is the
 * lines *from..*to-1. */
void rs_neighbours_part(const struct rs_matrix *matrix, bool users, size_t i, size_t n,
                        size_t *from, size_t *to);

#endif
