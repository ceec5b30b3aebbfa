/* Sums of x x' and of y x over many rows x of WIDTH numbers: what a regression on them is solved
 * from. Rows are gathered and added up in single precision by tiles, these in double. */
#ifndef CONTEXT_NORMAL_H
#define CONTEXT_NORMAL_H

#include "data.h"

enum { NORMAL_TILE = 64 };

struct normal {
    float row[NORMAL_TILE][WIDTH];
    float y[NORMAL_TILE];
    size_t n; /* rows gathered */
    double a[WIDTH * WIDTH], b[WIDTH];
};

/* N of them, without rows yet; free() frees them. */
struct normal *normal_make(size_t n);

/* To begin anew. */
void normal_clear(struct normal *normal);

/* The next row, of any content, which the caller fills in. */
float *normal_next(struct normal *normal, float y);

/* Adds up what is gathered: a, of which only the lower triangle (a[k * WIDTH + j], j <= k) counts,
 * and b are complete. */
void normal_close(struct normal *normal);

#endif
