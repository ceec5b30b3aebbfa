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

/* The sum of WIDTH numbers, which are lost, in an order in which processors add side by side. */
static inline float normal_sum(float numbers[WIDTH]) {
    for (size_t k = 0; k < 8; k++) numbers[k] += numbers[k + 8];
    for (size_t k = 0; k < 4; k++) numbers[k] += numbers[k + 4];
    return (numbers[0] + numbers[2]) + (numbers[1] + numbers[3]);
}
_Static_assert(WIDTH == 16, "normal_sum() adds up 16 numbers");

#endif
