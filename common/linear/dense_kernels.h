/* The kernels of dense.c, written once for vectors of any width: dense.c includes this file for
 * every set of instructions with
 *
 *   KERNEL(name)    name with the set's suffix
 *   TARGET          the attribute that allows the instructions
 *   V, WIDTH        a vector of WIDTH floats
 *   FMA(a, b, c)    a b + c by elements
 *   INTERLEAVE_FIRST(a, b), INTERLEAVE_LAST(a, b)    the first, and the last, halves of a and b,
 *                   an element of the one after an element of the other
 *
 * Loops over registers have constant bounds and are unrolled by the compiler. */

typedef float KERNEL(vector) __attribute__((vector_size(4 * WIDTH), aligned(4)));

/* ROWS x 2 vectors of C: as many as there are registers for. */
#define ROWS (WIDTH == 16 ? 8 : 4)

TARGET static void KERNEL(outer_wide)(float *c, size_t ldc, const float *a, size_t lda,
                                      const float *b, size_t ldb, size_t depth) {
    V left[ROWS], right[ROWS];
#pragma GCC unroll 8
    for (size_t i = 0; i < ROWS; i++) {
        left[i] = *(const V *)(c + i * ldc);
        right[i] = *(const V *)(c + i * ldc + WIDTH);
    }
    for (size_t r = 0; r < depth; r++, a += lda, b += ldb) {
        V b0 = *(const V *)b, b1 = *(const V *)(b + WIDTH);
#pragma GCC unroll 8
        for (size_t i = 0; i < ROWS; i++) {
            V ai = SPREAD(a[i]);
            left[i] = FMA(ai, b0, left[i]);
            right[i] = FMA(ai, b1, right[i]);
        }
    }
#pragma GCC unroll 8
    for (size_t i = 0; i < ROWS; i++) {
        *(V *)(c + i * ldc) = left[i];
        *(V *)(c + i * ldc + WIDTH) = right[i];
    }
}

/* ROWS x 1 vectors of C. */
TARGET static void KERNEL(outer_narrow)(float *c, size_t ldc, const float *a, size_t lda,
                                        const float *b, size_t ldb, size_t depth) {
    V sum[ROWS];
#pragma GCC unroll 8
    for (size_t i = 0; i < ROWS; i++) sum[i] = *(const V *)(c + i * ldc);
    for (size_t r = 0; r < depth; r++, a += lda, b += ldb) {
        V b0 = *(const V *)b;
#pragma GCC unroll 8
        for (size_t i = 0; i < ROWS; i++) sum[i] = FMA(SPREAD(a[i]), b0, sum[i]);
    }
#pragma GCC unroll 8
    for (size_t i = 0; i < ROWS; i++) *(V *)(c + i * ldc) = sum[i];
}

/* Columns 0 .. N - 1 of ROWS rows of C. */
TARGET static void KERNEL(outer_rows)(float *c, size_t ldc, size_t n, const float *a, size_t lda,
                                      const float *b, size_t ldb, size_t depth) {
    size_t j = 0;
    for (; j + 2 * WIDTH <= n; j += 2 * WIDTH)
        KERNEL(outer_wide)(c + j, ldc, a, lda, b + j, ldb, depth);
    for (; j < n; j += WIDTH) KERNEL(outer_narrow)(c + j, ldc, a, lda, b + j, ldb, depth);
}

TARGET static void KERNEL(outer)(float *c, size_t ldc, size_t m, size_t n, const float *a,
                                 size_t lda, const float *b, size_t ldb, size_t depth) {
    for (size_t j = 0; j < n; j += 2 * WIDTH) /* a strip of B stays in the first cache */
        for (size_t i = 0; i < m; i += ROWS) KERNEL(outer_rows)
    (c + i * ldc + j, ldc, n - j < 2 * WIDTH ? n - j : 2 * WIDTH, a + i, lda, b + j, ldb, depth);
}

TARGET static void KERNEL(square)(float *c, size_t ldc, size_t n, const float *a, size_t lda,
                                  size_t depth) {
    for (size_t i = 0; i < n; i += ROWS) {
        size_t from = i / WIDTH * WIDTH;
        KERNEL(outer_rows)(c + i * ldc + from, ldc, n - from, a + i, lda, a + from, lda, depth);
    }
}

TARGET static void KERNEL(combine)(float *y, const float *x, const float *a, size_t lda, size_t n,
                                   size_t depth) {
    size_t r = 0;
    for (; r + 4 <= depth; r += 4, a += 4 * lda) {
        V x0 = SPREAD(x[r]), x1 = SPREAD(x[r + 1]), x2 = SPREAD(x[r + 2]), x3 = SPREAD(x[r + 3]);
        for (size_t j = 0; j < n; j += WIDTH) {
            V sum = *(const V *)(y + j);
            sum = FMA(x0, *(const V *)(a + j), sum);
            sum = FMA(x1, *(const V *)(a + lda + j), sum);
            sum = FMA(x2, *(const V *)(a + 2 * lda + j), sum);
            sum = FMA(x3, *(const V *)(a + 3 * lda + j), sum);
            *(V *)(y + j) = sum;
        }
    }
    for (; r < depth; r++, a += lda) {
        V x0 = SPREAD(x[r]);
        for (size_t j = 0; j < n; j += WIDTH)
            *(V *)(y + j) = FMA(x0, *(const V *)(a + j), *(const V *)(y + j));
    }
}

/* One strip of columns, of which the part of y stays in the first cache while rows pass by. */
TARGET static void KERNEL(gather_strip)(float *restrict y, size_t n_rows, const uint32_t *row,
                                        const float *x, const float *a, size_t lda, size_t n) {
    size_t whole = n / WIDTH * WIDTH, r = 0;
    for (; r + 4 <= n_rows; r += 4) {
        const float *a0 = a + row[r] * lda, *a1 = a + row[r + 1] * lda;
        const float *a2 = a + row[r + 2] * lda, *a3 = a + row[r + 3] * lda;
        V x0 = SPREAD(x[r]), x1 = SPREAD(x[r + 1]), x2 = SPREAD(x[r + 2]), x3 = SPREAD(x[r + 3]);
        for (size_t j = 0; j < whole; j += WIDTH) {
            V sum = *(const V *)(y + j);
            sum = FMA(x0, *(const V *)(a0 + j), sum);
            sum = FMA(x1, *(const V *)(a1 + j), sum);
            sum = FMA(x2, *(const V *)(a2 + j), sum);
            *(V *)(y + j) = FMA(x3, *(const V *)(a3 + j), sum);
        }
        for (size_t j = whole; j < n; j++)
            y[j] += x[r] * a0[j] + x[r + 1] * a1[j] + x[r + 2] * a2[j] + x[r + 3] * a3[j];
    }
    for (; r < n_rows; r++) {
        const float *a0 = a + row[r] * lda;
        V x0 = SPREAD(x[r]);
        for (size_t j = 0; j < whole; j += WIDTH)
            *(V *)(y + j) = FMA(x0, *(const V *)(a0 + j), *(const V *)(y + j));
        for (size_t j = whole; j < n; j++) y[j] += x[r] * a0[j];
    }
}

TARGET static void KERNEL(gather)(float *restrict y, size_t n_rows, const uint32_t *row,
                                  const float *x, const float *a, size_t lda, size_t n) {
    enum { STRIP = 4096 };
    for (size_t j = 0; j < n; j += STRIP)
        KERNEL(gather_strip)(y + j, n_rows, row, x, a + j, lda, n - j < STRIP ? n - j : STRIP);
}

TARGET static float KERNEL(dot)(const float *a, const float *b, size_t n) {
    V sum = SPREAD(0.0f);
    for (size_t j = 0; j < n; j += WIDTH) sum = FMA(*(const V *)(a + j), *(const V *)(b + j), sum);
    float total = 0;
    for (int j = 0; j < WIDTH; j++) total += sum[j];
    return total;
}

/* Turns rows into columns: log WIDTH perfect shuffles of all elements. */
TARGET static inline void KERNEL(transpose)(V row[WIDTH]) {
#pragma GCC unroll 4
    for (int done = 1; done < WIDTH; done *= 2) {
        V next[WIDTH];
#pragma GCC unroll 8
        for (int i = 0; i < WIDTH / 2; i++) {
            next[2 * i] = INTERLEAVE_FIRST(row[i], row[i + WIDTH / 2]);
            next[2 * i + 1] = INTERLEAVE_LAST(row[i], row[i + WIDTH / 2]);
        }
#pragma GCC unroll 16
        for (int i = 0; i < WIDTH; i++) row[i] = next[i];
    }
}

/* The same for as many rows at once as a vector is wide: the lanes of each are added in the same
 * order. */
TARGET static void KERNEL(dots)(float *y, size_t n_rows, const float *a, size_t lda, const float *x,
                                size_t n) {
    size_t r = 0;
    for (; r + WIDTH <= n_rows; r += WIDTH, a += WIDTH * lda) {
        V sum[WIDTH], total = SPREAD(0.0f);
#pragma GCC unroll 16
        for (int i = 0; i < WIDTH; i++) sum[i] = SPREAD(0.0f);
        for (size_t j = 0; j < n; j += WIDTH) {
            V xj = *(const V *)(x + j);
#pragma GCC unroll 16
            for (size_t i = 0; i < WIDTH; i++)
                sum[i] = FMA(*(const V *)(a + i * lda + j), xj, sum[i]);
        }
        KERNEL(transpose)(sum);
#pragma GCC unroll 16
        for (int j = 0; j < WIDTH; j++) total += sum[j];
        *(V *)(y + r) = total;
    }
    for (; r < n_rows; r++, a += lda) y[r] = KERNEL(dot)(a, x, n);
}

/* x -= f y from position BEGIN, rounded down to a vector, to N, rounded up to one. */
TARGET static inline void KERNEL(reduce)(float *x, float f, const float *y, size_t begin,
                                         size_t n) {
    V minus = SPREAD(-f);
    for (size_t j = begin / WIDTH * WIDTH; j < n; j += WIDTH)
        *(V *)(x + j) = FMA(minus, *(const V *)(y + j), *(const V *)(x + j));
}

/* The sum of a[j] b[j] from BEGIN to N - 1. */
TARGET static inline float KERNEL(partial_dot)(const float *a, const float *b, size_t begin,
                                               size_t n) {
    float total = 0;
    for (; begin < n && begin % WIDTH != 0; begin++) total += a[begin] * b[begin];
    for (; n > begin && n % WIDTH != 0; n--) total += a[n - 1] * b[n - 1];
    return begin < n ? total + KERNEL(dot)(a + begin, b + begin, n - begin) : total;
}

/* A = U' D^-1 U by rows, sixteen at a time: each row of the upper triangle, divided by its pivot,
 * is taken from those below it; first among the sixteen, then from all the rest at once. */
TARGET static bool KERNEL(eliminate)(float *restrict a, size_t lda, size_t n) {
    float scaled[RS_DENSE_WIDTH * RS_DENSE_MAX];
    for (size_t from = 0; from < n; from += RS_DENSE_WIDTH) {
        size_t to = n - from < RS_DENSE_WIDTH ? n : from + RS_DENSE_WIDTH;
        for (size_t j = from; j < to; j++) {
            const float *row = a + j * lda;
            if (!(row[j] > 0)) return false;
            float inverse = 1 / row[j], *minus = scaled + (j - from) * lda;
            for (size_t i = j + 1; i < to; i++)
                KERNEL(reduce)(a + i * lda, row[i] * inverse, row, i, n);
            for (size_t i = to; i < lda; i++) minus[i] = -inverse * row[i];
        }
        for (size_t i = to; i < n; i += ROWS) {
            size_t begin = i / WIDTH * WIDTH;
            KERNEL(outer_rows)
            (a + i * lda + begin, lda, lda - begin, scaled + i, lda, a + from * lda + begin, lda,
             RS_DENSE_WIDTH);
        }
    }
    return true;
}

TARGET static bool KERNEL(solve)(float *restrict a, size_t lda, size_t n, float *restrict b,
                                 size_t n_right) {
    if (!KERNEL(eliminate)(a, lda, n)) return false;
    for (; n_right > 0; n_right--, b += lda) {
        for (size_t j = 0; j < n; j++) {
            const float *row = a + j * lda;
            float f = b[j] / row[j];
            for (size_t i = j + 1; i < n; i++) b[i] -= f * row[i];
        }
        for (size_t j = n; j-- > 0;)
            b[j] = (b[j] - KERNEL(partial_dot)(a + j * lda, b, j + 1, n)) / a[j * lda + j];
    }
    return true;
}

#undef ROWS
