#include "sink.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void sink_open(struct sink *sink) {
    names_init(&sink->users);
    names_init(&sink->items);
    sink->hold.places = sink->dedupe == DEDUPE_ERROR;
}

void sink_close(struct sink *sink) {
    names_free(&sink->users);
    names_free(&sink->items);
    for (size_t c = 0; c < sink->n_contexts; c++) {
        free(sink->contexts[c].name);
        names_free(&sink->contexts[c].values);
    }
    hold_free(&sink->hold);
    json_decref(sink->header);
}

bool sink_holds(const struct sink *sink) {
    return sink->takes_back || sink->dedupe != DEDUPE_KEEP || sink->min_user > 1 ||
           sink->min_item > 1;
}

bool sink_feedback(struct sink *sink, bool implicit, const char *place, struct rs_error *err) {
    if (sink->knows_feedback && sink->implicit != implicit)
        return rs_fail(err, EX_DATAERR,
                       "%s: holds %s where the inputs before it hold %s: --feedback says what all "
                       "are",
                       place, implicit ? "implicit feedback" : "ratings",
                       implicit ? "ratings" : "implicit feedback");
    sink->implicit = implicit;
    sink->knows_feedback = true;
    return true;
}

size_t sink_context(struct sink *sink, const char *name) {
    size_t c = 0;
    while (c < sink->n_contexts && strcmp(sink->contexts[c].name, name) != 0) c++;
    if (c < sink->n_contexts || c == RS_MAX_CONTEXTS) return c;
    sink->contexts[c].name = rs_strdup(name);
    names_init(&sink->contexts[c].values);
    names_add(&sink->contexts[c].values, (struct rs_id){"", 0});
    sink->n_contexts++;
    return c;
}

/* Writing */

/* COUNTS is consumed. */
static void end_segment(struct sink *sink, json_t *counts) {
    json_incref(counts);
    rs_pairs_finish(sink->writer, counts); /* adds what it has counted itself */
    sink->writer = NULL;
    struct rs_scale scale = rs_scale_from_json(json_object_get(counts, "scale"));
    rs_scale_join(&sink->scale, &scale);
    sink->n_users = (uint64_t)json_integer_value(json_object_get(counts, "users"));
    sink->n_items = (uint64_t)json_integer_value(json_object_get(counts, "items"));
    json_decref(counts);
}

/* What was left out because there was too little of it: figures of what is left are not those of
 * everything. */
static json_t *pruning(const struct sink *sink) {
    const struct core *core = &sink->core;
    return json_pack("{s:I,s:I,s:{s:I,s:I},s:{s:I,s:I},s:{s:I,s:I}}", "min_user",
                     (json_int_t)sink->min_user, "min_item", (json_int_t)sink->min_item, "ratings",
                     "of", (json_int_t)core->n_ratings, "dropped",
                     (json_int_t)core->ratings_dropped, "users", "of", (json_int_t)core->n_users,
                     "dropped", (json_int_t)core->users_dropped, "items", "of",
                     (json_int_t)core->n_items, "dropped", (json_int_t)core->items_dropped);
}

static void begin_segment(struct sink *sink, bool time) {
    struct rs_pairs_form form = {.kind = "ratings",
                                 .columns = RS_RATING | (time ? RS_TIME : 0),
                                 .users = &sink->users.dict.ids,
                                 .items = &sink->items.dict.ids,
                                 .n_contexts = sink->n_contexts};
    for (size_t c = 0; c < sink->n_contexts; c++) {
        form.context_names[c] = sink->contexts[c].name;
        form.context_values[c] = &sink->contexts[c].values.dict.ids;
    }
    if (!sink->table_written[USERS]) form.user_table = sink->tables[USERS];
    if (!sink->table_written[ITEMS]) form.item_table = sink->tables[ITEMS];
    json_t *header = json_deep_copy(sink->header);
    json_object_set_new(header, "feedback", json_string(sink->implicit ? "implicit" : "explicit"));
    if (sink->declared.n > 0 && !sink->implicit)
        json_object_set_new(header, "scale", rs_scale_json(&sink->declared));
    if (sink->min_user > 1 || sink->min_item > 1)
        json_object_set_new(header, "pruned", pruning(sink));
    sink->writer = rs_pairs_write(sink->file, &form, header);
    sink->columns = form.columns;
    sink->n_segment_contexts = form.n_contexts;
    for (int side = 0; side < N_SIDES; side++)
        sink->table_written[side] = sink->tables[side] != NULL;
}

/* A segment says at its head which columns, contexts and side tables it has. When one more comes,
 * with a later input, another segment begins. */
static void fit_segment(struct sink *sink, bool time) {
    bool fits = sink->writer != NULL && (!time || (sink->columns & RS_TIME)) &&
                sink->n_segment_contexts == sink->n_contexts;
    for (int side = 0; side < N_SIDES; side++)
        fits = fits && sink->table_written[side] == (sink->tables[side] != NULL);
    if (fits) return;
    time = time || (sink->writer != NULL && (sink->columns & RS_TIME));
    if (sink->writer != NULL) end_segment(sink, json_object());
    begin_segment(sink, time);
}

static void copy_column(uint32_t *to, const uint32_t *from, size_t n) {
    if (from == NULL) {
        memset(to, 0, n * sizeof *to);
    } else {
        memcpy(to, from, n * sizeof *to);
    }
}

static void write_rows(struct sink *sink, const struct rs_pairs *rows) {
    fit_segment(sink, rows->time != NULL);
    for (size_t from = 0; from < rows->n;) {
        struct rs_pairs *batch = rs_pairs_room(sink->writer);
        size_t at = batch->n, room = RS_BATCH_ROWS - at;
        size_t n = rows->n - from < room ? rows->n - from : room;
        memcpy(batch->user + at, rows->user + from, n * sizeof *batch->user);
        memcpy(batch->item + at, rows->item + from, n * sizeof *batch->item);
        memcpy(batch->rating + at, rows->rating + from, n * sizeof *batch->rating);
        for (size_t i = 0; batch->time != NULL && rows->time == NULL && i < n; i++)
            batch->time[at + i] = RS_NO_TIME;
        if (rows->time != NULL)
            memcpy(batch->time + at, rows->time + from, n * sizeof *batch->time);
        for (size_t c = 0; c < sink->n_contexts; c++)
            copy_column(batch->context[c] + at,
                        rows->context[c] == NULL ? NULL : rows->context[c] + from, n);
        batch->n += n;
        from += n;
    }
    sink->n_written += rows->n;
}

bool sink_take(struct sink *sink, const struct rs_pairs *rows, const uint64_t *place,
               struct rs_error *err) {
    if (rows->n == 0) return true;
    sink->n_rows += rows->n;
    sink->any_time |= rows->time != NULL;
    if (sink_holds(sink)) return hold_add(&sink->hold, rows, place, err);
    write_rows(sink, rows);
    return true;
}

void sink_resolve(struct sink *sink) {
    if (!sink_holds(sink)) return;
    struct hold *hold = &sink->hold;
    sink->repeated =
        hold_resolve(hold, sink->dedupe, sink->users.dict.ids.n, sink->items.dict.ids.n);
    if (sink->min_user > 1 || sink->min_item > 1)
        sink->core = hold_core(hold, sink->min_user, sink->min_item);
}

static void write_held(struct sink *sink) {
    uint64_t at = 0;
    struct rs_pairs *batch;
    size_t before;
    fit_segment(sink, sink->any_time);
    do {
        batch = rs_pairs_room(sink->writer);
        before = batch->n;
        hold_next(&sink->hold, &at, batch);
        sink->n_written += batch->n - before;
    } while (batch->n > before);
}

void sink_finish(struct sink *sink, json_t *counts) {
    if (sink_holds(sink)) write_held(sink);
    if (sink->writer == NULL) begin_segment(sink, sink->any_time);
    end_segment(sink, counts);
    if (sink_holds(sink)) return;
    sink->n_users = sink->users.dict.ids.n; /* of all segments */
    sink->n_items = sink->items.dict.ids.n;
}
