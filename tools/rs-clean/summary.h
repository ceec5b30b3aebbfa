/* What a run came to: for the end of the stream, for people, and for refusing to put out nothing.
 */
#ifndef CLEAN_SUMMARY_H
#define CLEAN_SUMMARY_H

#include <jansson.h>
#include <time.h>

#include "inputs.h"

struct summary {
    struct timespec begin;
    char **paths; /* the operands */
    size_t n_paths;
    const char *side_paths[N_SIDES];
    const struct intake *intake;
};

/* Starts the clock. */
struct summary summary_begin(void);

/* Ends the program if pairs are repeated that must not be, or nothing is left to write. */
void summary_refuse(const struct summary *summary);

/* For the end map. */
json_t *summary_counts(const struct summary *summary);

/* Warnings, and the closing line of -v. */
void summary_tell(const struct summary *summary);

#endif
