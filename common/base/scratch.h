/* Temporary files that nobody sees: without a name from the beginning, so that they are gone when
 * the program ends, however it ends. */
#ifndef RS_SCRATCH_H
#define RS_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct rs_scratch {
    int fd; /* -1: not open */
    uint64_t size;
    char *folder;
};

/* The folder for what goes with an output file of this path: its own; for standard output and
 * devices $TMPDIR, or else /var/tmp. The caller frees it. */
char *rs_scratch_folder(const char *output_path);

/* All return false after filling *err (EX_CANTCREAT, or EX_IOERR where the disk is full). */
bool rs_scratch_open(struct rs_scratch *scratch, const char *folder, struct rs_error *err);
bool rs_scratch_append(struct rs_scratch *scratch, const void *data, size_t bytes,
                       struct rs_error *err);

/* Maps all that was written, to be unmapped with rs_pages_free; NULL for nothing. */
bool rs_scratch_map(const struct rs_scratch *scratch, void *map, struct rs_error *err);

/* Reads standard input, where that is no regular file, to its end into a temporary file, which
 * takes its place; *spooled tells whether it did. */
bool rs_scratch_spool(const char *folder, bool *spooled, struct rs_error *err);

void rs_scratch_close(struct rs_scratch *scratch);

#endif
