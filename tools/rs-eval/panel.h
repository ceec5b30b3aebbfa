/* One part of the test data, the whole or a segment: every model's figures with their intervals,
 * and the differences between models with their tests. The unit is the user: users are independent
 * of each other, the rows of one are not. */
#ifndef PANEL_H
#define PANEL_H

#include "results.h"
#include "tally.h"

enum paired_test { TEST_WILCOXON, TEST_PERMUTATION, TEST_T };

struct settings {
    bool intervals, compare;
    const char *against; /* compare with this model only; NULL: all pairs */
    int test;            /* enum paired_test */
    int64_t n_draws, seed;
    double confidence;
    int64_t min_cell;
};

struct panel {
    const struct evidence *evidence;
    uint32_t segment;            /* WHOLE or the number of a segment + 1 */
    const struct tally *tallies; /* by model, closed */
    const uint32_t *users;       /* positions */
    size_t n_users;
};

/* Adds the figures of fold "all" and the comparisons. */
void panel_judge(const struct panel *panel, const struct requests *requests,
                 const struct settings *settings, struct results *results);

/* Corrects the p-values: over all pairs of models of a measure, for the whole and for the segments
 * apart. */
void panel_correct(const struct requests *requests, struct results *results);

#endif
