/* What a side table says of the lines, as features: a sparse matrix of lines by features.
 *
 * A feature is a code of a column (coded.h) that at least two lines have, of each column the
 * RS_ATTRIBUTE_VALUES most frequent. Its value is 1 / sqrt(codes that the line has of the column). */
#ifndef RS_ATTRIBUTES_H
#define RS_ATTRIBUTES_H

#include "format/table.h"

enum { RS_ATTRIBUTE_VALUES = 512 };

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
