/* What a side table tells of lines (a user's age and occupation, an item's genres) as features of
 * the Gibbs sampler: a block of features a column.
 *
 * A category is a feature, a member of a set too; numbers are cut at quantiles. A line's features
 * of a column weigh 1 / sqrt(how many it has). Text says nothing. */
#ifndef RS_GIBBS_ATTRIBUTES_H
#define RS_GIBBS_ATTRIBUTES_H

#include "format/table.h"

struct rs_gibbs_block {
    char *name;
    size_t n_features, n_lines;
    uint64_t *start; /* by line: its features */
    uint32_t *feature;
    float *scale;      /* by line */
    uint64_t *holders; /* by feature: who has it */
    uint32_t *holder;
};

/* Makes the blocks of a table whose rows are lines. Columns that tell lines no more apart than
 * their names do, or not at all, are left out. The caller frees the array with
 * rs_gibbs_blocks_free. */
struct rs_gibbs_block *rs_gibbs_blocks_make(const struct rs_table *table, size_t n_lines,
                                            size_t *n_blocks);
void rs_gibbs_blocks_free(struct rs_gibbs_block *blocks, size_t n_blocks);

#endif
