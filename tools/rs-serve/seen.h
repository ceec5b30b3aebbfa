/* The ids of events that have been accepted, so that an event sent twice counts once.
 *
 * Remembers 128-bit hashes: of the last SEEN_RECENT events with an id at least, of twice as many at
 * most. 32 bytes an event, or a little more. */
#ifndef SERVE_SEEN_H
#define SERVE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <xxhash.h>

#include "format/ids.h"

enum { SEEN_RECENT = 2000000 };

struct seen_table {
    XXH128_hash_t *slots; /* zeros: free */
    size_t n, n_slots;
};

struct seen {
    struct seen_table recent, before;
};

/* Remembers an id; false if it was known. */
bool seen_add(struct seen *seen, struct rs_id id);

/* Forgets an id that was added last or lately. */
void seen_remove(struct seen *seen, struct rs_id id);

void seen_free(struct seen *seen);

#endif
