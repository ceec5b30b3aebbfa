/* Growing columns of numbers, filled with a value for "unknown" where nobody has set them. */
#ifndef COLUMN_H
#define COLUMN_H

#include <stddef.h>
#include <stdint.h>

struct u8_column {
    size_t n, capacity;
    uint8_t *v; /* NULL until the column is used */
};

struct u32_column {
    size_t n, capacity;
    uint32_t *v;
};

struct i64_column {
    size_t n, capacity;
    int64_t *v;
};

struct f64_column {
    size_t n, capacity;
    double *v;
};

/* Makes a column at least N long; new elements are UNKNOWN. */
void u8_extend(struct u8_column *column, size_t n, uint8_t unknown);
void u32_extend(struct u32_column *column, size_t n, uint32_t unknown);
void i64_extend(struct i64_column *column, size_t n, int64_t unknown);
void f64_extend(struct f64_column *column, size_t n, double unknown);

/* Element k becomes what element order[k] was. A column that is not used stays so. */
void u8_permute(struct u8_column *column, const uint32_t *order, size_t n);
void u32_permute(struct u32_column *column, const uint32_t *order, size_t n);
void i64_permute(struct i64_column *column, const uint32_t *order, size_t n);
void f64_permute(struct f64_column *column, const uint32_t *order, size_t n);

#endif
