#include "format/array.h"

#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "rs maps little-endian arrays in place: this machine would need a converting reader"
#endif

static const struct {
    const char *name;
    size_t size;
} types[RS_N_TYPES] = {
    [RS_U8] = {"u8", 1},   [RS_I8] = {"i8", 1},   [RS_U16] = {"u16", 2},
    [RS_U32] = {"u32", 4}, [RS_I32] = {"i32", 4}, [RS_U64] = {"u64", 8},
    [RS_I64] = {"i64", 8}, [RS_F32] = {"f32", 4}, [RS_F64] = {"f64", 8},
};

size_t rs_type_size(enum rs_type type) {
    return types[type].size;
}

const char *rs_type_name(enum rs_type type) {
    return types[type].name;
}

bool rs_type_find(const char *name, enum rs_type *type) {
    for (int i = 0; i < RS_N_TYPES; i++) {
        if (strcmp(types[i].name, name) == 0) {
            *type = (enum rs_type)i;
            return true;
        }
    }
    return false;
}

bool rs_array_bytes(const struct rs_array *array, size_t *bytes) {
    size_t cells;
    return !__builtin_mul_overflow(array->n_rows, array->n_columns, &cells) &&
           !__builtin_mul_overflow(cells, rs_type_size(array->type), bytes);
}
