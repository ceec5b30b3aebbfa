#include "results.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

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

static int compare_results(const void *a, const void *b) {
    const struct result *first = a, *second = b;
    if (first->model != second->model) return first->model < second->model ? -1 : 1;
    if (first->segment != second->segment) return first->segment < second->segment ? -1 : 1;
    if (first->fold != second->fold) return first->fold < second->fold ? -1 : 1;
    return first->request < second->request ? -1 : first->request > second->request;
}

static size_t place_in_index(const struct results *results, size_t segment, size_t model,
                             size_t request) {
    return (segment * results->n_models + model) * results->n_requests + request;
}

void results_arrange(struct results *results, const struct evidence *evidence,
                     const struct segments *segments, const struct requests *requests) {
    if (results->n > 0)
        qsort(results->all, results->n, sizeof *results->all, compare_results);
    results->n_models = evidence->n_models;
    results->n_requests = requests->n;
    results->index =
        rs_calloc((segments->n + 1) * evidence->n_models * requests->n, sizeof *results->index);
    for (size_t i = 0; i < results->n; i++) {
        const struct result *result = &results->all[i];
        if (result->fold == WHOLE)
            results
                ->index[place_in_index(results, result->segment, result->model, result->request)] =
                result;
    }
}

const struct result *results_at(const struct results *results, size_t segment, size_t model,
                                size_t request) {
    return results->index[place_in_index(results, segment, model, request)];
}

const char *result_fold(const struct evidence *evidence, uint32_t fold) {
    return fold == WHOLE ? "all" : evidence->folds[fold - 1]->label;
}

const char *result_segment(const struct segments *segments, uint32_t segment) {
    return segment == WHOLE ? "all" : segments->all[segment - 1].name;
}

/* Simpson's paradox */

/* Two models, by one measure. */
struct rivals {
    size_t a, b, request;
};

/* Whose figure is greater: -1 or 1, 0 if neither's or there is none. */
static int order_of(const struct results *results, struct rivals rivals, size_t segment) {
    const struct result *a = results_at(results, segment, rivals.a, rivals.request);
    const struct result *b = results_at(results, segment, rivals.b, rivals.request);
    if (a == NULL || b == NULL) return 0;
    return (a->value > b->value) - (a->value < b->value);
}

/* True if segments FROM … TO - 1 all say the opposite of the whole, and two of them say something.
 */
static bool all_oppose(const struct results *results, struct rivals rivals, size_t from,
                       size_t to) {
    int whole = order_of(results, rivals, WHOLE);
    size_t n = 0;
    for (size_t s = from; s < to; s++) {
        int here = order_of(results, rivals, s + 1);
        if (here != 0 && here == whole) return false;
        n += here != 0;
    }
    return whole != 0 && n >= 2;
}

static void note(struct results *results, const struct evidence *evidence,
                 const struct requests *requests, struct rivals rivals, const char *segment) {
    bool greater = order_of(results, rivals, WHOLE) > 0;
    rs_grow(&results->notes, &results->note_capacity, results->n_notes + 1, sizeof *results->notes);
    results->notes[results->n_notes++] = rs_format(
        "%s of %s is %s than that of %s on the whole, but in every segment by %.*s it is the other "
        "way round",
        requests->all[rivals.request].name, evidence->models[rivals.a]->name,
        greater ? "greater" : "smaller", evidence->models[rivals.b]->name,
        (int)strcspn(segment, ":"), segment);
}

/* The segments of one kind follow one another: those that begin with the same word and a colon. */
static size_t end_of_kind(const struct segments *segments, size_t from) {
    size_t length = strcspn(segments->all[from].name, ":") + 1, to = from + 1;
    while (to < segments->n &&
           strncmp(segments->all[to].name, segments->all[from].name, length) == 0)
        to++;
    return to;
}

void results_beware(struct results *results, const struct evidence *evidence,
                    const struct segments *segments, const struct requests *requests) {
    for (size_t from = 0, to; from < segments->n; from = to) {
        to = end_of_kind(segments, from);
        struct rivals rivals;
        for (rivals.request = 0; rivals.request < requests->n; rivals.request++)
            for (rivals.a = 0; rivals.a < evidence->n_models; rivals.a++)
                for (rivals.b = rivals.a + 1; rivals.b < evidence->n_models; rivals.b++)
                    if (all_oppose(results, rivals, from, to))
                        note(results, evidence, requests, rivals, segments->all[from].name);
    }
}

void results_free(struct results *results) {
    for (size_t i = 0; i < results->n_notes; i++) free(results->notes[i]);
    free(results->notes);
    free(results->comparisons);
    free(results->index);
    free(results->all);
    *results = (struct results){0};
}
