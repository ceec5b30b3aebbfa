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

void results_join(struct results *results, const struct results *from) {
    for (size_t i = 0; i < from->n; i++) results_add(results, from->all[i]);
    for (size_t i = 0; i < from->n_comparisons; i++) results_compare(results, from->comparisons[i]);
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

/* Simpson's paradox */

static size_t kind_length(const char *segment) {
    const char *colon = strchr(segment, ':');
    return colon == NULL ? 0 : (size_t)(colon - segment);
}

/* Who of two is better by a figure, -1 or 1, for each name of a segment (0: the whole); 0: neither
 * is, or there is no figure. */
static int better_of(const struct results *results, const struct model *a, const struct model *b,
                     const char *segment, size_t r) {
    const struct result *first = results_find(results, a, "all", segment, r);
    const struct result *second = results_find(results, b, "all", segment, r);
    if (first == NULL || second == NULL) return 0;
    return (first->value > second->value) - (first->value < second->value);
}

/* True if the segments that begin like number FROM all say the opposite of WHOLE, and are two at
 * least. */
static bool all_oppose(const struct results *results, const struct model *a, const struct model *b,
                       size_t from, int whole, size_t r) {
    size_t length = kind_length(results->names[from]), n = 0;
    for (size_t s = from; s < results->n_names; s++) {
        const char *name = results->names[s];
        if (kind_length(name) != length || strncmp(name, results->names[from], length) != 0)
            continue;
        int here = better_of(results, a, b, name, r);
        if (here == 0) continue;
        if (here == whole) return false;
        n++;
    }
    return n >= 2;
}

static void beware_of_pair(struct results *results, const struct model *a, const struct model *b,
                           size_t r, const char *measure) {
    int whole = better_of(results, a, b, "all", r);
    for (size_t s = 0; whole != 0 && s < results->n_names; s++) {
        const char *name = results->names[s];
        size_t length = kind_length(name);
        bool is_first = s == 0 || kind_length(results->names[s - 1]) != length ||
                        strncmp(results->names[s - 1], name, length) != 0;
        if (length == 0 || !is_first || !all_oppose(results, a, b, s, whole, r)) continue;
        rs_grow(&results->notes, &results->note_capacity, results->n_notes + 1,
                sizeof *results->notes);
        results->notes[results->n_notes++] = rs_format(
            "%s of %s is %s than that of %s on the whole, but in every segment by %.*s it is "
            "the other way round",
            measure, a->name, whole > 0 ? "greater" : "smaller", b->name, (int)length, name);
    }
}

void results_beware(struct results *results, const struct evidence *evidence,
                    const struct requests *requests) {
    for (size_t r = 0; r < requests->n; r++)
        for (size_t m = 0; m < evidence->n_models; m++)
            for (size_t o = m + 1; o < evidence->n_models; o++)
                beware_of_pair(results, evidence->models[m], evidence->models[o], r,
                               requests->all[r].name);
}

void results_free(struct results *results) {
    for (size_t i = 0; i < results->n_names; i++) free(results->names[i]);
    free(results->names);
    for (size_t i = 0; i < results->n_notes; i++) free(results->notes[i]);
    free(results->notes);
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
