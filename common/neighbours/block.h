/* Blocks of lines, in the form in which other lines are summed against them.
 *
 * The columns of least rank, the *head*, which many lines have, lie densely (dots.h); of the
 * others there is a list for every column of what the block has in it (scatter.h). Where the one
 * ends and the other begins is a matter of speed alone, and differs between blocks: sums of levels
 * are exact. */
#ifndef RS_BLOCK_H
#define RS_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "neighbours/dots.h"
#include "neighbours/packed.h"
#include "neighbours/scatter.h"

/* How the rows from..to-1 (positions) are compared with each other and with all lines behind them.
 */
struct rs_block_plan {
    size_t from, to;
    size_t head;     /* columns kept densely, a multiple of RS_DOTS_COLUMNS */
    bool by_columns; /* no block: these are the rows that the packed lines have by columns */
    double cycles;   /* estimate */
};

/* Columns that are multiplied with the lines of a tile before the next: RS_DOTS_LINES of a block
 * have them in a quarter or half of a MiB. */
enum { RS_BLOCK_PANEL = 1024 * RS_DOTS_COLUMNS };

struct rs_block {
    size_t from, to;
    size_t stride; /* lines, rounded up to a multiple of RS_DOTS_LINES */
    size_t head;
    uint8_t *dense;  /* [stride / RS_DOTS_LINES][head / RS_DOTS_COLUMNS][bytes of a group] */
    uint32_t *start; /* of the list of each rank from head on; then their end, and padding */
    uint32_t *list;  /* entries: where in the block, and level */
    double *value;
    size_t dense_capacity, list_capacity;
    uint64_t *tail; /* the first entry of each line from head on */
    size_t tail_capacity;
};

/* Adds to COUNTS (n_columns) how many of the lines from..to-1 have each column. */
void rs_block_count(const struct rs_packed *packed, size_t from, size_t to, uint32_t *counts);

/* Chooses the head, or decides that columns are cheaper. BEFORE: what the lines before the block
 * have of each column, OWN: what it has itself. Dense columns take at most MAX_DENSE bytes. TILE:
 * lines that are compared with the block at once. */
void rs_block_choose(struct rs_block_plan *plan, const struct rs_packed *packed,
                     const struct rs_dots_kernel *kernel, size_t max_dense, size_t tile,
                     const uint32_t *before, const uint32_t *own);

/* Makes an empty block / fills it as planned, reusing its memory. All threads of a team fill it
 * together. */
void rs_block_make(struct rs_block *block, const struct rs_packed *packed);
void rs_block_fill(struct rs_block *block, const struct rs_packed *packed,
                   const struct rs_block_plan *plan);

void rs_block_free(struct rs_block *block);

static inline size_t rs_block_stride(size_t from, size_t to) {
    return (to - from + RS_DOTS_LINES - 1) / RS_DOTS_LINES * RS_DOTS_LINES;
}

/* Of a dense column. */
static inline size_t rs_block_column_bytes(enum rs_dots_form form, size_t stride) {
    return stride / RS_DOTS_LINES * (rs_dots_group_bytes(form) / RS_DOTS_COLUMNS);
}

#endif
