#include "neighbours/neighbours.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/topk.h"
#include "neighbours/compare.h"

/* Memory */

/* How memory is spent. */
struct economy {
    size_t passes; /* over the matrix, each for a share of the rows */
    size_t room;   /* bytes of a block's lists, of its dense columns, and of the rows by columns */
};

/* Room where memory is no matter, of which dense columns use no more than the second; and the
 * least. */
enum { PLENTY = 1 << 30, MAX_DENSE = 256 << 20, LEAST_ROOM = 1 << 20, MAX_PASSES = 16 };

/* What the process takes by itself. */
enum { PROGRAM_BYTES = 10 << 20 };

static size_t at_most(size_t bytes, size_t most) {
    return bytes < most ? bytes : most;
}

static int descending(const void *a, const void *b) {
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return first < second ? 1 : first > second ? -1 : 0;
}

/* Entries of the longest line, and as many as any block has. */
struct longest {
    uint64_t line, block;
};

static struct longest find_longest(const struct rs_sparse *lines, size_t block_lines) {
    uint64_t *length = rs_malloc(lines->n_lines, sizeof *length);
    for (size_t line = 0; line < lines->n_lines; line++)
        length[line] = lines->start[line + 1] - lines->start[line];
    qsort(length, lines->n_lines, sizeof *length, descending);
    struct longest longest = {.line = lines->n_lines > 0 ? length[0] : 0};
    for (size_t i = 0; i < block_lines && i < lines->n_lines; i++) longest.block += length[i];
    free(length);
    return longest;
}

static size_t block_bytes(const struct rs_sparse *lines, enum rs_sums_kind kind, size_t room,
                          const struct longest *longest) {
    size_t n = rs_compare_block_lines(kind), entry = rs_packed_entry_bytes(kind);
    size_t dense = rs_packed_is_exact(kind) ? n * (lines->n_others + RS_DOTS_COLUMNS) : 0;
    size_t a_line = longest->line * entry; /* is a block even where there is no room for it */
    return at_most(dense, at_most(room, MAX_DENSE)) +
           at_most(longest->block * entry, room > a_line ? room : a_line) +
           (lines->n_others + 2) * sizeof(uint32_t);
}

/* An upper bound of what finding the neighbours of N_ROWS lines takes, the matrix included. */
static size_t bytes_needed(const struct rs_matrix *matrix,
                           const struct rs_neighbours_options *options, enum rs_sums_kind kind,
                           const struct economy *economy, const struct longest *longest,
                           size_t n_rows) {
    const struct rs_sparse *lines = rs_matrix_form(matrix, options->users);
    size_t n_lines = lines->n_lines, pass_rows = (n_rows + economy->passes - 1) / economy->passes;
    size_t k = options->k < n_lines ? options->k : n_lines;
    size_t n_threads = (size_t)omp_get_max_threads();
    size_t entries = matrix->window == 0 ? 2 * matrix->n_ratings
                                         : (n_threads + 1) * (matrix->window + longest->line);
    size_t file = entries * (sizeof(uint32_t) + sizeof(float)) + (n_lines + lines->n_others) * 64 +
                  PROGRAM_BYTES;
    size_t columns = matrix->n_ratings * rs_packed_entry_bytes(kind);
    const struct rs_comparison comparison = {.packed = {.kind = kind, .n_rows = pass_rows},
                                             .block_lines = rs_compare_block_lines(kind)};
    return file + rs_packed_bytes(matrix, options->users, kind) + at_most(columns, economy->room) +
           rs_shortlists_bytes(pass_rows, k, n_lines) + n_rows * (k * 8 + 16) +
           block_bytes(lines, kind, economy->room, longest) +
           rs_comparer_bytes(&comparison, longest->line) * n_threads;
}

/* As few passes as will do, and then as much room. */
static bool choose_economy(struct economy *economy, const struct rs_matrix *matrix,
                           const struct rs_neighbours_options *options, enum rs_sums_kind kind,
                           size_t n_rows, struct rs_error *err) {
    *economy = (struct economy){1, PLENTY};
    if (options->memory == 0) return true;
    struct longest longest =
        find_longest(rs_matrix_form(matrix, options->users), rs_compare_block_lines(kind));
    size_t bytes = 0;
    for (size_t passes = 1; passes <= MAX_PASSES; passes *= 4) {
        for (size_t room = PLENTY; room >= LEAST_ROOM; room /= 2) {
            *economy = (struct economy){passes, room};
            bytes = bytes_needed(matrix, options, kind, economy, &longest, n_rows);
            if (bytes <= options->memory) return true;
        }
    }
    return rs_fail(err, EX_USAGE,
                   "--memory: %zu bytes are not enough: %zu (%zuM) are needed with %d threads",
                   options->memory, bytes, (bytes >> 20) + 1, omp_get_max_threads());
}

/* Planning */

/* Cycles from which on other threads are woken: about a fifth of a millisecond. */
enum { WORTH_A_THREAD = 500000 };

struct work {
    struct rs_comparison comparison;
    struct rs_block_plan *blocks;
    size_t n_blocks;
    double cycles; /* estimate of all */
};

static uint64_t line_length(const struct rs_packed *packed, size_t p) {
    return p < packed->n_lines ? packed->start[p + 1] - packed->start[p] : 0;
}

/* Entries of the longest line from a row on: that row, or the first behind the rows. */
static uint64_t longest_behind(const struct rs_packed *packed, size_t row) {
    uint64_t first = line_length(packed, row), other = line_length(packed, packed->n_rows);
    return first > other ? first : other;
}

/* The rows from where on columns are cheaper than blocks become one plan. */
static void plan_tail(struct work *work, const struct economy *economy) {
    const struct rs_packed *packed = &work->comparison.packed;
    struct rs_block_plan tail = {.to = packed->n_rows, .by_columns = true};
    size_t n = work->n_blocks, entry_bytes = rs_packed_entry_bytes(packed->kind);
    for (; n > 0 && work->blocks[n - 1].by_columns; n--) {
        size_t from = work->blocks[n - 1].from;
        uint64_t n_entries = packed->start[packed->n_rows] - packed->start[from];
        if (n_entries * entry_bytes > economy->room) break;
        if (packed->kind == RS_LEVEL_SUMS && longest_behind(packed, from) > RS_SCATTER_SPANS_MAX)
            break;
        tail.from = from;
        tail.cycles += work->blocks[n - 1].cycles;
    }
    for (size_t i = 0; i < n; i++) work->blocks[i].by_columns = false;
    if (n == work->n_blocks) return;
    work->blocks[n] = tail;
    work->n_blocks = n + 1;
}

/* Cuts the rows into blocks of so many lines, or fewer if their lists might be too long. */
static void cut_blocks(struct work *work, const struct economy *economy) {
    const struct rs_packed *packed = &work->comparison.packed;
    size_t n_lines = work->comparison.block_lines, capacity = 0, to = 0;
    uint64_t n_entries = economy->room / rs_packed_entry_bytes(packed->kind);
    for (size_t from = 0; from < packed->n_rows; from = to) {
        uint64_t end = packed->start[from] + n_entries;
        for (to = from + 1; to < packed->n_rows && to - from < n_lines; to++)
            if (packed->start[to + 1] > end) break;
        rs_grow(&work->blocks, &capacity, work->n_blocks + 1, sizeof *work->blocks);
        work->blocks[work->n_blocks++] = (struct rs_block_plan){.from = from, .to = to};
    }
}

static void plan_blocks(struct work *work, const struct economy *economy) {
    const struct rs_packed *packed = &work->comparison.packed;
    size_t tile = rs_compare_tile_lines(packed->kind, work->comparison.block_lines);
    size_t max_dense = at_most(economy->room, MAX_DENSE);
    cut_blocks(work, economy);
#pragma omp parallel if (work->n_blocks > 2)
    {
        uint32_t *before = rs_calloc(packed->n_columns, sizeof *before);
        uint32_t *own = rs_malloc(packed->n_columns, sizeof *own);
        size_t counted = 0;
        /* Every thread takes blocks in their order. */
#pragma omp for schedule(static)
        for (size_t i = 0; i < work->n_blocks; i++) {
            struct rs_block_plan *plan = &work->blocks[i];
            rs_block_count(packed, counted, plan->from, before);
            counted = plan->from;
            memset(own, 0, packed->n_columns * sizeof *own);
            rs_block_count(packed, plan->from, plan->to, own);
            rs_block_choose(plan, packed, work->comparison.kernel, max_dense, tile, before, own);
        }
        free(before);
        free(own);
    }
    plan_tail(work, economy);
    for (size_t i = 0; i < work->n_blocks; i++) work->cycles += work->blocks[i].cycles;
}

static void invert_roots(struct rs_comparison *comparison) {
    size_t n = comparison->packed.n_lines + RS_PAIRS;
    comparison->inverse_root = rs_malloc(n, sizeof *comparison->inverse_root);
    for (size_t i = 0; i < n; i++) {
        double root = comparison->packed.facts.root[i];
        comparison->inverse_root[i] = root > 0 ? (float)(1 / root) : 0;
    }
}

/* The last block comes first: its rows are the most similar to each other and to the lines behind,
 * so that thresholds rise soon. */
static void run_blocks(struct work *work) {
    struct rs_comparison *comparison = &work->comparison;
    rs_block_make(&comparison->block, &comparison->packed);
#pragma omp parallel if (work->cycles > WORTH_A_THREAD)
    {
        struct rs_comparer *comparer = rs_comparer_new(comparison);
        for (size_t i = work->n_blocks; i-- > 0;) rs_comparer_run(comparer, &work->blocks[i]);
        rs_comparer_free(comparer);
    }
    rs_block_free(&comparison->block);
}

/* Results */

/* Moves the shortlists of a pass to the end of what was found. */
static void gather(struct rs_neighbours *found, struct rs_comparison *comparison, size_t from,
                   size_t to) {
    const struct rs_packed *packed = &comparison->packed;
    struct rs_shortlists *shortlists = &comparison->shortlists;
    uint64_t *start = found->start + (from - found->from);
#pragma omp parallel for schedule(dynamic, 64) if (packed->n_rows > 1000)
    for (size_t p = 0; p < packed->n_rows; p++) {
        rs_shortlists_finish(shortlists, p);
        start[packed->line[p] - from + 1] = shortlists->lists[p].n;
    }
    for (size_t i = 0; i < to - from; i++) start[i + 1] += start[i];
    uint64_t n = start[to - from];
    found->other = rs_realloc(found->other, n, sizeof *found->other);
    found->similarity = rs_realloc(found->similarity, n, sizeof *found->similarity);
#pragma omp parallel for schedule(dynamic, 64) if (packed->n_rows > 1000)
    for (size_t p = 0; p < packed->n_rows; p++) {
        const struct rs_shortlist *list = &shortlists->lists[p];
        uint64_t at = start[packed->line[p] - from];
        for (size_t i = 0; i < list->n; i++) {
            found->other[at + i] = rs_topk_index(list->keys[i]);
            found->similarity[at + i] = rs_topk_value(list->keys[i]);
        }
    }
}

static void find_pass(struct rs_neighbours *found, const struct rs_matrix *matrix,
                      const struct rs_neighbours_options *options, const struct rs_values *values,
                      const struct economy *economy, size_t from, size_t to) {
    struct work work = {0};
    struct rs_comparison *comparison = &work.comparison;
    struct rs_packed *packed = &comparison->packed;
    comparison->how = options->similarity;
    comparison->kernel = options->kernel != NULL ? options->kernel : rs_dots_best();
    comparison->block_lines = rs_compare_block_lines(values->kind);
    rs_packed_make(packed, matrix, options->users, &options->similarity, values, from, to);
    invert_roots(comparison);
    rs_shortlists_make(&comparison->shortlists, packed->n_rows, options->k, packed->n_lines,
                       options->min_similarity, packed->n_lines + RS_PAIRS);
    plan_blocks(&work, economy);
    if (work.n_blocks > 0 && work.blocks[work.n_blocks - 1].by_columns)
        rs_packed_add_columns(packed, work.blocks[work.n_blocks - 1].from);
    run_blocks(&work);
    gather(found, comparison, from, to);
    free(work.blocks);
    free(comparison->inverse_root);
    rs_shortlists_free(&comparison->shortlists);
    rs_packed_free(packed);
}

bool rs_neighbours_find(struct rs_neighbours *found, const struct rs_matrix *matrix,
                        const struct rs_neighbours_options *options, size_t from, size_t to,
                        struct rs_error *err) {
    *found = (struct rs_neighbours){.from = from, .to = to};
    struct rs_values values =
        rs_packed_values(matrix, options->users, &options->similarity, options->min_similarity < 0);
    struct economy economy;
    if (!choose_economy(&economy, matrix, options, values.kind, to - from, err)) return false;
    found->start = rs_calloc(to - from + 1, sizeof *found->start);
    size_t share = (to - from + economy.passes - 1) / economy.passes;
    for (size_t first = from; first < to; first += share)
        find_pass(found, matrix, options, &values, &economy, first,
                  first + share < to ? first + share : to);
    return true;
}

void rs_neighbours_free(struct rs_neighbours *found) {
    free(found->start);
    free(found->other);
    free(found->similarity);
    *found = (struct rs_neighbours){0};
}

/* Parts */

/* Multiply-adds of a line against all, and one for looking at it. */
static double line_work(const struct rs_sparse *lines, const struct rs_sparse *others, size_t a) {
    double work = 1;
    for (uint64_t e = lines->start[a]; e < lines->start[a + 1]; e++) {
        size_t o = lines->other[e];
        work += (double)(others->start[o + 1] - others->start[o]);
    }
    return work;
}

void rs_neighbours_part(const struct rs_matrix *matrix, bool users, size_t i, size_t n,
                        size_t *from, size_t *to) {
    const struct rs_sparse *lines = rs_matrix_form(matrix, users);
    const struct rs_sparse *others = rs_matrix_form(matrix, !users);
    *from = 0;
    *to = lines->n_lines;
    if (n == 1) return;
    double *until = rs_malloc(lines->n_lines + 1, sizeof *until);
    for (size_t first = 0, end = 0; first < lines->n_lines; first = end) {
        uint64_t begin = lines->start[first], window = matrix->window;
        while (end < lines->n_lines && (window == 0 || lines->start[end] - begin < window)) end++;
#pragma omp parallel for schedule(static)
        for (size_t a = first; a < end; a++) until[a + 1] = line_work(lines, others, a);
        if (window > 0) rs_sparse_forget(lines, begin, lines->start[end]);
    }
    until[0] = 0;
    for (size_t a = 0; a < lines->n_lines; a++) until[a + 1] += until[a];
    double share = until[lines->n_lines] / (double)n;
    size_t cut[2] = {0, 0};
    for (size_t end = 0; end < 2; end++)
        while (cut[end] < lines->n_lines && until[cut[end]] < share * (double)(i + end)) cut[end]++;
    *from = cut[0];
    if (i + 1 < n) *to = cut[1];
    free(until);
}
