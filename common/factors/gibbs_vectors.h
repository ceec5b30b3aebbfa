/* The kernels of gibbs_kernels.c, written once for vectors of any width: gibbs_kernels.c includes
 * this file for every set of instructions with
 *
 *   KERNEL(name)    name with the set's suffix
 *   TARGET          the attribute that allows the instructions
 *   LANES           floats in a vector
 *   REGISTERS       vectors that sums may take at once
 *
 * Every kernel is written for v vectors a row and made for every width that there is: its loops
 * have constant bounds and are unrolled by the compiler. */

typedef float KERNEL(vector) __attribute__((vector_size(4 * LANES), __may_alias__));
#define V         KERNEL(vector)
#define INLINE    TARGET static inline __attribute__((always_inline))
#define MOST_SUMS (REGISTERS > RS_GIBBS_WIDTH_MAX / LANES ? REGISTERS : RS_GIBBS_WIDTH_MAX / LANES)

#define FOR_WIDTH(width, call)                                                                     \
    switch (width) {                                                                               \
    case 16:                                                                                       \
        call(16 / LANES);                                                                          \
        break;                                                                                     \
    case 32:                                                                                       \
        call(32 / LANES);                                                                          \
        break;                                                                                     \
    case 48:                                                                                       \
        call(48 / LANES);                                                                          \
        break;                                                                                     \
    default:                                                                                       \
        call(64 / LANES);                                                                          \
        break;                                                                                     \
    }

INLINE float KERNEL(dot)(const int v, const float *a, const float *b) {
    V sum = *(const V *)a * *(const V *)b;
    for (int j = 1; j < v; j++) sum += *(const V *)(a + j * LANES) * *(const V *)(b + j * LANES);
    float t[LANES];
    memcpy(t, &sum, sizeof t);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++) t[l] += t[l + half];
    return t[0];
}

INLINE void KERNEL(add)(const int v, float *y, float factor, const float *x) {
    for (int j = 0; j < v; j++) *(V *)(y + j * LANES) += factor * *(const V *)(x + j * LANES);
}

/* x = a - factor b */
INLINE void KERNEL(subtract)(const int v, float *x, const float *a, float factor, const float *b) {
    for (int j = 0; j < v; j++)
        *(V *)(x + j * LANES) = *(const V *)(a + j * LANES) - factor * *(const V *)(b + j * LANES);
}

INLINE void KERNEL(copy)(const int v, float *x, const float *a) {
    for (int j = 0; j < v; j++) *(V *)(x + j * LANES) = *(const V *)(a + j * LANES);
}

INLINE void KERNEL(design_of)(const int v, const struct rs_gibbs_turn *turn, size_t u, uint32_t i,
                              float *x) {
    size_t width = (size_t)v * LANES;
    if (turn->own_in_sets == NULL) {
        KERNEL(copy)(v, x, turn->design + i * width);
    } else {
        KERNEL(subtract)
        (v, x, turn->design + i * width, turn->other_scale[i], turn->own_in_sets + u * width);
    }
}

/* The rows of a matrix of which the sums fit into the registers at once: a power of 2. */
#define ROWS(v)                                                                                    \
    (REGISTERS / (v) >= 16  ? 16                                                                   \
     : REGISTERS / (v) >= 8 ? 8                                                                    \
     : REGISTERS / (v) >= 4 ? 4                                                                    \
     : REGISTERS / (v) >= 2 ? 2                                                                    \
                            : 1)

/* A += sum of weight_t x_t x_t', rows FROM .. FROM + ROWS - 1. */
INLINE void KERNEL(square_rows)(const int v, float *a, size_t from, const float *x,
                                const float *weight, size_t n) {
    size_t width = (size_t)v * LANES;
    V sum[MOST_SUMS];
    for (int r = 0; r < ROWS(v); r++)
        for (int j = 0; j < v; j++)
            sum[r * v + j] = *(V *)(a + (from + (size_t)r) * width + j * LANES);
    for (size_t t = 0; t < n; t++, x += width) {
        for (int r = 0; r < ROWS(v); r++)
            for (int j = 0; j < v; j++)
                sum[r * v + j] += (weight[t] * x[from + (size_t)r]) * *(const V *)(x + j * LANES);
    }
    for (int r = 0; r < ROWS(v); r++)
        for (int j = 0; j < v; j++)
            *(V *)(a + (from + (size_t)r) * width + j * LANES) = sum[r * v + j];
}

/* A += sum of weight_t M_t, the matrices at BASE + line_t STRIDE, rows FROM .. FROM + ROWS - 1. */
INLINE void KERNEL(gather_rows)(const int v, float *a, size_t from, const float *base,
                                size_t stride, const uint32_t *line, const float *weight,
                                size_t n) {
    size_t width = (size_t)v * LANES;
    V sum[MOST_SUMS];
    for (int r = 0; r < ROWS(v) * v; r++) sum[r] = (V){0};
    for (size_t t = 0; t < n; t++) {
        const float *m = base + line[t] * stride + from * width;
        for (int r = 0; r < ROWS(v) * v; r++) sum[r] += weight[t] * *(const V *)(m + r * LANES);
    }
    for (int r = 0; r < ROWS(v) * v; r++) *(V *)(a + from * width + (size_t)r * LANES) = sum[r];
}

/* y = A x for a symmetric A. */
INLINE void KERNEL(multiply)(const int v, float *y, const float *a, const float *x) {
    V sum[2][RS_GIBBS_WIDTH_MAX / LANES] = {0};
    for (int f = 0; f < v * LANES; f += 2)
        for (int j = 0; j < v; j++) {
            sum[0][j] += x[f] * *(const V *)(a + (f * v + j) * LANES);
            sum[1][j] += x[f + 1] * *(const V *)(a + ((f + 1) * v + j) * LANES);
        }
    for (int j = 0; j < v; j++) *(V *)(y + j * LANES) = sum[0][j] + sum[1][j];
}

/* Elimination to A = U'U by rows, b along with it to y; then U draw = y + normal. Below the
 * diagonal lies what is multiplied by zeros. */
INLINE void KERNEL(solve)(const int v, float *a, float *b, const float *normal, float *draw) {
    const int width = v * LANES;
    float inverse[RS_GIBBS_WIDTH_MAX], y[RS_GIBBS_WIDTH_MAX];
    for (int k = 0; k < width; k++) {
        float pivot = a[k * width + k];
        inverse[k] = 1 / sqrtf(pivot > 1e-10f ? pivot : 1e-10f);
        for (int j = k / LANES; j < v; j++) *(V *)(a + k * width + j * LANES) *= inverse[k];
        y[k] = b[k] * inverse[k];
        for (int j = k / LANES; j < v; j++)
            *(V *)(b + j * LANES) -= y[k] * *(V *)(a + k * width + j * LANES);
        for (int i = k + 1; i < width; i++) {
            float factor = a[k * width + i];
            for (int j = i / LANES; j < v; j++)
                *(V *)(a + i * width + j * LANES) -= factor * *(V *)(a + k * width + j * LANES);
        }
    }
    for (int j = 0; j < v; j++) *(V *)(draw + j * LANES) = (V){0};
    for (int k = width - 1; k >= 0; k--)
        draw[k] = (y[k] + normal[k] - KERNEL(dot)(v, a + k * width, draw)) * inverse[k];
}

TARGET static void KERNEL(run_solve)(size_t width, float *a, float *b, const float *normal,
                                     float *draw){
#define SOLVE(v) KERNEL(solve)(v, a, b, normal, draw)
    FOR_WIDTH(width, SOLVE)}

INLINE void KERNEL(fill_record)(const int v, const struct rs_gibbs_turn *turn, size_t u,
                                const struct rs_gibbs_scratch *scratch) {
    size_t width = (size_t)v * LANES, n = 0;
    float *a = turn->record + u * rs_gibbs_record(width), *c = a + width * width;
    memset(a, 0, rs_gibbs_record(width) * sizeof *a);
    float precision = turn->alpha * turn->tau[u];
    for (uint64_t k = turn->start[u]; k < turn->start[u + 1]; k++, n++) {
        float *x = scratch->x + n * width;
        KERNEL(design_of)(v, turn, u, turn->other[k], x);
        scratch->weight[n] = precision * turn->other_tau[turn->other[k]];
        KERNEL(add)(v, c, scratch->weight[n] * turn->residual[k], x);
    }
    for (size_t from = 0; from < width; from += ROWS(v))
        KERNEL(square_rows)(v, a, from, scratch->x, scratch->weight, n);
}

TARGET static void KERNEL(run_fill_record)(const struct rs_gibbs_turn *turn, size_t u,
                                           const struct rs_gibbs_scratch *scratch){
#define FILL_RECORD(v) KERNEL(fill_record)(v, turn, u, scratch)
    FOR_WIDTH(turn->width, FILL_RECORD)}

/* The precision of a feature and the slope at its value, from the records of its lines:
 *
 *     P = sum over lines u of s_u^2 (A_u - w x x')     g = sum of s_u (c_u - w e x)
 *
 * where the terms with x take out the rating that put the feature into the line's set. */
INLINE void KERNEL(feature_system)(const int v, const struct rs_gibbs_turn *turn,
                                   const struct rs_gibbs_feature *feature,
                                   const struct rs_gibbs_scratch *scratch, float *g) {
    size_t width = (size_t)v * LANES, stride = rs_gibbs_record(width), n = feature->n;
    float *square = scratch->square, *weight = scratch->weight, *loss = weight + n;
    for (int j = 0; j < v; j++) *(V *)(g + j * LANES) = (V){0};
    for (size_t t = 0; t < n; t++) {
        uint32_t u = feature->line[t];
        float scale = feature->scale[u];
        const float *c = turn->record + u * stride + width * width;
        weight[t] = scale * scale;
        KERNEL(add)(v, g, scale, c);
        if (feature->position == NULL) continue;
        float *x = scratch->x + t * width;
        KERNEL(design_of)(v, turn, u, feature->other, x);
        float w = turn->alpha * turn->tau[u] * turn->other_tau[feature->other];
        float e = turn->residual[feature->position[t]] - KERNEL(dot)(v, x, c + width);
        loss[t] = -weight[t] * w;
        loss[n + t] = w;
        KERNEL(add)(v, g, -scale * w * e, x);
    }
    for (size_t from = 0; from < width; from += ROWS(v)) {
        KERNEL(gather_rows)(v, square, from, turn->record, stride, feature->line, weight, n);
        if (feature->position != NULL) KERNEL(square_rows)(v, square, from, scratch->x, loss, n);
    }
}

INLINE void KERNEL(draw_feature)(const int v, const struct rs_gibbs_turn *turn,
                                 const struct rs_gibbs_feature *feature,
                                 const struct rs_gibbs_scratch *scratch) {
    size_t width = (size_t)v * LANES, stride = rs_gibbs_record(width);
    _Alignas(64) float g[RS_GIBBS_WIDTH_MAX], product[RS_GIBBS_WIDTH_MAX];
    KERNEL(feature_system)(v, turn, feature, scratch, g);
    KERNEL(multiply)(v, product, scratch->square, feature->value);
    for (size_t f = 0; f < width; f++) {
        g[f] += product[f] + feature->precision[f] * feature->mean[f];
        scratch->square[f * width + f] += feature->precision[f];
    }
    _Alignas(64) float draw[RS_GIBBS_WIDTH_MAX];
    KERNEL(solve)(v, scratch->square, g, feature->normal, draw);
    float *change = feature->change;
    KERNEL(subtract)(v, change, draw, 1, feature->value);
    KERNEL(copy)(v, feature->value, draw);
    for (size_t t = 0; t < feature->n; t++) {
        uint32_t u = feature->line[t];
        float scale = feature->scale[u];
        float *a = turn->record + u * stride, *c = a + width * width;
        KERNEL(multiply)(v, product, a, change);
        KERNEL(add)(v, c, -scale, product);
        KERNEL(add)(v, c + width, scale, change);
        if (feature->position == NULL) continue;
        const float *x = scratch->x + t * width;
        KERNEL(add)
        (v, c, scale * scratch->weight[2 * feature->n + t] * KERNEL(dot)(v, x, change), x);
    }
}

TARGET static void KERNEL(run_draw_feature)(const struct rs_gibbs_turn *turn,
                                            const struct rs_gibbs_feature *feature,
                                            const struct rs_gibbs_scratch *scratch){
#define DRAW_FEATURE(v) KERNEL(draw_feature)(v, turn, feature, scratch)
    FOR_WIDTH(turn->width, DRAW_FEATURE)}

INLINE void KERNEL(draw_own)(const int v, const struct rs_gibbs_turn *turn, size_t u, float *value,
                             const float *mean, const float *precision, const float *normal,
                             const struct rs_gibbs_scratch *scratch) {
    size_t width = (size_t)v * LANES;
    float *a = turn->record + u * rs_gibbs_record(width), *c = a + width * width;
    _Alignas(64) float b[RS_GIBBS_WIDTH_MAX], draw[RS_GIBBS_WIDTH_MAX];
    KERNEL(multiply)(v, b, a, value);
    memcpy(scratch->square, a, width * width * sizeof *a);
    for (size_t f = 0; f < width; f++) {
        b[f] += c[f] + precision[f] * mean[f];
        scratch->square[f * width + f] += precision[f];
    }
    KERNEL(solve)(v, scratch->square, b, normal, draw);
    KERNEL(subtract)(v, b, draw, 1, value);
    KERNEL(add)(v, c + width, 1, b);
    KERNEL(copy)(v, value, draw);
}

TARGET static void KERNEL(run_draw_own)(const struct rs_gibbs_turn *turn, size_t u, float *value,
                                        const float *mean, const float *precision,
                                        const float *normal,
                                        const struct rs_gibbs_scratch *scratch){
#define DRAW_OWN(v) KERNEL(draw_own)(v, turn, u, value, mean, precision, normal, scratch)
    FOR_WIDTH(turn->width, DRAW_OWN)}

INLINE void KERNEL(update_residuals)(const int v, const struct rs_gibbs_turn *turn, size_t u,
                                     const float *set_change, float scale) {
    size_t width = (size_t)v * LANES;
    const float *change = turn->record + u * rs_gibbs_record(width) + width * width + width;
    _Alignas(64) float x[RS_GIBBS_WIDTH_MAX], own[RS_GIBBS_WIDTH_MAX];
    KERNEL(copy)(v, own, change);
    for (uint64_t k = turn->start[u]; k < turn->start[u + 1]; k++) {
        uint32_t i = turn->other[k];
        KERNEL(design_of)(v, turn, u, i, x);
        if (set_change != NULL) KERNEL(subtract)(v, own, change, scale, set_change + i * width);
        turn->residual[k] -= KERNEL(dot)(v, x, own);
    }
}

TARGET static void KERNEL(run_update_residuals)(const struct rs_gibbs_turn *turn, size_t u,
                                                const float *set_change, float scale) {
#define UPDATE_RESIDUALS(v) KERNEL(update_residuals)(v, turn, u, set_change, scale)
    FOR_WIDTH(turn->width, UPDATE_RESIDUALS)
}

#undef V
#undef INLINE
#undef MOST_SUMS
#undef FOR_WIDTH
#undef ROWS
#undef SOLVE
#undef FILL_RECORD
#undef DRAW_FEATURE
#undef DRAW_OWN
#undef UPDATE_RESIDUALS
