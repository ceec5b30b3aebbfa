#include "normal.h"

#include <string.h>

#include "base/memory.h"
#include "linear/dense.h"

struct normal *normal_make(size_t n) {
    struct normal *normal = rs_malloc(n, sizeof *normal);
    for (size_t i = 0; i < n; i++) normal_clear(&normal[i]);
    return normal;
}

void normal_clear(struct normal *normal) {
    normal->n = 0;
    memset(normal->a, 0, sizeof normal->a);
    memset(normal->b, 0, sizeof normal->b);
}

float *normal_next(struct normal *normal, float y) {
    if (normal->n == NORMAL_TILE) normal_close(normal);
    normal->y[normal->n] = y;
    return normal->row[normal->n++];
}

void normal_close(struct normal *normal) {
    float a[WIDTH * WIDTH] = {0}, b[WIDTH] = {0};
    rs_dense_square(a, WIDTH, WIDTH, normal->row[0], WIDTH, normal->n);
    rs_dense_combine(b, normal->y, normal->row[0], WIDTH, WIDTH, normal->n);
    for (size_t k = 0; k < WIDTH; k++) {
        for (size_t j = 0; j <= k; j++) normal->a[k * WIDTH + j] += (double)a[j * WIDTH + k];
        normal->b[k] += (double)b[k];
    }
    normal->n = 0;
}
