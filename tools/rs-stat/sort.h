/* Sorting many numbers, a byte of them after the other from the last on (radix sort). */
#ifndef SORT_H
#define SORT_H

#include <stddef.h>
#include <stdint.h>

/* Ascending. Holds as much again. */
void sort_numbers(uint64_t *numbers, size_t n);
void sort_doubles(double *values, size_t n); /* none is NAN */

#endif
