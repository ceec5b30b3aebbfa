#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set_text(struct rs_error *err, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void set_text(struct rs_error *err, const char *format, va_list arguments) {
    vsnprintf(err->text, sizeof err->text, format, arguments);
}

bool rs_fail(struct rs_error *err, int code, const char *format, ...) {
    if (err == NULL) return false;
    err->code = code;
    va_list arguments;
    va_start(arguments, format);
    set_text(err, format, arguments);
    va_end(arguments);
    return false;
}

bool rs_fail_errno(struct rs_error *err, int code, const char *format, ...) {
    int error_number = errno;
    if (err == NULL) return false;
    err->code = code;
    va_list arguments;
    va_start(arguments, format);
    set_text(err, format, arguments);
    va_end(arguments);
    size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, ": %s", strerror(error_number));
    return false;
}

bool rs_fail_at(struct rs_error *err, const char *format, ...) {
    if (err == NULL) return false;
    char text[sizeof err->text];
    memcpy(text, err->text, sizeof text);
    va_list arguments;
    va_start(arguments, format);
    set_text(err, format, arguments);
    va_end(arguments);
    size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, ": %s", text);
    return false;
}

int rs_open_code(int error_number) {
    bool absent = error_number == ENOENT || error_number == EACCES || error_number == ENOTDIR ||
                  error_number == EISDIR || error_number == EPERM;
    return absent ? EX_NOINPUT : EX_IOERR;
}
