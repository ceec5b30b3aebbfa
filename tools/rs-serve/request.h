/* A request as the handlers see it, wherever it came from: HTTP or the fuzzer.
 *
 * Path and arguments are as they were sent, percent signs and all: an id may hold a slash, so that
 * a path is split before it is decoded. Everything is borrowed for the time of one call. */
#ifndef SERVE_REQUEST_H
#define SERVE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/ids.h"

enum method {
    METHOD_GET = 1,
    METHOD_POST = 2,
    METHOD_PUT = 4,
    METHOD_DELETE = 8,
    METHOD_OTHER = 0
};

enum {
    MAX_ARGUMENTS = 32,
    MAX_PATH = 4096,    /* bytes of a URL with its arguments */
    MAX_HEADERS = 8192, /* bytes of all header lines */
    MAX_ID = 1024,      /* bytes of an id in a request */
    MAX_REQUEST_ID = 64
};

struct argument {
    const char *name, *value; /* value may be NULL */
};

struct request {
    enum method method;
    const char *path;
    struct argument arguments[MAX_ARGUMENTS];
    size_t n_arguments;
    bool too_long;   /* the URL, or there are too many arguments */
    bool too_much;   /* in the headers */
    bool lacks_host; /* which its version of HTTP has to name */
    const char *key, *if_none_match, *content_type, *host; /* headers, or NULL */
    const char *body;
    size_t body_length;
    char id[MAX_REQUEST_ID + 1]; /* the client's own, or "" */
};

/* Decodes N bytes of %xx into OUT, which has room for MAX_ID bytes, and checks that they are a
 * possible id: not empty, valid UTF-8, without NUL. NULL, or the reason why not. */
const char *request_decode(const char *raw, size_t n, char *out, struct rs_id *id);

/* The value of the last argument NAME, or NULL. */
const char *request_argument(const struct request *request, const char *name);

/* Reads a whole number of at most MAX. False for anything else. */
bool request_number(const char *text, uint64_t max, uint64_t *number);

/* Takes the client's request id if it is one: up to 64 letters, digits, '.', '_', '-'. */
void request_take_id(struct request *request, const char *id);

#endif
