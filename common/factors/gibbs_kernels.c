#include "factors/gibbs_kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Sums of floating-point products in the order in which they are written here; whether product and
 * sum round once or twice depends on the processor. */
#ifdef __clang__
#pragma clang fp contract(fast)
#else
#pragma GCC optimize("fp-contract=fast")
#endif

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
#define INLINE static inline __attribute__((always_inline))

enum { LANES = 16, REGISTERS = 16 };
typedef float vector __attribute__((vector_size(4 * LANES), __may_alias__));

/* Every kernel is written for V vectors a row and made for V = 1 .. 4. */
#define FOR_WIDTH(width, call)                                                                     \
    switch ((width) / LANES) {                                                                     \
    case 1:                                                                                        \
        call(1);                                                                                   \
        break;                                                                                     \
    case 2:                                                                                        \
        call(2);                                                                                   \
        break;                                                                                     \
    case 3:                                                                                        \
        call(3);                                                                                   \
        break;                                                                                     \
    default:                                                                                       \
        call(4);                                                                                   \
        break;                                                                                     \
    }

struct rs_gibbs_scratch rs_gibbs_scratch_new(size_t width, size_t n) {
    return (struct rs_gibbs_scratch){rs_aligned(n * width, sizeof(float)),
                                     rs_aligned(3 * n, sizeof(float)),
                                     rs_aligned(width * width, sizeof(float))};
}

void rs_gibbs_scratch_free(struct rs_gibbs_scratch *scratch) {
    free(scratch->x);
    free(scratch->weight);
    free(scratch->square);
}

INLINE float dot(const int v, const float *a, const float *b) {
    vector sum = *(const vector *)a * *(const vector *)b;
    for (int j = 1; j < v; j++)
        sum += *(const vector *)(a + j * LANES) * *(const vector *)(b + j * LANES);
    float t[LANES];
    memcpy(t, &sum, sizeof t);
    for (int l = 0; l < 8; l++) t[l] += t[l + 8];
    for (int l = 0; l < 4; l++) t[l] += t[l + 4];
    return (t[0] + t[2]) + (t[1] + t[3]);
}

INLINE void add(const int v, float *y, float factor, const float *x) {
    for (int j = 0; j < v; j++)
        *(vector *)(y + j * LANES) += factor * *(const vector *)(x + j * LANES);
}

/* x = a - factor b */
INLINE void subtract(const int v, float *x, const float *a, float factor, const float *b) {
    for (int j = 0; j < v; j++)
        *(vector *)(x + j * LANES) =
            *(const vector *)(a + j * LANES) - factor * *(const vector *)(b + j * LANES);
}

INLINE void copy(const int v, float *x, const float *a) {
    for (int j = 0; j < v; j++) *(vector *)(x + j * LANES) = *(const vector *)(a + j * LANES);
}

INLINE void design_of(const int v, const struct rs_gibbs_turn *turn, size_t u, uint32_t i,
                      float *x) {
    size_t width = (size_t)v * LANES;
    if (turn->own_in_sets == NULL) {
        copy(v, x, turn->design + i * width);
    } else {
        subtract(v, x, turn->design + i * width, turn->other_scale[i],
                 turn->own_in_sets + u * width);
    }
}

/* The rows of a matrix that fit into the registers at once. */
#define ROWS(v) ((v) == 1 ? 16 : (v) == 2 ? 8 : 4)

/* A += sum of weight_t x_t x_t', rows FROM .. FROM + ROWS - 1. */
INLINE void square_rows(const int v, float *a, size_t from, const float *x, const float *weight,
                        size_t n) {
    size_t width = (size_t)v * LANES;
    vector sum[REGISTERS];
    for (int r = 0; r < ROWS(v); r++)
        for (int j = 0; j < v; j++)
            sum[r * v + j] = *(vector *)(a + (from + (size_t)r) * width + j * LANES);
    for (size_t t = 0; t < n; t++, x += width) {
        for (int r = 0; r < ROWS(v); r++)
            for (int j = 0; j < v; j++)
                sum[r * v + j] +=
                    (weight[t] * x[from + (size_t)r]) * *(const vector *)(x + j * LANES);
    }
    for (int r = 0; r < ROWS(v); r++)
        for (int j = 0; j < v; j++)
            *(vector *)(a + (from + (size_t)r) * width + j * LANES) = sum[r * v + j];
}

/* A += sum of weight_t M_t, the matrices at BASE + line_t STRIDE, rows FROM .. FROM + ROWS - 1. */
INLINE void gather_rows(const int v, float *a, size_t from, const float *base, size_t stride,
                        const uint32_t *line, const float *weight, size_t n) {
    size_t width = (size_t)v * LANES;
    vector sum[REGISTERS];
    for (int r = 0; r < ROWS(v) * v; r++) sum[r] = (vector){0};
    for (size_t t = 0; t < n; t++) {
        const float *m = base + line[t] * stride + from * width;
        for (int r = 0; r < ROWS(v) * v; r++)
            sum[r] += weight[t] * *(const vector *)(m + r * LANES);
    }
    for (int r = 0; r < ROWS(v) * v; r++)
        *(vector *)(a + from * width + (size_t)r * LANES) = sum[r];
}

/* y = A x for a symmetric A. */
INLINE void multiply(const int v, float *y, const float *a, const float *x) {
    vector sum[2][4] = {0};
    for (int f = 0; f < v * LANES; f += 2)
        for (int j = 0; j < v; j++) {
            sum[0][j] += x[f] * *(const vector *)(a + (f * v + j) * LANES);
            sum[1][j] += x[f + 1] * *(const vector *)(a + ((f + 1) * v + j) * LANES);
        }
    for (int j = 0; j < v; j++) *(vector *)(y + j * LANES) = sum[0][j] + sum[1][j];
}

/* Elimination to A = U'U by rows, b along with it to y; then U draw = y + normal. Below the
 * diagonal lies what is multiplied by zeros. */
INLINE void solve(const int v, float *a, float *b, const float *normal, float *draw) {
    const int width = v * LANES;
    float inverse[RS_GIBBS_WIDTH_MAX], y[RS_GIBBS_WIDTH_MAX];
    for (int k = 0; k < width; k++) {
        float pivot = a[k * width + k];
        inverse[k] = 1 / sqrtf(pivot > 1e-10f ? pivot : 1e-10f);
        for (int j = k / LANES; j < v; j++) *(vector *)(a + k * width + j * LANES) *= inverse[k];
        y[k] = b[k] * inverse[k];
        for (int j = k / LANES; j < v; j++)
            *(vector *)(b + j * LANES) -= y[k] * *(vector *)(a + k * width + j * LANES);
        for (int i = k + 1; i < width; i++) {
            float factor = a[k * width + i];
            for (int j = i / LANES; j < v; j++)
                *(vector *)(a + i * width + j * LANES) -=
                    factor * *(vector *)(a + k * width + j * LANES);
        }
    }
    for (int j = 0; j < v; j++) *(vector *)(draw + j * LANES) = (vector){0};
    for (int k = width - 1; k >= 0; k--)
        draw[k] = (y[k] + normal[k] - dot(v, a + k * width, draw)) * inverse[k];
}

CLONES
void rs_gibbs_solve(size_t width, float *a, float *b, const float *normal, float *draw){
#define SOLVE(v) solve(v, a, b, normal, draw)
    FOR_WIDTH(width, SOLVE)}

INLINE void fill_record(const int v, const struct rs_gibbs_turn *turn, size_t u,
                        const struct rs_gibbs_scratch *scratch) {
    size_t width = (size_t)v * LANES, n = 0;
    float *a = turn->record + u * rs_gibbs_record(width), *c = a + width * width;
    memset(a, 0, rs_gibbs_record(width) * sizeof *a);
    float precision = turn->alpha * turn->tau[u];
    for (uint64_t k = turn->start[u]; k < turn->start[u + 1]; k++, n++) {
        float *x = scratch->x + n * width;
        design_of(v, turn, u, turn->other[k], x);
        scratch->weight[n] = precision * turn->other_tau[turn->other[k]];
        add(v, c, scratch->weight[n] * turn->residual[k], x);
    }
    for (size_t from = 0; from < width; from += ROWS(v))
        square_rows(v, a, from, scratch->x, scratch->weight, n);
}

CLONES
void rs_gibbs_fill_record(const struct rs_gibbs_turn *turn, size_t u,
                          const struct rs_gibbs_scratch *scratch){
#define FILL_RECORD(v) fill_record(v, turn, u, scratch)
    FOR_WIDTH(turn->width, FILL_RECORD)}

/* The precision of a feature and the slope at its value, from the records of its lines:
 *
 *     P = sum over lines u of s_u^2 (A_u - w x x')     g = sum of s_u (c_u - w e x)
 *
 * where the terms with x take out the rating that put the feature into the line's set. */
INLINE void feature_system(const int v, const struct rs_gibbs_turn *turn,
                           const struct rs_gibbs_feature *feature,
                           const struct rs_gibbs_scratch *scratch, float *g) {
    size_t width = (size_t)v * LANES, stride = rs_gibbs_record(width), n = feature->n;
    float *square = scratch->square, *weight = scratch->weight, *loss = weight + n;
    for (int j = 0; j < v; j++) *(vector *)(g + j * LANES) = (vector){0};
    for (size_t t = 0; t < n; t++) {
        uint32_t u = feature->line[t];
        float scale = feature->scale[u];
        const float *c = turn->record + u * stride + width * width;
        weight[t] = scale * scale;
        add(v, g, scale, c);
        if (feature->position == NULL) continue;
        float *x = scratch->x + t * width;
        design_of(v, turn, u, feature->other, x);
        float w = turn->alpha * turn->tau[u] * turn->other_tau[feature->other];
        float e = turn->residual[feature->position[t]] - dot(v, x, c + width);
        loss[t] = -weight[t] * w;
        loss[n + t] = w;
        add(v, g, -scale * w * e, x);
    }
    for (size_t from = 0; from < width; from += ROWS(v)) {
        gather_rows(v, square, from, turn->record, stride, feature->line, weight, n);
        if (feature->position != NULL) square_rows(v, square, from, scratch->x, loss, n);
    }
}

INLINE void draw_feature(const int v, const struct rs_gibbs_turn *turn,
                         const struct rs_gibbs_feature *feature,
                         const struct rs_gibbs_scratch *scratch) {
    size_t width = (size_t)v * LANES, stride = rs_gibbs_record(width);
    _Alignas(64) float g[RS_GIBBS_WIDTH_MAX], product[RS_GIBBS_WIDTH_MAX];
    feature_system(v, turn, feature, scratch, g);
    multiply(v, product, scratch->square, feature->value);
    for (size_t f = 0; f < width; f++) {
        g[f] += product[f] + feature->precision[f] * feature->mean[f];
        scratch->square[f * width + f] += feature->precision[f];
    }
    _Alignas(64) float draw[RS_GIBBS_WIDTH_MAX];
    solve(v, scratch->square, g, feature->normal, draw);
    float *change = feature->change;
    subtract(v, change, draw, 1, feature->value);
    copy(v, feature->value, draw);
    for (size_t t = 0; t < feature->n; t++) {
        uint32_t u = feature->line[t];
        float scale = feature->scale[u];
        float *a = turn->record + u * stride, *c = a + width * width;
        multiply(v, product, a, change);
        add(v, c, -scale, product);
        add(v, c + width, scale, change);
        if (feature->position == NULL) continue;
        const float *x = scratch->x + t * width;
        add(v, c, scale * scratch->weight[2 * feature->n + t] * dot(v, x, change), x);
    }
}

CLONES
void rs_gibbs_draw_feature(const struct rs_gibbs_turn *turn, const struct rs_gibbs_feature *feature,
                           const struct rs_gibbs_scratch *scratch){
#define DRAW_FEATURE(v) draw_feature(v, turn, feature, scratch)
    FOR_WIDTH(turn->width, DRAW_FEATURE)}

INLINE void draw_own(const int v, const struct rs_gibbs_turn *turn, size_t u, float *value,
                     const float *mean, const float *precision, const float *normal,
                     const struct rs_gibbs_scratch *scratch) {
    size_t width = (size_t)v * LANES;
    float *a = turn->record + u * rs_gibbs_record(width), *c = a + width * width;
    _Alignas(64) float b[RS_GIBBS_WIDTH_MAX], draw[RS_GIBBS_WIDTH_MAX];
    multiply(v, b, a, value);
    memcpy(scratch->square, a, width * width * sizeof *a);
    for (size_t f = 0; f < width; f++) {
        b[f] += c[f] + precision[f] * mean[f];
        scratch->square[f * width + f] += precision[f];
    }
    solve(v, scratch->square, b, normal, draw);
    subtract(v, b, draw, 1, value);
    add(v, c + width, 1, b);
    copy(v, value, draw);
}

CLONES
void rs_gibbs_draw_own(const struct rs_gibbs_turn *turn, size_t u, float *value, const float *mean,
                       const float *precision, const float *normal,
                       const struct rs_gibbs_scratch *scratch){
#define DRAW_OWN(v) draw_own(v, turn, u, value, mean, precision, normal, scratch)
    FOR_WIDTH(turn->width, DRAW_OWN)}

INLINE void update_residuals(const int v, const struct rs_gibbs_turn *turn, size_t u,
                             const float *set_change, float scale) {
    size_t width = (size_t)v * LANES;
    const float *change = turn->record + u * rs_gibbs_record(width) + width * width + width;
    _Alignas(64) float x[RS_GIBBS_WIDTH_MAX], own[RS_GIBBS_WIDTH_MAX];
    copy(v, own, change);
    for (uint64_t k = turn->start[u]; k < turn->start[u + 1]; k++) {
        uint32_t i = turn->other[k];
        design_of(v, turn, u, i, x);
        if (set_change != NULL) subtract(v, own, change, scale, set_change + i * width);
        turn->residual[k] -= dot(v, x, own);
    }
}

CLONES
void rs_gibbs_update_residuals(const struct rs_gibbs_turn *turn, size_t u, const float *set_change,
                               float scale) {
#define UPDATE_RESIDUALS(v) update_residuals(v, turn, u, set_change, scale)
    FOR_WIDTH(turn->width, UPDATE_RESIDUALS)
}
