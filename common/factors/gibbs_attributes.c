#include "factors/gibbs_attributes.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "ratings/coded.h"

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
    struct rs_coded coded;
    rs_coded_make(&coded, column, n);
    block->start = coded.start;
    block->feature = coded.code;
    block->n_features = coded.n_codes;
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
