/* Items and users as JSON, with what the side tables know of them. */
#ifndef SERVE_DESCRIBE_H
#define SERVE_DESCRIBE_H

#include <stdbool.h>

#include "body.h"
#include "ratings/matrix.h"

/* "Title" where the table has one, with a comma in front: ,"Title":"Jade Harbour, The (2002)". */
void describe_title(struct body *body, const struct rs_matrix *matrix, uint32_t item);

/* {"genres":["Drama"],"year":2002}: all columns of a row of a side table. */
void describe_labels(struct body *body, const struct rs_table *table, size_t row);

/* Sets ALLOWED, one a row: whether any category of the row, in any column, is this one. False if
 * the table has no such category. */
bool describe_in_category(const struct rs_table *table, size_t n_rows, struct rs_id category,
                          uint8_t *allowed);

#endif
