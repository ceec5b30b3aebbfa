/* What the server counts.
 *
 * Each worker counts for itself, so that counting costs a store; whoever reads adds up. */
#ifndef SERVE_METRICS_H
#define SERVE_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "cache.h"
#include "snapshot.h"

enum { MAX_ROUTES = 48, N_CLASSES = 6, N_BUCKETS = 14 };

/* Upper ends of the buckets in microseconds; that of the last is infinite. */
extern const double metrics_buckets[N_BUCKETS - 1];

/* Of one worker, or of all. */
struct figures {
    atomic_uint_fast64_t requests[MAX_ROUTES][N_CLASSES]; /* by the first digit of the status */
    atomic_uint_fast64_t buckets[MAX_ROUTES][N_BUCKETS];
    atomic_uint_fast64_t nanoseconds[MAX_ROUTES];
    atomic_uint_fast64_t found[3];  /* by enum cache_found */
    atomic_uint_fast64_t listed[2]; /* by whether the list was ready */
};

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

/* Adds the figures of all workers to TOTAL. */
void metrics_sum(struct metrics *metrics, struct figures *total);

void metrics_free(struct metrics *metrics);

/* Nanoseconds on the clock that only runs forward. */
uint64_t metrics_now(void);

#endif
