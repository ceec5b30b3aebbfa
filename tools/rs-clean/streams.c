#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "inputs.h"

/* Ratings that an earlier run wrote: names get the sink's indices, ratings are checked anew. */

struct renumbering {
    uint32_t *index; /* the sink's, by the reader's */
    size_t n, capacity;
};

struct stream {
    struct intake *intake;
    const struct reading *reading;
    const char *place;
    struct rs_pairs_reader reader;
    struct renumbering users, items, contexts[RS_MAX_CONTEXTS];
    size_t context[RS_MAX_CONTEXTS]; /* the sink's number of each of the reader's */
    size_t n_contexts;
    double scale_min, scale_max;
    bool counts;
    uint64_t n_rows;
    uint64_t row_places[RS_BATCH_ROWS]; /* of the rows of a batch that are left */
};

static void renumber(struct renumbering *renumbering, struct names *names, const struct rs_ids *ids,
                     uint32_t *numbers, size_t n) {
    rs_grow(&renumbering->index, &renumbering->capacity, ids->n, sizeof *renumbering->index);
    for (; renumbering->n < ids->n; renumbering->n++) renumbering->index[renumbering->n] = RS_NONE;
    for (size_t i = 0; i < n; i++) {
        uint32_t *index = &renumbering->index[numbers[i]];
        if (*index == RS_NONE) *index = names_add(names, rs_ids_get(ids, numbers[i]));
        numbers[i] = *index;
    }
}

/* What is wrong with a rating; false if nothing is. The caller frees reject->text. */
static bool is_refused(const struct stream *stream, double rating, struct reject *reject) {
    if (stream->counts && rating <= 0) {
        reject->reason = REASON_COUNT;
        reject->text = rs_format("count '%g' is not positive", rating);
    } else if (rating < stream->scale_min || rating > stream->scale_max) {
        reject->reason = REASON_SCALE;
        reject->text = rs_format("rating '%g' is outside the scale %g..%g", rating,
                                 stream->scale_min, stream->scale_max);
    } else {
        return false;
    }
    return true;
}

static bool refuse(struct stream *stream, const struct rs_pairs *batch, size_t i,
                   struct reject *reject, struct rs_error *err) {
    struct rs_id user = rs_ids_get(&stream->reader.users.ids, batch->user[i]);
    struct rs_id item = rs_ids_get(&stream->reader.items.ids, batch->item[i]);
    char *raw = rs_format("%.*s\t%.*s\t%g", (int)user.length, user.text, (int)item.length,
                          item.text, (double)batch->rating[i]);
    reject->raw = (struct rs_id){raw, strlen(raw)};
    reject->line = stream->n_rows + i + 1;
    bool ok = rejects_take(stream->intake->rejects, reject, 1, 0, err);
    free(raw);
    free(reject->text);
    return ok;
}

/* Drops rows that are refused or below the threshold, before the sink sees their names. */
static bool sieve(struct stream *stream, struct rs_pairs *batch, struct rs_error *err) {
    struct rs_pairs left = *batch;
    double threshold = stream->reading->threshold;
    struct reject reject = {0};
    left.n = 0;
    for (size_t i = 0; i < batch->n; i++) {
        double rating = (double)batch->rating[i];
        bool removed = batch->removed != NULL && batch->removed[i]; /* and holds no rating */
        if (!removed && is_refused(stream, rating, &reject)) {
            if (!refuse(stream, batch, i, &reject, err)) return false;
            continue;
        }
        if (!removed && rating < threshold) {
            stream->intake->n_below++;
            continue;
        }
        stream->row_places[left.n] =
            stream->intake->n_inputs << PLACE_LINE_BITS | (stream->n_rows + i + 1);
        if (left.n < i) {
            rs_pairs_copy_row(&left, batch, i);
        } else {
            left.n++;
        }
        if (!isnan(threshold)) left.rating[left.n - 1] = 1;
    }
    stream->n_rows += batch->n;
    stream->intake->n_records += batch->n;
    size_t n_records = batch->n;
    batch->n = left.n;
    return rejects_take(stream->intake->rejects, NULL, 0, n_records, err);
}

static bool map_contexts(struct stream *stream, struct rs_error *err) {
    for (; stream->n_contexts < stream->reader.n_contexts; stream->n_contexts++) {
        size_t number =
            sink_context(stream->intake->sink, stream->reader.contexts[stream->n_contexts].name);
        if (number == RS_MAX_CONTEXTS)
            return rs_fail(err, EX_DATAERR, "%s: more than %d context columns in all",
                           stream->place, RS_MAX_CONTEXTS);
        stream->context[stream->n_contexts] = number;
    }
    return true;
}

static bool take_batch(struct stream *stream, struct rs_pairs *batch, struct rs_error *err) {
    struct sink *sink = stream->intake->sink;
    if (batch->rating == NULL)
        return rs_fail(err, EX_DATAERR, "%s: a batch has no ratings", stream->place);
    if (!sieve(stream, batch, err) || !map_contexts(stream, err)) return false;
    renumber(&stream->users, &sink->users, &stream->reader.users.ids, batch->user, batch->n);
    renumber(&stream->items, &sink->items, &stream->reader.items.ids, batch->item, batch->n);
    struct rs_pairs rows = {.n = batch->n,
                            .user = batch->user,
                            .item = batch->item,
                            .rating = batch->rating,
                            .time = batch->time,
                            .removed = batch->removed};
    if (batch->removed != NULL && !sink_holds(sink) && memchr(batch->removed, 1, batch->n) != NULL)
        return rs_fail(err, EX_DATAERR,
                       "%s: takes ratings back, which standard input can't: name the file",
                       stream->place);
    for (size_t c = 0; c < stream->n_contexts; c++) {
        size_t number = stream->context[c];
        renumber(&stream->contexts[c], &sink->contexts[number].values,
                 &stream->reader.contexts[c].values.ids, batch->context[c], batch->n);
        rows.context[number] = batch->context[c];
    }
    return sink_take(sink, &rows, stream->row_places, err);
}

/* Side tables that the stream brings are kept until the end, since the sink may write them then; of
 * several of a side the first counts, and one from the command line before all. */
static void take_tables(struct stream *stream) {
    struct intake *intake = stream->intake;
    struct rs_table *from[N_SIDES] = {&stream->reader.user_table, &stream->reader.item_table};
    for (int side = 0; side < N_SIDES; side++) {
        if (from[side]->n_columns == 0) continue;
        struct rs_table *kept = rs_malloc(1, sizeof *kept);
        *kept = *from[side];
        *from[side] = (struct rs_table){0};
        rs_grow(&intake->tables, &intake->table_capacity, intake->n_tables + 1,
                sizeof *intake->tables);
        intake->tables[intake->n_tables++] = kept;
        if (intake->sink->tables[side] == NULL) intake->sink->tables[side] = kept;
    }
}

/* What the first header says of all ratings. */
static bool take_header(struct stream *stream, struct rs_error *err) {
    struct sink *sink = stream->intake->sink;
    const struct reading *reading = stream->reading;
    bool implicit = reading->feedback == FEEDBACK_AUTO ? rs_pairs_implicit(&stream->reader)
                                                       : reading->feedback == FEEDBACK_IMPLICIT;
    json_t *split = json_object_get(stream->reader.header, "split");
    if (split != NULL && stream->intake->is_only) json_object_set(sink->header, "split", split);
    if (sink->declared.n == 0 && sink->n_rows == 0)
        sink->declared = rs_scale_from_json(json_object_get(stream->reader.header, "scale"));
    stream->counts = implicit;
    stream->scale_min = sink->declared.n > 0 ? (double)sink->declared.min : -INFINITY;
    stream->scale_max = sink->declared.n > 0 ? (double)sink->declared.max : INFINITY;
    return sink_feedback(sink, implicit || !isnan(reading->threshold), stream->place, err);
}

static bool read_batches(struct stream *stream, struct rs_error *err) {
    struct rs_pairs *batch;
    rejects_begin(stream->intake->rejects, stream->place);
    rs_progress_start("reads", "bytes", rs_reader_size(stream->reader.reader));
    bool ok = true, first = true;
    do {
        ok = rs_pairs_next(&stream->reader, &batch, err);
        if (ok && first) take_tables(stream);
        first = false;
        if (ok && batch != NULL) {
            rs_progress_at(rs_reader_position(stream->reader.reader));
            ok = take_batch(stream, batch, err);
        }
    } while (ok && batch != NULL);
    rs_progress_end();
    stream->intake->n_rejected += stream->intake->rejects->n_faults;
    return ok && rejects_end(stream->intake->rejects, err);
}

bool stream_takes_back(const char *path) {
    struct rs_event event;
    struct rs_reader *reader = rs_reader_open(path, NULL);
    bool takes_back = reader != NULL && rs_reader_next(reader, &event, NULL) &&
                      (rs_pairs_listed(event.map) & RS_REMOVED) != 0;
    rs_reader_close(reader);
    return takes_back;
}

bool stream_read(struct intake *intake, const char *path, const struct reading *reading,
                 struct rs_error *err) {
    struct stream *stream = rs_calloc(1, sizeof *stream);
    stream->intake = intake;
    stream->reading = reading;
    stream->place = strcmp(path, "-") == 0 ? "standard input" : path;
    const char *const paths[] = {path};
    bool ok = rs_pairs_open(&stream->reader, paths, 1, "ratings", err);
    if (ok) {
        stream->reader.takes_removed = true;
        ok = take_header(stream, err) && read_batches(stream, err);
        rs_pairs_close(&stream->reader);
    }
    free(stream->users.index);
    free(stream->items.index);
    for (size_t c = 0; c < RS_MAX_CONTEXTS; c++) free(stream->contexts[c].index);
    free(stream);
    return ok;
}

void intake_free(struct intake *intake) {
    for (size_t t = 0; t < intake->n_tables; t++) {
        rs_table_free(intake->tables[t]);
        free(intake->tables[t]);
    }
    free(intake->tables);
    for (size_t w = 0; w < intake->n_warnings; w++) free(intake->warnings[w]);
    free(intake->warnings);
}
