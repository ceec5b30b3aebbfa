#include "message.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *rs_progname = "rs";
int rs_verbosity = 0;

/* One line: what could break it or a terminal is shown as an escape. */
static void print_line(const char *level, const char *text) {
    char line[2048];
    size_t used = (size_t)snprintf(line, sizeof line - 8, "%.64s: %s", rs_progname, level);
    for (const char *c = text; *c != '\0' && used < sizeof line - 8; c++) {
        unsigned char byte = (unsigned char)*c;
        if (byte >= 0x20 && byte != 0x7f) {
            line[used++] = (char)byte;
        } else if (byte == '\n' || byte == '\t' || byte == '\r') {
            line[used++] = '\\';
            line[used++] = byte == '\n' ? 'n' : byte == '\t' ? 't' : 'r';
        } else {
            used += (size_t)snprintf(line + used, 5, "\\x%02x", byte);
        }
    }
    line[used++] = '\n';
    fflush(stdout);
    fwrite(line, 1, used, stderr);
}

static void print_message(const char *level, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void print_message(const char *level, const char *format, va_list arguments) {
    char text[1536];
    vsnprintf(text, sizeof text, format, arguments);
    print_line(level, text);
}

void rs_warn(const char *format, ...) {
    if (rs_verbosity < 0) return;
    va_list arguments;
    va_start(arguments, format);
    print_message("warning: ", format, arguments);
    va_end(arguments);
}

void rs_note(const char *format, ...) {
    if (rs_verbosity < 1) return;
    va_list arguments;
    va_start(arguments, format);
    print_message("", format, arguments);
    va_end(arguments);
}

void rs_die(int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_message("", format, arguments);
    va_end(arguments);
    exit(code);
}

void rs_die_error(const struct rs_error *err) {
    print_line("", err->text);
    exit(err->code);
}

int rs_finish(void) {
    bool failed = ferror(stdout) != 0;
    if (fclose(stdout) != 0) failed = true;
    if (!failed) return EX_OK;
    if (errno == EPIPE) raise(SIGPIPE);
    print_line("", "standard output: write failed");
    return EX_IOERR;
}
