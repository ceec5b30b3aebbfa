/* Rows as text: JSON lines, or CSV and TSV as in RFC 4180.
 *
 * A row is written cell by cell in the order of the columns. JSON is always valid UTF-8: bytes of
 * an id that are not become U+FFFD. */
#ifndef RS_VIEW_OUT_H
#define RS_VIEW_OUT_H

#include <jansson.h>
#include <stdio.h>

#include "format/ids.h"

enum form { FORM_JSON, FORM_CSV, FORM_TSV };

struct out {
    FILE *file;
    enum form form;
    uint64_t n_rows, limit; /* rows written, and how many may be */
    char **keys;            /* of every column: its name, in JSON with all that is around it */
    size_t n_columns, at;   /* at: the column of the next cell */
    char *buffer;
    size_t used, capacity;
};

void out_start(struct out *out, FILE *file, enum form form, uint64_t limit);

/* Names the columns of the rows that follow. CSV has one row of names: the first call writes it,
 * and other names later end the program. */
void out_columns(struct out *out, const char *const *names, size_t n);

/* One cell each. */
void out_text(struct out *out, struct rs_id text);
void out_float(struct out *out, float number);
void out_double(struct out *out, double number);
void out_whole(struct out *out, uint64_t number);
void out_signed(struct out *out, int64_t number);
void out_time(struct out *out, int64_t when); /* RS_NO_TIME is no time */
void out_nothing(struct out *out);

/* A set of texts: an array in JSON, joined by '|' in CSV. */
void out_set(struct out *out, const struct rs_ids *texts, const uint32_t *members, size_t n);

/* Ends the row. False when the limit is reached. */
bool out_end_row(struct out *out);

/* A line of JSON of its own, whatever the form. False when the limit is reached. */
bool out_json(struct out *out, const json_t *value);

/* For rows without names (--array): begins and ends a row that is a bare list of N cells. */
void out_begin_list(struct out *out, size_t n);
bool out_end_list(struct out *out, size_t n);

/* Writes what is buffered and frees the memory. */
void out_finish(struct out *out);

#endif
