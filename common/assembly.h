/* Makes a matrix of a ratings stream: both forms by counting sort, then means and biases.
 *
 * Holds 20 bytes a rating at its peak (36 with times) beside the names. */
#ifndef RS_ASSEMBLY_H
#define RS_ASSEMBLY_H

#include <jansson.h>
#include <stdio.h>

#include "baseline.h"
#include "error.h"
#include "matrix.h"
#include "pairs.h"

/* What becomes of the counts of implicit feedback, which run over orders of magnitude. */
enum rs_counts {
    RS_COUNTS_LOG, /* log2(1 + count), so that once is 1 */
    RS_COUNTS_RAW,
    RS_COUNTS_BINARY, /* 1 */
};
extern const char *const rs_counts_names[]; /* "log", "raw", "binary", NULL */

struct rs_assembly_options {
    enum rs_counts counts;
    struct rs_baseline_options baseline;
    enum rs_normalisation normalisation;
    bool keep_times;
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
