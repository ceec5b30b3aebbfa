#include "neighbours/block.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/pages.h"

/* Estimates in cycles, measured on a server of 2024: finding a list, adding one entry of it to
 * accumulators in the nearest cache, the same by columns with all that comes of it, and looking at
 * a pair in the end. */
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
        plan->cycles += choose_head(plan, &behind, cost,
                                    max_dense / rs_block_column_bytes(packed->form, stride), own);
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
    size_t dense = block->head * rs_block_column_bytes(packed->form, block->stride);
    size_t list = packed->start[block->to] - packed->start[block->from] + 1;
    rs_grow(&block->tail, &block->tail_capacity, block->stride, sizeof *block->tail);
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

/* Fills RS_DOTS_LINES lines of the block from line FIRST on, and finds what they have behind the
 * head. */
static void fill_dense(struct rs_block *block, const struct rs_packed *packed, size_t first) {
    uint32_t mask = rank_mask(packed);
    size_t n_groups = block->head / RS_DOTS_COLUMNS, n = block->to - block->from - first;
    size_t group_bytes = rs_dots_group_bytes(packed->form), n_bytes = n_groups * group_bytes;
    uint8_t *dense = n_bytes > 0 ? block->dense + first / RS_DOTS_LINES * n_bytes : NULL;
    if (n_bytes > 0) memset(dense, 0, n_bytes);
    for (size_t i = 0; i < RS_DOTS_LINES && i < n; i++) {
        size_t p = block->from + first + i;
        uint64_t e = packed->start[p];
        for (; e < packed->start[p + 1]; e++) {
            uint32_t rank = packed->entry[e] & mask;
            if (rank >= block->head) break;
            rs_dots_put(dense + rank / RS_DOTS_COLUMNS * group_bytes, packed->form, i,
                        rank % RS_DOTS_COLUMNS, packed->entry[e] >> RS_ENTRY_BITS);
        }
        block->tail[first + i] = e;
    }
}

/* The first rank of each of N shares of the lists of about as many entries. */
static size_t share_begin(const struct rs_block *block, const struct rs_packed *packed,
                          size_t share, size_t n) {
    uint64_t all = 0, before = 0;
    if (share == 0) return block->head;
    if (share == n) return packed->n_columns;
    for (size_t c = block->head; c < packed->n_columns; c++) all += packed->column_n[c];
    size_t rank = block->head;
    for (; rank < packed->n_columns && before < all / n * share; rank++)
        before += packed->column_n[rank];
    return rank;
}

/* The first entry from E to END with a rank of at least RANK. */
static uint64_t find_rank(const struct rs_packed *packed, uint64_t e, uint64_t end, size_t rank) {
    uint32_t mask = rank_mask(packed);
    while (e < end) {
        uint64_t middle = e + (end - e) / 2;
        if ((packed->entry[middle] & mask) < rank) {
            e = middle + 1;
        } else {
            end = middle;
        }
    }
    return e;
}

/* Visits the entries of ranks from..to-1: counts them in the element behind the next of each list,
 * or puts them where start[c + 1] walks from the beginning of list c to its end, where it becomes
 * the beginning of list c + 1. */
static void visit_lists(struct rs_block *block, const struct rs_packed *packed, size_t from,
                        size_t to, bool put) {
    uint32_t mask = rank_mask(packed), *start = block->start;
    for (size_t line = 0; line < block->to - block->from; line++) {
        uint64_t line_end = packed->start[block->from + line + 1];
        uint64_t e = find_rank(packed, block->tail[line], line_end, from);
        uint64_t end = find_rank(packed, e, line_end, to);
        for (; e < end && !put; e++) start[(packed->entry[e] & mask) + 2]++;
        for (; e < end; e++) {
            uint32_t at = start[(packed->entry[e] & mask) + 1]++;
            block->list[at] = (uint32_t)line | (packed->entry[e] & ~mask);
            if (packed->value != NULL) block->value[at] = packed->value[e];
        }
    }
}

static void begin(struct rs_block *block, const struct rs_packed *packed,
                  const struct rs_block_plan *plan) {
    block->from = plan->from;
    block->to = plan->to;
    block->stride = rs_block_stride(plan->from, plan->to);
    block->head = plan->head;
    make_room(block, packed);
    memset(block->start, 0, (packed->n_columns + 2) * sizeof *block->start);
}

void rs_block_fill(struct rs_block *block, const struct rs_packed *packed,
                   const struct rs_block_plan *plan) {
    size_t n = (size_t)omp_get_num_threads(), share = (size_t)omp_get_thread_num();
#pragma omp single
    begin(block, packed, plan);
#pragma omp for schedule(static)
    for (size_t first = 0; first < block->stride; first += RS_DOTS_LINES)
        fill_dense(block, packed, first);
    size_t from = share_begin(block, packed, share, n);
    size_t to = share_begin(block, packed, share + 1, n);
    visit_lists(block, packed, from, to, false);
#pragma omp barrier
#pragma omp single
    for (size_t c = block->head; c <= packed->n_columns; c++)
        block->start[c + 1] += block->start[c];
    visit_lists(block, packed, from, to, true);
#pragma omp barrier
}

void rs_block_free(struct rs_block *block) {
    rs_pages_free(block->dense, block->dense_capacity);
    free(block->start);
    free(block->list);
    free(block->value);
    free(block->tail);
    *block = (struct rs_block){0};
}
