/* Output files that are whole or not there.
 *
 * A file is written under a temporary name beside its place and renamed when complete, with the
 * permissions of the file that was there; a symbolic link to one stays. What is not committed when
 * the program ends, by an error or by SIGINT, SIGTERM or SIGHUP, is removed. "-" is standard
 * output, which has no temporary. For tools only: opening ends the program when it fails. Not
 * thread-safe. */
#ifndef RS_OUTPUT_H
#define RS_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct rs_output {
    FILE *file;
    const char *path; /* as given; "-" is standard output */
    char *target;     /* what it comes to be, be it behind a link; NULL: written in place */
    int slot;         /* of its temporary */
};

/* Opens PATH for writing; dies with EX_CANTCREAT. A terminal is refused for binary output
 * (EX_USAGE) since it would only garble the screen. */
struct rs_output rs_output_open(const char *path, bool binary);

/* Flushes, closes and puts the file in its place; dies with EX_IOERR when anything was not
 * written. Standard output is flushed and stays open for rs_finish. */
void rs_output_commit(struct rs_output *output);

#endif
