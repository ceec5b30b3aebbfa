/* The scores of several models for the same pairs, side by side. */
#ifndef BLEND_SAMPLES_H
#define BLEND_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hybrid/blend.h"

struct parent {
    char *name;
    float *score, *support; /* n each */
};

/* All rows of one task, of all files in the order of their test sets' digests. */
struct samples {
    size_t n, capacity;
    size_t n_parents;
    struct parent parents[RS_MAX_PARENTS];
    float *truth;
    uint32_t *user; /* numbers that are equal for equal users of one test set */
    uint32_t *user_count, *item_count;
    uint8_t *sampled;     /* 1: drawn to compare with, not in the test */
    uint32_t *candidates; /* of the user; 0 where the task does not tell */
    uint64_t *pair;       /* a hash of both ids, by which files are held against each other */
    double scale_min, scale_max; /* of the ratings; both 0 if unknown */
};

/* Reads the files of TASK among N. Dies when models do not answer the same pairs. n is 0 if there
 * are none. */
void samples_read(struct samples *samples, char *const *paths, size_t n, enum rs_task task);

void samples_free(struct samples *samples);

#endif
