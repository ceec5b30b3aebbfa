/* What sets say, against the regression done anew without the line in question, in double. */
#include "factors/sets.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "linear/dense.h"
#include "unit.h"

enum { LINES = 12, OTHERS = 9, WIDTH = RS_DENSE_WIDTH };

struct data {
    uint64_t row_start[LINES + 1], column_start[OTHERS + 1];
    uint32_t row_other[LINES * OTHERS], column_other[LINES * OTHERS];
    struct rs_sparse rows, columns;
    float x[LINES * WIDTH];
};

static bool has(const struct data *d, size_t line, uint32_t other) {
    for (uint64_t e = d->row_start[line]; e < d->row_start[line + 1]; e++)
        if (d->row_other[e] == other) return true;
    return false;
}

static void make(struct data *d) {
    struct rs_random random = rs_random_stream(3, 0, 0, 0);
    uint64_t n = 0;
    for (uint32_t u = 0; u < LINES; u++) {
        d->row_start[u] = n;
        for (uint32_t i = 0; i < OTHERS; i++)
            if (i == u % OTHERS || rs_random_uniform(&random) < 0.1 + 0.05 * i)
                d->row_other[n++] = i;
    }
    d->row_start[LINES] = n;
    uint64_t m = 0;
    for (uint32_t i = 0; i < OTHERS; i++) {
        d->column_start[i] = m;
        for (uint32_t u = 0; u < LINES; u++)
            if (has(d, u, i)) d->column_other[m++] = u;
    }
    d->column_start[OTHERS] = m;
    d->rows = (struct rs_sparse){LINES, OTHERS, d->row_start, d->row_other, NULL};
    d->columns = (struct rs_sparse){OTHERS, LINES, d->column_start, d->column_other, NULL};
    for (size_t i = 0; i < LINES * WIDTH; i++) d->x[i] = (float)rs_random_normal(&random);
}

/* The regression of component F on all lines but WITHOUT, over the features for which number is not
 * RS_NONE, by elimination; returns what it says of WITHOUT. */
static double said_without(const struct data *d, const uint32_t *number, size_t without, size_t f,
                           double tau) {
    double a[OTHERS][OTHERS] = {{0}}, b[OTHERS] = {0}, said = 0;
    for (size_t u = 0; u < LINES; u++) {
        double n = (double)(d->row_start[u + 1] - d->row_start[u]);
        for (uint32_t i = 0; u != without && i < OTHERS; i++) {
            if (!has(d, u, i) || number[i] == RS_NONE) continue;
            b[i] += (double)d->x[u * WIDTH + f] / sqrt(n);
            for (uint32_t j = 0; j < OTHERS; j++)
                if (has(d, u, j) && number[j] != RS_NONE) a[i][j] += 1 / n;
        }
    }
    for (size_t i = 0; i < OTHERS; i++) a[i][i] += tau;
    for (size_t j = 0; j < OTHERS; j++)
        for (size_t i = j + 1; i < OTHERS; i++) {
            double factor = a[i][j] / a[j][j];
            for (size_t c = j; c < OTHERS; c++) a[i][c] -= factor * a[j][c];
            b[i] -= factor * b[j];
        }
    for (size_t j = OTHERS; j-- > 0;) {
        for (size_t i = j + 1; i < OTHERS; i++) b[j] -= a[j][i] * b[i];
        b[j] /= a[j][j];
    }
    double n = (double)(d->row_start[without + 1] - d->row_start[without]);
    for (uint32_t i = 0; i < OTHERS; i++)
        if (has(d, without, i) && number[i] != RS_NONE) said += b[i] / sqrt(n);
    return said;
}

static void check(const struct data *d, size_t max_features, double tau) {
    struct rs_sets sets;
    float mean[LINES * WIDTH], whole[WIDTH];
    const struct rs_table none = {0};
    const struct rs_sets_options how = {max_features, WIDTH, tau, 0};
    CHECK(rs_sets_init(&sets, &d->rows, &d->columns, &none, &how));
    CHECK(sets.n_features == (max_features < OTHERS ? max_features : OTHERS));
    rs_sets_regress(&sets, d->x, mean);
    for (size_t u = 0; u < LINES; u++)
        for (size_t f = 0; f < 2; f++)
            CHECK_NEAR((double)mean[u * WIDTH + f], said_without(d, sets.number, u, f, tau), 1e-4);
    memset(whole, 0, sizeof whole);
    rs_sets_add(sets.number, sets.y, WIDTH, 0, NULL, whole); /* nobody's set */
    CHECK(whole[0] == 0 && whole[1] == 0);
    rs_sets_free(&sets);
}

int main(void) {
    struct data d;
    make(&d);
    check(&d, 100, 1);
    check(&d, 100, 0.05);
    check(&d, 4, 0.5);
    return done();
}
