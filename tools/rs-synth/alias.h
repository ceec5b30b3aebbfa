/* Draws an index in proportion to fixed weights, in constant time (Vose: A linear algorithm for
 * generating random numbers with a given distribution, IEEE TSE 1991). */
#ifndef SYNTH_ALIAS_H
#define SYNTH_ALIAS_H

#include "base/random.h"

struct alias_cell {
    uint32_t threshold; /* below it the cell's own index, else the other */
    uint32_t other;
};

/* Fills CELLS for N weights, none negative and not all zero. An index of weight 0 is never drawn.
 */
void alias_make(struct alias_cell *cells, const float *weights, size_t n);

static inline uint32_t alias_draw(const struct alias_cell *cells, uint32_t n,
                                  struct rs_random *random) {
    uint32_t index = (uint32_t)((uint64_t)rs_random_u32(random) * n >> 32);
    return rs_random_u32(random) < cells[index].threshold ? index : cells[index].other;
}

#endif
