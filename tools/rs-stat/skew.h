/* How unequally something is spread: Gini's coefficient and the exponent of a power law's tail. */
#ifndef SKEW_H
#define SKEW_H

#include <stddef.h>
#include <stdint.h>

/* Gini's coefficient of N counts in ascending order: sum((2 i - n - 1) x_i) / (n sum(x)), 0 when
 * all have the same. NAN without counts. */
double skew_gini(const uint64_t *ascending, size_t n);

/* A tail P(X = x) ~ x^-exponent for x >= from. */
struct tail {
    double exponent; /* NAN: fewer than 50 counts or too few different ones */
    uint64_t from;
    size_t n;        /* counts in the tail */
    double distance; /* Kolmogorov's, between the tail and the law */
};

/* The maximum-likelihood estimate 1 + n / sum(log(x / (from - 1/2))), from the bound that brings
 * law and data closest to one another by Kolmogorov's distance, among those that leave 50 counts
 * (Clauset, Shalizi and Newman, SIAM Review 2009, 3.1 and 3.3; its approximation for counts). */
struct tail skew_tail(const uint64_t *ascending, size_t n);

#endif
