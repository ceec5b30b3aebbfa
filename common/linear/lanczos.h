/* The greatest eigenvalues of a symmetric positive semidefinite operator, by Lanczos's method with
 * full reorthogonalisation. */
#ifndef RS_LANCZOS_H
#define RS_LANCZOS_H

#include <stddef.h>
#include <stdint.h>

struct rs_lanczos_operator {
    void *context;
    void (*apply)(void *context, const double *x, double *y); /* y = A x */
};

/* Finds up to K eigenvalues of A (n x n), greatest first, into VALUE, and their vectors by rows
 * into VECTOR (k x n). Returns how many: fewer than K where the rest is 0. Errors are below 1e-8 of
 * the greatest. Holds up to n x n doubles, in practice about 3 k x n. */
size_t rs_lanczos(const struct rs_lanczos_operator *operator, size_t n, size_t k, uint64_t seed,
                  double *value, double *vector);

#endif
