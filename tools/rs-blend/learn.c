#include "learn.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const char *const method_names[] = {"stack", "switch", "fixed", NULL};

static int compare_counts(const void *a, const void *b) {
    uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;
    return first < second ? -1 : first > second;
}

static void quantiles(const uint32_t *counts, size_t n, const double shares[2], double out[2]) {
    out[0] = out[1] = 0;
    if (n == 0) return;
    uint32_t *sorted = rs_malloc(n, sizeof *sorted);
    memcpy(sorted, counts, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_counts);
    for (int q = 0; q < 2; q++) out[q] = sorted[(size_t)(shares[q] * (double)(n - 1))];
    free(sorted);
}

void learned_init(struct learned *learned, enum rs_task task, enum rs_basis basis,
                  const struct samples *samples) {
    static const size_t n_functions[] = {1, 4, 9};
    size_t n = samples->n_parents, c = n_functions[basis];
    *learned = (struct learned){.weights = rs_calloc(n * c, sizeof(double)),
                                .support_weights = rs_calloc(n, sizeof(double)),
                                .support_scale = rs_calloc(n, sizeof(double)),
                                .offsets = rs_calloc(c, sizeof(double)),
                                .figures = json_object()};
    struct rs_blend *blend = &learned->blend;
    *blend = (struct rs_blend){.task = task,
                               .basis = basis,
                               .n_parents = n,
                               .n_functions = c,
                               .weights = learned->weights,
                               .support_weights = learned->support_weights,
                               .support_scale = learned->support_scale,
                               .offsets = learned->offsets};
    blend->parents = rs_calloc(n, sizeof *blend->parents);
    const double outer[2] = {0.1, 0.9}, terciles[2] = {1. / 3, 2. / 3};
    const double *shares = basis == RS_BASIS_CELLS ? terciles : outer;
    quantiles(samples->user_count, samples->n, shares, blend->knots);
    quantiles(samples->item_count, samples->n, shares, blend->knots + 2);
    for (size_t m = 0; m < n; m++) {
        blend->parents[m] = samples->parents[m].name;
        learned->support_scale[m] = 1;
    }
}

void learned_free(struct learned *learned) {
    free(learned->weights);
    free(learned->support_weights);
    free(learned->support_scale);
    free(learned->offsets);
    free(learned->blend.parents);
    json_decref(learned->figures);
    *learned = (struct learned){0};
}

void learned_functions(const struct learned *learned, const struct samples *samples, size_t i,
                       double functions[RS_BASIS_MAX]) {
    rs_basis_functions(learned->blend.basis, learned->blend.knots, samples->user_count[i],
                       samples->item_count[i], functions);
}

void learned_alone(struct learned *learned, size_t parent) {
    size_t n = learned->blend.n_parents, c = learned->blend.n_functions;
    memset(learned->weights, 0, n * c * sizeof *learned->weights);
    memset(learned->support_weights, 0, n * sizeof *learned->support_weights);
    memset(learned->offsets, 0, c * sizeof *learned->offsets);
    for (size_t f = 0; f < c; f++) learned->weights[parent * c + f] = 1;
}
