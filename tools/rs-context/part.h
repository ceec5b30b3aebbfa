/* Some of the ratings as a matrix of its own, to fit models that have not seen the others. */
#ifndef CONTEXT_PART_H
#define CONTEXT_PART_H

#include "data.h"

/* Those whose LEFT_OUT is not set, in memory; without times. */
struct part {
    struct rs_matrix matrix;
    uint64_t *row_start, *column_start;
    uint32_t *row_other, *column_other;
    float *row_rating, *column_rating;
    double *numbers; /* means, deviations and biases of both sides */
};

void part_make(struct part *part, const struct data *data, const uint8_t *left_out);
void part_free(struct part *part);

/* The fold of rating R, 0 … N_FOLDS - 1, by the ids of its user and item. */
unsigned part_fold(const struct data *data, size_t r, uint64_t seed);

#endif
