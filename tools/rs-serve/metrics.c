#include "metrics.h"

#include <stdlib.h>
#include <time.h>

#include "base/memory.h"

const double metrics_buckets[N_BUCKETS - 1] = {50,    100,   250,   500,    1000,   2500,   5000,
                                               10000, 25000, 50000, 100000, 500000, 1000000};

uint64_t metrics_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct figures *figures_of(struct metrics *metrics, unsigned worker) {
    struct figures *figures =
        atomic_load_explicit(&metrics->by_worker[worker], memory_order_relaxed);
    if (figures != NULL) return figures;
    figures = rs_calloc(1, sizeof *figures);
    atomic_store(&metrics->by_worker[worker], figures);
    return figures;
}

/* Only its worker writes a counter. */
static void add(atomic_uint_fast64_t *counter, uint64_t n) {
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

void metrics_request(struct metrics *metrics, unsigned worker, unsigned route, unsigned status,
                     uint64_t nanoseconds) {
    struct figures *figures = figures_of(metrics, worker);
    size_t bucket = 0;
    while (bucket < N_BUCKETS - 1 && (double)nanoseconds > 1000 * metrics_buckets[bucket]) bucket++;
    add(&figures->requests[route][status / 100 % N_CLASSES], 1);
    add(&figures->buckets[route][bucket], 1);
    add(&figures->nanoseconds[route], nanoseconds);
}

void metrics_cache(struct metrics *metrics, unsigned worker, enum cache_found found) {
    add(&figures_of(metrics, worker)->found[found], 1);
}

void metrics_listed(struct metrics *metrics, unsigned worker, bool ready) {
    add(&figures_of(metrics, worker)->listed[ready], 1);
}

void metrics_sum(struct metrics *metrics, struct figures *total) {
    for (size_t w = 0; w < MAX_WORKERS; w++) {
        struct figures *figures = atomic_load(&metrics->by_worker[w]);
        if (figures == NULL) continue;
        const atomic_uint_fast64_t *from = (const atomic_uint_fast64_t *)(const void *)figures;
        atomic_uint_fast64_t *to = (atomic_uint_fast64_t *)(void *)total;
        for (size_t c = 0; c < sizeof *figures / sizeof *to; c++)
            add(&to[c], atomic_load_explicit(&from[c], memory_order_relaxed));
    }
}

void metrics_free(struct metrics *metrics) {
    for (size_t w = 0; w < MAX_WORKERS; w++) free(atomic_load(&metrics->by_worker[w]));
}
