#include "neighbours/scatter.h"

#include <string.h>

#include "base/cpu.h"
#include "neighbours/dots.h"

/* The six sums of levels in two 64-bit words. With at most 2^14 spans of levels up to 11 no field
 * overflows: n < 2^16; x, y < 2^20; xx, yy, xy < 2^21. */
typedef uint64_t level_sums __attribute__((vector_size(16)));
enum { X_AT = 16, Y_AT = 36, YY_AT = 21, XY_AT = 42, MOMENT_BITS = 20, SQUARE_BITS = 21 };

typedef double real_squares __attribute__((vector_size(32))); /* n, xx, yy, xy */
typedef double real_sums __attribute__((vector_size(64)));    /* n, x, y, xx, yy, xy, 0, 0 */

size_t rs_scatter_bytes(enum rs_sums_kind kind) {
    static const size_t bytes[] = {
        [RS_LEVEL_PRODUCT] = sizeof(int32_t), [RS_LEVEL_SUMS] = sizeof(level_sums),
        [RS_REAL_PRODUCT] = sizeof(double),   [RS_REAL_SQUARES] = sizeof(real_squares),
        [RS_REAL_SUMS] = sizeof(real_sums),
    };
    return bytes[kind];
}

/* The lists are short and far apart: what will be needed soon is fetched before. */
static inline void prefetch(const struct rs_span *spans, const uint32_t *entries) {
    __builtin_prefetch(entries + spans[RS_SPAN_PADDING].begin);
}

static void level_product(int32_t *sums, const struct rs_span *spans, size_t n,
                          const uint32_t *entries) {
    for (size_t s = 0; s < n; s++) {
        const uint32_t *list = entries + spans[s].begin;
        uint32_t x = spans[s].level;
        prefetch(spans + s, entries);
        for (size_t i = 0; i < spans[s].n; i++)
            sums[list[i] & RS_ENTRY_MASK] += (int32_t)(x * (list[i] >> RS_ENTRY_BITS));
    }
}

/* What a pair of levels adds. */
static void fill_level_table(level_sums table[RS_LEVEL_MAX_SQUARED + 1], uint64_t x) {
    for (uint64_t y = 0; y <= RS_LEVEL_MAX_SQUARED; y++)
        table[y] =
            (level_sums){1 | x << X_AT | y << Y_AT, x * x | (y * y) << YY_AT | (x * y) << XY_AT};
}

static void all_level_sums(level_sums *sums, const struct rs_span *spans, size_t n,
                           const uint32_t *entries) {
    level_sums table[RS_LEVEL_MAX_SQUARED + 1][RS_LEVEL_MAX_SQUARED + 1];
    for (uint64_t x = 0; x <= RS_LEVEL_MAX_SQUARED; x++) fill_level_table(table[x], x);
    for (size_t s = 0; s < n; s++) {
        const uint32_t *list = entries + spans[s].begin;
        const level_sums *products = table[spans[s].level];
        prefetch(spans + s, entries);
        for (size_t i = 0; i < spans[s].n; i++)
            sums[list[i] & RS_ENTRY_MASK] += products[list[i] >> RS_ENTRY_BITS];
    }
}

static void real_product(double *sums, const struct rs_span *spans, size_t n,
                         const uint32_t *entries, const double *values) {
    for (size_t s = 0; s < n; s++) {
        const uint32_t *list = entries + spans[s].begin;
        const double *list_value = values + spans[s].begin;
        double x = spans[s].value;
        prefetch(spans + s, entries);
        for (size_t i = 0; i < spans[s].n; i++) sums[list[i]] += x * list_value[i];
    }
}

/* Products of the fields {1, x^2, y, x} and {1, 1, y, y}. */
RS_CLONES static void real_squares_of(real_squares *sums, const struct rs_span *spans, size_t n,
                                      const uint32_t *entries, const double *values) {
    const real_squares ones = {1, 1, 1, 1};
    for (size_t s = 0; s < n; s++) {
        const uint32_t *list = entries + spans[s].begin;
        const double *list_value = values + spans[s].begin;
        double x = spans[s].value;
        const real_squares own = {1, x * x, 0, x};
        prefetch(spans + s, entries);
        for (size_t i = 0; i < spans[s].n; i++) {
            real_squares y = {list_value[i], list_value[i], list_value[i], list_value[i]};
            real_squares left = __builtin_shufflevector(own, y, 0, 1, 6, 3);
            sums[list[i]] += left * __builtin_shufflevector(ones, y, 0, 1, 6, 7);
        }
    }
}

/* Products of the fields {1, x, 1, x^2, y, x, 0, 0} and {1, 1, y, 1, y, y, 1, 1}. */
RS_CLONES static void real_sums_of(real_sums *sums, const struct rs_span *spans, size_t n,
                                   const uint32_t *entries, const double *values) {
    const real_sums ones = {1, 1, 1, 1, 1, 1, 1, 1};
    for (size_t s = 0; s < n; s++) {
        const uint32_t *list = entries + spans[s].begin;
        const double *list_value = values + spans[s].begin;
        double x = spans[s].value;
        const real_sums own = {1, x, 1, x * x, 0, x, 0, 0};
        prefetch(spans + s, entries);
        for (size_t i = 0; i < spans[s].n; i++) {
            double v = list_value[i];
            real_sums y = {v, v, v, v, v, v, v, v};
            real_sums left = __builtin_shufflevector(own, y, 0, 1, 2, 3, 12, 5, 6, 7);
            sums[list[i]] += left * __builtin_shufflevector(ones, y, 0, 1, 10, 3, 12, 13, 6, 7);
        }
    }
}

void rs_scatter(enum rs_sums_kind kind, void *accumulators, const struct rs_span *spans, size_t n,
                const uint32_t *entries, const double *values) {
    switch (kind) {
    case RS_LEVEL_PRODUCT:
        level_product(accumulators, spans, n, entries);
        break;
    case RS_LEVEL_SUMS:
        all_level_sums(accumulators, spans, n, entries);
        break;
    case RS_REAL_PRODUCT:
        real_product(accumulators, spans, n, entries, values);
        break;
    case RS_REAL_SQUARES:
        real_squares_of(accumulators, spans, n, entries, values);
        break;
    case RS_REAL_SUMS:
        real_sums_of(accumulators, spans, n, entries, values);
        break;
    }
}

static inline int32_t field(uint64_t word, unsigned at, unsigned bits) {
    return (int32_t)(word >> at & ((1u << bits) - 1));
}

RS_CLONES void rs_scatter_take_levels(void *accumulators, int32_t *sums, size_t plane) {
    uint64_t *words = accumulators, any = 0;
    for (size_t i = 0; i < 2 * RS_PAIRS; i++) any |= words[i];
    if (any == 0) return;
    for (size_t i = 0; i < RS_PAIRS; i++) {
        uint64_t moments = words[2 * i], squares = words[2 * i + 1];
        sums[RS_SUM_N * plane + i] += field(moments, 0, X_AT);
        sums[RS_SUM_X * plane + i] += field(moments, X_AT, MOMENT_BITS);
        sums[RS_SUM_Y * plane + i] += field(moments, Y_AT, MOMENT_BITS);
        sums[RS_SUM_XX * plane + i] += field(squares, 0, SQUARE_BITS);
        sums[RS_SUM_YY * plane + i] += field(squares, YY_AT, SQUARE_BITS);
        sums[RS_SUM_XY * plane + i] += field(squares, XY_AT, SQUARE_BITS);
    }
    memset(words, 0, 2 * RS_PAIRS * sizeof *words);
}

static bool take_product(double *from, struct rs_sums *sums) {
    bool any = false;
    for (size_t i = 0; i < RS_PAIRS; i++) any |= from[i] != 0;
    if (!any) return false;
    memcpy(sums->sum[RS_SUM_XY], from, RS_PAIRS * sizeof *from);
    memset(from, 0, RS_PAIRS * sizeof *from);
    return true;
}

/* Accumulators of WIDTH doubles, N among them first, the others to the sums TO. */
static inline bool take_fields(double *from, size_t width, size_t n_fields, const enum rs_sum *to,
                               struct rs_sums *sums) {
    bool any = false;
    for (size_t i = 0; i < RS_PAIRS; i++) any |= from[width * i] != 0;
    if (!any) return false;
    for (size_t i = 0; i < RS_PAIRS; i++)
        for (size_t f = 0; f < n_fields; f++) sums->sum[to[f]][i] = from[width * i + f];
    memset(from, 0, width * RS_PAIRS * sizeof *from);
    return true;
}

bool rs_scatter_take_reals(enum rs_sums_kind kind, void *accumulators, struct rs_sums *sums) {
    static const enum rs_sum four[] = {RS_SUM_N, RS_SUM_XX, RS_SUM_YY, RS_SUM_XY};
    static const enum rs_sum six[] = {RS_SUM_N,  RS_SUM_X,  RS_SUM_Y,
                                      RS_SUM_XX, RS_SUM_YY, RS_SUM_XY};
    if (kind == RS_REAL_PRODUCT) return take_product(accumulators, sums);
    if (kind == RS_REAL_SQUARES) return take_fields(accumulators, 4, 4, four, sums);
    return take_fields(accumulators, 8, 6, six, sums);
}
