/* Diagnostics and the end of a program: for tools only, because these functions print and exit.
 *
 * Every message is one line on stderr, "rs-sim: FILE: place: reason", whatever bytes an id or a
 * file name holds: control characters are shown escaped and long texts are cut. */
#ifndef RS_MESSAGE_H
#define RS_MESSAGE_H

#include "base/error.h"

/* The name in front of every message; rs_options_parse sets it. */
extern const char *rs_progname;

/* How much is said: -1 only errors (-q), 0 warnings too, 1 the closing line of figures (-v). */
extern int rs_verbosity;

void rs_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Said with -v only. */
void rs_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

_Noreturn void rs_die(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends the program with what a function of common/ reported. */
_Noreturn void rs_die_error(const struct rs_error *err);

/* Checks that everything written to stdout arrived and gives main's return value: EX_OK, or
 * EX_IOERR after a message. The last call of every program. */
int rs_finish(void);

#endif
