/* What the server counts, and its text for Prometheus.
 *
 * Each worker counts for itself, so that counting costs a store; whoever reads adds up. */
#ifndef SERVE_METRICS_H
#define SERVE_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "body.h"
#include "cache.h"
#include "snapshot.h"

enum { MAX_ROUTES = 48, N_CLASSES = 6, N_BUCKETS = 14 };

struct figures; /* of one worker */

struct metrics {
    _Atomic(struct figures *) by_worker[MAX_WORKERS];
    atomic_uint_fast64_t n_swaps, n_failed_swaps;
    struct connections *connections; /* or NULL */
};

/* A request was answered. */
void metrics_request(struct metrics *metrics, unsigned worker, unsigned route, unsigned status,
                     uint64_t nanoseconds);

/* The cache was asked. */
void metrics_cache(struct metrics *metrics, unsigned worker, enum cache_found found);

/* A list was made: READY if it was taken from those of the model. */
void metrics_listed(struct metrics *metrics, unsigned worker, bool ready);

void metrics_free(struct metrics *metrics);

/* Writes the text format of Prometheus. */
struct server;
void metrics_print(struct server *server, struct body *body);

/* Nanoseconds on the clock that only runs forward. */
uint64_t metrics_now(void);

#endif
