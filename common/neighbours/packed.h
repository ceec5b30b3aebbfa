/* The lines of a matrix arranged for being compared with each other.
 *
 * Lines are at *positions*, those with more entries first, so that lines that have much in common
 * with all others lie side by side; columns (the other side) have *ranks* by the same rule. The
 * lines whose neighbours are wanted, the *rows*, take the first positions. A line's entries ascend
 * by rank, so that the sums of a pair run in the same order whatever the rows are.
 *
 * Where all ratings are multiples of 1, 1/2, 1/4 or 1/8, few apart, values are *levels* of one
 * byte, and their sums exact integers. Else they are doubles. */
#ifndef RS_PACKED_H
#define RS_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "neighbours/dots.h"
#include "neighbours/similarity.h"
#include "ratings/matrix.h"

/* What is summed over the entries that two lines share. */
enum rs_sums_kind {
    RS_LEVEL_PRODUCT, /* S(xy) of levels */
    RS_LEVEL_SUMS,    /* all six sums of levels */
    RS_REAL_PRODUCT,  /* S(xy) of reals */
    RS_REAL_SQUARES,  /* n, S(xx), S(yy), S(xy) of reals */
    RS_REAL_SUMS      /* all six */
};

/* An entry: where it is (a rank or a position) in the lower 24 bits and its level above them; for
 * reals all 32 bits say where, and the value is in another array. */
enum { RS_ENTRY_BITS = 24 };
#define RS_ENTRY_MASK ((1u << RS_ENTRY_BITS) - 1)

struct rs_packed {
    enum rs_sums_kind kind;
    enum rs_dots_form form; /* that blocks of levels have */
    double unit;            /* of a level, in ratings; 1 for reals */
    size_t n_lines, n_rows, n_columns;
    uint32_t *line;             /* number in the matrix, by position */
    uint64_t *start;            /* n_lines + 1, by position */
    uint32_t *entry;            /* rank of each */
    double *value;              /* of each; NULL for levels */
    uint32_t *column_n;         /* lines that have an entry, by rank */
    struct rs_line_facts facts; /* by position, RS_PAIRS more than there are lines */
    size_t tail;                /* the rows from this position on have their entries by columns: */
    uint64_t *column_start;     /* n_columns + 1, by rank */
    uint32_t *column_entry;     /* position of each, from tail; NULL unless asked for */
    double *column_value;
};

/* How ratings become values, and what is summed of them. */
struct rs_values {
    enum rs_sums_kind kind;
    enum rs_dots_form form;
    double zero, per_unit; /* level = (rating - zero) * per_unit */
};

/* The cheapest exact way for the metric and the ratings of this matrix. NEGATIVE: similarities
 * below 0 count as well. */
struct rs_values rs_packed_values(const struct rs_matrix *matrix, bool users,
                                  const struct rs_similarity *how, bool negative);

/* True for the kinds that sum levels. */
static inline bool rs_packed_is_exact(enum rs_sums_kind kind) {
    return kind == RS_LEVEL_PRODUCT || kind == RS_LEVEL_SUMS;
}

/* Arranges the matrix for the rows from..to-1. The caller frees it. */
void rs_packed_make(struct rs_packed *packed, const struct rs_matrix *matrix, bool users,
                    const struct rs_similarity *how, const struct rs_values *values, size_t from,
                    size_t to);

/* Adds the arrays by columns for the rows from position TAIL on. */
void rs_packed_add_columns(struct rs_packed *packed, size_t tail);

void rs_packed_free(struct rs_packed *packed);

/* Bytes that rs_packed_make takes, and an entry, here and by columns. */
size_t rs_packed_bytes(const struct rs_matrix *matrix, bool users, enum rs_sums_kind kind);
size_t rs_packed_entry_bytes(enum rs_sums_kind kind);

#endif
