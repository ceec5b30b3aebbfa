/* A random bijection of 0..n-1 that needs no memory: a Feistel network over the next power of four,
 * walked until it comes back into range (Black and Rogaway: Ciphers with arbitrary finite domains,
 * CT-RSA 2002). */
#ifndef SYNTH_SHUFFLE_H
#define SYNTH_SHUFFLE_H

#include <stdint.h>

enum { SHUFFLE_ROUNDS = 4 };

struct shuffle {
    uint32_t n;
    unsigned half; /* bits of either half */
    uint32_t key[SHUFFLE_ROUNDS];
};

/* The shuffle (A, B) of SEED. n > 0. */
struct shuffle shuffle_make(uint32_t n, uint64_t seed, uint32_t a, uint32_t b);

/* Where INDEX < n goes. */
uint32_t shuffle_at(const struct shuffle *shuffle, uint32_t index);

#endif
