/* The long lines of one form of a matrix, kept densely: what is summed of them is then summed for
 * many of the others in one instruction.
 *
 * A line is kept if it has an entry for one in RS_LEVELS_SHARE of the others or more, and all its
 * values are *levels*: multiples of a unit from 0 up to RS_LEVELS_TOP of them. The unit is 1/2, or
 * 1 where such lines have greater values than 1/2 reaches. Sums of products of levels are exact, in
 * whatever order they are made. Half a byte for each line and other, so at most RS_LEVELS_SHARE / 2
 * bytes for each rating there. Read-only once made, and thread-safe. */
#ifndef RS_LEVELS_H
#define RS_LEVELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ratings/matrix.h"

enum { RS_LEVELS_SHARE = 32, RS_LEVELS_TOP = 15 };

struct rs_levels {
    size_t n, n_long; /* that are kept, and that are long enough */
    size_t n_others, stride;
    uint32_t *number; /* of each line among those that are kept, or RS_NONE; NULL: none is */
    uint8_t *level;   /* two to a byte (levels.c), 0: no entry; STRIDE bytes a line; then zeros */
    double unit;
    uint8_t top; /* the greatest level */
};

/* Keeps lines of FORM, whose values are the ratings, or 1 each where ONES. The caller frees it. */
void rs_levels_make(struct rs_levels *levels, const struct rs_sparse *form, bool ones);
void rs_levels_free(struct rs_levels *levels);

/* The number of a line, or RS_NONE where it is not kept. */
static inline uint32_t rs_levels_number(const struct rs_levels *levels, uint32_t line) {
    return levels->number == NULL ? RS_NONE : levels->number[line];
}

/* Whether a value is a level, which goes to *LEVEL. */
static inline bool rs_levels_of(const struct rs_levels *levels, double value, uint8_t *level) {
    double scaled = value / levels->unit;
    if (!(scaled >= 0 && scaled <= RS_LEVELS_TOP)) return false;
    *level = (uint8_t)scaled;
    return (double)*level == scaled;
}

/* A line of those that are kept, and what it is multiplied with. */
struct rs_levels_term {
    uint32_t number;
    uint8_t level;
};

/* Adds the products of N terms to SUM, one element an other. */
void rs_levels_add(const struct rs_levels *levels, const struct rs_levels_term *terms, size_t n,
                   double *sum);

/* Lines that are added at once. */
enum { RS_LEVELS_FEW = 4 };

/* SUM[o] += weight times the value of o, for one of N lines after the other (at most
 * RS_LEVELS_FEW), as if each were added alone. */
void rs_levels_weigh(const struct rs_levels *levels, const uint32_t *number, const float *weight,
                     size_t n, float *sum);

/* Asks for a line before it is needed. */
void rs_levels_fetch(const struct rs_levels *levels, uint32_t number);

#endif
