#include "neighbours/packed.h"

#include <float.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "base/pages.h"

/* Levels */

/* Levels are at finest eighths: steps that a float holds exactly. */
enum { EIGHTHS = 8, LARGEST_ON_GRID = 1 << 24 };

/* Ratings from which on several threads are worth waking, those that a thread takes at once, and
 * entries of a line that are sorted in place. */
enum { MANY = 100000, A_RUN = 1 << 16, FEW = 32 };

struct range {
    float min, max;
    bool off_grid; /* some rating is no multiple of 1/8 */
    uint32_t bits; /* of all ratings in eighths */
};

RS_CLONES static void extend_range(struct range *range, const float *rating, size_t n) {
    float min = range->min, max = range->max;
    uint32_t off = range->off_grid, bits = range->bits;
    for (size_t i = 0; i < n; i++) {
        float eighths = rating[i] * EIGHTHS;
        bool large = !(eighths < LARGEST_ON_GRID && eighths > -LARGEST_ON_GRID);
        int32_t whole = (int32_t)(large ? 0 : eighths);
        off |= (uint32_t)large | (uint32_t)((float)whole != eighths);
        bits |= (uint32_t)whole;
        min = rating[i] < min ? rating[i] : min;
        max = rating[i] > max ? rating[i] : max;
    }
    *range = (struct range){min, max, off != 0, bits};
}

static struct range range_of(const float *rating, uint64_t n, bool give_back) {
    float min = FLT_MAX, max = -FLT_MAX;
    uint32_t off = 0, bits = 0;
#pragma omp parallel for schedule(static) if (n > MANY) reduction(min                              \
                                                                  : min) reduction(max             \
                                                                                   : max)          \
    reduction(|                                                                                    \
              : off) reduction(|                                                                   \
                               : bits)
    for (uint64_t e = 0; e < n; e += MANY) {
        struct range range = {min, max, off != 0, bits};
        uint64_t end = n - e < MANY ? n : e + MANY;
        extend_range(&range, rating + e, end - e);
        if (give_back) rs_pages_drop(rating, e * sizeof *rating, end * sizeof *rating);
        min = range.min;
        max = range.max;
        off = range.off_grid;
        bits = range.bits;
    }
    return (struct range){min, max, off != 0, bits};
}

/* The levels of ratings, and the least and the greatest that occurs. False if the ratings lie on no
 * grid. */
static bool find_levels(const struct rs_matrix *matrix, enum rs_metric metric,
                        struct rs_values *values, double *min, double *max) {
    *values = (struct rs_values){.per_unit = 1};
    *min = *max = 1;
    if (metric == RS_ADJUSTED_COSINE || metric == RS_PEARSON_BASELINE) return false;
    if (metric == RS_JACCARD) return true;
    struct range range = range_of(matrix->rows.rating, matrix->n_ratings, matrix->window > 0);
    if (range.off_grid) return false;
    values->per_unit = EIGHTHS;
    for (uint32_t bits = range.bits; (bits & 1) == 0 && values->per_unit > 1; bits >>= 1)
        values->per_unit /= 2;
    /* A cosine depends on where 0 is; the others do not, and levels from 1 are the smallest. */
    if (metric != RS_COSINE) values->zero = (double)range.min - 1 / values->per_unit;
    *min = ((double)range.min - values->zero) * values->per_unit;
    *max = ((double)range.max - values->zero) * values->per_unit;
    return true;
}

static uint64_t longest_line(const struct rs_sparse *form) {
    uint64_t longest = 0;
    for (size_t line = 0; line < form->n_lines; line++) {
        uint64_t n = form->start[line + 1] - form->start[line];
        if (n > longest) longest = n;
    }
    return longest;
}

struct rs_values rs_packed_values(const struct rs_matrix *matrix, bool users,
                                  const struct rs_similarity *how, bool negative) {
    const struct rs_sparse *lines = rs_matrix_form(matrix, users);
    unsigned needs = rs_similarity_needs(how);
    bool alone = needs == 1u << RS_SUM_XY ||
                 (how->metric == RS_JACCARD && how->shrink <= 0 && how->min_support <= 1);
    bool centred = how->metric == RS_PEARSON && how->over == RS_FULL;
    bool small = lines->n_lines <= RS_ENTRY_MASK && lines->n_others <= RS_ENTRY_MASK;
    struct rs_values values;
    double min, max;
    if (small && find_levels(matrix, how->metric, &values, &min, &max) &&
        (double)longest_line(lines) * max * max <= (double)INT32_MAX) {
        values.kind = alone && !centred ? RS_LEVEL_PRODUCT : RS_LEVEL_SUMS;
        values.form = max <= RS_LEVEL_SMALL ? RS_DOTS_HALVES : RS_DOTS_BYTES;
        if (values.kind == RS_LEVEL_PRODUCT && min >= (negative ? 1 : 0) && max <= RS_LEVEL_MAX)
            return values;
        values.kind = RS_LEVEL_SUMS;
        if (min >= 1 && max <= RS_LEVEL_MAX_SQUARED) return values;
    }
    values = (struct rs_values){.kind = RS_REAL_SQUARES, .per_unit = 1};
    if ((needs & 1u << RS_SUM_X) != 0) values.kind = RS_REAL_SUMS;
    if (needs == 1u << RS_SUM_XY && !negative) values.kind = RS_REAL_PRODUCT;
    return values;
}

/* Order */

/* Numbers of the lines from..to-1 to ORDER, those with more entries first, ties by number. */
static void sort_by_entries(const struct rs_sparse *form, size_t from, size_t to, uint32_t *order) {
    uint64_t longest = longest_line(form);
    uint64_t *next = rs_calloc(longest + 2, sizeof *next);
    for (size_t line = from; line < to; line++)
        next[longest - (form->start[line + 1] - form->start[line]) + 1]++;
    for (uint64_t n = 0; n <= longest; n++) next[n + 1] += next[n];
    for (size_t line = from; line < to; line++)
        order[next[longest - (form->start[line + 1] - form->start[line])]++] = (uint32_t)line;
    free(next);
}

/* The rows from..to-1 first, then the lines before and behind them, merged by their entries. */
static void order_lines(struct rs_packed *packed, const struct rs_sparse *lines, size_t from,
                        size_t to) {
    uint32_t *all = rs_malloc(lines->n_lines, sizeof *all);
    sort_by_entries(lines, 0, lines->n_lines, all);
    size_t row = 0, rest = packed->n_rows;
    for (size_t i = 0; i < lines->n_lines; i++)
        packed->line[all[i] >= from && all[i] < to ? row++ : rest++] = all[i];
    free(all);
}

/* What filling needs to know besides the packed form. */
struct source {
    const struct rs_matrix *matrix;
    const struct rs_similarity *how;
    bool users;
    const struct rs_sparse *lines, *columns;
    uint32_t *position; /* of each line */
    uint32_t *column;   /* at each rank */
    uint32_t *rank;     /* of each column */
    const struct rs_values *values;
};

/* Entries: while they are sorted a rank is in the upper half of a key and the bits of the rating in
 * the lower. */

static void insert_by_rank(uint64_t *keys, size_t n) {
    for (size_t i = 1; i < n; i++) {
        uint64_t key = keys[i];
        size_t at = i;
        for (; at > 0 && keys[at - 1] > key; at--) keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

/* Sorts N keys of ranks up to LAST, byte by byte; returns where they are then: KEYS or SPARE. */
static uint64_t *sort_by_rank(uint64_t *keys, uint64_t *spare, size_t n, uint64_t last) {
    for (unsigned shift = 32; last > 0; shift += 8, last >>= 8) {
        size_t next[257] = {0};
        for (size_t i = 0; i < n; i++) next[(keys[i] >> shift & 0xff) + 1]++;
        for (size_t byte = 0; byte < 256; byte++) next[byte + 1] += next[byte];
        for (size_t i = 0; i < n; i++) spare[next[keys[i] >> shift & 0xff]++] = keys[i];
        uint64_t *sorted = spare;
        spare = keys;
        keys = sorted;
    }
    return keys;
}

static void put_entry(struct rs_packed *packed, const struct source *source, uint32_t line,
                      uint64_t key, uint64_t at) {
    uint32_t rank = (uint32_t)(key >> 32), bits = (uint32_t)key;
    float rating;
    memcpy(&rating, &bits, sizeof rating);
    packed->entry[at] = rank;
    if (packed->value != NULL) {
        packed->value[at] = rs_similarity_value(source->how, source->matrix, source->users, line,
                                                source->column[rank], rating);
    } else {
        const struct rs_values *values = source->values;
        double level = source->how->metric == RS_JACCARD
                           ? 1
                           : ((double)rating - values->zero) * values->per_unit;
        packed->entry[at] |= (uint32_t)level << RS_ENTRY_BITS;
    }
}

/* KEYS holds twice as many as the longest line has. */
static void fill_line(struct rs_packed *packed, const struct source *source, uint32_t line,
                      uint64_t *keys) {
    const struct rs_sparse *lines = source->lines;
    uint64_t begin = lines->start[line], at = packed->start[source->position[line]];
    size_t n = lines->start[line + 1] - begin;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &lines->rating[begin + i], sizeof bits);
        keys[i] = (uint64_t)source->rank[lines->other[begin + i]] << 32 | bits;
    }
    if (n < FEW) {
        insert_by_rank(keys, n);
    } else {
        keys = sort_by_rank(keys, keys + n, n, packed->n_columns - 1);
    }
    for (size_t i = 0; i < n; i++) put_entry(packed, source, line, keys[i], at + i);
}

/* The first line whose entries begin at E or later. */
static size_t line_from(const struct rs_sparse *lines, uint64_t e) {
    size_t low = 0, high = lines->n_lines;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (lines->start[middle] < e) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Reads the lines in the order of the file, in runs that are given back when their entries are
 * there. */
static void fill_entries(struct rs_packed *packed, const struct source *source) {
    const struct rs_sparse *lines = source->lines;
    uint64_t n = lines->start[lines->n_lines], longest = longest_line(lines);
#pragma omp parallel if (n > MANY)
    {
        uint64_t *keys = rs_malloc(2 * longest, sizeof *keys);
#pragma omp for schedule(dynamic)
        for (uint64_t e = 0; e < n; e += A_RUN) {
            size_t first = line_from(lines, e), end = line_from(lines, e + A_RUN);
            for (size_t line = first; line < end; line++)
                fill_line(packed, source, (uint32_t)line, keys);
            if (source->matrix->window > 0)
                rs_sparse_forget(lines, lines->start[first], lines->start[end]);
        }
        free(keys);
    }
}

/* Facts of lines */

static double entry_value(const struct rs_packed *packed, uint64_t e) {
    return packed->value != NULL ? packed->value[e] : (double)(packed->entry[e] >> RS_ENTRY_BITS);
}

static void find_facts(struct rs_packed *packed, const struct rs_similarity *how) {
    bool centred = packed->value == NULL && how->metric == RS_PEARSON;
#pragma omp parallel for schedule(dynamic, 256) if (packed->start[packed->n_lines] > MANY)
    for (size_t p = 0; p < packed->n_lines; p++) {
        double n = (double)(packed->start[p + 1] - packed->start[p]), sum = 0, squares = 0;
        for (uint64_t e = packed->start[p]; e < packed->start[p + 1]; e++) {
            double value = entry_value(packed, e);
            sum += value;
            squares += value * value;
        }
        packed->facts.n[p] = n;
        packed->facts.mean[p] = centred && n > 0 ? sum / n : 0;
        if (centred && n > 0) squares = (n * squares - sum * sum) / n;
        packed->facts.root[p] = squares > 0 ? sqrt(squares) : 0;
    }
}

static void allocate(struct rs_packed *packed, uint64_t n) {
    size_t padded = packed->n_lines + RS_PAIRS;
    packed->line = rs_malloc(packed->n_lines, sizeof *packed->line);
    packed->start = rs_malloc(packed->n_lines + 1, sizeof *packed->start);
    packed->entry = rs_pages_new(n * sizeof *packed->entry);
    packed->value =
        rs_packed_is_exact(packed->kind) ? NULL : rs_pages_new(n * sizeof *packed->value);
    packed->column_n = rs_malloc(packed->n_columns, sizeof *packed->column_n);
    packed->facts.n = rs_calloc(padded, sizeof(double));
    packed->facts.root = rs_calloc(padded, sizeof(double));
    packed->facts.mean = rs_calloc(padded, sizeof(double));
}

void rs_packed_make(struct rs_packed *packed, const struct rs_matrix *matrix, bool users,
                    const struct rs_similarity *how, const struct rs_values *values, size_t from,
                    size_t to) {
    struct source source = {.matrix = matrix,
                            .how = how,
                            .users = users,
                            .lines = rs_matrix_form(matrix, users),
                            .columns = rs_matrix_form(matrix, !users),
                            .values = values};
    *packed = (struct rs_packed){.kind = values->kind,
                                 .form = values->form,
                                 .unit = 1 / values->per_unit,
                                 .n_lines = source.lines->n_lines,
                                 .n_rows = to - from,
                                 .n_columns = source.columns->n_lines};
    allocate(packed, matrix->n_ratings);
    order_lines(packed, source.lines, from, to);
    source.column = rs_malloc(packed->n_columns, sizeof *source.column);
    source.rank = rs_malloc(packed->n_columns, sizeof *source.rank);
    sort_by_entries(source.columns, 0, packed->n_columns, source.column);
    source.position = rs_malloc(packed->n_lines, sizeof *source.position);
    packed->start[0] = 0;
    for (size_t p = 0; p < packed->n_lines; p++) {
        uint32_t line = packed->line[p];
        source.position[line] = (uint32_t)p;
        packed->start[p + 1] =
            packed->start[p] + source.lines->start[line + 1] - source.lines->start[line];
    }
    for (size_t rank = 0; rank < packed->n_columns; rank++) {
        const uint64_t *start = source.columns->start + source.column[rank];
        source.rank[source.column[rank]] = (uint32_t)rank;
        packed->column_n[rank] = (uint32_t)(start[1] - start[0]);
    }
    fill_entries(packed, &source);
    find_facts(packed, how);
    free(source.column);
    free(source.rank);
    free(source.position);
}

void rs_packed_add_columns(struct rs_packed *packed, size_t tail) {
    size_t n_columns = packed->n_columns;
    uint32_t mask = packed->value != NULL ? UINT32_MAX : RS_ENTRY_MASK;
    uint64_t begin = packed->start[tail], end = packed->start[packed->n_rows];
    packed->tail = tail;
    packed->column_entry = rs_aligned(end - begin, sizeof *packed->column_entry);
    if (packed->value != NULL)
        packed->column_value = rs_aligned(end - begin, sizeof *packed->column_value);
    /* Start[c + 1] walks from the beginning of column c to its end. */
    uint64_t *start = packed->column_start = rs_calloc(n_columns + 2, sizeof *start);
    for (uint64_t e = begin; e < end; e++) start[(packed->entry[e] & mask) + 2]++;
    for (size_t c = 0; c <= n_columns; c++) start[c + 1] += start[c];
    for (size_t p = tail; p < packed->n_rows; p++) {
        for (uint64_t e = packed->start[p]; e < packed->start[p + 1]; e++) {
            uint64_t at = start[(packed->entry[e] & mask) + 1]++;
            packed->column_entry[at] = (uint32_t)(p - tail) | (packed->entry[e] & ~mask);
            if (packed->value != NULL) packed->column_value[at] = packed->value[e];
        }
    }
}

void rs_packed_free(struct rs_packed *packed) {
    uint64_t n = packed->start[packed->n_lines];
    rs_pages_free(packed->entry, n * sizeof *packed->entry);
    rs_pages_free(packed->value, n * sizeof *packed->value);
    free(packed->line);
    free(packed->start);
    free(packed->column_n);
    free(packed->facts.n);
    free(packed->facts.root);
    free(packed->facts.mean);
    free(packed->column_start);
    free(packed->column_entry);
    free(packed->column_value);
    *packed = (struct rs_packed){0};
}

size_t rs_packed_entry_bytes(enum rs_sums_kind kind) {
    return rs_packed_is_exact(kind) ? sizeof(uint32_t) : sizeof(uint32_t) + sizeof(double);
}

size_t rs_packed_bytes(const struct rs_matrix *matrix, bool users, enum rs_sums_kind kind) {
    const struct rs_sparse *lines = rs_matrix_form(matrix, users);
    return matrix->n_ratings * rs_packed_entry_bytes(kind) + lines->n_lines * 44 +
           lines->n_others * 20;
}
