/* What the factors of an SVD mean. */
#ifndef DESCRIBE_H
#define DESCRIBE_H

#include "ratings/matrix.h"

/* Prints a line of JSON for each factor of the model PATH to the file TO: its number, its share of
 * the sum of squares, its singular value, the SHOWN items of greatest and of least entries, by
 * title. Dies when it can't. */
void describe_factors(const char *path, const struct rs_matrix *matrix, size_t shown,
                      const char *to);

#endif
