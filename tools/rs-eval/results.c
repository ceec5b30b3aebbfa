#include "results.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

void results_add(struct results *results, struct result result) {
    rs_grow(&results->all, &results->capacity, results->n + 1, sizeof *results->all);
    results->all[results->n++] = result;
}

void results_free(struct results *results) {
    free(results->all);
    *results = (struct results){0};
}

const struct result *results_whole(const struct results *results, const struct model *model,
                                   size_t request) {
    for (size_t i = 0; i < results->n; i++) {
        const struct result *result = &results->all[i];
        if (result->model == model && result->request == request &&
            strcmp(result->fold, "all") == 0 && strcmp(result->segment, "all") == 0)
            return result;
    }
    return NULL;
}
