#include "neighbours/dots.h"

#include "neighbours/similarity.h"

/* Portable */

static bool always(void) {
    return true;
}

static void product_portable(const uint8_t *levels, enum rs_dots_form form,
                             const struct rs_dots_group *groups, size_t n, int32_t *sums) {
    for (size_t g = 0; g < n; g++) {
        const uint8_t *block = levels + groups[g].group * rs_dots_group_bytes(form);
        for (size_t column = 0; column < RS_DOTS_COLUMNS; column++) {
            uint32_t x = groups[g].levels >> (8 * column) & 0xff;
            if (x == 0) continue;
            for (size_t i = 0; i < RS_DOTS_LINES; i++)
                sums[i] += (int32_t)(x * rs_dots_get(block, form, i, column));
        }
    }
}

static void product_bytes(const uint8_t *levels, const struct rs_dots_group *groups, size_t n,
                          int32_t *sums) {
    product_portable(levels, RS_DOTS_BYTES, groups, n, sums);
}

static void product_halves(const uint8_t *levels, const struct rs_dots_group *groups, size_t n,
                           int32_t *sums) {
    product_portable(levels, RS_DOTS_HALVES, groups, n, sums);
}

static void sums_portable(const uint8_t *levels, const struct rs_dots_group *groups, size_t n,
                          bool moments, int32_t *sums, size_t plane) {
    for (size_t g = 0; g < n; g++) {
        const uint8_t *block = levels + groups[g].group * rs_dots_group_bytes(RS_DOTS_HALVES);
        for (size_t column = 0; column < RS_DOTS_COLUMNS; column++) {
            int32_t x = (int32_t)(groups[g].levels >> (8 * column) & 0xff);
            if (x == 0) continue;
            for (size_t i = 0; i < RS_DOTS_LINES; i++) {
                int32_t y = (int32_t)rs_dots_get(block, RS_DOTS_HALVES, i, column), both = y != 0;
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
    "portable", always, {210, 20}, {2000, 20}, {product_bytes, product_halves}, sums_portable,
};

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

/* The squares of levels 0..15 as a table for a byte shuffle. */
static const uint8_t squares[16] = {0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 121};

/* The loops below name their registers one by one: of arrays the compiler makes copies in memory.
 */

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

AVX2 static inline __m256i load_avx2(const void *from) {
    return _mm256_loadu_si256((const __m256i *)from);
}

AVX2 static inline void add_to_avx2(int32_t *sums, __m256i words) {
    __m256i longs = _mm256_madd_epi16(words, _mm256_set1_epi16(1));
    _mm256_storeu_si256((__m256i *)sums, _mm256_add_epi32(load_avx2(sums), longs));
}

AVX2 static void product_bytes_avx2(const uint8_t *levels, const struct rs_dots_group *groups,
                                    size_t n, int32_t *sums) {
    for (size_t at = 0; at < RS_DOTS_LINES; at += 32) {
        __m256i a = load_avx2(sums + at), b = load_avx2(sums + at + 8),
                c = load_avx2(sums + at + 16), d = load_avx2(sums + at + 24);
        for (size_t g = 0; g < n; g++) {
            const uint8_t *block = levels + groups[g].group * rs_dots_group_bytes(RS_DOTS_BYTES) +
                                   at * RS_DOTS_COLUMNS;
            __m256i x = _mm256_set1_epi32((int32_t)groups[g].levels);
            a = add_products_avx2(a, load_avx2(block), x);
            b = add_products_avx2(b, load_avx2(block + 32), x);
            c = add_products_avx2(c, load_avx2(block + 64), x);
            d = add_products_avx2(d, load_avx2(block + 96), x);
        }
        _mm256_storeu_si256((__m256i *)(sums + at), a);
        _mm256_storeu_si256((__m256i *)(sums + at + 8), b);
        _mm256_storeu_si256((__m256i *)(sums + at + 16), c);
        _mm256_storeu_si256((__m256i *)(sums + at + 24), d);
    }
}

/* Small levels leave room in words for the products of many groups. */
AVX2 static void product_halves_avx2(const uint8_t *levels, const struct rs_dots_group *groups,
                                     size_t n, int32_t *sums) {
    enum { MANY = INT16_MAX / (2 * RS_LEVEL_SMALL * RS_LEVEL_SMALL) };
    const __m256i half = _mm256_set1_epi8(RS_LEVEL_SMALL);
    for (size_t done = 0; done < n; done += MANY) {
        const struct rs_dots_group *end = groups + (n - done < MANY ? n : done + MANY);
        for (size_t at = 0; at < RS_DOTS_LINES; at += 32) {
            __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
            for (const struct rs_dots_group *g = groups + done; g < end; g++) {
                const uint8_t *block = levels + g->group * rs_dots_group_bytes(RS_DOTS_HALVES) +
                                       at * RS_DOTS_COLUMNS / 2;
                __m256i x = _mm256_set1_epi32((int32_t)g->levels);
                __m256i first = load_avx2(block), second = load_avx2(block + 32);
                __m256i first_up = _mm256_and_si256(_mm256_srli_epi16(first, 4), half);
                __m256i second_up = _mm256_and_si256(_mm256_srli_epi16(second, 4), half);
                first = _mm256_and_si256(first, half);
                second = _mm256_and_si256(second, half);
                a = _mm256_add_epi16(a, _mm256_maddubs_epi16(first, x));
                b = _mm256_add_epi16(b, _mm256_maddubs_epi16(second, x));
                c = _mm256_add_epi16(c, _mm256_maddubs_epi16(first_up, x));
                d = _mm256_add_epi16(d, _mm256_maddubs_epi16(second_up, x));
            }
            add_to_avx2(sums + at, a);
            add_to_avx2(sums + at + 8, b);
            add_to_avx2(sums + at + 16, c);
            add_to_avx2(sums + at + 24, d);
        }
    }
}

AVX2 static void sums_avx2(const uint8_t *levels, const struct rs_dots_group *groups, size_t n,
                           bool moments, int32_t *sums, size_t plane) {
    const __m256i one = _mm256_set1_epi8(1), half = _mm256_set1_epi8(RS_LEVEL_SMALL);
    const __m256i square = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)squares));
    for (size_t at = 0; at < RS_DOTS_LINES; at += 8) {
        size_t offset = (at / 32 * 16 + at % 16) * RS_DOTS_COLUMNS;
        int shift = at / 16 % 2 * 4;
        __m256i sum[RS_N_SUMS];
        for (size_t s = 0; s < RS_N_SUMS; s++) sum[s] = load_avx2(sums + s * plane + at);
        for (size_t g = 0; g < n; g++) {
            const uint8_t *block =
                levels + groups[g].group * rs_dots_group_bytes(RS_DOTS_HALVES) + offset;
            __m256i x = _mm256_set1_epi32((int32_t)groups[g].levels);
            __m256i y = _mm256_and_si256(_mm256_srli_epi16(load_avx2(block), shift), half);
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
    "avx2", has_avx2, {20, 30}, {110, 150}, {product_bytes_avx2, product_halves_avx2}, sums_avx2,
};

/* AVX-512 with VNNI */

#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

static bool has_vnni(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}

/* The sums of RS_DOTS_LINES lines. */
struct sums_vnni {
    __m512i a, b, c, d, e, f, g, h;
};

VNNI static inline struct sums_vnni load_vnni(const int32_t *sums) {
    return (struct sums_vnni){
        _mm512_loadu_si512(sums),      _mm512_loadu_si512(sums + 16),
        _mm512_loadu_si512(sums + 32), _mm512_loadu_si512(sums + 48),
        _mm512_loadu_si512(sums + 64), _mm512_loadu_si512(sums + 80),
        _mm512_loadu_si512(sums + 96), _mm512_loadu_si512(sums + 112),
    };
}

VNNI static inline void store_vnni(int32_t *sums, struct sums_vnni from) {
    _mm512_storeu_si512(sums, from.a);
    _mm512_storeu_si512(sums + 16, from.b);
    _mm512_storeu_si512(sums + 32, from.c);
    _mm512_storeu_si512(sums + 48, from.d);
    _mm512_storeu_si512(sums + 64, from.e);
    _mm512_storeu_si512(sums + 80, from.f);
    _mm512_storeu_si512(sums + 96, from.g);
    _mm512_storeu_si512(sums + 112, from.h);
}

VNNI static void product_bytes_vnni(const uint8_t *levels, const struct rs_dots_group *groups,
                                    size_t n, int32_t *sums) {
    struct sums_vnni s = load_vnni(sums);
    for (const struct rs_dots_group *g = groups; g < groups + n; g++) {
        const __m512i *y =
            (const __m512i *)(levels + g->group * rs_dots_group_bytes(RS_DOTS_BYTES));
        __m512i x = _mm512_set1_epi32((int32_t)g->levels);
        s.a = _mm512_dpbusd_epi32(s.a, y[0], x);
        s.b = _mm512_dpbusd_epi32(s.b, y[1], x);
        s.c = _mm512_dpbusd_epi32(s.c, y[2], x);
        s.d = _mm512_dpbusd_epi32(s.d, y[3], x);
        s.e = _mm512_dpbusd_epi32(s.e, y[4], x);
        s.f = _mm512_dpbusd_epi32(s.f, y[5], x);
        s.g = _mm512_dpbusd_epi32(s.g, y[6], x);
        s.h = _mm512_dpbusd_epi32(s.h, y[7], x);
    }
    store_vnni(sums, s);
}

VNNI static inline __m512i lower_vnni(__m512i halves) {
    return _mm512_and_si512(halves, _mm512_set1_epi8(RS_LEVEL_SMALL));
}

VNNI static inline __m512i upper_vnni(__m512i halves) {
    return lower_vnni(_mm512_srli_epi16(halves, 4));
}

VNNI static void product_halves_vnni(const uint8_t *levels, const struct rs_dots_group *groups,
                                     size_t n, int32_t *sums) {
    struct sums_vnni s = load_vnni(sums);
    for (const struct rs_dots_group *g = groups; g < groups + n; g++) {
        const __m512i *y =
            (const __m512i *)(levels + g->group * rs_dots_group_bytes(RS_DOTS_HALVES));
        __m512i x = _mm512_set1_epi32((int32_t)g->levels);
        s.a = _mm512_dpbusd_epi32(s.a, lower_vnni(y[0]), x);
        s.b = _mm512_dpbusd_epi32(s.b, upper_vnni(y[0]), x);
        s.c = _mm512_dpbusd_epi32(s.c, lower_vnni(y[1]), x);
        s.d = _mm512_dpbusd_epi32(s.d, upper_vnni(y[1]), x);
        s.e = _mm512_dpbusd_epi32(s.e, lower_vnni(y[2]), x);
        s.f = _mm512_dpbusd_epi32(s.f, upper_vnni(y[2]), x);
        s.g = _mm512_dpbusd_epi32(s.g, lower_vnni(y[3]), x);
        s.h = _mm512_dpbusd_epi32(s.h, upper_vnni(y[3]), x);
    }
    store_vnni(sums, s);
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
        const uint8_t *block = levels + groups[g].group * rs_dots_group_bytes(RS_DOTS_HALVES);
        __m512i x = _mm512_set1_epi32((int32_t)groups[g].levels);
        __m512i x1 = _mm512_min_epu8(x, one), xx = _mm512_shuffle_epi8(square, x);
#pragma GCC unroll 4
        for (size_t i = 0; i < WIDE; i++) {
            __m512i halves = _mm512_load_si512(block + i / 2 * 64);
            __m512i y = i % 2 == 0 ? lower_vnni(halves) : upper_vnni(halves);
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
    for (size_t at = 0; at < RS_DOTS_LINES; at += 64) {
        const uint8_t *block = levels + at * RS_DOTS_COLUMNS / 2;
        if (moments) {
            sums_of_64(block, groups, n, true, sums + at, plane);
        } else {
            sums_of_64(block, groups, n, false, sums + at, plane);
        }
    }
}

static const struct rs_dots_kernel vnni = {
    "avx512-vnni", has_vnni, {10, 25}, {50, 120}, {product_bytes_vnni, product_halves_vnni},
    sums_vnni,
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
