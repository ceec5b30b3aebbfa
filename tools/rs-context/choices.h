/* What was chosen, and what else could have been: on this the order of items is judged.
 *
 * A choice is a rating (u, i) with the score that a model, which did not know it, gives to i and to
 * N_OTHERS items of those that u has not rated, all among the tenth that scores best, since lists
 * are made of these. With s a score and f the lifts of a dimension at the rating's value,
 *
 *     P(i) = exp(b s_i + w . f_i) / sum over i and the others j of exp(b s_j + w . f_j)
 *
 * (conditional logit: McFadden 1974), f of two: what the value does to the item, and what the
 * user's usual values do, which a model without context takes for the user's taste. Since lifts are
 * logarithms of how much more often an item is taken up, w is about (1, -1/2) unless the choices
 * say otherwise (normal priors). */
#ifndef CONTEXT_CHOICES_H
#define CONTEXT_CHOICES_H

#include "affinity.h"
#include "choose.h"

enum { N_OTHERS = 100, N_LIFTS = 2, MAX_CHOICES = 10000 };

struct choices {
    size_t n;
    uint32_t *rating; /* number of the rating */
    uint32_t *other;  /* n x (1 + N_OTHERS): the item chosen, then the others */
    float *score;     /* the same */
};

/* From a scores file of rs-score --rank --draw. Dies of what is wrong with it. */
void choices_read(struct choices *choices, const struct data *data, const char *path);

/* Without one: a fifth of the ratings are chosen, scores are by singular vectors of the others. */
void choices_draw(struct choices *choices, const struct data *data, uint64_t seed);

void choices_free(struct choices *choices);

/* Which dimensions move ranks, as choose_predicting says of ratings. */
void choose_ranking(const struct data *data, const struct layout *layouts,
                    const struct choices *choices, double level, struct verdict *verdicts);

/* Sets the weights of the dimensions kept anew. Unless CAMF, which has seen none of the choices, is
 * NULL: if it gains over users left out what it says of how the items are liked in the contexts of
 * choices, MIXTURE's R is its weight, and the dimensions' become less by what it says as well. */
void choose_weights(const struct data *data, const struct layout *layouts,
                    const struct choices *choices, const struct camf *camf,
                    struct verdict *verdicts, struct mixture *mixture);

#endif
