/* Work in parts: what --part I/N asks for. The parts of a work are ranges of its lines, cut by what
 * the lines cost, so that they take about as long as each other; joined in their order they are the
 * whole. */
#ifndef RS_PART_H
#define RS_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rs_part {
    size_t index, of; /* the index-th of so many, from 0 */
};

/* "3/8" is {2, 8}. False if text is not I/N with I from 1 to N, N at most a million. */
bool rs_part_parse(struct rs_part *part, const char *text);

/* The lines *from to *to - 1 of n are PART's. COST holds a line's each, and their sum must fit.
 * Every line is in exactly one part; a part may be empty where there are fewer lines than parts or
 * one costs much. */
void rs_part_cut(struct rs_part part, const uint64_t *cost, size_t n, size_t *from, size_t *to);

#endif
