/* A model in use: an open model folder, the popularity of its items as feedback moves it, and what
 * each worker needs to compute with it.
 *
 * The server has one current snapshot. Workers pin it for the time of a request; a new one takes
 * its place in one store, and the old one is closed when no worker has it pinned. Nobody waits but
 * the thread that swaps. */
#ifndef SERVE_SNAPSHOT_H
#define SERVE_SNAPSHOT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "context/context.h"
#include "hybrid/folder.h"
#include "model/listing.h"
#include "neighbours/graph.h"
#include "neighbours/mmr.h"
#include "ratings/assembly.h"

enum { MAX_WORKERS = 256 };

/* An item and when it was rated first. */
struct arrival {
    int64_t time; /* or RS_NO_TIME */
    uint32_t item;
};

/* What one worker computes with. */
struct bench {
    struct rs_listing *listing; /* NULL until it is needed, as all of these: bench_listing */
    void *predict_workspace;    /* bench_workspace */
    uint8_t *allowed;           /* one an item */
    uint32_t *place;            /* one an item, zeros between requests */
    float *lifts;               /* one an item */
    struct rs_mmr *mmr;
};

struct snapshot {
    struct rs_folder *folder;
    const struct rs_matrix *matrix;
    const struct rs_graph *neighbours[2]; /* by side: of items, of users; or NULL */
    struct rs_context_model *context;     /* or NULL */
    uint64_t generation;                  /* numbers the snapshots of a process, from 1 */
    int64_t opened;                       /* milliseconds since 1970 */
    enum rs_counts counts;                /* of implicit feedback: how the matrix keeps it */
    atomic_int *moved;                    /* by item: ratings that feedback added or took */
    struct bench *benches[MAX_WORKERS];
    pthread_mutex_t latest_lock;
    struct arrival *latest; /* all items, newest first; made when it is needed */
    json_t *sources;        /* names of what answers in a model's stead, by enum rs_source */
};

/* Opens a folder; CHECK reads every part against its checksum. NULL after filling *err. */
struct snapshot *snapshot_open(const char *path, uint64_t generation, bool check,
                               struct rs_error *err);
void snapshot_close(struct snapshot *snapshot);

/* The bench of a worker, made at its first use. */
struct bench *snapshot_bench(struct snapshot *snapshot, unsigned worker);

/* What it makes lists with, and what it predicts with, both made when they are needed. */
struct rs_listing *bench_listing(struct bench *bench, const struct snapshot *snapshot);
void *bench_workspace(struct bench *bench, const struct snapshot *snapshot);

/* Feedback adds (or takes) ratings of an item. */
void snapshot_count(const struct snapshot *snapshot, uint32_t item, int change);

/* Ratings of an item, those of feedback with them. */
uint64_t snapshot_popularity(const struct snapshot *snapshot, uint32_t item);

/* All items by the time of their first rating, newest first; NULL if the matrix keeps no times. */
const struct arrival *snapshot_latest(struct snapshot *snapshot);

/* The name of what gave an answer, the model or what stood in for it. */
const char *snapshot_source(const struct snapshot *snapshot, const struct rs_model *model,
                            enum rs_source source);

/* A value as it is given (a count, a rating) as a rating of the matrix, and back. */
float snapshot_rating(const struct snapshot *snapshot, float value);
float snapshot_value(const struct snapshot *snapshot, float rating);

/* The one in use. */
struct current {
    _Atomic(struct snapshot *) snapshot;
    _Atomic(struct snapshot *) pinned[MAX_WORKERS]; /* by worker, or NULL */
};

struct snapshot *current_pin(struct current *current, unsigned worker);
void current_unpin(struct current *current, unsigned worker);

/* Puts NEXT in place and returns the one before when nobody uses it any more. */
struct snapshot *current_swap(struct current *current, struct snapshot *next);

#endif
