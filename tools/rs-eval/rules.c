#include "rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "program/options.h"

/* The span of the scales of all folds, so that a rating means the same in each. */
static struct rs_scale join_scales(const struct evidence *evidence) {
    struct rs_scale all = {0};
    for (size_t f = 0; f < evidence->n_folds; f++) {
        const struct rs_scale *scale = &evidence->folds[f]->facts.scale;
        if (scale->n == 0) continue;
        if (all.n == 0) all = *scale;
        if (scale->min < all.min) all.min = scale->min;
        if (scale->max > all.max) all.max = scale->max;
        all.off_step |= scale->off_step;
    }
    return all;
}

/* Where nothing tells the scale, it is what the true ratings show. */
static void see_scales(struct evidence *evidence, struct rules *rules) {
    struct rs_scale seen = {0};
    for (size_t f = 0; f < evidence->n_folds; f++) {
        const struct fold *fold = evidence->folds[f];
        for (size_t i = 0; i < fold->n; i++) {
            float rating = (float)fold->rating.v[i];
            rs_scale_add(&seen, &rating, 1);
        }
    }
    for (size_t f = 0; f < evidence->n_folds; f++) evidence->folds[f]->facts.scale = seen;
    rules->scale_seen = true;
}

/* The upper third of the scale, up to the next rating it has: 4 of 1 … 5, 4 of 0.5 … 5, 8 of 1
 * … 10. */
static double default_threshold(const struct rs_scale *scale) {
    double span = 0.7 * ((double)scale->max - (double)scale->min), step = rs_scale_step(scale);
    if (step > 0) span = ceil(span / step - 1e-9) * step;
    return (double)scale->min + span;
}

struct rules rules_make(struct evidence *evidence, const char *relevant) {
    struct rules rules = {0};
    bool any = false, implicit = true;
    for (size_t f = 0; f < evidence->n_folds; f++) {
        any |= evidence->folds[f]->facts.scale.n > 0;
        implicit &= evidence->folds[f]->facts.implicit;
    }
    if (!any) see_scales(evidence, &rules);
    if (!implicit) rules.scale = join_scales(evidence);
    if (rules.scale.n > 0) rules.gain_zero = (double)rules.scale.min - rs_scale_step(&rules.scale);
    if (relevant != NULL && strcmp(relevant, "all") != 0) {
        if (!rs_number_parse(relevant, strlen(relevant), &rules.threshold))
            rs_usage_error("--relevant: '%s' is neither a rating nor 'all'", relevant);
    } else if (relevant != NULL || implicit || rules.scale.n == 0) {
        rules.everything = true;
    } else {
        rules.threshold = default_threshold(&rules.scale);
    }
    return rules;
}

size_t rules_left_out(const struct rules *rules, const struct fold *fold) {
    size_t n = 0;
    for (size_t l = 0; l < fold->n_lists; l++) {
        size_t row = fold->start[l];
        while (row < fold->start[l + 1] && !rules_relevant(rules, fold->rating.v[row])) row++;
        n += row == fold->start[l + 1];
    }
    return n;
}
