/* The columns of a matrix that many users have an entry in, kept densely: what one user has in
 * common with all others is then summed for many users in one instruction.
 *
 * A column is kept if one user in RS_COLUMNS_SHARE has it or more, and all its values are *levels*:
 * multiples of 1/2 up to RS_COLUMNS_TOP of them. Sums of products of levels are exact, in whatever
 * order they are made. A byte for each user and column, so at most RS_COLUMNS_SHARE bytes for each
 * rating there. Read-only once made, and thread-safe. */
#ifndef RS_COLUMNS_H
#define RS_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ratings/matrix.h"

enum { RS_COLUMNS_SHARE = 16, RS_COLUMNS_TOP = 63 };
#define RS_COLUMNS_UNIT 0.5

struct rs_columns {
    size_t n, n_users, stride;
    uint32_t *number; /* of each item's column, or RS_NONE; NULL: none is kept */
    uint8_t *level;   /* of every user, 0: no entry; STRIDE from one column to the next */
};

/* Keeps the columns of MATRIX, whose values are the ratings, or 1 each where ONES. The caller frees
 * it. */
void rs_columns_make(struct rs_columns *columns, const struct rs_matrix *matrix, bool ones);
void rs_columns_free(struct rs_columns *columns);

/* The number of an item's column, or RS_NONE where it is not kept. */
static inline uint32_t rs_columns_number(const struct rs_columns *columns, uint32_t item) {
    return columns->number == NULL ? RS_NONE : columns->number[item];
}

/* Whether a value is a level, which goes to *LEVEL. */
static inline bool rs_columns_level(double value, uint8_t *level) {
    double scaled = value / RS_COLUMNS_UNIT;
    if (!(scaled >= 0 && scaled <= RS_COLUMNS_TOP)) return false;
    *level = (uint8_t)scaled;
    return (double)*level == scaled;
}

/* A column of those that are kept, and what it is multiplied with. */
struct rs_columns_term {
    uint32_t number;
    uint8_t level;
};

/* Adds the products of N terms to SUM, one element a user. */
void rs_columns_add(const struct rs_columns *columns, const struct rs_columns_term *terms, size_t n,
                    double *sum);

#endif
