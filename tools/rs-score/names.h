/* Users named in a text file, one a line. */
#ifndef SCORE_NAMES_H
#define SCORE_NAMES_H

#include <stdbool.h>
#include <stdio.h>

#include "format/ids.h"

struct names {
    const char *path; /* for messages */
    FILE *file;
    char *text;
    size_t size, line; /* the line's number, from 1 */
};

/* PATH "-" is standard input. Dies if it can't be opened. */
void names_open(struct names *names, const char *path);

/* The next line without its end or a byte order mark, which may be empty; valid until the next call. As soon as it is
 * there: what comes after need not be. False at the end. Dies of what can be no id. */
bool names_next(struct names *names, struct rs_id *name);

void names_close(struct names *names);

#endif
