/* The Gram matrix of a sparse matrix: the inner products of all its lines. */
#ifndef RS_GRAM_H
#define RS_GRAM_H

#include "ratings/matrix.h"

/* G[i][j] = sum over o of lines[i][o] transposed[o][j] for j <= i, by rows n_lines long. TRANSPOSED
 * is the other form of LINES, but may hold other values. Summed in double, in ascending order of o.
 * Threaded; holds a row of doubles for each thread. */
void rs_gram(float *g, const struct rs_sparse *lines, const struct rs_sparse *transposed);

#endif
