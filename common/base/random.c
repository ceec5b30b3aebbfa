#include "base/random.h"

#include <math.h>
#include <xxhash.h>

static void philox_round(uint32_t counter[4], const uint32_t key[2]) {
    uint64_t low = (uint64_t)0xD2511F53u * counter[0];
    uint64_t high = (uint64_t)0xCD9E8D57u * counter[2];
    uint32_t next[4] = {(uint32_t)(high >> 32) ^ counter[1] ^ key[0], (uint32_t)high,
                        (uint32_t)(low >> 32) ^ counter[3] ^ key[1], (uint32_t)low};
    for (int i = 0; i < 4; i++) counter[i] = next[i];
}

static void refill(struct rs_random *random) {
    uint32_t key[2] = {random->key[0], random->key[1]};
    for (int i = 0; i < 4; i++) random->block[i] = random->counter[i];
    for (int round = 0; round < 10; round++) {
        philox_round(random->block, key);
        key[0] += 0x9E3779B9u;
        key[1] += 0xBB67AE85u;
    }
    random->counter[0]++;
    random->used = 0;
}

struct rs_random rs_random_stream(uint64_t seed, uint32_t a, uint32_t b, uint32_t c) {
    return (struct rs_random){.key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
                              .counter = {0, a, b, c},
                              .used = 4};
}

uint32_t rs_random_u32(struct rs_random *random) {
    if (random->used == 4) refill(random);
    return random->block[random->used++];
}

uint64_t rs_random_u64(struct rs_random *random) {
    uint64_t high = rs_random_u32(random);
    return high << 32 | rs_random_u32(random);
}

double rs_random_uniform(struct rs_random *random) {
    return (double)(rs_random_u64(random) >> 11) * 0x1p-53;
}

/* Lemire: Fast random integer generation in an interval. ACM TOMACS 2019. */
uint32_t rs_random_below(struct rs_random *random, uint32_t n) {
    uint64_t product = (uint64_t)rs_random_u32(random) * n;
    if ((uint32_t)product < n) {
        uint32_t least = -n % n;
        while ((uint32_t)product < least) product = (uint64_t)rs_random_u32(random) * n;
    }
    return (uint32_t)(product >> 32);
}

double rs_random_normal(struct rs_random *random) {
    double radius = sqrt(-2 * log(1 - rs_random_uniform(random)));
    return radius * cos(2 * M_PI * rs_random_uniform(random));
}

uint64_t rs_random_hash(uint64_t seed, const char *a, size_t a_length, const char *b,
                        size_t b_length) {
    XXH64_hash_t first = XXH3_64bits_withSeed(a, a_length, seed);
    return XXH3_64bits_withSeed(b, b_length, first);
}
