#include "factors/gram.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void gram_line(float *g, double *sum, const struct rs_sparse *lines,
                      const struct rs_sparse *transposed, size_t line) {
    memset(sum, 0, (line + 1) * sizeof *sum);
    for (uint64_t e = lines->start[line]; e < lines->start[line + 1]; e++) {
        double value = (double)lines->rating[e];
        size_t other = lines->other[e];
        for (uint64_t f = transposed->start[other]; transposed->other[f] < line; f++)
            sum[transposed->other[f]] += value * (double)transposed->rating[f];
    }
    for (size_t j = 0; j <= line; j++) g[j] = (float)sum[j];
}

/* The diagonal, for which gram_line need not look at the end of a line. */
static double square_of(const struct rs_sparse *lines, const struct rs_sparse *transposed,
                        size_t line) {
    double sum = 0;
    for (uint64_t e = lines->start[line]; e < lines->start[line + 1]; e++) {
        size_t other = lines->other[e];
        uint64_t low = transposed->start[other], high = transposed->start[other + 1];
        while (low + 1 < high) {
            uint64_t middle = low + (high - low) / 2;
            if (transposed->other[middle] <= line)
                low = middle;
            else
                high = middle;
        }
        sum += (double)lines->rating[e] * (double)transposed->rating[low];
    }
    return sum;
}

void rs_gram(float *g, const struct rs_sparse *lines, const struct rs_sparse *transposed) {
    size_t n = lines->n_lines;
#pragma omp parallel
    {
        double *sum = rs_aligned(n, sizeof *sum);
#pragma omp for schedule(dynamic, 4)
        for (size_t line = 0; line < n; line++) {
            gram_line(g + line * n, sum, lines, transposed, line);
            g[line * n + line] = (float)square_of(lines, transposed, line);
        }
        free(sum);
    }
}
