/* A small matrix that resembles a large sparse one: the first half of a fractal expansion. */
#ifndef SYNTH_REDUCE_H
#define SYNTH_REDUCE_H

#include <stddef.h>
#include <stdint.h>

/* The places of a sparse matrix that hold something, by rows and by columns. */
struct places {
    uint32_t n_rows, n_columns;
    const uint64_t *row_start, *column_start;
    const uint32_t *row, *column; /* columns of each row, rows of each column */
};

/* Reduces the matrix of ones at PLACES to ROWS by COLUMNS, which has the same largest singular
 * values: the leading singular vectors are averaged over equal parts of their length and made
 * orthonormal again (Belletti et al.: Scalable realistic recommendation datasets through fractal
 * expansions, arXiv:1901.08910, algorithm 2). Absolute values, divided by the largest, are
 * written to SMALL. */
void reduce_places(const struct places *places, size_t rows, size_t columns, uint64_t seed,
                   double *small);

#endif
