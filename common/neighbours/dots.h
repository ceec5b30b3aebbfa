/* Exact products of one line's small integers with a block of 128 lines kept densely.
 *
 * A value is a *level* from 1 to RS_LEVEL_MAX, and 0 stands for "not rated". A block holds the
 * levels of RS_DOTS_LINES lines in columns, RS_DOTS_COLUMNS columns side by side: a *group*. The
 * other line comes as a list of the groups it has anything in. So a line costs what it has, a block
 * what it could have, and every step is one instruction for 16 lines and 4 columns (VNNI), which is
 * why this beats lists of what both have from a density of a few per cent on. All sums are int32
 * and exact, and so the same for every kernel.
 *
 * Most of the time goes into bringing blocks from the second cache. Levels up to RS_LEVEL_SMALL,
 * which is to say most scales of ratings, are kept in half bytes. */
#ifndef RS_DOTS_H
#define RS_DOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RS_DOTS_LINES = 128,
    RS_DOTS_COLUMNS = 4,
    RS_LEVEL_MAX = 127,  /* for products alone */
    RS_LEVEL_SMALL = 15, /* in half bytes */
    RS_LEVEL_MAX_SQUARED =
        11 /* where squares are summed as well: 121 still fits a byte with sign */
};

/* How a block keeps a level. Bytes: [line][column]. Half bytes: the lines 32i..32i+15 in the lower
 * halves of [i][line % 16][column], the 16 lines behind them in the upper ones, so that a shift and
 * a mask give vectors of either. */
enum rs_dots_form { RS_DOTS_BYTES, RS_DOTS_HALVES };

static inline size_t rs_dots_group_bytes(enum rs_dots_form form) {
    return (size_t)RS_DOTS_LINES * RS_DOTS_COLUMNS / (form == RS_DOTS_HALVES ? 2 : 1);
}

/* Puts a level into a group that has 0 there. */
static inline void rs_dots_put(uint8_t *group, enum rs_dots_form form, size_t line, size_t column,
                               uint32_t level) {
    if (form == RS_DOTS_BYTES) {
        group[line * RS_DOTS_COLUMNS + column] = (uint8_t)level;
    } else {
        uint8_t *byte = group + (line / 32 * 16 + line % 16) * RS_DOTS_COLUMNS + column;
        *byte = (uint8_t)(*byte | level << line / 16 % 2 * 4);
    }
}

static inline uint32_t rs_dots_get(const uint8_t *group, enum rs_dots_form form, size_t line,
                                   size_t column) {
    if (form == RS_DOTS_BYTES) return group[line * RS_DOTS_COLUMNS + column];
    uint32_t byte = group[(line / 32 * 16 + line % 16) * RS_DOTS_COLUMNS + column];
    return byte >> line / 16 % 2 * 4 & RS_LEVEL_SMALL;
}

struct rs_dots_group {
    uint32_t group;
    uint32_t levels; /* of its four columns, the first in the lowest byte */
};

/* Estimates in cycles: of a group against RS_DOTS_LINES lines, and of a call. */
struct rs_dots_cost {
    double group, visit;
};

struct rs_dots_kernel {
    const char *name;
    bool (*is_supported)(void); /* by this processor */
    struct rs_dots_cost product_cost, sums_cost;

    /* sums[line] += S(xy) over N groups of a block in either form. */
    void (*product[2])(const uint8_t *levels, const struct rs_dots_group *groups, size_t n,
                       int32_t *sums);

    /* Of a block in half bytes: plane s of SUMS, PLANE elements from the next, gets sum s of enum
     * rs_sum. Without MOMENTS S(x) and S(y) are left out. */
    void (*sums)(const uint8_t *levels, const struct rs_dots_group *groups, size_t n, bool moments,
                 int32_t *sums, size_t plane);
};

/* All kernels, the portable one first, the best last. */
extern const struct rs_dots_kernel *const rs_dots_kernels[];
extern const size_t rs_n_dots_kernels;

/* The best that this processor has. */
const struct rs_dots_kernel *rs_dots_best(void);

#endif
