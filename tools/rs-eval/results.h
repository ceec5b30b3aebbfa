/* The figures: every model by every measure, for each fold, for all of them, for each segment; and
 * the differences between models. Models, folds, segments and requests are numbers in their lists.
 */
#ifndef RESULTS_H
#define RESULTS_H

#include "evidence.h"
#include "request.h"
#include "segments.h"

enum { WHOLE = 0 }; /* fold 0 is all folds, fold f + 1 number f; segments likewise */

struct result {
    uint32_t model, segment, fold, request;
    double value;
    uint64_t n;
    double low, high; /* bootstrap interval; NAN without one */
};

/* Model less other, over all folds. */
struct comparison {
    uint32_t model, other, segment, request;
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
    size_t n_models, n_requests;
    const struct result **index; /* see results_at; made by results_arrange */
};

void results_add(struct results *results, struct result result);
void results_compare(struct results *results, struct comparison comparison);

/* Adds all of FROM. */
void results_join(struct results *results, const struct results *from);

/* Puts the figures in order, by model, segment, fold and measure, and makes the index. Nothing can
 * be added afterwards. */
void results_arrange(struct results *results, const struct evidence *evidence,
                     const struct segments *segments, const struct requests *requests);

/* The figure over all folds, or NULL. Of arranged results only. */
const struct result *results_at(const struct results *results, size_t segment, size_t model,
                                size_t request);

/* The names of what the numbers stand for. */
const char *result_fold(const struct evidence *evidence, uint32_t fold);
const char *result_segment(const struct segments *segments, uint32_t segment);

/* Notes where a model is better than another on the whole and worse in every segment of a kind
 * (Simpson's paradox): the whole then tells who is in the segments rather than who is better. */
void results_beware(struct results *results, const struct evidence *evidence,
                    const struct segments *segments, const struct requests *requests);

void results_free(struct results *results);

#endif
