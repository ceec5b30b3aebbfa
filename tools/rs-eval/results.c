#include "results.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

void results_add(struct results *results, struct result result) {
    rs_grow(&results->all, &results->capacity, results->n + 1, sizeof *results->all);
    results->all[results->n++] = result;
}

void results_compare(struct results *results, struct comparison comparison) {
    rs_grow(&results->comparisons, &results->comparison_capacity, results->n_comparisons + 1,
            sizeof *results->comparisons);
    results->comparisons[results->n_comparisons++] = comparison;
}

const char *results_name(struct results *results, char *name) {
    rs_grow(&results->names, &results->name_capacity, results->n_names + 1, sizeof *results->names);
    return results->names[results->n_names++] = name;
}

/* Where a result belongs: models, segments and folds by first mention, "all" before the others. */
struct place {
    size_t model, segment, fold, request, index;
};

static int compare_places(const void *a, const void *b) {
    const size_t *first = a, *second = b;
    for (size_t k = 0; k < sizeof(struct place) / sizeof(size_t); k++)
        if (first[k] != second[k]) return first[k] < second[k] ? -1 : 1;
    return 0;
}

static size_t model_number(const struct evidence *evidence, const struct model *model) {
    size_t m = 0;
    while (evidence->models[m] != model) m++;
    return m;
}

static size_t fold_number(const struct evidence *evidence, const char *label) {
    size_t f = 0;
    if (strcmp(label, "all") == 0) return 0;
    while (strcmp(evidence->folds[f]->label, label) != 0) f++;
    return f + 1;
}

static size_t segment_number(const struct results *results, const char *segment) {
    size_t s = 0;
    if (strcmp(segment, "all") == 0) return 0;
    while (results->names[s] != segment) s++;
    return s + 1;
}

void results_sort(struct results *results, const struct evidence *evidence) {
    struct place *places = rs_malloc(results->n, sizeof *places);
    struct result *sorted = rs_malloc(results->n, sizeof *sorted);
    for (size_t i = 0; i < results->n; i++) {
        const struct result *result = &results->all[i];
        places[i] = (struct place){model_number(evidence, result->model),
                                   segment_number(results, result->segment),
                                   fold_number(evidence, result->fold), result->request, i};
    }
    qsort(places, results->n, sizeof *places, compare_places);
    for (size_t i = 0; i < results->n; i++) sorted[i] = results->all[places[i].index];
    free(places);
    free(results->all);
    results->all = sorted;
    results->capacity = results->n;
}

void results_free(struct results *results) {
    for (size_t i = 0; i < results->n_names; i++) free(results->names[i]);
    free(results->names);
    free(results->comparisons);
    free(results->all);
    *results = (struct results){0};
}

const struct result *results_find(const struct results *results, const struct model *model,
                                  const char *fold, const char *segment, size_t request) {
    for (size_t i = 0; i < results->n; i++) {
        const struct result *result = &results->all[i];
        if (result->model == model && result->request == request &&
            strcmp(result->fold, fold) == 0 && strcmp(result->segment, segment) == 0)
            return result;
    }
    return NULL;
}
