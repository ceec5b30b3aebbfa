/* What becomes of records that can't be taken: a line each in a file, a count by reason, and an
 * end of the program's patience. */
#ifndef CLEAN_REJECTS_H
#define CLEAN_REJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "program/output.h"
#include "rows.h"

struct rejects {
    bool writes;
    struct rs_output file;
    const char *limit; /* as given */
    bool is_automatic, is_share;
    double most; /* a count, or a share from 0 to 1 */
    const char *place;
    uint64_t n_records, n_faults; /* of the input being read */
    struct reject first_fault;    /* of that input; text is owned */
    uint64_t count[N_REASONS];    /* of all inputs */
    char *first[N_REASONS];       /* "ratings.csv:17: rating 'abc' is not a number" */
};

/* PATH is the file for rejected records, or NULL; LIMIT is --max-rejects. Ends the program when one
 * of them can't be. */
void rejects_open(struct rejects *rejects, const char *path, const char *limit);

/* From here on records are of the input PLACE. */
void rejects_begin(struct rejects *rejects, const char *place);

/* Takes the rejects of a piece of N_RECORDS records. False when they are too many. */
bool rejects_take(struct rejects *rejects, const struct reject *list, size_t n, uint64_t n_records,
                  struct rs_error *err);

/* The input is over. False when too large a share of it was rejected. */
bool rejects_end(struct rejects *rejects, struct rs_error *err);

/* Puts the file in its place; of use also when the program is about to fail. */
void rejects_commit(struct rejects *rejects);

/* One warning a reason. */
void rejects_tell(const struct rejects *rejects);

void rejects_free(struct rejects *rejects);

#endif
