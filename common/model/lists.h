/* Lists made before anybody asks: the best items of every user under a model, best first, for a
 * server to answer from while a user's ratings are those of the matrix.
 *
 * A file of kind "lists" is one segment: "matrix", the digest of the matrix; "most", N; and the
 * arrays start (users + 1), item and score. A list is what rs_listing_fill gives for the user and a
 * wish of N, to the last bit. One with fewer than N entries holds all candidates that there are.
 * Users without ratings have none, since what is popular moves.
 *
 * INVARIANTS: start ascends from 0; items are lines of the matrix; scores are finite. Read-only and
 * thread-safe once open. */
#ifndef RS_LISTS_H
#define RS_LISTS_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "format/file.h"
#include "model/model.h"

struct rs_lists {
    size_t most;           /* N */
    const uint64_t *start; /* of each user's list, and the end of the last */
    const uint32_t *item;
    const float *score;
    struct rs_file *file;
};

/* Takes over an open file of kind "lists", closing it if it is wrong: damaged, or not made from
 * MATRIX. Reads the arrays to check them unless the file is trusted. False after filling *err. */
bool rs_lists_use(struct rs_lists *lists, struct rs_file *file, const struct rs_matrix *matrix,
                  struct rs_error *err);
void rs_lists_close(struct rs_lists *lists);

/* Makes the lists of the N best for all users of the model's matrix, in parallel, and writes them
 * to FILE. HEADER is consumed; "matrix" and "most" are added. Holds 16 bytes an entry. */
void rs_lists_write(FILE *file, const struct rs_model *model, size_t n, json_t *header);

#endif
