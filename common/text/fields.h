/* Cuts text of a known form into records and records into fields.
 *
 * Plain records are cut where they lie, 32 bytes at a look. Records with quotes go through libcsv,
 * JSON through jansson. A record that can't be cut is given with a reason, and cutting goes on at
 * the next line. One cutter a thread. */
#ifndef RS_FIELDS_H
#define RS_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/ids.h"
#include "text/form.h"

enum {
    RS_RECORD_MAX = 1 << 20, /* bytes of a record in quotes; more is an unclosed quote */
    RS_BLOCK_SLACK = 64,     /* bytes behind a block's text that may be read, whatever they are */
};

/* A piece of text that ends where a record ends. */
struct rs_block {
    const char *text;
    size_t length;
    uint64_t first_line; /* the number of its first line, from 1 */
};

struct rs_record {
    struct rs_id *fields;
    size_t n;
    uint64_t line;     /* where it begins */
    struct rs_id raw;  /* as it stands in the text, without the end of the line */
    const char *fault; /* why it could not be cut, or NULL */
    bool plain;        /* printable ASCII without blanks, cut where it lies in the block */
};

struct rs_cutter;

struct rs_cutter *rs_cutter_new(const struct rs_form *form);
void rs_cutter_free(struct rs_cutter *cutter);

/* Starts on a block, whose text must live as long as its records are used. */
void rs_cutter_start(struct rs_cutter *cutter, struct rs_block block);

/* The next record that is not blank; false at the end of the block. Its fields live until the next
 * call; those of records without quotes or JSON lie in the block. */
bool rs_cutter_next(struct rs_cutter *cutter, struct rs_record *record);

/* The length of the whole records at the beginning of TEXT: up to the last newline that is not
 * inside quotes. Everything if LAST (no more text will come). 0 if more text is needed. *lines is
 * set to the number of lines in them. */
size_t rs_records_length(const struct rs_form *form, const char *text, size_t length, bool last,
                         uint64_t *lines);

#endif
