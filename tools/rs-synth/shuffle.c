#include "shuffle.h"

#include "base/random.h"
#include "streams.h"

struct shuffle shuffle_make(uint32_t n, uint64_t seed, uint32_t a, uint32_t b) {
    struct shuffle shuffle = {.n = n, .half = 1};
    while (shuffle.half < 16 && (uint64_t)1 << 2 * shuffle.half < n) shuffle.half++;
    struct rs_random random = rs_random_stream(seed, STREAM_SHUFFLE, a, b);
    for (int r = 0; r < SHUFFLE_ROUNDS; r++) shuffle.key[r] = rs_random_u32(&random);
    return shuffle;
}

/* The finishing steps of MurmurHash3 (Appleby). */
static uint32_t mix(uint32_t x) {
    x = (x ^ x >> 16) * 0x85ebca6bu;
    x = (x ^ x >> 13) * 0xc2b2ae35u;
    return x ^ x >> 16;
}

uint32_t shuffle_at(const struct shuffle *shuffle, uint32_t index) {
    uint32_t mask = (1u << shuffle->half) - 1;
    do {
        uint32_t left = index >> shuffle->half, right = index & mask;
        for (int r = 0; r < SHUFFLE_ROUNDS; r++) {
            uint32_t next = left ^ (mix(right ^ shuffle->key[r]) & mask);
            left = right;
            right = next;
        }
        index = left << shuffle->half | right;
    } while (index >= shuffle->n);
    return index;
}
