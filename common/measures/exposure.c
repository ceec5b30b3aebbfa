#include "measures/exposure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static int compare_counts(const void *a, const void *b) {
    uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;
    return first < second ? -1 : first > second;
}

double rs_exposure_gini(const uint32_t *counts, size_t n_counts, uint64_t n_items) {
    uint32_t *sorted = rs_malloc(n_counts, sizeof *sorted);
    memcpy(sorted, counts, n_counts * sizeof *sorted);
    qsort(sorted, n_counts, sizeof *sorted, compare_counts);
    double total = 0, weighted = 0, n = (double)n_items;
    for (size_t k = 0; k < n_counts; k++) {
        /* The last one sorted is number n of the catalogue, however many are not in COUNTS. */
        double place = n - (double)(n_counts - 1 - k);
        total += sorted[k];
        weighted += (2 * place - n - 1) * sorted[k];
    }
    free(sorted);
    return total > 0 ? weighted / (n * total) : 0;
}

double rs_exposure_entropy(const uint32_t *counts, size_t n_counts) {
    double total = 0, entropy = 0;
    for (size_t i = 0; i < n_counts; i++) total += counts[i];
    for (size_t i = 0; i < n_counts; i++) {
        if (counts[i] == 0) continue;
        double share = counts[i] / total;
        entropy -= share * log2(share);
    }
    return entropy;
}

double rs_exposure_overlap(const uint32_t *counts, size_t n_counts, size_t n_lists) {
    if (n_lists < 2) return 0;
    double shared = 0, n = (double)n_lists;
    for (size_t i = 0; i < n_counts; i++) shared += (double)counts[i] * ((double)counts[i] - 1);
    return shared / (n * (n - 1));
}

double rs_set_jaccard(const uint64_t *a, const uint64_t *b, size_t words) {
    int both = 0, either = 0;
    for (size_t w = 0; w < words; w++) {
        both += __builtin_popcountll(a[w] & b[w]);
        either += __builtin_popcountll(a[w] | b[w]);
    }
    return either == 0 ? -1 : (double)both / either;
}

/* An item counts from the depth on at which both lists have it: agreement at depth d is the number
 * of items whose places are both <= d, over d. */
double rs_overlap_biased(const uint32_t *place, size_t n, const uint32_t *other, size_t m,
                         double p) {
    size_t depth = n < m ? n : m;
    double *begins = rs_calloc(depth + 1, sizeof *begins), shared = 0, sum = 0, weight = 1;
    for (size_t j = 0; j < depth; j++) {
        size_t at = place[other[j]];
        if (at > 0 && at <= depth) begins[at > j + 1 ? at : j + 1]++;
    }
    for (size_t d = 1; d <= depth; d++) {
        shared += begins[d];
        weight *= p;
        sum += shared / (double)d * weight;
    }
    free(begins);
    return depth == 0 ? 0 : shared / (double)depth * weight + (1 - p) / p * sum;
}

double rs_divergence(const double *p, const double *q, size_t n, double alpha) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        if (p[i] > 0) sum += p[i] * log(p[i] / ((1 - alpha) * q[i] + alpha * p[i]));
    return sum;
}
