/* Counter-based randomness: what is drawn depends on the seed and on what it is drawn for, never on
 * which thread draws it or in which order.
 *
 * The generator is Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as
 * 1, 2, 3. SC 2011). A stream is named by the seed and three numbers, say (what, row, sample). */
#ifndef RS_RANDOM_H
#define RS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct rs_random {
    uint32_t key[2], counter[4], block[4];
    unsigned used; /* words of the block already given */
};

/* The stream (A, B, C) of SEED: equal arguments, equal draws. A stream gives 2^34 words. */
struct rs_random rs_random_stream(uint64_t seed, uint32_t a, uint32_t b, uint32_t c);

uint32_t rs_random_u32(struct rs_random *random);
uint64_t rs_random_u64(struct rs_random *random);

/* Uniform in [0, 1), 53 bits. */
double rs_random_uniform(struct rs_random *random);

/* Uniform in 0..n-1 without bias; n > 0. */
uint32_t rs_random_below(struct rs_random *random, uint32_t n);

/* Standard normal (Box and Muller 1958, the cosine half). */
double rs_random_normal(struct rs_random *random);

/* A hash of two byte strings under SEED, for what must come out alike on any machine: a pair's
 * fold. The strings are kept apart: ("ab", "c") and ("a", "bc") differ. */
uint64_t rs_random_hash(uint64_t seed, const char *a, size_t a_length, const char *b,
                        size_t b_length);

#endif
