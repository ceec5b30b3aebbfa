/* Many draws at once for the Gibbs sampler, from the same counter-based generator as random.h.
 *
 * A draw depends on the seed, on what it is for, on where it stands and on the sweep, never on the
 * thread. Across processors floats may round differently. */
#ifndef RS_GIBBS_RANDOM_H
#define RS_GIBBS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

enum { RS_GIBBS_NORMALS = 64 }; /* normals come in multiples of this many */

/* Fills OUT with N (a multiple of RS_GIBBS_NORMALS) standard normals of the stream (A, B, C) of
 * SEED: Box and Muller's two for every two words of 24 bits, so none is beyond 5.8 in magnitude. */
void rs_gibbs_normals(uint64_t seed, uint32_t a, uint32_t b, uint32_t c, float *out, size_t n);

/* A gamma variate of that shape (above 0) and rate 1 (Marsaglia and Tsang: A simple method for
 * generating gamma variables. ACM TOMS 2000). */
double rs_gibbs_gamma(uint64_t seed, uint32_t a, uint32_t b, uint32_t c, double shape);

#endif
