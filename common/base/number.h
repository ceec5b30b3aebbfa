/* Decimal numbers in text of known length, the same in every locale. */
#ifndef RS_NUMBER_H
#define RS_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads all of TEXT as a number: [+-]digits[.digits][e[+-]digits]. False for anything else, for
 * what is not finite, and for nothing. Correctly rounded. */
bool rs_number_parse(const char *text, size_t length, double *number);

/* The same with a comma in place of the point. */
bool rs_number_parse_comma(const char *text, size_t length, double *number);

/* True for nothing and the usual words for no value, in capitals or not: NA, N/A, NaN, null, None,
 * nil, \N, ?, -. */
bool rs_number_missing(const char *text, size_t length);

/* Writes the shortest decimal that reads back as the same float (or double), at most 32 bytes with
 * the NUL. Returns the length. */
size_t rs_number_print_float(char *out, float number);
size_t rs_number_print_double(char *out, double number);

/* Writes a whole number, at most 20 bytes and no NUL. Returns the length. */
size_t rs_number_print_integer(char *out, uint64_t number);

#endif
