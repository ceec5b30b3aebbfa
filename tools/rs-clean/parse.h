/* Parses a block of text into rows of ratings. */
#ifndef CLEAN_PARSE_H
#define CLEAN_PARSE_H

#include "values.h"

/* Parses BLOCK with CUTTER into ROWS, emptied first. */
void parse_block(struct rows *rows, struct rs_cutter *cutter, struct rs_block block,
                 const struct row_rules *rules, bool skip_header);

#endif
