#include "neighbours/compare.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "neighbours/wanted.h"

/* The lines that a block is compared with are taken by tiles. What a tile sums with RS_DOTS_LINES
 * of the block stays in a cache of 1 MiB, together with a panel of their dense columns and the
 * groups of the lines, which lie close for that. */
enum { TILE_BYTES = 1 << 22, TILE_LINES = 1024, LINE_PADDING = 16 };
/* Tiles for each thread, since all wait for the last, unless they would be too small. */
enum { LEAST_TILES = 8, LEAST_TILE_LINES = 64 };
enum { PANEL_GROUPS = RS_BLOCK_PANEL / RS_DOTS_COLUMNS };

/* Lines that a thread takes at once to compare them by columns. */
enum { SOME_LINES = 64 };

/* A line of a tile, and its dense groups of the panel that is being multiplied. */
struct tile_line {
    uint64_t next; /* its first entry behind the panels done */
    uint32_t first_group, n_groups;
};

struct rs_comparer {
    struct rs_comparison *shared;
    void *lists;      /* accumulators of one line, RS_PAIRS more than rows; zero between lines */
    bool *is_touched; /* rows by columns, from the tail: whether the line shares anything with it */
    uint32_t *touched;            /* these rows */
    int32_t *sums;                /* of levels: [line of the tile][sum][line of the block] */
    struct rs_dots_group *groups; /* of the lines of a tile in a panel, one after the other */
    struct tile_line lines[TILE_LINES];
    struct rs_span *spans;
    size_t spans_capacity;
    struct rs_offers offers;
};

/* How a tile is cut. */
struct tile {
    size_t from, n; /* lines */
    size_t stride, line_sums;
};

size_t rs_compare_block_lines(enum rs_sums_kind kind) {
    return kind == RS_LEVEL_PRODUCT ? 1024 : kind == RS_LEVEL_SUMS ? 512 : 1024;
}

static size_t planes_of(enum rs_sums_kind kind) {
    return kind == RS_LEVEL_PRODUCT ? 1 : kind == RS_LEVEL_SUMS ? RS_N_SUMS : 0;
}

size_t rs_compare_tile_lines(enum rs_sums_kind kind, size_t block_lines) {
    size_t bytes = block_lines * planes_of(kind) * sizeof(int32_t);
    size_t lines = bytes == 0 ? TILE_LINES : TILE_BYTES / bytes;
    return lines > TILE_LINES ? TILE_LINES : lines == 0 ? 1 : lines;
}

/* Sums of a line of a tile. Lines begin a cache line further than a power of two apart, since
 * strides of that fall into few sets of the caches. */
static size_t line_elements(enum rs_sums_kind kind, size_t block_lines) {
    return block_lines * planes_of(kind) + LINE_PADDING;
}

/* Enough for the tiles of any block, since those of a shorter one have more lines to pad. */
static size_t tile_elements(const struct rs_comparison *comparison) {
    size_t line = line_elements(comparison->packed.kind, comparison->block_lines);
    size_t tile = TILE_BYTES / sizeof(int32_t) + (size_t)TILE_LINES * LINE_PADDING;
    return line > tile ? line : tile;
}

/* Accumulators for one line with a block, or with all rows by columns. */
static size_t n_accumulators(const struct rs_comparison *comparison) {
    size_t lines = comparison->block_lines, n_rows = comparison->packed.n_rows;
    return (n_rows > lines ? n_rows : lines) + RS_PAIRS;
}

struct rs_comparer *rs_comparer_new(struct rs_comparison *comparison) {
    const struct rs_packed *packed = &comparison->packed;
    struct rs_comparer *comparer = rs_calloc(1, sizeof *comparer);
    comparer->shared = comparison;
    comparer->offers.shortlists = &comparison->shortlists;
    size_t n = n_accumulators(comparison), bytes = n * rs_scatter_bytes(packed->kind);
    comparer->lists = rs_aligned(bytes, 1);
    memset(comparer->lists, 0, bytes);
    comparer->is_touched = rs_calloc(n, sizeof *comparer->is_touched);
    comparer->touched = rs_malloc(n, sizeof *comparer->touched);
    if (rs_packed_is_exact(packed->kind)) {
        comparer->sums = rs_aligned(tile_elements(comparison), sizeof *comparer->sums);
        comparer->groups = rs_malloc((size_t)TILE_LINES * PANEL_GROUPS, sizeof *comparer->groups);
    }
    return comparer;
}

void rs_comparer_free(struct rs_comparer *comparer) {
    rs_offers_flush(&comparer->offers);
    free(comparer->lists);
    free(comparer->is_touched);
    free(comparer->touched);
    free(comparer->sums);
    free(comparer->groups);
    free(comparer->spans);
    free(comparer);
}

size_t rs_comparer_bytes(const struct rs_comparison *comparison, size_t longest_line) {
    size_t n = n_accumulators(comparison);
    size_t an_accumulator =
        rs_scatter_bytes(comparison->packed.kind) + sizeof(bool) + sizeof(uint32_t);
    size_t bytes = sizeof(struct rs_comparer) + n * an_accumulator +
                   2 * (longest_line + RS_SPAN_PADDING) * sizeof(struct rs_span);
    if (!rs_packed_is_exact(comparison->packed.kind)) return bytes;
    return bytes + tile_elements(comparison) * sizeof(int32_t) +
           (size_t)TILE_LINES * PANEL_GROUPS * sizeof(struct rs_dots_group);
}

/* Offers */

static void offer(struct rs_comparer *comparer, size_t a, size_t b, float similarity) {
    const uint32_t *line = comparer->shared->packed.line;
    const float *threshold = comparer->shared->shortlists.threshold;
    if (similarity >= threshold[a]) rs_offers_add(&comparer->offers, a, similarity, line[b]);
    if (similarity >= threshold[b]) rs_offers_add(&comparer->offers, b, similarity, line[a]);
}

/* Bit i: passed[i] != 0, which is 0 or 1. */
static uint64_t bits_of(const uint8_t passed[RS_PAIRS]) {
    uint64_t bits = 0;
    for (size_t i = 0; i < RS_PAIRS; i += 8) {
        uint64_t eight;
        memcpy(&eight, passed + i, sizeof eight);
        bits |= (eight * 0x0102040810204080u >> 56) << i;
    }
    return bits;
}

/* A line X and its sums with the rows from Y on. */
struct view {
    size_t x, y, end; /* the line; the first of RS_PAIRS rows; the end of the rows that count */
};

/* Bit i of PASSED is for row y + i: leaves the pairs whose row counts and lies before the line. */
static uint64_t pairs_in_order(uint64_t passed, const struct view *view) {
    size_t end = view->end < view->x ? view->end : view->x;
    if (view->y >= end) return 0;
    return end - view->y < RS_PAIRS ? passed & (((uint64_t)1 << (end - view->y)) - 1) : passed;
}

static void consider_products(struct rs_comparer *comparer, const struct view *view,
                              const int32_t *sums) {
    const struct rs_comparison *shared = comparer->shared;
    const struct rs_line_facts *facts = &shared->packed.facts;
    const float *threshold = shared->shortlists.threshold;
    size_t x = view->x, y = view->y;
    uint8_t passed[RS_PAIRS];
    bool any = shared->how.metric == RS_JACCARD
                   ? rs_wanted_overlaps(sums, facts->n + y, facts->n[x], threshold[x],
                                        threshold + y, passed)
                   : rs_wanted_cosines(sums, shared->inverse_root + y, (float)facts->root[x],
                                       threshold[x], threshold + y, passed);
    if (!any) return;
    uint64_t bits = pairs_in_order(bits_of(passed), view);
    for (; bits != 0; bits &= bits - 1) {
        size_t i = (size_t)__builtin_ctzll(bits);
        offer(comparer, x, y + i,
              rs_similarity_of_product(&shared->how, (double)sums[i], facts, x, y + i));
    }
}

static void consider_sums(struct rs_comparer *comparer, const struct view *view,
                          const struct rs_sums *sums) {
    const struct rs_comparison *shared = comparer->shared;
    const float *threshold = shared->shortlists.threshold;
    float similarity[RS_PAIRS];
    uint8_t passed[RS_PAIRS];
    rs_similarity_of(&shared->how, sums, shared->packed.unit, &shared->packed.facts, view->x,
                     view->y, similarity);
    if (!rs_wanted_similarities(similarity, threshold[view->x], threshold + view->y, passed))
        return;
    uint64_t bits = pairs_in_order(bits_of(passed), view);
    for (; bits != 0; bits &= bits - 1) {
        size_t i = (size_t)__builtin_ctzll(bits);
        offer(comparer, view->x, view->y + i, similarity[i]);
    }
}

/* Sums of reals to be filled; where nobody counts, n is 1. */
static void begin_sums(enum rs_sums_kind kind, struct rs_sums *sums) {
    memset(sums, 0, sizeof *sums);
    for (size_t i = 0; i < RS_PAIRS && kind == RS_REAL_PRODUCT; i++) sums->sum[RS_SUM_N][i] = 1;
}

/* Planes of levels' sums to reals; false where nothing is co-rated. */
RS_CLONES static bool convert_sums(const int32_t *planes, size_t plane, struct rs_sums *sums) {
    int32_t any = 0;
    for (size_t i = 0; i < RS_PAIRS; i++) any |= planes[RS_SUM_N * plane + i];
    if (any == 0) return false;
    for (size_t s = 0; s < RS_N_SUMS; s++)
        for (size_t i = 0; i < RS_PAIRS; i++) sums->sum[s][i] = (double)planes[s * plane + i];
    return true;
}

/* Lists */

static struct rs_span *spans_for(struct rs_comparer *comparer, size_t n) {
    rs_grow(&comparer->spans, &comparer->spans_capacity, n + RS_SPAN_PADDING,
            sizeof *comparer->spans);
    return comparer->spans;
}

static struct rs_span span_of(const struct rs_packed *packed, uint64_t e, uint64_t begin,
                              uint64_t end) {
    return (struct rs_span){begin, (uint32_t)(end - begin), packed->entry[e] >> RS_ENTRY_BITS,
                            packed->value != NULL ? packed->value[e] : 0};
}

static void pad_spans(struct rs_span *spans, size_t n) {
    memset(spans + n, 0, RS_SPAN_PADDING * sizeof *spans);
}

/* The block's lists for the entries FROM.. of line X. */
static size_t find_block_spans(struct rs_comparer *comparer, size_t x, uint64_t from) {
    const struct rs_packed *packed = &comparer->shared->packed;
    const uint32_t *start = comparer->shared->block.start;
    uint32_t mask = packed->value != NULL ? UINT32_MAX : RS_ENTRY_MASK;
    uint64_t end = packed->start[x + 1];
    struct rs_span *spans = spans_for(comparer, end - from);
    size_t n = 0;
    for (uint64_t e = from; e < end; e++) {
        uint32_t rank = packed->entry[e] & mask;
        spans[n] = span_of(packed, e, start[rank], start[rank + 1]);
        n += spans[n].n > 0;
    }
    pad_spans(spans, n);
    return n;
}

static size_t find_column_spans(struct rs_comparer *comparer, size_t x) {
    const struct rs_packed *packed = &comparer->shared->packed;
    uint32_t mask = packed->value != NULL ? UINT32_MAX : RS_ENTRY_MASK;
    uint64_t from = packed->start[x], end = packed->start[x + 1];
    struct rs_span *spans = spans_for(comparer, end - from);
    size_t n = 0;
    for (uint64_t e = from; e < end; e++) {
        uint32_t rank = packed->entry[e] & mask;
        spans[n] = span_of(packed, e, packed->column_start[rank], packed->column_start[rank + 1]);
        n += spans[n].n > 0;
    }
    pad_spans(spans, n);
    return n;
}

/* Level sums need their accumulators taken after so many spans. */
static void add_level_sums(struct rs_comparer *comparer, const struct rs_span *spans, size_t n,
                           int32_t *sums, size_t stride) {
    const struct rs_block *block = &comparer->shared->block;
    for (size_t done = 0; done < n; done += RS_SCATTER_SPANS_MAX) {
        size_t some = n - done < RS_SCATTER_SPANS_MAX ? n - done : RS_SCATTER_SPANS_MAX;
        rs_scatter(RS_LEVEL_SUMS, comparer->lists, spans + done, some, block->list, NULL);
        for (size_t line = 0; line < stride; line += RS_PAIRS)
            rs_scatter_take_levels((char *)comparer->lists + line * rs_scatter_bytes(RS_LEVEL_SUMS),
                                   sums + line, stride);
    }
}

/* Dense columns */

/* Collects the dense groups that a line has in the panel from group FIRST to END. */
static void collect_groups(const struct rs_packed *packed, struct tile_line *line,
                           uint64_t line_end, uint32_t first, uint32_t end,
                           struct rs_dots_group *groups) {
    uint32_t n = 0, last = UINT32_MAX, levels = 0;
    uint64_t e = line->next;
    for (; e < line_end; e++) {
        uint32_t rank = packed->entry[e] & RS_ENTRY_MASK, group = rank / RS_DOTS_COLUMNS;
        if (group >= end) break;
        n += group != last;
        levels = (group == last ? levels : 0) | (packed->entry[e] >> RS_ENTRY_BITS)
                                                    << 8 * (rank % RS_DOTS_COLUMNS);
        last = group;
        groups[n - 1] = (struct rs_dots_group){group - first, levels};
    }
    line->n_groups = n;
    line->next = e;
}

/* Multiplies the lines of the tile with the panel from group FIRST on. */
static void multiply_panel(struct rs_comparer *comparer, const struct tile *tile, size_t first) {
    const struct rs_comparison *shared = comparer->shared;
    const struct rs_block *block = &shared->block;
    const struct rs_dots_kernel *kernel = shared->kernel;
    enum rs_dots_form form = shared->packed.form;
    size_t n_groups = block->head / RS_DOTS_COLUMNS, group_bytes = rs_dots_group_bytes(form);
    bool moments = shared->how.metric == RS_PEARSON;
    for (size_t y = 0; y < tile->stride; y += RS_DOTS_LINES) {
        const uint8_t *levels = block->dense + (y / RS_DOTS_LINES * n_groups + first) * group_bytes;
        for (size_t r = 0; r < tile->n; r++) {
            const struct tile_line *line = &comparer->lines[r];
            const struct rs_dots_group *groups = comparer->groups + line->first_group;
            int32_t *sums = comparer->sums + r * tile->line_sums + y;
            if (line->n_groups == 0) continue;
            if (shared->packed.kind == RS_LEVEL_PRODUCT) {
                kernel->product[form](levels, groups, line->n_groups, sums);
            } else {
                kernel->sums(levels, groups, line->n_groups, moments, sums, tile->stride);
            }
        }
    }
}

static void add_dense(struct rs_comparer *comparer, const struct tile *tile) {
    const struct rs_packed *packed = &comparer->shared->packed;
    size_t n_groups = comparer->shared->block.head / RS_DOTS_COLUMNS;
    for (size_t first = 0; first < n_groups; first += PANEL_GROUPS) {
        size_t end = first + PANEL_GROUPS < n_groups ? first + PANEL_GROUPS : n_groups;
        uint32_t n = 0;
        for (size_t r = 0; r < tile->n; r++) {
            struct tile_line *line = &comparer->lines[r];
            line->first_group = n;
            collect_groups(packed, line, packed->start[tile->from + r + 1], (uint32_t)first,
                           (uint32_t)end, comparer->groups + n);
            n += line->n_groups;
        }
        multiply_panel(comparer, tile, first);
    }
}

/* Blocks */

static void finish_levels(struct rs_comparer *comparer, const struct tile *tile, size_t r) {
    const struct rs_comparison *shared = comparer->shared;
    const struct rs_block *block = &comparer->shared->block;
    const float *threshold = shared->shortlists.threshold;
    size_t x = tile->from + r, end = block->to < x ? block->to : x;
    int32_t *sums = comparer->sums + r * tile->line_sums;
    size_t n = find_block_spans(comparer, x, comparer->lines[r].next);
    bool alone = shared->packed.kind == RS_LEVEL_PRODUCT;
    if (alone) {
        rs_scatter(RS_LEVEL_PRODUCT, sums, comparer->spans, n, block->list, NULL);
    } else {
        add_level_sums(comparer, comparer->spans, n, sums, tile->stride);
    }
    for (size_t y = block->from; y < end; y += RS_PAIRS) {
        const struct view view = {x, y, block->to};
        const int32_t *some = sums + (y - block->from);
        struct rs_sums reals;
        if (alone) {
            consider_products(comparer, &view, some);
        } else if (rs_wanted_weights(some + RS_SUM_N * tile->stride, (float)shared->how.shrink,
                                     threshold[x], threshold + y) &&
                   convert_sums(some, tile->stride, &reals)) {
            consider_sums(comparer, &view, &reals);
        }
    }
}

static void finish_reals(struct rs_comparer *comparer, size_t x) {
    const struct rs_comparison *shared = comparer->shared;
    const struct rs_block *block = &comparer->shared->block;
    enum rs_sums_kind kind = shared->packed.kind;
    size_t n = find_block_spans(comparer, x, shared->packed.start[x]);
    rs_scatter(kind, comparer->lists, comparer->spans, n, block->list, block->value);
    struct rs_sums sums;
    begin_sums(kind, &sums);
    for (size_t line = 0; line < block->to - block->from; line += RS_PAIRS) {
        const struct view view = {x, block->from + line, block->to};
        void *some = (char *)comparer->lists + line * rs_scatter_bytes(kind);
        if (rs_scatter_take_reals(kind, some, &sums)) consider_sums(comparer, &view, &sums);
    }
}

static void compare_tile(struct rs_comparer *comparer, size_t from, size_t n) {
    const struct rs_packed *packed = &comparer->shared->packed;
    size_t stride = comparer->shared->block.stride;
    const struct tile tile = {from, n, stride, line_elements(packed->kind, stride)};
    if (!rs_packed_is_exact(packed->kind)) {
        for (size_t r = 0; r < n; r++) finish_reals(comparer, from + r);
        return;
    }
    memset(comparer->sums, 0, n * tile.line_sums * sizeof *comparer->sums);
    for (size_t r = 0; r < n; r++) comparer->lines[r].next = packed->start[from + r];
    add_dense(comparer, &tile);
    for (size_t r = 0; r < n; r++) finish_levels(comparer, &tile, r);
}

/* Lines of a tile: fewer where N would not make some tiles for every thread. */
static size_t tile_height(const struct rs_comparison *shared, size_t n) {
    size_t height = rs_compare_tile_lines(shared->packed.kind, shared->block.stride);
    size_t share = n / (LEAST_TILES * (size_t)omp_get_num_threads());
    if (share < LEAST_TILE_LINES) share = LEAST_TILE_LINES;
    return share < height ? share : height;
}

/* The lines nearest to the block come first: they have about as many entries and are the most
 * similar mostly, so that thresholds rise soon. */
static void compare_block(struct rs_comparer *comparer, const struct rs_block_plan *plan) {
    struct rs_comparison *shared = comparer->shared;
    const struct rs_packed *packed = &shared->packed;
    rs_block_fill(&shared->block, packed, plan);
    size_t end = packed->n_lines, height = tile_height(shared, end - plan->from);
#pragma omp for schedule(dynamic)
    for (size_t from = plan->from; from < end; from += height)
        compare_tile(comparer, from, end - from < height ? end - from : height);
}

/* By columns */

/* Lists the rows that the spans touch; returns how many. */
static size_t list_touched(struct rs_comparer *comparer, size_t n_spans) {
    const struct rs_packed *packed = &comparer->shared->packed;
    uint32_t mask = packed->value != NULL ? UINT32_MAX : RS_ENTRY_MASK;
    size_t n = 0;
    for (size_t s = 0; s < n_spans; s++) {
        const uint32_t *list = packed->column_entry + comparer->spans[s].begin;
        for (size_t i = 0; i < comparer->spans[s].n; i++) {
            uint32_t row = list[i] & mask;
            comparer->touched[n] = row;
            n += !comparer->is_touched[row];
            comparer->is_touched[row] = true;
        }
    }
    return n;
}

static void finish_products(struct rs_comparer *comparer, size_t x, size_t n) {
    const struct rs_comparison *shared = comparer->shared;
    const float *threshold = shared->shortlists.threshold;
    int32_t *sums = comparer->lists;
    for (size_t i = 0; i < n; i++) {
        size_t row = comparer->touched[i], y = shared->packed.tail + row;
        double sum = sums[row];
        sums[row] = 0;
        if (y >= x) continue;
        float similarity = rs_similarity_of_product(&shared->how, sum, &shared->packed.facts, x, y);
        if (rs_wanted(similarity, threshold[x], threshold[y])) offer(comparer, x, y, similarity);
    }
}

/* Sums of line X with N rows that lie anywhere. */
static void consider_rows(struct rs_comparer *comparer, size_t x, const uint32_t *rows, size_t n,
                          const struct rs_sums *sums) {
    const struct rs_comparison *shared = comparer->shared;
    const struct rs_line_facts *facts = &shared->packed.facts;
    double count[RS_PAIRS + 1] = {0}, root[RS_PAIRS + 1] = {0}, mean[RS_PAIRS + 1] = {0};
    float similarity[RS_PAIRS];
    for (size_t i = 0; i <= n; i++) {
        size_t from = i < n ? shared->packed.tail + rows[i] : x, to = i < n ? i : RS_PAIRS;
        count[to] = facts->n[from];
        root[to] = facts->root[from];
        mean[to] = facts->mean[from];
    }
    const struct rs_line_facts gathered = {count, root, mean};
    rs_similarity_of(&shared->how, sums, shared->packed.unit, &gathered, RS_PAIRS, 0, similarity);
    for (size_t i = 0; i < n; i++)
        if (shared->packed.tail + rows[i] < x)
            offer(comparer, x, shared->packed.tail + rows[i], similarity[i]);
}

/* Gathers the accumulators of RS_PAIRS touched rows at a time. */
static void finish_sums(struct rs_comparer *comparer, size_t x, size_t n) {
    enum rs_sums_kind kind = comparer->shared->packed.kind;
    size_t bytes = rs_scatter_bytes(kind);
    _Alignas(64) char some[RS_PAIRS * RS_SCATTER_BYTES_MAX] = {0};
    int32_t planes[RS_N_SUMS * RS_PAIRS];
    struct rs_sums sums;
    begin_sums(kind, &sums);
    for (size_t first = 0; first < n; first += RS_PAIRS) {
        const uint32_t *rows = comparer->touched + first;
        size_t n_rows = n - first < RS_PAIRS ? n - first : RS_PAIRS;
        for (size_t i = 0; i < n_rows; i++) {
            char *accumulator = (char *)comparer->lists + rows[i] * bytes;
            memcpy(some + i * bytes, accumulator, bytes);
            memset(accumulator, 0, bytes);
        }
        if (kind == RS_LEVEL_SUMS) {
            memset(planes, 0, sizeof planes);
            rs_scatter_take_levels(some, planes, RS_PAIRS);
            if (!convert_sums(planes, RS_PAIRS, &sums)) continue;
        } else if (!rs_scatter_take_reals(kind, some, &sums)) {
            continue;
        }
        consider_rows(comparer, x, rows, n_rows, &sums);
    }
}

static void compare_line(struct rs_comparer *comparer, size_t x) {
    const struct rs_packed *packed = &comparer->shared->packed;
    size_t n_spans = find_column_spans(comparer, x), n = list_touched(comparer, n_spans);
    rs_scatter(packed->kind, comparer->lists, comparer->spans, n_spans, packed->column_entry,
               packed->column_value);
    if (packed->kind == RS_LEVEL_PRODUCT) {
        finish_products(comparer, x, n);
    } else {
        finish_sums(comparer, x, n);
    }
    for (size_t i = 0; i < n; i++) comparer->is_touched[comparer->touched[i]] = false;
}

void rs_comparer_run(struct rs_comparer *comparer, const struct rs_block_plan *plan) {
    if (!plan->by_columns) {
        compare_block(comparer, plan);
        return;
    }
    size_t end = comparer->shared->packed.n_lines;
#pragma omp for schedule(dynamic, SOME_LINES)
    for (size_t x = plan->from; x < end; x++) compare_line(comparer, x);
}
