#include "body.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/number.h"
#include "base/utf8.h"
#include "base/when.h"
#include "format/pairs.h"

void body_format(struct body *body, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    body_bytes(body, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

/* The length of the character at TEXT, 0 if it is no UTF-8. */
static size_t character(const char *text, size_t left) {
    for (size_t n = 2; n <= 4 && n <= left; n++)
        if (rs_utf8_valid(text, n)) return n;
    return 0;
}

static void escape(struct body *body, unsigned char byte) {
    static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *form = short_forms; *form != '\0'; form += 2) {
        if (byte != (unsigned char)form[0]) continue;
        body_bytes(body, (const char[]){'\\', form[1]}, 2);
        return;
    }
    body_format(body, "\\u%04x", byte);
}

void body_escaped(struct body *body, struct rs_id text) {
    size_t plain = 0; /* where what needs no change begins */
    for (size_t i = 0; i < text.length;) {
        unsigned char byte = (unsigned char)text.text[i];
        size_t length = byte < 0x80 ? 1 : character(text.text + i, text.length - i);
        if (length > 0 && byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f) {
            i += length;
            continue;
        }
        body_bytes(body, text.text + plain, i - plain);
        if (length == 0) {
            body_text(body, "\xef\xbf\xbd");
        } else {
            escape(body, byte);
        }
        plain = ++i;
    }
    body_bytes(body, text.text + plain, text.length - plain);
}

void body_string(struct body *body, struct rs_id text) {
    body_bytes(body, "\"", 1);
    body_escaped(body, text);
    body_bytes(body, "\"", 1);
}

void body_integer(struct body *body, uint64_t number) {
    body->n += rs_number_print_integer(body_room(body, 20), number);
}

void body_float(struct body *body, float number) {
    if (isfinite(number)) {
        body->n += rs_number_print_float(body_room(body, 32), number);
    } else {
        body_text(body, "null");
    }
}

void body_double(struct body *body, double number) {
    if (isfinite(number)) {
        body->n += rs_number_print_double(body_room(body, 32), number);
    } else {
        body_text(body, "null");
    }
}

void body_time(struct body *body, int64_t when) {
    if (when == RS_NO_TIME) {
        body_text(body, "null");
        return;
    }
    body_bytes(body, "\"", 1);
    body->n += rs_when_print(body_room(body, 40), when);
    body_bytes(body, "\"", 1);
}
