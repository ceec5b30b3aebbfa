/* API keys: who may read, who may write.
 *
 * A file of lines `read KEY` and `write KEY` ('#' begins a comment); a write key may read too. Keys
 * are compared in constant time, against all of them, and appear in no message. */
#ifndef SERVE_KEYS_H
#define SERVE_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { MAX_KEY = 128, MIN_KEY = 16 };

enum access { ACCESS_FREE, ACCESS_READ, ACCESS_WRITE };

struct keys {
    size_t n, capacity;
    struct key *keys; /* NULL without a file: everything is allowed */
    bool required;
};

/* Reads the file. False after filling *err; what is there already stays then. */
bool keys_read(struct keys *keys, const char *path, struct rs_error *err);
void keys_free(struct keys *keys);

/* What a key opens, the most of all that match: ACCESS_FREE for none. KEY may be NULL. */
enum access keys_access(const struct keys *keys, const char *key);

#endif
