#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Both factors are exact in a double, so that one division rounds correctly (Clinger 1990). */
static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
enum { MAX_DIGITS = 15, MAX_LENGTH = 400 };

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Checks the grammar, which is narrower than strtod's (no hex, no "inf", no spaces). */
static bool is_decimal(const char *text, size_t length) {
    size_t i = 0, digits = 0;
    if (i < length && (text[i] == '+' || text[i] == '-')) i++;
    for (; i < length && is_digit(text[i]); i++) digits++;
    if (i < length && text[i] == '.')
        for (i++; i < length && is_digit(text[i]); i++) digits++;
    if (digits == 0) return false;
    if (i == length) return true;
    if (text[i] != 'e' && text[i] != 'E') return false;
    i++;
    if (i < length && (text[i] == '+' || text[i] == '-')) i++;
    size_t exponent = i;
    while (i < length && is_digit(text[i])) i++;
    return i == length && i > exponent;
}

static bool parse_slowly(const char *text, size_t length, double *number) {
    char copy[MAX_LENGTH + 1];
    if (length > MAX_LENGTH || !is_decimal(text, length)) return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    *number = strtod(copy, NULL);
    return isfinite(*number);
}

bool rs_number_parse(const char *text, size_t length, double *number) {
    uint64_t mantissa = 0;
    size_t digits = 0, decimals = 0, i = 0;
    bool negative = length > 0 && text[0] == '-';
    if (negative) i++;
    size_t begin = i;
    for (; i < length && is_digit(text[i]); i++)
        mantissa = mantissa * 10 + (uint64_t)(text[i] - '0');
    digits = i - begin;
    if (i < length && text[i] == '.') {
        begin = ++i;
        for (; i < length && is_digit(text[i]); i++)
            mantissa = mantissa * 10 + (uint64_t)(text[i] - '0');
        decimals = i - begin;
        digits += decimals;
    }
    if (i != length || digits == 0 || digits > MAX_DIGITS)
        return parse_slowly(text, length, number);
    double value = (double)mantissa / powers[decimals];
    *number = negative ? -value : value;
    return true;
}

bool rs_number_parse_comma(const char *text, size_t length, double *number) {
    char copy[MAX_LENGTH];
    const char *comma = memchr(text, ',', length);
    if (comma == NULL || length > MAX_LENGTH) return rs_number_parse(text, length, number);
    memcpy(copy, text, length);
    copy[comma - text] = '.';
    return rs_number_parse(copy, length, number);
}

bool rs_number_missing(const char *text, size_t length) {
    static const char *const words[] = {"NA", "N/A", "NaN", "null", "None", "nil", "\\N", "?", "-"};
    if (length == 0) return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == length && strncasecmp(text, words[i], length) == 0) return true;
    return false;
}

size_t rs_number_print_integer(char *out, uint64_t number) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    memcpy(out, digits + at, sizeof digits - at);
    return sizeof digits - at;
}

/* Writes MANTISSA / 10^DECIMALS, which ends in no zero behind the point. */
static size_t print_fixed(char *out, bool negative, uint64_t mantissa, int decimals) {
    size_t length = 0;
    if (negative) out[length++] = '-';
    uint64_t unit = (uint64_t)powers[decimals];
    length += rs_number_print_integer(out + length, mantissa / unit);
    if (decimals == 0) return length;
    out[length++] = '.';
    uint64_t fraction = mantissa % unit;
    for (int d = decimals; d-- > 0; fraction /= 10)
        out[length + (size_t)d] = (char)('0' + fraction % 10);
    return length + (size_t)decimals;
}

/* True if the double nearest to a decimal is surely read as this float: one that lies half way
 * between two floats may stand for a decimal on either side of it. */
static bool reads_as(double decimal, float number) {
    uint64_t bits;
    memcpy(&bits, &decimal, sizeof bits);
    return (float)decimal == number && (bits & 0x1fffffff) != 0x10000000;
}

/* The shortest decimal without an exponent, for numbers of everyday size; 0 for others. A float is
 * told apart by 9 digits at most, and all products here are below 2^53. */
static size_t print_everyday(char *out, float number) {
    double size = fabs((double)number);
    bool negative = signbit(number);
    if (size == 0) return print_fixed(out, negative, 0, 0);
    if (!(size >= 1e-3 && size < 1e9)) return 0;
    int whole = 1; /* digits in front of the point, or as many zeros behind it below 1 */
    while (size >= powers[whole]) whole++;
    for (int z = 1; size * powers[z] < 1; z++) whole--;
    if (size < 1) whole--;
    for (int digits = whole > 6 ? whole : 6; digits <= 9; digits++) {
        int decimals = digits - whole;
        uint64_t mantissa = (uint64_t)(size * powers[decimals] + 0.5);
        if (!reads_as((double)mantissa / powers[decimals], (float)size)) continue;
        for (; decimals > 0 && mantissa % 10 == 0; decimals--) mantissa /= 10;
        return print_fixed(out, negative, mantissa, decimals);
    }
    return 0;
}

size_t rs_number_print_float(char *out, float number) {
    size_t everyday = print_everyday(out, number);
    if (everyday > 0) {
        out[everyday] = '\0';
        return everyday;
    }
    int length = 0;
    for (int precision = 6; precision <= 9; precision++) {
        length = snprintf(out, 32, "%.*g", precision, (double)number);
        if (strtof(out, NULL) == number) break;
    }
    return (size_t)length;
}

size_t rs_number_print_double(char *out, double number) {
    int length = 0;
    for (int precision = 15; precision <= 17; precision++) {
        length = snprintf(out, 32, "%.*g", precision, number);
        if (strtod(out, NULL) == number) break;
    }
    return (size_t)length;
}
