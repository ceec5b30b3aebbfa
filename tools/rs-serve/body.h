/* Text that grows: the body of an answer while it is written, and JSON in it.
 *
 * JSON is printed straight into the memory that the answer is sent from. Floats are the shortest
 * decimals that read back as the same float, so that what is served can be compared with what
 * rs-view prints of scores. */
#ifndef SERVE_BODY_H
#define SERVE_BODY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "format/ids.h"

struct body {
    char *bytes; /* the owner frees it */
    size_t n, capacity;
};

/* Where N bytes more can go. */
static inline char *body_room(struct body *body, size_t n) {
    if (body->n + n > body->capacity) rs_grow(&body->bytes, &body->capacity, body->n + n, 1);
    return body->bytes + body->n;
}

static inline void body_bytes(struct body *body, const char *bytes, size_t n) {
    if (n == 0) return;
    memcpy(body_room(body, n), bytes, n);
    body->n += n;
}

/* In the header, so that the length of a constant is one. */
static inline void body_text(struct body *body, const char *text) {
    body_bytes(body, text, strlen(text));
}

void body_format(struct body *body, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A JSON string in its quotes. Bytes that are no UTF-8 become U+FFFD. */
void body_string(struct body *body, struct rs_id text);

/* The same within quotes that are there already. */
void body_escaped(struct body *body, struct rs_id text);

/* Numbers; null for what is not finite. */
void body_integer(struct body *body, uint64_t number);
void body_float(struct body *body, float number);
void body_double(struct body *body, double number);

/* A time as a string, or null for RS_NO_TIME. */
void body_time(struct body *body, int64_t when);

#endif
