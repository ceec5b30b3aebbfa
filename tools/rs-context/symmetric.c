#include "symmetric.h"

#include <math.h>

static void factor(size_t n, double *a) {
    for (size_t j = 0; j < n; j++) {
        for (size_t m = 0; m < j; m++) a[j * n + j] -= a[j * n + m] * a[j * n + m];
        a[j * n + j] = sqrt(fmax(a[j * n + j], 1e-300));
        for (size_t k = j + 1; k < n; k++) {
            for (size_t m = 0; m < j; m++) a[k * n + j] -= a[k * n + m] * a[j * n + m];
            a[k * n + j] /= a[j * n + j];
        }
    }
}

void symmetric_solve(size_t n, double *a, double *b, double *variance) {
    factor(n, a);
    for (size_t k = 0; k < n; k++) {
        for (size_t m = 0; m < k; m++) b[k] -= a[k * n + m] * b[m];
        b[k] /= a[k * n + k];
    }
    for (size_t k = n; k-- > 0;) {
        for (size_t m = k + 1; m < n; m++) b[k] -= a[m * n + k] * b[m];
        b[k] /= a[k * n + k];
    }
    if (variance == NULL) return;
    for (size_t k = 0; k < n; k++) variance[k] = 0;
    for (size_t j = 0; j < n; j++) { /* column j of L^-1: its squares add to the diagonal at j */
        double column[SYMMETRIC_MAX] = {0};
        column[j] = 1 / a[j * n + j];
        for (size_t k = j + 1; k < n; k++) {
            double sum = 0;
            for (size_t m = j; m < k; m++) sum += a[k * n + m] * column[m];
            column[k] = -sum / a[k * n + k];
        }
        for (size_t k = j; k < n; k++) variance[j] += column[k] * column[k];
    }
}
