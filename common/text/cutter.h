/* The inside of a cutter, for the three files that cut (fields.c, quoted.c and objects.c), and the
 * fields of a record as they gather there. */
#ifndef RS_CUTTER_H
#define RS_CUTTER_H

#include <csv.h>

#include "text/fields.h"

struct rs_cutter {
    const struct rs_form *form;
    struct rs_block block;
    size_t at; /* in the block */
    uint64_t line;
    struct rs_id *fields;
    size_t n, capacity;
    char *arena; /* bytes of fields that do not lie in the text as they are */
    size_t arena_used, arena_capacity;
    const char *quote;      /* the next in the block, or its end; NULL: not looked for yet */
    char looked_for[3][16]; /* what a look compares with: the separator's bytes, the newline */
    bool may_be_plain, may_quote;
    struct csv_parser parser;
    bool record_done;
};

/* Adds a field that lies in the text as it is. */
void rs_cutter_add(struct rs_cutter *cutter, const char *text, size_t length);

/* Adds a field by its bytes. It lies in the arena, at an offset while that may still move;
 * rs_cutter_settle turns the offsets of all fields into addresses. */
void rs_cutter_store(struct rs_cutter *cutter, const char *bytes, size_t length);
void rs_cutter_settle(struct rs_cutter *cutter);

#endif
