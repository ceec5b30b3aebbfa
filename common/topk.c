#include "topk.h"

#include <stdbool.h>
#include <stdlib.h>

enum { SMALL = 24 };

static void sort_small(uint64_t *keys, size_t n) {
    for (size_t i = 1; i < n; i++) {
        uint64_t key = keys[i];
        size_t at = i;
        for (; at > 0 && keys[at - 1] < key; at--) keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

static uint64_t middle_of(uint64_t a, uint64_t b, uint64_t c) {
    uint64_t low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* Splits keys about a pivot: what is greater comes first. Returns how many of the keys form the
 * first part, at least 1 and less than N. */
static size_t split(uint64_t *keys, size_t n) {
    uint64_t pivot = middle_of(keys[0], keys[n / 2], keys[n - 1]);
    size_t low = 0, high = n - 1;
    while (true) {
        while (keys[low] > pivot) low++;
        while (keys[high] < pivot) high--;
        if (low >= high) return low == n - 1 ? low : high + 1;
        uint64_t key = keys[low];
        keys[low++] = keys[high];
        keys[high--] = key;
    }
}

void rs_topk_partition(uint64_t *keys, size_t n, size_t k) {
    while (k > 0 && k < n) {
        if (n <= SMALL) {
            sort_small(keys, n);
            return;
        }
        size_t first = split(keys, n);
        if (k <= first) {
            n = first;
        } else {
            keys += first;
            n -= first;
            k -= first;
        }
    }
}

static int descending(const void *a, const void *b) {
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return first < second ? 1 : first > second ? -1 : 0;
}

void rs_topk_sort(uint64_t *keys, size_t n) {
    if (n <= SMALL) {
        sort_small(keys, n);
    } else {
        qsort(keys, n, sizeof *keys, descending);
    }
}
