/* What counts as relevant, and what a rating is worth. */
#ifndef RULES_H
#define RULES_H

#include "evidence.h"

/* The same for all models and folds. */
struct rules {
    bool everything;       /* every test item is relevant */
    double threshold;      /* else those rated so or better */
    double gain_zero;      /* a rating's gain is what it is above this */
    struct rs_scale scale; /* of all folds together; n == 0: unknown */
    bool scale_seen;       /* in the true ratings, for want of one that is declared */
};

/* RELEVANT is a rating, "all", or NULL for the upper third of the scale (everything, for implicit
 * feedback). Gives folds that know no scale the one their ratings show. */
struct rules rules_make(struct evidence *evidence, const char *relevant);

/* Relevance of a true rating. */
static inline bool rules_relevant(const struct rules *rules, double rating) {
    return rules->everything || rating >= rules->threshold;
}

/* Users of a fold without a relevant test item, whom means over users of ranks leave out. */
size_t rules_left_out(const struct rules *rules, const struct fold *fold);

#endif
