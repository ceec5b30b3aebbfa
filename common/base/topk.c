#include "base/topk.h"

#include <stdlib.h>

enum { SMALL = 16 };

static void sort_small(uint64_t *keys, size_t n) {
    for (size_t i = 1; i < n; i++) {
        uint64_t key = keys[i];
        size_t at = i;
        for (; at > 0 && keys[at - 1] < key; at--) keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

/* The index of the middle one of three keys. */
static size_t middle_of(const uint64_t *keys, size_t a, size_t b, size_t c) {
    if (keys[a] < keys[b]) return keys[b] < keys[c] ? b : keys[a] < keys[c] ? c : a;
    return keys[a] < keys[c] ? a : keys[b] < keys[c] ? c : b;
}

/* Puts a key where it belongs and what is greater before it; returns where that is. Has no branch
 * in its loop that the processor could guess wrong (Lomuto's partition). */
static size_t split(uint64_t *keys, size_t n) {
    size_t at = middle_of(keys, 0, n / 2, n - 1), greater = 0;
    uint64_t pivot = keys[at];
    keys[at] = keys[n - 1];
    for (size_t i = 0; i < n - 1; i++) {
        uint64_t key = keys[i];
        keys[i] = keys[greater];
        keys[greater] = key;
        greater += key > pivot;
    }
    keys[n - 1] = keys[greater];
    keys[greater] = pivot;
    return greater;
}

void rs_topk_partition(uint64_t *keys, size_t n, size_t k) {
    while (k > 0 && k < n) {
        if (n <= SMALL) {
            sort_small(keys, n);
            return;
        }
        size_t pivot = split(keys, n);
        if (k <= pivot) {
            n = pivot;
        } else {
            size_t settled = pivot + 1;
            keys += settled;
            n -= settled;
            k -= settled;
        }
    }
}

static int descending(const void *a, const void *b) {
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return first < second ? 1 : first > second ? -1 : 0;
}

/* Quicksort; what splits badly DEPTH times is left to the library. */
static void sort(uint64_t *keys, size_t n, unsigned depth) {
    while (n > SMALL) {
        if (depth-- == 0) {
            qsort(keys, n, sizeof *keys, descending);
            return;
        }
        size_t pivot = split(keys, n);
        sort(keys + pivot + 1, n - pivot - 1, depth);
        n = pivot;
    }
    sort_small(keys, n);
}

void rs_topk_sort(uint64_t *keys, size_t n) {
    sort(keys, n, 64);
}
