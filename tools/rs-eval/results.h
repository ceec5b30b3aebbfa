/* The figures: every model by every measure, for each fold, for all of them, for each segment. */
#ifndef RESULTS_H
#define RESULTS_H

#include "evidence.h"
#include "request.h"
#include "tally.h"

struct result {
    const struct model *model;
    const char *fold;    /* "all", or a fold's label */
    const char *segment; /* "all", or "sex:F" */
    size_t request;
    double value;
    uint64_t n;
    double low, high; /* interval; NAN without one */
};

struct results {
    size_t n, capacity;
    struct result *all;
};

void results_add(struct results *results, struct result result);
void results_free(struct results *results);

/* The figure of a model over all folds and the whole, or NULL. */
const struct result *results_whole(const struct results *results, const struct model *model,
                                   size_t request);

#endif
