#include "factors/gibbs_random.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/cpu.h"
#include "base/random.h"

enum { LANES = 16 };

/* Philox4x32-10 as in random.c, LANES counters at once. */
static inline void philox(uint32_t *restrict first, uint32_t *restrict second,
                          uint32_t *restrict third, uint32_t *restrict fourth, uint32_t key0,
                          uint32_t key1) {
    for (int round = 0; round < 10; round++) {
#pragma GCC unroll 1
        for (int l = 0; l < LANES; l++) {
            uint64_t low = (uint64_t)0xD2511F53u * first[l];
            uint64_t high = (uint64_t)0xCD9E8D57u * third[l];
            first[l] = (uint32_t)(high >> 32) ^ second[l] ^ key0;
            second[l] = (uint32_t)high;
            third[l] = (uint32_t)(low >> 32) ^ fourth[l] ^ key1;
            fourth[l] = (uint32_t)low;
        }
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
}

/* -2 log(u) for u = (word / 256 + 1) / 2^24, by the exponent and the series of log((1 + z) / (1 -
 * z)) on sqrt(1/2) .. sqrt(2). */
static inline float minus_two_log(uint32_t word) {
    float u = (float)((int32_t)(word >> 8) + 1) * 0x1p-24f;
    uint32_t bits;
    memcpy(&bits, &u, 4);
    bits -= 0x3f3504f3u; /* sqrt(1/2) */
    int32_t exponent = (int32_t)bits >> 23;
    bits = (bits & 0x007fffffu) + 0x3f3504f3u;
    float m;
    memcpy(&m, &bits, 4);
    float z = (m - 1) / (m + 1), z2 = z * z;
    float series = 2 + z2 * (0.66666667f + z2 * (0.4f + z2 * (0.28571429f + z2 * 0.22222222f)));
    float result = -2 * ((float)exponent * 0.69314718f + z * series);
    return result > 0 ? result : 0;
}

/* Cosine and sine of 2 pi word / 2^32: an eighth of a turn about the nearest quarter, by Taylor's
 * series, then the quarter. */
static inline void turn(uint32_t word, float *cosine, float *sine) {
    uint32_t quarter = (word + 0x20000000u) >> 30;
    int32_t rest = (int32_t)(word - (quarter << 30));
    float x = (float)(rest >> 6) * (float)(2 * M_PI / 0x1p26), x2 = x * x;
    float s = x * (1 + x2 * (-1.6666667e-1f + x2 * (8.3333333e-3f + x2 * -1.9841270e-4f)));
    float c = 1 + x2 * (-0.5f + x2 * (4.1666667e-2f + x2 * (-1.3888889e-3f + x2 * 2.4801587e-5f)));
    float first = quarter & 1 ? s : c, second = quarter & 1 ? c : s;
    *cosine = (quarter + 1) & 2 ? -first : first;
    *sine = quarter & 2 ? -second : second;
}

RS_CLONES
static void fill(uint32_t key0, uint32_t key1, uint32_t a, uint32_t b, uint32_t c, float *out,
                 size_t n) {
    uint32_t counter[4][LANES];
    for (uint32_t block = 0; block * 4 < n; block += LANES) {
        for (uint32_t l = 0; l < LANES; l++) {
            counter[0][l] = block + l;
            counter[1][l] = a;
            counter[2][l] = b;
            counter[3][l] = c;
        }
        philox(counter[0], counter[1], counter[2], counter[3], key0, key1);
        float *to = out + (size_t)block * 4;
        for (int half = 0; half < 2; half++) {
            for (int l = 0; l < LANES; l++) {
                float radius = sqrtf(minus_two_log(counter[2 * half][l])), cosine, sine;
                turn(counter[2 * half + 1][l], &cosine, &sine);
                to[2 * half * LANES + l] = radius * cosine;
                to[(2 * half + 1) * LANES + l] = radius * sine;
            }
        }
    }
}

void rs_gibbs_normals(uint64_t seed, uint32_t a, uint32_t b, uint32_t c, float *out, size_t n) {
    fill((uint32_t)seed, (uint32_t)(seed >> 32), a, b, c, out, n);
}

double rs_gibbs_gamma(uint64_t seed, uint32_t a, uint32_t b, uint32_t c, double shape) {
    struct rs_random random = rs_random_stream(seed, a, b, c);
    double boost = 1;
    if (shape < 1) {
        boost = pow(1 - rs_random_uniform(&random), 1 / shape);
        shape += 1;
    }
    double d = shape - 1. / 3, scale = 1 / sqrt(9 * d);
    while (true) {
        double x = rs_random_normal(&random), v = 1 + scale * x;
        double u = 1 - rs_random_uniform(&random);
        if (v <= 0) continue;
        v = v * v * v;
        if (log(u) < 0.5 * x * x + d - d * v + d * log(v)) return boost * d * v;
    }
}
