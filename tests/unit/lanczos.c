/* Eigenvalues that are known: of diagonal operators, with multiples and zeros, hidden by
 * reflections. */
#include "linear/lanczos.h"

#include <stdlib.h>

#include "unit.h"

enum { N = 60 };

struct hidden {
    double value[N], mirror[N]; /* A = H diag(value) H, H = 1 - 2 m m' / m'm */
};

static void reflect(const struct hidden *h, double *x) {
    double dot = 0, length = 0;
    for (int i = 0; i < N; i++) {
        dot += x[i] * h->mirror[i];
        length += h->mirror[i] * h->mirror[i];
    }
    for (int i = 0; i < N; i++) x[i] -= 2 * dot / length * h->mirror[i];
}

static void apply(void *context, const double *x, double *y) {
    const struct hidden *h = context;
    memcpy(y, x, N * sizeof *y);
    reflect(h, y);
    for (int i = 0; i < N; i++) y[i] *= h->value[i];
    reflect(h, y);
}

static void check(struct hidden *h, size_t k, size_t expected) {
    double value[N], vector[N * N], image[N], worst = 0;
    for (int i = 0; i < N; i++) h->mirror[i] = 1 + i % 7;
    const struct rs_lanczos_operator operator= {h, apply};
    size_t found = rs_lanczos(&operator, N, k, 1, value, vector);
    CHECK(found == expected);
    for (size_t f = 0; f < found; f++) {
        CHECK_NEAR(value[f], h->value[f], 1e-7 * h->value[0]); /* values are given descending */
        apply(h, vector + f * N, image);
        for (int i = 0; i < N; i++)
            worst = fmax(worst, fabs(image[i] - value[f] * vector[f * N + (size_t)i]));
        for (size_t g = 0; g <= f; g++) {
            double dot = 0;
            for (int i = 0; i < N; i++)
                dot += vector[f * N + (size_t)i] * vector[g * N + (size_t)i];
            CHECK_NEAR(dot, f == g ? 1 : 0, 1e-9);
        }
    }
    CHECK_NEAR(worst, 0, 1e-6 * h->value[0]);
}

int main(void) {
    struct hidden h;
    for (int i = 0; i < N; i++) h.value[i] = pow(0.8, i);
    check(&h, 5, 5);
    for (int i = 0; i < N; i++) h.value[i] = i < 4 ? 3 : i < 8 ? 1 : 0; /* multiples */
    check(&h, 8, 8);
    check(&h, 20, 8);                           /* no more than there are */
    for (int i = 0; i < N; i++) h.value[i] = 2; /* the identity */
    check(&h, 3, 3);
    for (int i = 0; i < N; i++) h.value[i] = N - i; /* a flat spectrum, all of it */
    check(&h, N, N);
    return done();
}
