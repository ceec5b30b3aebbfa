/* What was chosen, and what else could have been: on this the order of items is judged.
 *
 * A choice is a rating (u, i) with the score that a model, which did not know it, gives to i and to
 * N_OTHERS items of those that u has not rated, all among the tenth that scores best, since lists
 * are made of these. */
#ifndef CONTEXT_CHOICES_H
#define CONTEXT_CHOICES_H

#include "data.h"

enum { N_OTHERS = 100, N_ITEMS = 1 + N_OTHERS, MAX_CHOICES = 10000 };

struct choices {
    size_t n;
    uint32_t *rating; /* number of the rating */
    uint32_t *other;  /* n x N_ITEMS: the item chosen, then the others */
    float *score;     /* the same */
};

/* From a scores file of rs-score --rank --draw. Dies of what is wrong with it. */
void choices_read(struct choices *choices, const struct data *data, const char *path);

/* Without one: a fifth of the ratings are chosen, scores are by singular vectors of the others. */
void choices_draw(struct choices *choices, const struct data *data, uint64_t seed);

void choices_free(struct choices *choices);

#endif
