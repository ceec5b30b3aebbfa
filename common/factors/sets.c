#include "factors/sets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/topk.h"
#include "factors/gram.h"
#include "linear/dense.h"

/* The lines of OTHERS with most entries, ascending. */
static void choose_members(struct rs_sets *sets, const struct rs_sparse *others,
                           size_t max_members) {
    size_t n = others->n_lines, kept = 0;
    sets->n_members = n < max_members ? n : max_members;
    uint64_t *keys = rs_malloc(n, sizeof *keys);
    for (uint32_t i = 0; i < n; i++)
        keys[i] = rs_topk_key((float)(others->start[i + 1] - others->start[i]), i);
    rs_topk_partition(keys, n, sets->n_members);
    sets->number = rs_malloc(n, sizeof *sets->number);
    sets->member = rs_malloc(sets->n_members, sizeof *sets->member);
    for (size_t i = 0; i < n; i++) sets->number[i] = RS_NONE;
    for (size_t k = 0; k < sets->n_members; k++) sets->number[rs_topk_index(keys[k])] = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (sets->number[i] == RS_NONE) continue;
        sets->number[i] = (uint32_t)kept;
        sets->member[kept++] = i;
    }
    free(keys);
}

/* S by rows: members, then attributes. */
static void make_rows(struct rs_sets *sets, const struct rs_sparse *form,
                      const struct rs_attributes *attributes, double attribute_weight) {
    size_t n = form->n_lines, most = form->start[n] + attributes->start[n];
    uint64_t *start = sets->owned[0] = rs_calloc(n + 1, sizeof *start);
    uint32_t *other = sets->owned[1] = rs_malloc(most, sizeof *other);
    float *value = sets->owned[2] = rs_malloc(most, sizeof *value);
    uint64_t at = 0;
    for (size_t line = 0; line < n; line++) {
        double size = (double)(form->start[line + 1] - form->start[line]);
        for (uint64_t e = form->start[line]; e < form->start[line + 1]; e++) {
            if (sets->number[form->other[e]] == RS_NONE) continue;
            other[at] = sets->number[form->other[e]];
            value[at++] = (float)(1 / sqrt(size));
        }
        for (uint64_t e = attributes->start[line]; e < attributes->start[line + 1]; e++) {
            other[at] = (uint32_t)sets->n_members + attributes->feature[e];
            value[at++] = (float)(attribute_weight * (double)attributes->value[e]);
        }
        start[line + 1] = at;
    }
    sets->rows = (struct rs_sparse){n, sets->n_features, start, other, value};
}

static int compare_features(const void *a, const void *b) {
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return first < second ? -1 : first > second;
}

/* Features must ascend within a row, as in every struct rs_sparse; a set's members come in any
 * order. */
static void sort_attributes(const struct rs_sparse *rows) {
    uint64_t *keys = NULL;
    size_t capacity = 0;
    for (size_t line = 0; line < rows->n_lines; line++) {
        uint64_t begin = rows->start[line], n = rows->start[line + 1] - begin;
        uint32_t *other = (uint32_t *)(uintptr_t)rows->other + begin;
        float *value = (float *)(uintptr_t)rows->rating + begin;
        rs_grow(&keys, &capacity, n, sizeof *keys);
        for (size_t e = 0; e < n; e++) {
            uint32_t bits;
            memcpy(&bits, &value[e], sizeof bits);
            keys[e] = (uint64_t)other[e] << 32 | bits;
        }
        qsort(keys, n, sizeof *keys, compare_features);
        for (size_t e = 0; e < n; e++) {
            uint32_t bits = (uint32_t)keys[e];
            other[e] = (uint32_t)(keys[e] >> 32);
            memcpy(&value[e], &bits, sizeof bits);
        }
    }
    free(keys);
}

static void make_columns(struct rs_sets *sets) {
    const struct rs_sparse *rows = &sets->rows;
    size_t n = rows->start[rows->n_lines], m = sets->n_features;
    uint64_t *start = sets->owned[3] = rs_calloc(m + 2, sizeof *start);
    uint32_t *other = sets->owned[4] = rs_malloc(n, sizeof *other);
    float *value = sets->owned[5] = rs_malloc(n, sizeof *value);
    for (uint64_t e = 0; e < n; e++) start[rows->other[e] + 2]++;
    for (size_t k = 1; k < m + 2; k++) start[k] += start[k - 1];
    for (size_t line = 0; line < rows->n_lines; line++)
        for (uint64_t e = rows->start[line]; e < rows->start[line + 1]; e++) {
            uint64_t at = start[rows->other[e] + 1]++;
            other[at] = (uint32_t)line;
            value[at] = rows->rating[e];
        }
    sets->columns = (struct rs_sparse){m, rows->n_lines, start, other, value};
}

/* h of one line: the inverse summed over all pairs of its features. */
static float leverage_of(const struct rs_sets *sets, size_t line) {
    const struct rs_sparse *rows = &sets->rows;
    double sum = 0;
    for (uint64_t e = rows->start[line]; e < rows->start[line + 1]; e++) {
        const float *inverse = sets->inverse + rows->other[e] * sets->n_features;
        double below = 0, own = (double)rows->rating[e];
        for (uint64_t f = rows->start[line]; f < e; f++)
            below += (double)rows->rating[f] * (double)inverse[rows->other[f]];
        sum += own * (2 * below + own * (double)inverse[rows->other[e]]);
    }
    return (float)(sum < 0 ? 0 : sum > 0.999 ? 0.999 : sum);
}

bool rs_sets_init(struct rs_sets *sets, const struct rs_sparse *form,
                  const struct rs_sparse *transposed, const struct rs_table *table,
                  const struct rs_sets_options *options) {
    static const struct rs_table no_table;
    struct rs_attributes attributes;
    *sets = (struct rs_sets){.width = options->width};
    choose_members(sets, transposed, options->max_members);
    rs_attributes_make(&attributes, options->attribute_weight > 0 ? table : &no_table,
                       form->n_lines);
    size_t m = sets->n_features = sets->n_members + attributes.n_features;
    make_rows(sets, form, &attributes, options->attribute_weight);
    rs_attributes_free(&attributes);
    sort_attributes(&sets->rows);
    make_columns(sets);
    sets->inverse = rs_aligned(m * m, sizeof *sets->inverse);
    sets->leverage = rs_malloc(form->n_lines, sizeof *sets->leverage);
    sets->y = rs_aligned(m * sets->width, sizeof *sets->y);
    rs_gram(sets->inverse, &sets->columns, &sets->rows);
    for (size_t k = 0; k < m; k++)
        sets->inverse[k * m + k] = (float)((double)sets->inverse[k * m + k] + options->tau);
    if (!rs_dense_invert(sets->inverse, m)) {
        rs_sets_free(sets);
        return false;
    }
#pragma omp parallel for schedule(dynamic, 16)
    for (size_t line = 0; line < form->n_lines; line++)
        sets->leverage[line] = leverage_of(sets, line);
    return true;
}

void rs_sets_free(struct rs_sets *sets) {
    for (size_t o = 0; o < sizeof sets->owned / sizeof *sets->owned; o++) free(sets->owned[o]);
    free(sets->member);
    free(sets->number);
    free(sets->inverse);
    free(sets->leverage);
    free(sets->y);
    *sets = (struct rs_sets){0};
}

void rs_sets_regress(struct rs_sets *sets, const float *x, float *mean) {
    const struct rs_sparse *rows = &sets->rows, *columns = &sets->columns;
    size_t width = sets->width, m = sets->n_features;
    float *sums = rs_aligned(m * width, sizeof *sums); /* S'X */
    memset(sums, 0, m * width * sizeof *sums);
    memset(sets->y, 0, m * width * sizeof *sets->y);
    memset(mean, 0, rows->n_lines * width * sizeof *mean);
#pragma omp parallel
    {
#pragma omp for schedule(dynamic, 4)
        for (size_t k = 0; k < m; k++) {
            uint64_t begin = columns->start[k];
            rs_dense_gather(sums + k * width, columns->start[k + 1] - begin, columns->other + begin,
                            columns->rating + begin, x, width, width);
        }
#pragma omp for schedule(dynamic, 16)
        for (size_t k = 0; k < m; k++)
            rs_dense_combine(sets->y + k * width, sets->inverse + k * m, sums, width, width, m);
#pragma omp for schedule(dynamic, 64)
        for (size_t line = 0; line < rows->n_lines; line++) {
            uint64_t begin = rows->start[line];
            float *own = mean + line * width, h = sets->leverage[line];
            rs_dense_gather(own, rows->start[line + 1] - begin, rows->other + begin,
                            rows->rating + begin, sets->y, width, width);
            for (size_t f = 0; f < width; f++)
                own[f] = (own[f] - h * x[line * width + f]) / (1 - h);
        }
    }
    free(sums);
}

void rs_sets_attributes(const struct rs_sets *sets, float *said) {
    const struct rs_sparse *rows = &sets->rows;
    memset(said, 0, rows->n_lines * sets->width * sizeof *said);
    for (size_t line = 0; line < rows->n_lines; line++) {
        uint64_t begin = rows->start[line], end = rows->start[line + 1];
        while (begin < end && rows->other[begin] < sets->n_members) begin++;
        rs_dense_gather(said + line * sets->width, end - begin, rows->other + begin,
                        rows->rating + begin, sets->y, sets->width, sets->width);
    }
}

void rs_sets_add(const uint32_t *number, const float *y, size_t width, size_t n,
                 const uint32_t *other, float *mean) {
    float weight = n == 0 ? 0 : (float)(1 / sqrt((double)n));
    for (size_t e = 0; e < n; e++)
        if (number[other[e]] != RS_NONE)
            rs_dense_gather(mean, 1, &number[other[e]], &weight, y, width, width);
}
