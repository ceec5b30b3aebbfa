/* Writes rs files: see format.h for the layout.
 *
 * Use: begin, array …, end, and again for another segment. The FILE belongs to the caller (see
 * output.h), who checks it at its closing: a write that fails makes it fail there at the latest. */
#ifndef RS_WRITER_H
#define RS_WRITER_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <xxhash.h>

#include "format/array.h"

struct rs_writer {
    FILE *file;
    uint64_t offset; /* in the segment */
    size_t part_max; /* bytes of the largest part of an array; tests make it small */
    char kind[64];
    XXH3_state_t *hash;           /* of the segment so far */
    struct rs_array array;        /* that is being written: its shape, */
    const char *name;             /* its name, */
    size_t whole, done, part_end; /* its bytes, those so far, and where its part ends */
};

/* Readies WRITER for one segment or more. There is nothing to free after the last end. */
void rs_writer_init(struct rs_writer *writer, FILE *file);

/* Starts a segment. HEADER, the keys beside "rs" and "version", is consumed. */
void rs_writer_begin(struct rs_writer *writer, const char *kind, json_t *header);

/* Writes one array. */
void rs_writer_array(struct rs_writer *writer, const char *name, struct rs_array array);

/* The same in pieces: after the beginning (the array's data is not looked at; the name must live
 * till the last piece) come all its bytes in order. */
void rs_writer_begin_array(struct rs_writer *writer, const char *name, struct rs_array array);
void rs_writer_data(struct rs_writer *writer, const void *data, size_t bytes);

/* Shorthands for a one-dimensional array. */
void rs_writer_u8(struct rs_writer *writer, const char *name, const uint8_t *data, size_t n);
void rs_writer_u32(struct rs_writer *writer, const char *name, const uint32_t *data, size_t n);
void rs_writer_u64(struct rs_writer *writer, const char *name, const uint64_t *data, size_t n);
void rs_writer_f32(struct rs_writer *writer, const char *name, const float *data, size_t n);
void rs_writer_f64(struct rs_writer *writer, const char *name, const double *data, size_t n);

/* Ends the segment. COUNTS (or NULL) is consumed: what was not known at its beginning. */
void rs_writer_end(struct rs_writer *writer, json_t *counts);

#endif
