/* The distribution of ratings. */
#ifndef VALUES_H
#define VALUES_H

#include <stddef.h>
#include <stdint.h>

#include "format/scale.h"

enum { EXACT_VALUES = 100, EXACT_SLOTS = 256, FINE_BUCKETS = 65536 };

/* How often each rating occurs: each value, while they are few, then by the upper half of its bits,
 * which tells values apart that differ by more than 1 %. */
struct distribution {
    struct rs_scale scale;
    size_t n_exact; /* above EXACT_VALUES: too many, and the slots are of no use */
    float value[EXACT_SLOTS];
    uint64_t count[EXACT_SLOTS]; /* 0: free */
    uint64_t *fine; /* by fine_bucket, which keeps the order; NULL while they are few */
};

void distribution_add(struct distribution *distribution, const float *ratings, size_t n);
void distribution_free(struct distribution *distribution);

/* The middle of a bucket. */
double fine_value(uint32_t bucket);

#endif
