/* Makes a matrix of a ratings stream: both forms by counting sort, then means and biases.
 *
 * Holds 20 bytes a rating at its peak (36 with times) beside the names; where that is more than it
 * may, it sorts by way of temporary files (spill.h), with the same result. */
#ifndef RS_ASSEMBLY_H
#define RS_ASSEMBLY_H

#include <jansson.h>
#include <stdio.h>

#include "base/error.h"
#include "format/pairs.h"
#include "ratings/baseline.h"
#include "ratings/counts.h"
#include "ratings/matrix.h"

struct rs_assembly_options {
    enum rs_counts counts;
    struct rs_baseline_options baseline;
    enum rs_normalisation normalisation;
    bool keep_times;
    size_t memory;      /* bytes to hold at most; 0: all in memory */
    const char *folder; /* for temporary files, where memory is bounded */
};

struct rs_assembly {
    struct rs_matrix matrix; /* points into memory that the assembly owns */
    uint64_t n_repeated;     /* ratings dropped because a later one is of the same pair */
    json_t *split;           /* of the stream's header, or NULL */
    struct rs_assembly_memory *memory;
};

/* Reads the stream to its end. False after filling *err; there is nothing to free then. */
bool rs_assemble(struct rs_assembly *assembly, struct rs_pairs_reader *ratings,
                 const struct rs_assembly_options *options, struct rs_error *err);

/* Writes the matrix file. HEADER (program and parameters) is consumed, and so are the entries:
 * their memory goes back to the system as they are written, and all that is left to do is to free.
 */
void rs_assembly_write(struct rs_assembly *assembly, FILE *file, json_t *header);

void rs_assembly_free(struct rs_assembly *assembly);

#endif
