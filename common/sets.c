#include "sets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dense.h"
#include "memory.h"
#include "topk.h"

static float weight_of(const struct rs_sparse *form, size_t line) {
    return (float)(1 / sqrt((double)(form->start[line + 1] - form->start[line])));
}

/* The N lines of FORM with most entries, ascending. */
static void choose_features(struct rs_sets *sets, size_t max_features) {
    const struct rs_sparse *others = sets->transposed;
    size_t n = others->n_lines, kept = 0;
    sets->n_features = n < max_features ? n : max_features;
    uint64_t *keys = rs_malloc(n, sizeof *keys);
    for (uint32_t i = 0; i < n; i++)
        keys[i] = rs_topk_key((float)(others->start[i + 1] - others->start[i]), i);
    rs_topk_partition(keys, n, sets->n_features);
    sets->number = rs_malloc(n, sizeof *sets->number);
    sets->feature = rs_malloc(sets->n_features, sizeof *sets->feature);
    for (size_t i = 0; i < n; i++) sets->number[i] = RS_NONE;
    for (size_t k = 0; k < sets->n_features; k++) sets->number[rs_topk_index(keys[k])] = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (sets->number[i] == RS_NONE) continue;
        sets->number[i] = (uint32_t)kept;
        sets->feature[kept++] = i;
    }
    free(keys);
}

/* S'S + tau, the lower triangle: every feature's row from the lines that have it. */
static void make_system(struct rs_sets *sets, double tau) {
    size_t m = sets->n_features;
    const struct rs_sparse *form = sets->form, *others = sets->transposed;
#pragma omp parallel
    {
        double *sum = rs_malloc(m, sizeof *sum);
#pragma omp for schedule(dynamic, 4)
        for (size_t k = 0; k < m; k++) {
            size_t feature = sets->feature[k];
            memset(sum, 0, m * sizeof *sum);
            for (uint64_t e = others->start[feature]; e < others->start[feature + 1]; e++) {
                size_t line = others->other[e];
                double share = 1 / (double)(form->start[line + 1] - form->start[line]);
                for (uint64_t f = form->start[line]; form->other[f] < feature; f++)
                    if (sets->number[form->other[f]] != RS_NONE)
                        sum[sets->number[form->other[f]]] += share;
                sum[k] += share;
            }
            for (size_t j = 0; j <= k; j++)
                sets->inverse[k * m + j] = (float)(sum[j] + (j == k ? tau : 0));
        }
        free(sum);
    }
}

/* h of one line: the inverse summed over all pairs of its features. */
static float leverage_of(const struct rs_sets *sets, size_t line) {
    const struct rs_sparse *form = sets->form;
    double sum = 0;
    for (uint64_t e = form->start[line]; e < form->start[line + 1]; e++) {
        uint32_t k = sets->number[form->other[e]];
        if (k == RS_NONE) continue;
        const float *row = sets->inverse + k * sets->n_features;
        double half = 0;
        for (uint64_t f = form->start[line]; f < e; f++)
            if (sets->number[form->other[f]] != RS_NONE)
                half += (double)row[sets->number[form->other[f]]];
        sum += 2 * half + (double)row[k];
    }
    double h = sum / (double)(form->start[line + 1] - form->start[line]);
    return (float)(h < 0 ? 0 : h > 0.999 ? 0.999 : h);
}

bool rs_sets_init(struct rs_sets *sets, const struct rs_sparse *form,
                  const struct rs_sparse *transposed, size_t max_features, double tau,
                  size_t width) {
    *sets = (struct rs_sets){.form = form, .transposed = transposed, .width = width};
    choose_features(sets, max_features);
    size_t m = sets->n_features;
    sets->inverse = rs_aligned(m * m, sizeof *sets->inverse);
    sets->leverage = rs_malloc(form->n_lines, sizeof *sets->leverage);
    sets->y = rs_aligned(m * width, sizeof *sets->y);
    make_system(sets, tau);
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
    free(sets->feature);
    free(sets->number);
    free(sets->inverse);
    free(sets->leverage);
    free(sets->y);
    *sets = (struct rs_sets){0};
}

/* S'X: of each feature, the vectors of the lines that have it. */
static float *gather_features(const struct rs_sets *sets, const float *x) {
    const struct rs_sparse *others = sets->transposed;
    size_t width = sets->width, m = sets->n_features;
    float *sums = rs_aligned(m * width, sizeof *sums);
    memset(sums, 0, m * width * sizeof *sums);
#pragma omp parallel
    {
        float *weight = NULL;
        size_t capacity = 0;
#pragma omp for schedule(dynamic, 4)
        for (size_t k = 0; k < m; k++) {
            uint64_t begin = others->start[sets->feature[k]];
            size_t n = others->start[sets->feature[k] + 1] - begin;
            rs_grow(&weight, &capacity, n, sizeof *weight);
            for (size_t e = 0; e < n; e++)
                weight[e] = weight_of(sets->form, others->other[begin + e]);
            rs_dense_gather(sums + k * width, n, others->other + begin, weight, x, width, width);
        }
        free(weight);
    }
    return sums;
}

void rs_sets_regress(struct rs_sets *sets, const float *x, float *mean) {
    const struct rs_sparse *form = sets->form;
    size_t width = sets->width, m = sets->n_features;
    float *sums = gather_features(sets, x);
    memset(sets->y, 0, m * width * sizeof *sets->y);
#pragma omp parallel for schedule(dynamic, 16)
    for (size_t k = 0; k < m; k++)
        rs_dense_combine(sets->y + k * width, sets->inverse + k * m, sums, width, width, m);
    free(sums);
#pragma omp parallel for schedule(dynamic, 64)
    for (size_t line = 0; line < form->n_lines; line++) {
        uint64_t begin = form->start[line];
        float *own = mean + line * width, h = sets->leverage[line];
        rs_sets_mean(sets->number, sets->y, width, form->start[line + 1] - begin,
                     form->other + begin, own);
        for (size_t f = 0; f < width; f++) own[f] = (own[f] - h * x[line * width + f]) / (1 - h);
    }
}

void rs_sets_mean(const uint32_t *number, const float *y, size_t width, size_t n,
                  const uint32_t *other, float *mean) {
    memset(mean, 0, width * sizeof *mean);
    float weight = n == 0 ? 0 : (float)(1 / sqrt((double)n));
    for (size_t e = 0; e < n; e++) {
        uint32_t k = number == NULL ? other[e] : number[other[e]];
        if (k != RS_NONE) rs_dense_gather(mean, 1, &k, &weight, y, width, width);
    }
}
