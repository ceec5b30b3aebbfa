#include "base/message.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

const char *rs_progname = "rs";
int rs_verbosity = 0;

/* The length of the character at TEXT; 0 for what could break the line or a terminal: control
 * characters (those of U+0080 to U+009F too) and what is no UTF-8. */
static size_t harmless(const char *text) {
    unsigned char byte = (unsigned char)*text;
    if (byte < 0x80) return byte >= 0x20 && byte != 0x7f;
    size_t left = strnlen(text, 4);
    for (size_t n = 2; n <= left; n++)
        if (rs_utf8_valid(text, n)) return byte == 0xc2 && (unsigned char)text[1] < 0xa0 ? 0 : n;
    return 0;
}

static void print_line(const char *level, const char *text) {
    char line[2048];
    size_t used = (size_t)snprintf(line, sizeof line - 8, "%.64s: %s", rs_progname, level);
    for (const char *c = text; *c != '\0' && used < sizeof line - 8; c++) {
        unsigned char byte = (unsigned char)*c;
        size_t length = harmless(c);
        if (length > 0) {
            memcpy(line + used, c, length);
            used += length;
            c += length - 1;
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
    errno = 0; /* what failed before fails again, with its reason, in what is left to write */
    if (fclose(stdout) != 0) failed = true;
    if (!failed) return EX_OK;
    if (errno == EPIPE) raise(SIGPIPE);
    rs_die(EX_IOERR, "standard output: write failed%s%s", errno != 0 ? ": " : "",
           errno != 0 ? strerror(errno) : "");
}
