/* The journal: every accepted event on disk before anybody is told so, many events with one
 * fdatasync.
 *
 * A folder of files 00000001.rs, 00000002.rs … each a ratings stream: one segment for each group of
 * events that was written at once, with the columns rating, time and removed, and beside them, in
 * the arrays event_offset and event_bytes, the clients' ids of the events ("" for none). A row
 * whose `removed` is 1 takes back what was said of the pair before. `rs-clean ratings.csv` and the
 * files of the journal merges it. Counts are the sums as of then, so that the last row of a pair is
 * the whole truth.
 *
 * Requests hand submissions to the journal's thread and go on; when their group is on disk the
 * thread applies its events to what is served and calls `done`. A group that can't be written is
 * cut off the file again, its submissions fail and none of their events count.
 *
 * At the start everything is replayed. What a crash left of the last group, which nobody was told
 * was accepted, is cut off and reported; damage in front of whole groups is an error. */
#ifndef SERVE_JOURNAL_H
#define SERVE_JOURNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "users.h"

/* An event on its way in. */
struct submitted {
    struct event event;
    struct rs_id id; /* the client's, or "" */
    bool adds;       /* the value is added to the one before */
    bool repeated;   /* its id has been seen: it does not count */
};

/* The events of one request. */
struct submission {
    struct submitted *events;
    size_t n;
    json_t *json;     /* holds the strings, or NULL */
    char *memory;     /* the same */
    size_t n_unknown; /* of items that the model does not know */
    size_t n_new;     /* filled by the journal: those that were not seen before */
    bool failed;      /* filled by the journal */
    void (*done)(struct submission *submission);
    void *context; /* of `done` */
    struct submission *next;
};
void submission_free(struct submission *submission);

struct journal;

/* What the events act on. */
struct journal_target {
    struct users *users;
    struct current *current; /* which snapshot is */
    pthread_mutex_t *lock; /* held while events are applied: whoever swaps snapshots holds it too */
    unsigned worker;       /* the number under which the journal pins the snapshot */
};

struct journal_figures {
    uint64_t n_events, n_repeated, n_groups, n_failed, n_replayed, bytes;
    double sync_seconds;
};

/* Opens the journal in the folder PATH (NULL: events are kept in memory only), replays it and
 * starts the thread. A file is ended at FILE_BYTES. NULL after filling *err. */
struct journal *journal_open(const char *path, size_t file_bytes,
                             const struct journal_target *target, struct rs_error *err);

/* Takes a submission over until `done` is called, which may be at once and in another thread. */
void journal_submit(struct journal *journal, struct submission *submission);

/* Writes what is waiting, ends the thread and closes. */
void journal_close(struct journal *journal);

struct journal_figures journal_figures(struct journal *journal);

#endif
