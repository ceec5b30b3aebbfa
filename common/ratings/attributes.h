/* What a side table says of the lines, as features: a sparse matrix of lines by features.
 *
 * A category is a feature of value 1; a member of a set one of 1 / sqrt(members); a number falls
 * into one of at most RS_ATTRIBUTE_BUCKETS buckets of about equally many lines. Of a text only the
 * year at its end is taken, as in "Heat (1995)", where half of the lines have one. Only categories
 * that at least two lines have count, and of each column the RS_ATTRIBUTE_VALUES most frequent. */
#ifndef RS_ATTRIBUTES_H
#define RS_ATTRIBUTES_H

#include "format/table.h"

enum { RS_ATTRIBUTE_BUCKETS = 8, RS_ATTRIBUTE_VALUES = 512 };

struct rs_attributes {
    size_t n_lines, n_features;
    uint64_t *start; /* n_lines + 1 */
    uint32_t *feature;
    float *value;
};

/* TABLE has a row a line, or no columns. */
void rs_attributes_make(struct rs_attributes *attributes, const struct rs_table *table,
                        size_t n_lines);

void rs_attributes_free(struct rs_attributes *attributes);

#endif
