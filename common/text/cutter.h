/* The inside of a cutter, for the three files that cut: fields.c, quoted.c and objects.c. */
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

void rs_cutter_add(struct rs_cutter *cutter, const char *text, size_t length);

/* Adds a field by its bytes. It lies in the arena, at an offset while that may still move;
 * rs_cutter_settle turns the offsets of all fields into addresses. */
void rs_cutter_store(struct rs_cutter *cutter, const char *bytes, size_t length);
void rs_cutter_settle(struct rs_cutter *cutter);

/* True if quotes mean anything in a text of this form. */
bool rs_quoted_possible(const struct rs_form *form);

void rs_quoted_start(struct rs_cutter *cutter);
void rs_quoted_stop(struct rs_cutter *cutter);

/* Where a record that has quotes ends. */
struct rs_span {
    const char *end; /* behind its newline; NULL if that has not come yet */
    uint64_t lines;
    bool open; /* the text, RS_RECORD_MAX or the rules end inside quotes of the first line */
    bool odd; /* a quote in the first line is inside quotes, but neither doubled nor the last of its
               * field; END is that of the line then */
};

struct rs_span rs_quoted_span(const struct rs_form *form, const char *begin, const char *end);

/* Cuts the record from BEGIN to END, whole lines or the last of a text. False if it ends inside
 * quotes. */
bool rs_quoted_cut(struct rs_cutter *cutter, const char *begin, const char *end);

/* Cuts the JSON object from BEGIN to END into the values of the form's keys. Returns what is wrong
 * with it, or NULL. */
const char *rs_object_cut(struct rs_cutter *cutter, const char *begin, const char *end);

#endif
