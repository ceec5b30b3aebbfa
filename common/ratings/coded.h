/* A column of a side table as codes: what its lines have in common, whatever kind the column is of.
 *
 * A category is a code, so is a member of a set. A number falls into one of at most
 * RS_CODED_BUCKETS buckets of about equally many lines. */
#ifndef RS_CODED_H
#define RS_CODED_H

#include "format/table.h"

enum { RS_CODED_BUCKETS = 8 };

/* Line r has code[start[r]] … code[start[r + 1] - 1], each below n_codes. */
struct rs_coded {
    size_t n_codes;
    uint64_t *start; /* lines + 1 */
    uint32_t *code;
};

/* The column's first N_LINES rows. A text has no codes but the year at its end, as in "Heat
 * (1995)": false, with nothing to free, if it is a text of which fewer than half of the lines have
 * one. */
bool rs_coded_make(struct rs_coded *coded, const struct rs_table_column *column, size_t n_lines);

void rs_coded_free(struct rs_coded *coded);

#endif
