/* The form of a text of records: how it separates fields, whether its first record names them.
 *
 * Recognised from a sample, so that rs-clean takes MovieLens, Amazon and most of anybody's files as
 * they are; every part can be given instead. */
#ifndef RS_FORM_H
#define RS_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum rs_layout {
    RS_LAYOUT_DELIMITED, /* fields between single separators, quotes as in RFC 4180 */
    RS_LAYOUT_BLANKS,    /* fields between runs of spaces and tabs, no quotes */
    RS_LAYOUT_JSON,      /* one JSON object a line; names are its keys */
};

struct rs_form {
    enum rs_layout layout;
    char separator[3]; /* DELIMITED: one byte, or two ("::"), which rules quotes out */
    char newline;      /* '\n' (a '\r' before it is dropped), or '\r' in very old files */
    bool header;       /* the first record names the columns */
    size_t above;      /* bytes above the header that are none of the table: a title, Excel's "sep=;" */
    size_t lines_above;
    bool decimal_comma;
    size_t n_columns; /* fields of most records in the sample, or of JSON all keys in it */
    char **names;     /* n_columns, from the header or the JSON keys; NULL without */
    bool *is_number;  /* n_columns: nearly all that the sample has there are numbers */
    bool *is_time;    /* n_columns: or numbers or ISO 8601 */
    bool *is_date;    /* n_columns: all times there are dates such as 20140228; JSON: NULL */
};

enum rs_decimal { RS_DECIMAL_AUTO, RS_DECIMAL_POINT, RS_DECIMAL_COMMA };

/* What is given instead of found: NULL, -1 or AUTO for what is to be found. */
struct rs_form_given {
    const char *separator; /* "," ";" "tab" "::" "space" "|" or any one or two bytes; "json" */
    int header;            /* 0 no, 1 yes, -1 find out */
    enum rs_decimal decimal;
    bool wide; /* a record is a user, a column an item: a header may be numbers */
    /* True for what is the name of a column in texts of this sort, so that a header is known where
     * no column is numeric, or stands below other lines; or NULL. */
    bool (*is_name)(const char *text, size_t length);
};

/* Finds the form of a text from its first N bytes, of which the last record may be incomplete
 * unless WHOLE; RS_BLOCK_SLACK bytes may be read behind them. PLACE names the text in errors. */
bool rs_form_detect(struct rs_form *form, const char *sample, size_t n, bool whole,
                    const struct rs_form_given *given, const char *place, struct rs_error *err);

void rs_form_free(struct rs_form *form);

/* "separator ',', a header", for people. Writes at most SIZE bytes. */
void rs_form_describe(const struct rs_form *form, char *out, size_t size);

#endif
