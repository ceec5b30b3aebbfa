/* Which dimensions move ranks, judged by choices.
 *
 * With s a score and f the lifts of a dimension at the rating's value,
 *
 *     P(i) = exp(b s_i + w . f_i) / sum over i and the others j of exp(b s_j + w . f_j)
 *
 * (conditional logit: McFadden 1974), f of two: what the value does to the item, and what the
 * user's usual values do, which a model without context takes for the user's taste. Since lifts are
 * logarithms of how much more often an item is taken up, w is about (1, -1/2) unless the choices
 * say otherwise (normal priors). */
#ifndef CONTEXT_RANKING_H
#define CONTEXT_RANKING_H

#include "affinity.h"
#include "choices.h"
#include "choose.h"

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
