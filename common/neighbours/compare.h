/* Compares blocks of lines with rows and offers what is similar to the shortlists: what the threads
 * of a team do together for neighbours.h. */
#ifndef RS_COMPARE_H
#define RS_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "neighbours/block.h"
#include "neighbours/packed.h"
#include "neighbours/shortlist.h"
#include "neighbours/similarity.h"

/* What all threads share. */
struct rs_comparison {
    struct rs_packed packed;
    struct rs_similarity how;
    const struct rs_dots_kernel *kernel;
    struct rs_shortlists shortlists; /* of the rows */
    size_t block_lines;              /* of the largest block */
    struct rs_block block;           /* the one that all are at */
    float *inverse_root;             /* of facts.root, for products; padded like these */
};

/* A thread's own memory. */
struct rs_comparer;

struct rs_comparer *rs_comparer_new(struct rs_comparison *comparison);
/* Hands over the last offers. */
void rs_comparer_free(struct rs_comparer *comparer);

/* Compares the rows of the plan with each other and with all lines behind them. All threads of a
 * team call it with the same plans in the same order, and share the work. */
void rs_comparer_run(struct rs_comparer *comparer, const struct rs_block_plan *plan);

/* The block that keeps all caches busy, a multiple of RS_DOTS_LINES, and the lines that a block of
 * BLOCK_LINES is compared with at once. */
size_t rs_compare_block_lines(enum rs_sums_kind kind);
size_t rs_compare_tile_lines(enum rs_sums_kind kind, size_t block_lines);

/* What a thread takes beside the block. */
size_t rs_comparer_bytes(const struct rs_comparison *comparison, size_t longest_line);

#endif
