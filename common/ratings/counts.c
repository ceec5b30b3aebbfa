#include "ratings/counts.h"

#include <math.h>
#include <stddef.h>

/* Counts from which on other threads are worth waking. */
enum { MANY = 100000 };

const char *const rs_counts_names[] = {"log", "raw", "binary", NULL};

void rs_counts_transform(float *counts, uint64_t n, enum rs_counts how) {
    if (how == RS_COUNTS_RAW) return;
#pragma omp parallel for schedule(static) if (n > MANY)
    for (uint64_t e = 0; e < n; e++) {
        if (how == RS_COUNTS_BINARY) counts[e] = 1;
        if (how == RS_COUNTS_LOG && counts[e] > 0) counts[e] = (float)log2(1 + (double)counts[e]);
    }
}
