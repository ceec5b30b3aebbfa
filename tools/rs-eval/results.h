/* The figures: every model by every measure, for each fold, for all of them, for each segment; and
 * the differences between models. */
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
    double low, high; /* bootstrap interval; NAN without one */
};

/* Model less other. */
struct comparison {
    const struct model *model, *other;
    const char *segment;
    size_t request;
    double difference, low, high;
    uint64_t n;       /* users */
    double wins;      /* share of users for whom the model is the better one, draws counting half */
    double effect;    /* of the test: see significance.h; NAN: not defined */
    double p, p_holm; /* of the test over users */
    double p_folds;   /* of the corrected resampled t test over folds; NAN without folds */
};

struct results {
    size_t n, capacity;
    struct result *all;
    size_t n_comparisons, comparison_capacity;
    struct comparison *comparisons;
    size_t n_notes, note_capacity;
    char **notes; /* what to beware of, a line each */
    size_t n_names, name_capacity;
    char **names; /* of segments, which figures point to */
};

void results_add(struct results *results, struct result result);
void results_compare(struct results *results, struct comparison comparison);

/* Adds all of FROM. */
void results_join(struct results *results, const struct results *from);

/* Puts the figures in order: by model, segment, fold, measure. */
void results_sort(struct results *results, const struct evidence *evidence);

/* Keeps a segment's name, made by the caller. Returns it. */
const char *results_name(struct results *results, char *name);

/* Notes where a model is better than another on the whole and worse in every segment of a kind
 * (Simpson's paradox): the whole then tells who is in the segments rather than who is better. */
void results_beware(struct results *results, const struct evidence *evidence,
                    const struct requests *requests);

void results_free(struct results *results);

/* A model's figure, or NULL. */
const struct result *results_find(const struct results *results, const struct model *model,
                                  const char *fold, const char *segment, size_t request);

#endif
