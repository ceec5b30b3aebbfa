#include "column.h"

#include <stdlib.h>

#include "base/memory.h"

/* The same two functions for every type of element. */
#define COLUMN(name, type)                                                                         \
    void name##_extend(struct name##_column *column, size_t n, type unknown) {                     \
        rs_grow(&column->v, &column->capacity, n, sizeof *column->v);                              \
        for (; column->n < n; column->n++) column->v[column->n] = unknown;                         \
    }                                                                                              \
                                                                                                   \
    void name##_permute(struct name##_column *column, const uint32_t *order, size_t n) {           \
        if (column->v == NULL) return;                                                             \
        type *moved = rs_malloc(n, sizeof *moved);                                                 \
        for (size_t k = 0; k < n; k++) moved[k] = column->v[order[k]];                             \
        free(column->v);                                                                           \
        column->v = moved;                                                                         \
        column->n = column->capacity = n;                                                          \
    }

COLUMN(u8, uint8_t)
COLUMN(u32, uint32_t)
COLUMN(i64, int64_t)
COLUMN(f64, double)
