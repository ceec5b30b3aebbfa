#include "segment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "format/file.h"
#include "format/format.h"
#include "format/pairs.h"
#include "format/reader.h"
#include "format/writer.h"

/* Writing */

static void write_event_ids(struct rs_writer *writer, const struct submitted *const *events,
                            size_t n) {
    uint64_t *offset = rs_malloc(n + 1, sizeof *offset), length = 0;
    for (size_t i = 0; i < n; i++) {
        offset[i] = length;
        length += events[i]->id.length;
    }
    offset[n] = length;
    char *bytes = rs_malloc(length, 1);
    for (size_t i = 0; i < n; i++)
        if (events[i]->id.length > 0)
            memcpy(bytes + offset[i], events[i]->id.text, events[i]->id.length);
    struct rs_ids ids = {n, offset, bytes};
    if (length > 0) rs_ids_write(writer, "event", &ids);
    free(offset);
    free(bytes);
}

static void write_segment(FILE *file, const struct submitted *const *events, size_t n,
                          bool implicit) {
    struct rs_dict users, items;
    rs_dict_init(&users);
    rs_dict_init(&items);
    struct rs_pairs_form form = {.kind = "ratings",
                                 .columns = RS_RATING | RS_TIME | RS_REMOVED,
                                 .users = &users.ids,
                                 .items = &items.ids};
    json_t *header = json_pack("{s:s, s:s}", "program", "rs-serve", "feedback",
                               implicit ? "implicit" : "explicit");
    struct rs_pairs_writer *writer = rs_pairs_write(file, &form, header);
    write_event_ids(&writer->writer, events, n);
    for (size_t i = 0; i < n; i++) {
        const struct event *event = &events[i]->event;
        struct rs_pairs *batch = rs_pairs_room(writer);
        size_t row = batch->n++;
        batch->user[row] = rs_dict_add(&users, event->user);
        batch->item[row] = rs_dict_add(&items, event->item);
        batch->rating[row] = event->removed ? 0 : event->value;
        batch->time[row] = event->time;
        batch->removed[row] = event->removed;
    }
    rs_pairs_finish(writer, NULL);
    rs_dict_free(&users);
    rs_dict_free(&items);
}

char *segment_write(const struct submission *submissions, bool implicit, size_t *n_bytes) {
    const struct submitted **events = NULL;
    size_t n = 0, capacity = 0;
    for (const struct submission *s = submissions; s != NULL; s = s->next) {
        rs_grow(&events, &capacity, n + s->n, sizeof *events);
        for (size_t i = 0; i < s->n; i++)
            if (!s->events[i].repeated) events[n++] = &s->events[i];
    }
    char *bytes = NULL;
    FILE *file = open_memstream(&bytes, n_bytes);
    for (size_t from = 0; from < n; from += RS_BATCH_ROWS)
        write_segment(file, events + from, n - from < RS_BATCH_ROWS ? n - from : RS_BATCH_ROWS,
                      implicit);
    fclose(file);
    free(events);
    return bytes;
}

/* Reading */

/* A segment while it is read. */
struct gathered {
    struct rs_segment arrays;
    struct rs_ids users, items, ids;
    const uint32_t *user, *item;
    const float *rating;
    const int64_t *time;
    const uint8_t *removed; /* or NULL */
    size_t n;
};

/* Finds and checks all that a segment must have. */
static bool gather(struct gathered *gathered, const char *name, struct rs_error *err) {
    const struct rs_segment *arrays = &gathered->arrays;
    const struct rs_array *item = rs_segment_find(arrays, "item");
    gathered->n = item == NULL ? 0 : item->n_rows;
    size_t n = gathered->n;
    gathered->ids = (struct rs_ids){0};
    gathered->removed = NULL;
    if (n == 0) return rs_fail(err, EX_DATAERR, "%s: the journal has a group without events", name);
    if (!rs_ids_open(&gathered->users, name, arrays, "user", err) ||
        !rs_ids_open(&gathered->items, name, arrays, "item", err) ||
        !rs_segment_array(name, arrays, "user", RS_U32, n, &gathered->user, err) ||
        !rs_segment_array(name, arrays, "item", RS_U32, n, &gathered->item, err) ||
        !rs_segment_array(name, arrays, "rating", RS_F32, n, &gathered->rating, err) ||
        !rs_segment_array(name, arrays, "time", RS_I64, n, &gathered->time, err))
        return false;
    if (rs_segment_find(arrays, "removed") != NULL &&
        !rs_segment_array(name, arrays, "removed", RS_U8, n, &gathered->removed, err))
        return false;
    if (rs_segment_find(arrays, "event_offset") != NULL &&
        (!rs_ids_open(&gathered->ids, name, arrays, "event", err) || gathered->ids.n != n))
        return rs_fail(err, EX_DATAERR, "%s: the journal's event ids do not fit its events", name);
    for (size_t i = 0; i < n; i++)
        if (gathered->user[i] >= gathered->users.n || gathered->item[i] >= gathered->items.n ||
            !(gathered->rating[i] >= -1e29f && gathered->rating[i] <= 1e29f))
            return rs_fail(err, EX_DATAERR, "%s: the journal has an event that can't be", name);
    return true;
}

static void give(const struct gathered *gathered,
                 void (*take)(void *data, const struct event *event, struct rs_id id), void *data) {
    for (size_t i = 0; i < gathered->n; i++) {
        struct event event = {.user = rs_ids_get(&gathered->users, gathered->user[i]),
                              .item = rs_ids_get(&gathered->items, gathered->item[i]),
                              .value = gathered->rating[i],
                              .removed = gathered->removed != NULL && gathered->removed[i] != 0,
                              .time = gathered->time[i]};
        struct rs_id id =
            gathered->ids.n == 0 ? (struct rs_id){"", 0} : rs_ids_get(&gathered->ids, i);
        take(data, &event, id);
    }
}

/* True if a segment seems to begin anywhere behind the one that begins at AT. */
static bool segment_follows(const char *bytes, size_t n, size_t at) {
    for (at += RS_FORMAT_ALIGN; at + RS_READER_MAGIC_BYTES <= n; at += RS_FORMAT_ALIGN)
        if (rs_reader_is_magic((const uint8_t *)bytes + at, n - at)) return true;
    return false;
}

bool segments_read(const char *bytes, size_t n, const char *name,
                   void (*take)(void *data, const struct event *event, struct rs_id id), void *data,
                   size_t *whole, struct rs_error *err) {
    struct gathered gathered = {0};
    struct rs_reader *reader = rs_reader_on_memory(bytes, n, name, true);
    bool ok = true, more = true;
    *whole = 0;
    while (ok && more) {
        struct rs_event event;
        if (!rs_reader_next(reader, &event, err)) {
            ok = !segment_follows(bytes, n, *whole);
            break;
        }
        if (event.type == RS_EVENT_ARRAY) rs_segment_add(&gathered.arrays, &event, NULL);
        if (event.type == RS_EVENT_BEGIN && strcmp(event.kind, "ratings") != 0)
            ok = rs_fail(err, EX_DATAERR, "%s: holds %s and is no journal", name, event.kind);
        if (event.type == RS_EVENT_END) {
            ok = gather(&gathered, name, err);
            if (ok) give(&gathered, take, data);
            if (ok) *whole = (size_t)rs_reader_position(reader);
            rs_segment_clear(&gathered.arrays);
        }
        more = event.type != RS_EVENT_EOF;
    }
    rs_segment_clear(&gathered.arrays);
    rs_reader_close(reader);
    return ok;
}
