/* Exact selection of the best of many candidates, ties by ascending index.
 *
 * A candidate is one 64-bit key: the upper half orders as the value does, the lower half is the
 * complement of the index, so that a greater key is a greater value or, at equal values, a smaller
 * index. No two candidates of one line are equal, and so what is selected never depends on the
 * order in which they came. */
#ifndef RS_TOPK_H
#define RS_TOPK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* VALUE must not be NaN; -0 counts as 0. */
static inline uint64_t rs_topk_key(float value, uint32_t index) {
    uint32_t bits;
    value += 0.0f;
    memcpy(&bits, &value, sizeof bits);
    bits ^= (bits >> 31) != 0 ? UINT32_MAX : 0x80000000u;
    return (uint64_t)bits << 32 | (uint32_t)~index;
}

static inline uint32_t rs_topk_index(uint64_t key) {
    return ~(uint32_t)key;
}

static inline float rs_topk_value(uint64_t key) {
    uint32_t bits = (uint32_t)(key >> 32);
    bits ^= (bits >> 31) != 0 ? 0x80000000u : UINT32_MAX;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Moves the K greatest of N keys to the front, in no order. */
void rs_topk_partition(uint64_t *keys, size_t n, size_t k);

/* Sorts keys, greatest first. */
void rs_topk_sort(uint64_t *keys, size_t n);

#endif
