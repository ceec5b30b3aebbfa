#include "sort.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Puts N numbers in the order of the byte at SHIFT, as many as have the same as they were. Returns
 * where they are: all may have the same already. */
static uint64_t *sort_by_byte(uint64_t *from, uint64_t *to, size_t n, int shift) {
    size_t place[257] = {0};
    for (size_t i = 0; i < n; i++) place[(from[i] >> shift & 255) + 1]++;
    if (place[(from[0] >> shift & 255) + 1] == n) return from;
    for (int b = 0; b < 256; b++) place[b + 1] += place[b];
    for (size_t i = 0; i < n; i++) to[place[from[i] >> shift & 255]++] = from[i];
    return to;
}

void sort_numbers(uint64_t *numbers, size_t n) {
    if (n < 2) return;
    uint64_t *other = rs_malloc(n, sizeof *other), *sorted = numbers;
    for (int shift = 0; shift < 64; shift += 8)
        sorted = sort_by_byte(sorted, sorted == numbers ? other : numbers, n, shift);
    if (sorted != numbers) memcpy(numbers, sorted, n * sizeof *numbers);
    free(other);
}

/* The bits of a negative number turned round, the sign of another: their order is that of values.
 */
void sort_doubles(double *values, size_t n) {
    const uint64_t sign = (uint64_t)1 << 63;
    uint64_t *keys = rs_malloc(n, sizeof *keys);
    memcpy(keys, values, n * sizeof *keys);
    for (size_t i = 0; i < n; i++) keys[i] = keys[i] & sign ? ~keys[i] : keys[i] | sign;
    sort_numbers(keys, n);
    for (size_t i = 0; i < n; i++) keys[i] = keys[i] & sign ? keys[i] & ~sign : ~keys[i];
    memcpy(values, keys, n * sizeof *keys);
    free(keys);
}
