/* What went wrong: one line for a person, one sysexits.h code for a script.
 *
 * Functions of common/ neither print nor exit. They return false and fill the caller's struct
 * rs_error; the program decides what becomes of it (rs_die_error in a filter, a 500 in a server).
 * Pass NULL where the reason does not matter. Thread-safe: there is no shared state. */
#ifndef RS_ERROR_H
#define RS_ERROR_H

#include <stdbool.h>
#include <sysexits.h>

struct rs_error {
    int code;       /* of sysexits.h; EX_OK while nothing has happened */
    char text[512]; /* one line without the program's name; longer texts are cut */
};

/* Sets *err and returns false, so that a failing step reads `return rs_fail(err, EX_…, "…")`. */
bool rs_fail(struct rs_error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with ": " and the text of errno behind the message. */
bool rs_fail_errno(struct rs_error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "PLACE: " before the text of an error on its way up. Returns false. */
bool rs_fail_at(struct rs_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The code that fits errno after a failed open: EX_NOINPUT for a file that is not there or must
 * not be read, EX_IOERR for the rest. */
int rs_open_code(int error_number);

#endif
