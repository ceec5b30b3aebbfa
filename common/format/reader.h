/* Reads rs files from front to back, trusting nothing: see format.h for the layout.
 *
 * A reader gives one event after another: the beginning of a segment, its arrays, its end. It holds
 * one array at a time. Lengths, padding and, where the bytes are read through, the checksum are
 * verified; every error names the file and the byte. Opaque parts are private to reader.c. */
#ifndef RS_READER_H
#define RS_READER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "format/array.h"

enum rs_event_type {
    RS_EVENT_BEGIN, /* map is the header */
    RS_EVENT_ARRAY, /* name and array; part of n_parts */
    RS_EVENT_END,   /* map is the end map */
    RS_EVENT_EOF,   /* after the last segment */
};

struct rs_event {
    enum rs_event_type type;
    json_t *map;          /* borrowed until the next event */
    const char *kind;     /* of the segment, borrowed likewise */
    const char *name;     /* of the array */
    struct rs_array array; /* the shape of the whole; data is this part's, until the next event */
    size_t bytes;         /* of this part */
    uint64_t part_offset; /* where this part begins in the file */
    size_t part, n_parts; /* from 1; 1 of 1 for nearly all arrays */
};

struct rs_reader;

/* Opens PATH, "-" for standard input. NULL after filling *err. */
struct rs_reader *rs_reader_open(const char *path, struct rs_error *err);

/* Reads SIZE bytes in memory, called NAME in errors; arrays are given where they lie. The checksum
 * costs reading every byte, so it is verified only if VERIFY. */
struct rs_reader *rs_reader_on_memory(const void *bytes, size_t size, const char *name,
                                      bool verify);

/* Of a reader on a mapped file: gives its pages back as they are verified. */
void rs_reader_give_back(struct rs_reader *reader);

void rs_reader_close(struct rs_reader *reader);

/* Looks at the first segment, before any event was asked for, and points *kind at what it is of;
 * the events come from the beginning all the same. False after filling *err. */
bool rs_reader_kind(struct rs_reader *reader, const char **kind, struct rs_error *err);

/* The next event; false after filling *err. */
bool rs_reader_next(struct rs_reader *reader, struct rs_event *event, struct rs_error *err);

/* Takes over the data of the RS_EVENT_ARRAY just given; free() it. NULL on memory, where the caller
 * owns the bytes already. */
void *rs_reader_take(struct rs_reader *reader);

/* What the input is called in messages. */
const char *rs_reader_name(const struct rs_reader *reader);

/* Bytes read so far, and the size of the input or 0 where it is unknown (a pipe): for progress. */
uint64_t rs_reader_position(const struct rs_reader *reader);
uint64_t rs_reader_size(const struct rs_reader *reader);

/* True if the bytes (at least RS_READER_MAGIC_BYTES) begin like an rs file. */
enum { RS_READER_MAGIC_BYTES = 6 };
bool rs_reader_is_magic(const uint8_t *bytes, size_t n);

/* True if PATH ("-": standard input) begins like an rs file. Nothing of it is used up; of standard
 * input one byte is looked at, which no text in UTF-8 begins with; of a named pipe nothing, and the
 * answer is false. */
bool rs_reader_probe(const char *path);

#endif
