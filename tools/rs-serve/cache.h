/* Finished answers, the most recently used, bounded in bytes.
 *
 * A key holds everything that the answer depends on (request, model, version of the user's
 * feedback), so that nothing in here is ever stale: what is outdated is asked for no more and falls
 * out. Of several that ask for the same missing answer at once one computes and the others wait.
 * Keys are spread over shards with a lock each. */
#ifndef SERVE_CACHE_H
#define SERVE_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "reply.h"

struct cache;

enum cache_found { CACHE_HIT, CACHE_JOINED, CACHE_MISS, CACHE_BUSY };

/* At most BYTES in answers and bookkeeping; 0 keeps nothing, but still computes once. */
struct cache *cache_new(size_t bytes);
void cache_free(struct cache *cache);

/* CACHE_HIT, or CACHE_JOINED after waiting for another thread: *answer is held for the caller.
 * CACHE_MISS: the caller computes the answer and must call cache_put with the same key.
 * CACHE_BUSY, unless the caller WAITS: another thread is computing it. */
enum cache_found cache_get(struct cache *cache, const void *key, size_t n, bool waits,
                           struct answer **answer);

/* Hands in what the caller computed, or NULL if it has failed: those who wait then get
 * CACHE_MISS. The cache takes a hold of its own. */
void cache_put(struct cache *cache, const void *key, size_t n, struct answer *answer);

/* For the metrics. */
void cache_size(const struct cache *cache, size_t *bytes, size_t *answers, uint64_t *evicted);

#endif
