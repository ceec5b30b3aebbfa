/* A whole rs file at once: mapped where it lies, or read into memory from a pipe. The caller cannot
 * tell the difference.
 *
 * Opening walks the sections, so that kind, lengths and ends are known to be right, but touches no
 * array: a big model costs page faults when it is used. The checksum is verified for a pipe, whose
 * bytes pass through our hands anyway, and by `rs-view --check`. Arrays live until rs_file_close. A
 * file that somebody writes to while it is mapped is not defended against; rs programs replace
 * files by renaming and never do. */
#ifndef RS_FILE_H
#define RS_FILE_H

#include <jansson.h>

#include "base/error.h"
#include "format/array.h"
#include "format/reader.h"

struct rs_section {
    char *name;
    struct rs_array array;
    void *owned; /* memory to free, or NULL where it lies in the map */
    size_t stitched; /* bytes to unmap when parts were mapped side by side, or 0 */
};

struct rs_segment {
    char *kind;
    json_t *header, *end;
    struct rs_section *sections;
    size_t n_sections;
    bool trusted; /* see rs_file_trust */
};

struct rs_file {
    char *name;
    struct rs_segment *segments;
    size_t n_segments;
    void *map; /* NULL if read from a pipe */
    size_t map_size;
};

/* Opens PATH ("-": standard input), whose segments must all be of KIND unless that is NULL.
 * NULL after filling *err. */
struct rs_file *rs_file_open(const char *path, const char *kind, struct rs_error *err);

/* Reads everything from a reader at its beginning, which it closes. NULL after filling *err. */
struct rs_file *rs_file_use(struct rs_reader *reader, struct rs_error *err);

/* Opens PATH, of which READER has been asked for the kind and nothing more: a regular file is opened
 * anew and mapped, of anything else everything is read from the reader, which is closed in any case.
 * NULL after filling *err. */
struct rs_file *rs_file_reopen(struct rs_reader *reader, const char *path, struct rs_error *err);

/* For a file that was read through and checked before, by rs_folder_check say: whoever uses it then leaves out
 * what costs reading whole arrays, and opening costs the same whatever the size. */
void rs_file_trust(struct rs_file *file);

/* Gives back the pages of a map that were touched so far; they come again when they are used. */
void rs_file_forget(const struct rs_file *file);

/* Verifies the checksums of a mapped file, holding little of it. */
bool rs_file_verify(const struct rs_file *file, struct rs_error *err);

void rs_file_close(struct rs_file *file);

/* The array of that name, or NULL. */
const struct rs_array *rs_segment_find(const struct rs_segment *segment, const char *name);

/* Points *data at the array NAME if it has that type and N elements, rows times columns. False after
 * filling *err, in which the file is called PLACE. */
bool rs_segment_array(const char *place, const struct rs_segment *segment, const char *name,
                      enum rs_type type, size_t n, const void *data, struct rs_error *err);

/* For readers of streams that gather the arrays of one batch: adds an array that came whole in one
 * event, taking over OWNED (see rs_reader_take); frees all that was added. */
struct rs_section *rs_segment_add(struct rs_segment *segment, const struct rs_event *event,
                                  void *owned);
void rs_segment_clear(struct rs_segment *segment);

/* The checksum in the end map: the identity of a segment. "" if there is none. */
const char *rs_segment_digest(const struct rs_segment *segment);

#endif
