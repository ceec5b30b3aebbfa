#include "factors/gibbs_attributes.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

enum { QUANTILES = 8 };

static int compare_numbers(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* CODE[r] = which of at most QUANTILES ranges row r's number lies in; returns how many there are.
 */
static size_t cut_numbers(const double *number, size_t n, uint32_t *code) {
    double *sorted = rs_malloc(n, sizeof *sorted), cut[QUANTILES];
    size_t known = 0, n_cuts = 0;
    for (size_t r = 0; r < n; r++)
        if (isfinite(number[r])) sorted[known++] = number[r];
    qsort(sorted, known, sizeof *sorted, compare_numbers);
    for (size_t q = 1; q < QUANTILES && known > 0; q++) {
        double value = sorted[known * q / QUANTILES];
        if (value > sorted[0] && (n_cuts == 0 || value > cut[n_cuts - 1])) cut[n_cuts++] = value;
    }
    free(sorted);
    for (size_t r = 0; r < n; r++) {
        code[r] = isfinite(number[r]) ? 0 : RS_NONE;
        for (size_t c = 0; c < n_cuts && code[r] != RS_NONE; c++) code[r] += number[r] >= cut[c];
    }
    return n_cuts + 1;
}

/* One code a line, RS_NONE where unknown. CODE is copied. */
static void fill_single(struct rs_gibbs_block *block, const uint32_t *code) {
    uint64_t n = 0;
    for (size_t r = 0; r < block->n_lines; r++) {
        block->start[r] = n;
        if (code[r] != RS_NONE) block->feature[n++] = code[r];
    }
    block->start[block->n_lines] = n;
}

static void fill_set(struct rs_gibbs_block *block, const struct rs_table_column *column) {
    for (size_t r = 0; r <= block->n_lines; r++) block->start[r] = column->start[r];
    for (uint64_t k = 0; k < column->start[block->n_lines]; k++)
        block->feature[k] = column->code[k];
}

static void find_holders(struct rs_gibbs_block *block) {
    uint64_t n = block->start[block->n_lines];
    block->holders = rs_calloc(block->n_features + 2, sizeof *block->holders);
    block->holder = rs_malloc(n, sizeof *block->holder);
    uint64_t *next = block->holders + 1;
    for (uint64_t k = 0; k < n; k++) next[block->feature[k] + 1]++;
    for (size_t f = 0; f < block->n_features; f++) next[f + 1] += next[f];
    for (size_t r = 0; r < block->n_lines; r++)
        for (uint64_t k = block->start[r]; k < block->start[r + 1]; k++)
            block->holder[next[block->feature[k]]++] = (uint32_t)r;
}

static void free_block(struct rs_gibbs_block *block) {
    free(block->name);
    free(block->start);
    free(block->feature);
    free(block->scale);
    free(block->holders);
    free(block->holder);
}

/* False if the column tells nothing: one feature, or most of them of one line each. */
static bool make_block(struct rs_gibbs_block *block, const struct rs_table_column *column,
                       size_t n) {
    *block = (struct rs_gibbs_block){.name = rs_strdup(column->name), .n_lines = n};
    uint64_t room = column->kind == RS_SET ? column->start[n] : n;
    block->start = rs_malloc(n + 1, sizeof *block->start);
    block->feature = rs_malloc(room, sizeof *block->feature);
    block->n_features = column->text.n;
    if (column->kind == RS_NUMBER) {
        uint32_t *code = rs_malloc(n, sizeof *code);
        block->n_features = cut_numbers(column->number, n, code);
        fill_single(block, code);
        free(code);
    } else if (column->kind == RS_CATEGORY) {
        fill_single(block, column->code);
    } else {
        fill_set(block, column);
    }
    block->scale = rs_malloc(n, sizeof *block->scale);
    for (size_t r = 0; r < n; r++) {
        uint64_t held = block->start[r + 1] - block->start[r];
        block->scale[r] = held == 0 ? 0 : (float)(1 / sqrt((double)held));
    }
    find_holders(block);
    size_t shared = 0, held = 0;
    for (size_t f = 0; f < block->n_features; f++) {
        uint64_t count = block->holders[f + 1] - block->holders[f];
        held += count > 0;
        if (count > 1) shared += (size_t)count;
    }
    return held > 1 && 2 * shared > block->start[n];
}

struct rs_gibbs_block *rs_gibbs_blocks_make(const struct rs_table *table, size_t n_lines,
                                            size_t *n_blocks) {
    struct rs_gibbs_block *blocks = rs_calloc(table->n_columns, sizeof *blocks);
    *n_blocks = 0;
    for (size_t c = 0; c < table->n_columns; c++) {
        if (table->columns[c].kind == RS_TEXT) continue;
        if (make_block(&blocks[*n_blocks], &table->columns[c], n_lines))
            ++*n_blocks;
        else
            free_block(&blocks[*n_blocks]);
    }
    return blocks;
}

void rs_gibbs_blocks_free(struct rs_gibbs_block *blocks, size_t n_blocks) {
    for (size_t b = 0; b < n_blocks; b++) free_block(&blocks[b]);
    free(blocks);
}
