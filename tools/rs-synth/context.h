/* Circumstances under which items are rated, and what they do to the ratings. */
#ifndef SYNTH_CONTEXT_H
#define SYNTH_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_CONTEXTS = 8, MAX_VALUES = 255 };

enum context_source {
    FROM_HOUR,    /* of the timestamp: 0 … 23 */
    FROM_WEEKDAY, /* of the timestamp: 0 is Monday */
    FROM_MONTH,   /* of the timestamp: 0 is January */
    FROM_REGION,  /* of the user */
    FROM_SESSION, /* a column of its own, the same for what is rated in one go */
};

enum context_kind {
    MOVES_TASTE, /* factors that a value adds to every user's */
    MOVES_ITEMS, /* an effect for every item and value */
    MOVES_ALL,   /* an effect for every value */
};

struct context {
    char *name;
    enum context_source source;
    enum context_kind kind;
    double strength; /* share of the variance of ratings */
    size_t n_values;
    double share[MAX_VALUES]; /* of the ratings, approximately */
    float *effect; /* TASTE: n_values rows of factors; ITEMS: n_items rows of n_values; ALL:
                      n_values */
};

/* Reads NAME[:KEY=VALUE[,KEY=VALUE]...]; ends the program if it is not understood. */
void context_parse(struct context *context, const char *text);

/* True if it is a column of the ratings. */
static inline bool context_is_column(const struct context *context) {
    return context->source == FROM_REGION || context->source == FROM_SESSION;
}

/* What the effects are planted on. */
struct context_ground {
    uint64_t seed;
    size_t n_items, n_factors, stride;
    const float *item_factors; /* n_items rows of stride */
    const double *weight;      /* of each item: its share of the ratings */
};

/* Draws the effects of context number NUMBER so that their variance over ratings is VARIANCE, with
 * no effect on the mean of an item (TASTE, ITEMS) or of all ratings (ALL). */
void context_plant(struct context *context, uint32_t number, double variance,
                   const struct context_ground *ground);

/* The month, 0 … 11, of a day counted from 1970-01-01. */
unsigned context_month(int64_t day);

#endif
