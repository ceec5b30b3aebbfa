/* What all requests share. */
#ifndef SERVE_SERVER_H
#define SERVE_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "cache.h"
#include "journal.h"
#include "keys.h"
#include "metrics.h"
#include "snapshot.h"
#include "users.h"

enum { JOURNAL_WORKER = 0 }; /* the journal's thread; those of HTTP count from 1 */

struct server {
    const char *model_path;
    struct current current;
    pthread_mutex_t apply_lock; /* see journal.h */
    struct users *users;
    struct journal *journal;
    struct cache *cache;
    struct keys keys;
    struct metrics metrics;
    uint64_t max_n;      /* entries of a list */
    bool refuse_unknown; /* feedback about items that the model does not know */
    bool only_local;     /* without keys: answers only who calls it by a name of this machine */
    atomic_bool stopping;
    atomic_uint n_workers;
    uint64_t n_generations;
};

/* Opens the model and the journal. False after filling *err. */
bool server_open(struct server *server, const char *model_path, const char *journal_path,
                 size_t journal_file_bytes, size_t cache_bytes, struct rs_error *err);

/* Puts what is at the model's path now in place of what is served, if it is another model and
 * whole. False after filling *err; what is served stays then. *changed tells whether there is
 * another. */
bool server_reload(struct server *server, bool *changed, struct rs_error *err);

void server_close(struct server *server);

/* The number of the calling thread, below MAX_WORKERS. */
unsigned server_worker(struct server *server);

#endif
