/* Sums of one line with many others, from lists of what the others have in the line's columns.
 *
 * Every other line has an accumulator, whose form depends on what is summed. The fields of one
 * accumulator are updated with one vector addition, so that six sums cost little more than one. */
#ifndef RS_SCATTER_H
#define RS_SCATTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "neighbours/packed.h"

/* A column that the line has: the list of the others' entries there, and the line's own value. */
struct rs_span {
    uint64_t begin;
    uint32_t n;
    uint32_t level;
    double value;
};

/* Spans behind the last that rs_scatter may look at: n == 0 and a valid begin. */
enum { RS_SPAN_PADDING = 8 };

/* Accumulators of RS_LEVEL_SUMS hold this many spans; then they must be taken. */
enum { RS_SCATTER_SPANS_MAX = 16384 };

size_t rs_scatter_bytes(enum rs_sums_kind kind); /* of an accumulator */
enum { RS_SCATTER_BYTES_MAX = 64 };

/* Adds the products of N spans to the accumulators. ENTRIES say which accumulator and, for levels,
 * the value; VALUES hold the reals. */
void rs_scatter(enum rs_sums_kind kind, void *accumulators, const struct rs_span *spans, size_t n,
                const uint32_t *entries, const double *values);

/* Moves RS_PAIRS accumulators of RS_LEVEL_SUMS, zeroing them, on top of planes of sums, PLANE
 * elements from one to the next. */
void rs_scatter_take_levels(void *accumulators, int32_t *sums, size_t plane);

/* Moves RS_PAIRS accumulators of reals, zeroing them, to SUMS; false if there is nothing. */
bool rs_scatter_take_reals(enum rs_sums_kind kind, void *accumulators, struct rs_sums *sums);

#endif
