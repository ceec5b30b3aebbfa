#include "neighbours/dots.h"

#include "neighbours/similarity.h"

/* Portable */

static bool always(void) {
    return true;
}

static void product_portable(const uint8_t *levels, const struct rs_dots_group *groups, size_t n,
                             int32_t *sums) {
    for (size_t g = 0; g < n; g++) {
        const uint8_t *block = levels + (size_t)groups[g].group * RS_DOTS_GROUP_BYTES;
        for (size_t column = 0; column < RS_DOTS_COLUMNS; column++) {
            int32_t x = (int32_t)(groups[g].levels >> (8 * column) & 0xff);
            if (x == 0) continue;
            for (size_t i = 0; i < RS_DOTS_LINES; i++)
                sums[i] += x * block[RS_DOTS_COLUMNS * i + column];
        }
    }
}

static void sums_portable(const uint8_t *levels, const struct rs_dots_group *groups, size_t n,
                          bool moments, int32_t *sums, size_t plane) {
    for (size_t g = 0; g < n; g++) {
        const uint8_t *block = levels + (size_t)groups[g].group * RS_DOTS_GROUP_BYTES;
        for (size_t column = 0; column < RS_DOTS_COLUMNS; column++) {
            int32_t x = (int32_t)(groups[g].levels >> (8 * column) & 0xff);
            if (x == 0) continue;
            for (size_t i = 0; i < RS_DOTS_LINES; i++) {
                int32_t y = block[RS_DOTS_COLUMNS * i + column], both = y != 0;
                sums[RS_SUM_N * plane + i] += both;
                sums[RS_SUM_XX * plane + i] += both * x * x;
                sums[RS_SUM_YY * plane + i] += y * y;
                sums[RS_SUM_XY * plane + i] += x * y;
                if (!moments) continue;
                sums[RS_SUM_X * plane + i] += both * x;
                sums[RS_SUM_Y * plane + i] += y;
            }
        }
    }
}

static const struct rs_dots_kernel portable = {
    "portable", always, {210, 20}, {2000, 20}, product_portable, sums_portable,
};

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

/* The squares of levels 0..15 as a table for a byte shuffle. */
static const uint8_t squares[16] = {0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 121};

/* AVX2: no instruction multiplies and sums four bytes at once; two make words of two products each
 * (at most 2 * 127 * 127, which fits), then the long of both. */

#define AVX2 __attribute__((target("avx2")))

static bool has_avx2(void) {
    return __builtin_cpu_supports("avx2");
}

AVX2 static inline __m256i add_products_avx2(__m256i sum, __m256i y, __m256i x) {
    __m256i words = _mm256_maddubs_epi16(y, x);
    return _mm256_add_epi32(sum, _mm256_madd_epi16(words, _mm256_set1_epi16(1)));
}

AVX2 static void product_avx2(const uint8_t *levels, const struct rs_dots_group *groups, size_t n,
                              int32_t *sums) {
    enum { WIDE = 8, HALF = 8 * WIDE };
    for (size_t half = 0; half < RS_DOTS_LINES; half += HALF) {
        __m256i sum[WIDE];
        for (size_t i = 0; i < WIDE; i++)
            sum[i] = _mm256_loadu_si256((const __m256i *)(sums + half + 8 * i));
        for (size_t g = 0; g < n; g++) {
            const uint8_t *block =
                levels + (size_t)groups[g].group * RS_DOTS_GROUP_BYTES + half * RS_DOTS_COLUMNS;
            __m256i x = _mm256_set1_epi32((int32_t)groups[g].levels);
            for (size_t i = 0; i < WIDE; i++) {
                __m256i y = _mm256_load_si256((const __m256i *)(block + 32 * i));
                sum[i] = add_products_avx2(sum[i], y, x);
            }
        }
        for (size_t i = 0; i < WIDE; i++)
            _mm256_storeu_si256((__m256i *)(sums + half + 8 * i), sum[i]);
    }
}

AVX2 static void sums_avx2(const uint8_t *levels, const struct rs_dots_group *groups, size_t n,
                           bool moments, int32_t *sums, size_t plane) {
    const __m256i one = _mm256_set1_epi8(1);
    const __m256i square = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)squares));
    for (size_t at = 0; at < RS_DOTS_LINES; at += 8) {
        __m256i sum[RS_N_SUMS];
        for (size_t s = 0; s < RS_N_SUMS; s++)
            sum[s] = _mm256_loadu_si256((const __m256i *)(sums + s * plane + at));
        for (size_t g = 0; g < n; g++) {
            const uint8_t *block =
                levels + (size_t)groups[g].group * RS_DOTS_GROUP_BYTES + at * RS_DOTS_COLUMNS;
            __m256i x = _mm256_set1_epi32((int32_t)groups[g].levels);
            __m256i y = _mm256_load_si256((const __m256i *)block);
            __m256i x1 = _mm256_min_epu8(x, one), y1 = _mm256_min_epu8(y, one);
            sum[RS_SUM_N] = add_products_avx2(sum[RS_SUM_N], y1, x1);
            sum[RS_SUM_XX] = add_products_avx2(sum[RS_SUM_XX], y1, _mm256_shuffle_epi8(square, x));
            sum[RS_SUM_YY] = add_products_avx2(sum[RS_SUM_YY], _mm256_shuffle_epi8(square, y), x1);
            sum[RS_SUM_XY] = add_products_avx2(sum[RS_SUM_XY], y, x);
            if (!moments) continue;
            sum[RS_SUM_X] = add_products_avx2(sum[RS_SUM_X], y1, x);
            sum[RS_SUM_Y] = add_products_avx2(sum[RS_SUM_Y], y, x1);
        }
        for (size_t s = 0; s < RS_N_SUMS; s++)
            _mm256_storeu_si256((__m256i *)(sums + s * plane + at), sum[s]);
    }
}

static const struct rs_dots_kernel avx2 = {
    "avx2", has_avx2, {20, 30}, {110, 150}, product_avx2, sums_avx2,
};

/* AVX-512 with VNNI */

#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

static bool has_vnni(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}

VNNI static void product_vnni(const uint8_t *levels, const struct rs_dots_group *groups, size_t n,
                              int32_t *sums) {
    enum { WIDE = RS_DOTS_LINES / 16 };
    __m512i sum[WIDE];
    for (size_t i = 0; i < WIDE; i++) sum[i] = _mm512_loadu_si512(sums + 16 * i);
    for (size_t g = 0; g < n; g++) {
        const uint8_t *block = levels + (size_t)groups[g].group * RS_DOTS_GROUP_BYTES;
        __m512i x = _mm512_set1_epi32((int32_t)groups[g].levels);
#pragma GCC unroll 8
        for (size_t i = 0; i < WIDE; i++)
            sum[i] = _mm512_dpbusd_epi32(sum[i], _mm512_load_si512(block + 64 * i), x);
    }
    for (size_t i = 0; i < WIDE; i++) _mm512_storeu_si512(sums + 16 * i, sum[i]);
}

/* The six sums of 64 lines at a time: 24 registers of sums. */
VNNI static inline __attribute__((always_inline)) void
sums_of_64(const uint8_t *levels, const struct rs_dots_group *groups, size_t n, bool moments,
           int32_t *sums, size_t plane) {
    enum { WIDE = 4 };
    const __m512i one = _mm512_set1_epi8(1);
    const __m512i square = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)squares));
    __m512i sum[RS_N_SUMS][WIDE];
    for (size_t s = 0; s < RS_N_SUMS; s++)
        for (size_t i = 0; i < WIDE; i++) sum[s][i] = _mm512_loadu_si512(sums + s * plane + 16 * i);
    for (size_t g = 0; g < n; g++) {
        const uint8_t *block = levels + (size_t)groups[g].group * RS_DOTS_GROUP_BYTES;
        __m512i x = _mm512_set1_epi32((int32_t)groups[g].levels);
        __m512i x1 = _mm512_min_epu8(x, one), xx = _mm512_shuffle_epi8(square, x);
#pragma GCC unroll 4
        for (size_t i = 0; i < WIDE; i++) {
            __m512i y = _mm512_load_si512(block + 64 * i);
            __m512i y1 = _mm512_min_epu8(y, one), yy = _mm512_shuffle_epi8(square, y);
            sum[RS_SUM_N][i] = _mm512_dpbusd_epi32(sum[RS_SUM_N][i], y1, x1);
            sum[RS_SUM_XX][i] = _mm512_dpbusd_epi32(sum[RS_SUM_XX][i], y1, xx);
            sum[RS_SUM_YY][i] = _mm512_dpbusd_epi32(sum[RS_SUM_YY][i], yy, x1);
            sum[RS_SUM_XY][i] = _mm512_dpbusd_epi32(sum[RS_SUM_XY][i], y, x);
            if (!moments) continue;
            sum[RS_SUM_X][i] = _mm512_dpbusd_epi32(sum[RS_SUM_X][i], y1, x);
            sum[RS_SUM_Y][i] = _mm512_dpbusd_epi32(sum[RS_SUM_Y][i], y, x1);
        }
    }
    for (size_t s = 0; s < RS_N_SUMS; s++)
        for (size_t i = 0; i < WIDE; i++) _mm512_storeu_si512(sums + s * plane + 16 * i, sum[s][i]);
}

VNNI static void sums_vnni(const uint8_t *levels, const struct rs_dots_group *groups, size_t n,
                           bool moments, int32_t *sums, size_t plane) {
    for (size_t half = 0; half < RS_DOTS_LINES; half += 64) {
        const uint8_t *block = levels + half * RS_DOTS_COLUMNS;
        if (moments) {
            sums_of_64(block, groups, n, true, sums + half, plane);
        } else {
            sums_of_64(block, groups, n, false, sums + half, plane);
        }
    }
}

static const struct rs_dots_kernel vnni = {
    "avx512-vnni", has_vnni, {7, 25}, {33, 120}, product_vnni, sums_vnni,
};

const struct rs_dots_kernel *const rs_dots_kernels[] = {&portable, &avx2, &vnni};
#else
const struct rs_dots_kernel *const rs_dots_kernels[] = {&portable};
#endif

const size_t rs_n_dots_kernels = sizeof rs_dots_kernels / sizeof *rs_dots_kernels;

const struct rs_dots_kernel *rs_dots_best(void) {
    const struct rs_dots_kernel *best = rs_dots_kernels[0];
    for (size_t i = 0; i < rs_n_dots_kernels; i++)
        if (rs_dots_kernels[i]->is_supported()) best = rs_dots_kernels[i];
    return best;
}
