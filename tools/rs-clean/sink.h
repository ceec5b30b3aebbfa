/* Where cleaned ratings go: straight into the output, batch by batch, or first into memory when
 * repeated pairs or a core are asked for. */
#ifndef CLEAN_SINK_H
#define CLEAN_SINK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "format/pairs.h"
#include "hold.h"
#include "names.h"

struct context {
    char *name;
    struct names values; /* "" is number 0 */
};

enum { USERS, ITEMS, N_SIDES };

struct sink {
    /* Set by the caller before the first rows. */
    FILE *file;
    json_t *header; /* program and parameters; more is added before it is written */
    enum dedupe dedupe;
    uint64_t min_user, min_item;

    struct names users, items;
    struct context contexts[RS_MAX_CONTEXTS];
    size_t n_contexts;
    bool implicit, knows_feedback;
    bool takes_back; /* rows may be `removed`: set before the first */
    struct rs_scale declared; /* n == 0: no scale is */
    struct rs_scale scale;    /* of what was written */
    struct hold hold;
    bool any_time;
    struct rs_table *tables[N_SIDES]; /* or NULL; not the sink's own */
    bool table_written[N_SIDES];
    struct rs_pairs_writer *writer;
    unsigned columns; /* of the segment being written */
    size_t n_segment_contexts;
    uint64_t n_rows, n_written; /* taken in; put out */
    uint64_t n_users, n_items;  /* of what was written */
    struct repeated repeated;
    struct core core;
};

void sink_open(struct sink *sink);
void sink_close(struct sink *sink);

/* True if the ratings wait in memory for the end. */
bool sink_holds(const struct sink *sink);

/* All inputs are implicit feedback, or all are ratings: false when PLACE is other than what came
 * before. */
bool sink_feedback(struct sink *sink, bool implicit, const char *place, struct rs_error *err);

/* The number of a context, added if it is new; RS_MAX_CONTEXTS when there are too many. */
size_t sink_context(struct sink *sink, const char *name);

/* Takes rows whose indices are the sink's. PLACE is of each row where the sink asks for it (dedupe
 * is ERROR), else NULL. */
bool sink_take(struct sink *sink, const struct rs_pairs *rows, const uint64_t *place,
               struct rs_error *err);

/* Everything has come: resolves what is held. */
void sink_resolve(struct sink *sink);

/* Writes the rest and the end. COUNTS is consumed. Nothing is left to write is for the caller to
 * find before, in n_rows and the fields that sink_resolve sets. */
void sink_finish(struct sink *sink, json_t *counts);

#endif
