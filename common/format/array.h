/* Element types and shapes of the arrays in an rs file. */
#ifndef RS_ARRAY_H
#define RS_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rs_type { RS_U8, RS_I8, RS_U16, RS_U32, RS_I32, RS_U64, RS_I64, RS_F32, RS_F64, RS_N_TYPES };

/* A view of an array somebody else owns. One-dimensional arrays have n_columns == 1. */
struct rs_array {
    enum rs_type type;
    size_t n_rows, n_columns;
    const void *data; /* 64-byte aligned, little-endian */
};

size_t rs_type_size(enum rs_type type);
const char *rs_type_name(enum rs_type type); /* "u8", "f32", … */

/* Finds a type by its name; false when there is none. */
bool rs_type_find(const char *name, enum rs_type *type);

/* n_rows * n_columns * element size; false on overflow. */
bool rs_array_bytes(const struct rs_array *array, size_t *bytes);

#endif
