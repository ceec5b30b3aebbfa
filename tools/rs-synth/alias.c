#include "alias.h"

#include <stdlib.h>

#include "base/memory.h"

void alias_make(struct alias_cell *cells, const float *weights, size_t n) {
    double total = 0;
    for (size_t i = 0; i < n; i++) total += (double)weights[i];
    double *share = rs_malloc(n, sizeof *share);
    uint32_t *stack = rs_malloc(n, sizeof *stack); /* small from the front, large from the back */
    size_t small = 0, large = n;
    for (size_t i = 0; i < n; i++) {
        share[i] = (double)weights[i] / total * (double)n;
        if (share[i] < 1) {
            stack[small++] = (uint32_t)i;
        } else {
            stack[--large] = (uint32_t)i;
        }
    }
    while (small > 0 && large < n) {
        uint32_t poor = stack[--small], rich = stack[large];
        cells[poor] = (struct alias_cell){(uint32_t)(share[poor] * 0x1p32), rich};
        share[rich] -= 1 - share[poor];
        if (share[rich] < 1) {
            large++;
            stack[small++] = rich;
        }
    }
    /* What is left over is full but for rounding: it is its own other. */
    while (large < n) {
        uint32_t i = stack[large++];
        cells[i] = (struct alias_cell){UINT32_MAX, i};
    }
    while (small > 0) {
        uint32_t i = stack[--small];
        cells[i] = (struct alias_cell){UINT32_MAX, i};
    }
    free(share);
    free(stack);
}
