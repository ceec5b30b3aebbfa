/* Small symmetric systems in double precision. */
#ifndef CONTEXT_SYMMETRIC_H
#define CONTEXT_SYMMETRIC_H

#include <stddef.h>

enum { SYMMETRIC_MAX = 32 };

/* Solves A x = b for a positive definite A (n x n, n <= SYMMETRIC_MAX, of which the lower triangle
 * is read and lost) by Cholesky's method. B becomes x; VARIANCE, unless NULL, the diagonal of A^-1.
 */
void symmetric_solve(size_t n, double *a, double *b, double *variance);

#endif
