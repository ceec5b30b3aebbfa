#include "base/selection.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "base/topk.h"

/* Values are laid out in rows of n_blocks, at most 64 and a multiple of STEP of them: a block is a
 * column of that table. LINE keeps the elements of a column out of each other's way in the cache.
 */
enum { WIDTH = 256, ROWS = 64, STEP = 4, LINE = 16 };

struct rs_selection {
    size_t n, n_blocks, n_padded;
    float *highest; /* of each block */
    uint64_t *keys; /* of candidates */
};

struct rs_selection *rs_selection_new(size_t n) {
    struct rs_selection *selection = rs_malloc(1, sizeof *selection);
    selection->n = n;
    selection->n_blocks = WIDTH * (n / (WIDTH * ROWS) + 1) + LINE;
    size_t step = STEP * selection->n_blocks;
    selection->n_padded = (n + step - 1) / step * step;
    selection->highest = rs_aligned(selection->n_blocks, sizeof *selection->highest);
    selection->keys = rs_malloc(selection->n_padded + 1, sizeof *selection->keys);
    return selection;
}

void rs_selection_free(struct rs_selection *selection) {
    if (selection == NULL) return;
    free(selection->highest);
    free(selection->keys);
    free(selection);
}

float *rs_selection_values(const struct rs_selection *selection) {
    float *values = rs_aligned(selection->n_padded, sizeof *values);
    memset(values, 0, selection->n * sizeof *values);
    for (size_t i = selection->n; i < selection->n_padded; i++) values[i] = -INFINITY;
    return values;
}

/* The best K values are not below the K-th of the blocks' highest, so that one pass finds these and
 * a look into the few blocks that reach it finds the candidates. */

static inline float higher(float value, float best) {
    return value > best && value <= FLT_MAX ? value : best;
}

/* The highest finite value of each block; -infinity where there is none. */
RS_CLONES static void find_highest(const float *restrict values, size_t n_padded, size_t n_blocks,
                                   float *restrict highest) {
    for (size_t b = 0; b < n_blocks; b++) highest[b] = -INFINITY;
    for (size_t row = 0; row < n_padded; row += STEP * n_blocks) {
        const float *first = values + row, *second = first + n_blocks;
        const float *third = second + n_blocks, *fourth = third + n_blocks;
        for (size_t b = 0; b < n_blocks; b++) {
            float best = higher(second[b], higher(first[b], highest[b]));
            highest[b] = higher(fourth[b], higher(third[b], best));
        }
    }
}

/* The least value that can be among the best K of those above FLOOR; FLOOR where all can. */
static float find_threshold(const struct rs_selection *selection, size_t k, float floor) {
    uint64_t *keys = selection->keys;
    size_t n_keys = 0;
    for (uint32_t b = 0; b < selection->n_blocks; b++) {
        keys[n_keys] = rs_topk_key(selection->highest[b], b);
        n_keys += selection->highest[b] > floor; /* no branch: it would be guessed wrong */
    }
    if (n_keys < k) return floor;
    rs_topk_partition(keys, n_keys, k);
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < k; i++) least = keys[i] < least ? keys[i] : least;
    return rs_topk_value(least);
}

/* Puts the keys of the finite values above FLOOR that are not below THRESHOLD at the beginning of
 * the selection's; returns their number. */
static size_t collect(struct rs_selection *selection, const float *values, float threshold,
                      float floor) {
    uint64_t *keys = selection->keys;
    size_t n = 0;
    if (threshold == floor) { /* most are: no branches that would be guessed wrong */
        for (size_t i = 0; i < selection->n; i++) {
            keys[n] = rs_topk_key(values[i], (uint32_t)i);
            n += (values[i] > floor) & (values[i] <= FLT_MAX);
        }
        return n;
    }
    for (size_t b = 0; b < selection->n_blocks; b++) {
        if (selection->highest[b] < threshold) continue;
        for (size_t i = b; i < selection->n_padded; i += selection->n_blocks)
            if (values[i] >= threshold && values[i] <= FLT_MAX)
                keys[n++] = rs_topk_key(values[i], (uint32_t)i);
    }
    return n;
}

size_t rs_selection_find(struct rs_selection *selection, const float *values, size_t k, float floor,
                         const uint64_t **keys) {
    find_highest(values, selection->n_padded, selection->n_blocks, selection->highest);
    size_t n = collect(selection, values, find_threshold(selection, k, floor), floor);
    rs_topk_partition(selection->keys, n, k);
    if (n > k) n = k;
    rs_topk_sort(selection->keys, n);
    *keys = selection->keys;
    return n;
}
