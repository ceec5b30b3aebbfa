/* Records with quotes, by libcsv: for fields.c. */
#ifndef RS_QUOTED_H
#define RS_QUOTED_H

#include "text/cutter.h"

/* True if quotes mean anything in a text of this form. */
bool rs_quoted_possible(const struct rs_form *form);

/* Libcsv, for the cutter's form. Without memory for it the program ends with EX_OSERR. */
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

#endif
