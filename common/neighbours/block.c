#include "neighbours/block.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/pages.h"

/* Estimates in cycles, measured on a server of 2024: finding a list, adding one entry of it to
 * accumulators in the nearest cache, the same by columns with all that comes of it, and looking at a
 * pair in the end. */
static const struct {
    double list, entry, column_entry, pair;
} costs[] = {
    [RS_LEVEL_PRODUCT] = {25, 2.5, 12, 0.5}, [RS_LEVEL_SUMS] = {25, 4, 25, 2},
    [RS_REAL_PRODUCT] = {25, 3, 20, 2},      [RS_REAL_SQUARES] = {25, 5, 25, 3},
    [RS_REAL_SUMS] = {25, 7, 30, 3},
};
/* Listing a dense group, and bringing one that no line of the tile had yet to the nearer caches. */
static const double group_cycles = 6, fetch_cycles = 20;

static uint32_t rank_mask(const struct rs_packed *packed) {
    return packed->value != NULL ? UINT32_MAX : RS_ENTRY_MASK;
}

void rs_block_count(const struct rs_packed *packed, size_t from, size_t to, uint32_t *counts) {
    uint32_t mask = rank_mask(packed);
    for (uint64_t e = packed->start[from]; e < packed->start[to]; e++)
        counts[packed->entry[e] & mask]++;
}

/* The lines that a block is compared with. */
struct behind {
    const struct rs_packed *packed;
    const uint32_t *before; /* what those before the block have of each column */
    double n, tiles;
};

static double entries_behind(const struct behind *behind, size_t column) {
    return (double)(behind->packed->column_n[column] - behind->before[column]);
}

static double at_most(double value, double most) {
    return value < most ? value : most;
}

/* The head that costs least: walks the columns from the most to the least popular with the cost of
 * the head so far beside that of its lists. */
static double choose_head(struct rs_block_plan *plan, const struct behind *behind,
                          const struct rs_dots_cost *cost, size_t max_head, const uint32_t *own) {
    const struct rs_packed *packed = behind->packed;
    double slabs = (double)(rs_block_stride(plan->from, plan->to) / RS_DOTS_LINES);
    double dense = 0, saved = 0, best = 0, none_in_panel = 1;
    plan->head = 0;
    for (size_t c = 0; c < packed->n_columns && c + RS_DOTS_COLUMNS <= max_head;
         c += RS_DOTS_COLUMNS) {
        double none = 1;
        size_t end =
            c + RS_DOTS_COLUMNS < packed->n_columns ? c + RS_DOTS_COLUMNS : packed->n_columns;
        for (size_t i = c; i < end; i++) {
            double lines = entries_behind(behind, i);
            none *= 1 - lines / behind->n;
            saved += lines * (costs[packed->kind].list + costs[packed->kind].entry * own[i]);
        }
        if (c % RS_BLOCK_PANEL == 0) none_in_panel = 1;
        double lines = (1 - none) * behind->n;
        double visits = (1 - none) * none_in_panel * behind->n;
        none_in_panel *= none;
        dense += lines * group_cycles + slabs * (lines * cost->group + visits * cost->visit +
                                                 at_most(lines, behind->tiles) * fetch_cycles);
        if (dense - saved >= best) continue;
        best = dense - saved;
        plan->head = c + RS_DOTS_COLUMNS;
    }
    return best;
}

/* Every entry behind the block finds a list of what the block has. */
static double lists_cost(const struct behind *behind, const uint32_t *own, double list,
                         double entry) {
    double cost = 0;
    for (size_t c = 0; c < behind->packed->n_columns; c++)
        cost += entries_behind(behind, c) * (list + entry * own[c]);
    return cost;
}

void rs_block_choose(struct rs_block_plan *plan, const struct rs_packed *packed,
                     const struct rs_dots_kernel *kernel, size_t max_dense, size_t tile,
                     const uint32_t *before, const uint32_t *own) {
    enum rs_sums_kind kind = packed->kind;
    struct behind behind = {packed, before, .n = (double)(packed->n_lines - plan->from)};
    behind.tiles = behind.n / (double)tile + 1;
    plan->cycles = lists_cost(&behind, own, costs[kind].list, costs[kind].entry);
    plan->head = 0;
    if (rs_packed_is_exact(kind)) {
        size_t stride = rs_block_stride(plan->from, plan->to);
        const struct rs_dots_cost *cost =
            kind == RS_LEVEL_PRODUCT ? &kernel->product_cost : &kernel->sums_cost;
        plan->cycles += choose_head(plan, &behind, cost, max_dense / stride, own);
    }
    plan->cycles += (double)(plan->to - plan->from) * behind.n * costs[kind].pair;
    double by_columns = lists_cost(&behind, own, 0, costs[kind].column_entry);
    plan->by_columns = by_columns < plan->cycles;
    if (plan->by_columns) plan->cycles = by_columns;
}

void rs_block_make(struct rs_block *block, const struct rs_packed *packed) {
    *block = (struct rs_block){0};
    block->start = rs_calloc(packed->n_columns + 2, sizeof *block->start);
}

static void make_room(struct rs_block *block, const struct rs_packed *packed) {
    size_t dense = block->stride * block->head;
    size_t list = packed->start[block->to] - packed->start[block->from] + 1;
    if (dense > block->dense_capacity) {
        rs_pages_free(block->dense, block->dense_capacity);
        block->dense = rs_pages_new(dense);
        block->dense_capacity = dense;
    }
    if (list <= block->list_capacity) return;
    free(block->list);
    free(block->value);
    block->list = rs_malloc(list, sizeof *block->list);
    block->value = packed->value != NULL ? rs_malloc(list, sizeof *block->value) : NULL;
    block->list_capacity = list;
}

static void put_dense(struct rs_block *block, size_t line, uint32_t rank, uint32_t level) {
    size_t n_groups = block->head / RS_DOTS_COLUMNS;
    size_t group = line / RS_DOTS_LINES * n_groups + rank / RS_DOTS_COLUMNS;
    block->dense[group * RS_DOTS_GROUP_BYTES + line % RS_DOTS_LINES * RS_DOTS_COLUMNS +
                 rank % RS_DOTS_COLUMNS] = (uint8_t)level;
}

void rs_block_fill(struct rs_block *block, const struct rs_packed *packed,
                   const struct rs_block_plan *plan) {
    block->from = plan->from;
    block->to = plan->to;
    block->stride = rs_block_stride(plan->from, plan->to);
    block->head = plan->head;
    make_room(block, packed);
    if (block->head > 0) memset(block->dense, 0, block->stride * block->head);
    uint32_t mask = rank_mask(packed), *start = block->start;
    size_t head = block->head < packed->n_columns ? block->head : packed->n_columns;
    memset(start, 0, (packed->n_columns + 2) * sizeof *start);
    for (uint64_t e = packed->start[plan->from]; e < packed->start[plan->to]; e++) {
        uint32_t rank = packed->entry[e] & mask;
        if (rank >= head) start[rank + 2]++;
    }
    /* Start[c + 1] walks from the beginning of list c to its end, where it becomes the beginning of
     * list c + 1. */
    for (size_t c = 0; c < packed->n_columns; c++) start[c + 1] += start[c];
    start[packed->n_columns + 1] += start[packed->n_columns];
    for (size_t p = plan->from; p < plan->to; p++) {
        for (uint64_t e = packed->start[p]; e < packed->start[p + 1]; e++) {
            uint32_t rank = packed->entry[e] & mask, line = (uint32_t)(p - plan->from);
            if (rank < head) {
                put_dense(block, line, rank, packed->entry[e] >> RS_ENTRY_BITS);
                continue;
            }
            uint32_t at = start[rank + 1]++;
            block->list[at] = line | (packed->entry[e] & ~mask);
            if (packed->value != NULL) block->value[at] = packed->value[e];
        }
    }
}

void rs_block_free(struct rs_block *block) {
    rs_pages_free(block->dense, block->dense_capacity);
    free(block->start);
    free(block->list);
    free(block->value);
    *block = (struct rs_block){0};
}
