#include "format/pairs.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/when.h"
#include "format/format.h"

const struct rs_column_form rs_columns[RS_N_COLUMNS] = {
    {RS_RATING, "rating", RS_F32, offsetof(struct rs_pairs, rating)},
    {RS_TIME, "time", RS_I64, offsetof(struct rs_pairs, time)},
    {RS_SCORE, "score", RS_F32, offsetof(struct rs_pairs, score)},
    {RS_DEVIATION, "deviation", RS_F32, offsetof(struct rs_pairs, deviation)},
    {RS_SOURCE, "source", RS_U8, offsetof(struct rs_pairs, source)},
    {RS_RANK, "rank", RS_U32, offsetof(struct rs_pairs, rank)},
    {RS_ABOVE, "above", RS_U32, offsetof(struct rs_pairs, above)},
    {RS_TIED, "tied", RS_U32, offsetof(struct rs_pairs, tied)},
    {RS_CANDIDATES, "candidates", RS_U32, offsetof(struct rs_pairs, candidates)},
    {RS_SUPPORT, "support", RS_F32, offsetof(struct rs_pairs, support)},
    {RS_USER_COUNT, "user_count", RS_U32, offsetof(struct rs_pairs, user_count)},
    {RS_ITEM_COUNT, "item_count", RS_U32, offsetof(struct rs_pairs, item_count)},
    {RS_SAMPLED, "sampled", RS_U8, offsetof(struct rs_pairs, sampled)},
    {RS_REMOVED, "removed", RS_U8, offsetof(struct rs_pairs, removed)},
};

static void **member(struct rs_pairs *batch, const struct rs_column_form *column) {
    return (void **)(void *)((char *)batch + column->member);
}

void *rs_pairs_cells(const struct rs_pairs *batch, const struct rs_column_form *column) {
    return *member((struct rs_pairs *)(uintptr_t)batch, column);
}

unsigned rs_pairs_columns(const struct rs_pairs *batch) {
    unsigned bits = 0;
    for (size_t c = 0; c < RS_N_COLUMNS; c++)
        if (rs_pairs_cells(batch, &rs_columns[c]) != NULL)
            bits |= rs_columns[c].bit;
    return bits;
}

unsigned rs_pairs_listed(const json_t *header) {
    const json_t *names = json_object_get(header, "columns");
    unsigned bits = 0;
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        for (size_t c = 0; c < RS_N_COLUMNS && name != NULL; c++)
            if (strcmp(name, rs_columns[c].name) == 0) bits |= rs_columns[c].bit;
    }
    return bits;
}

void rs_pairs_allocate(struct rs_pairs *batch, unsigned bits, size_t n_contexts) {
    *batch = (struct rs_pairs){.user = rs_malloc(RS_BATCH_ROWS, sizeof *batch->user),
                               .item = rs_malloc(RS_BATCH_ROWS, sizeof *batch->item)};
    for (size_t c = 0; c < RS_N_COLUMNS; c++)
        if (bits & rs_columns[c].bit)
            *member(batch, &rs_columns[c]) =
                rs_malloc(RS_BATCH_ROWS, rs_type_size(rs_columns[c].type));
    for (size_t c = 0; c < n_contexts; c++)
        batch->context[c] = rs_malloc(RS_BATCH_ROWS, sizeof **batch->context);
}

void rs_pairs_free(struct rs_pairs *batch) {
    free(batch->user);
    free(batch->item);
    for (size_t c = 0; c < RS_N_COLUMNS; c++) free(*member(batch, &rs_columns[c]));
    for (size_t c = 0; c < RS_MAX_CONTEXTS; c++) free(batch->context[c]);
    *batch = (struct rs_pairs){0};
}

void rs_pairs_copy_row(struct rs_pairs *to, const struct rs_pairs *from, size_t i) {
    size_t n = to->n++;
    to->user[n] = from->user[i];
    to->item[n] = from->item[i];
    for (size_t c = 0; c < RS_N_COLUMNS; c++) {
        char *cells = *member(to, &rs_columns[c]);
        const char *source = rs_pairs_cells(from, &rs_columns[c]);
        size_t size = rs_type_size(rs_columns[c].type);
        if (cells == NULL) continue;
        if (source != NULL) {
            memcpy(cells + n * size, source + i * size, size);
        } else {
            memset(cells + n * size, 0, size);
        }
    }
    if (to->rating != NULL && from->rating == NULL) to->rating[n] = 1;
    if (to->time != NULL && from->time == NULL) to->time[n] = RS_NO_TIME;
    for (size_t c = 0; c < RS_MAX_CONTEXTS && to->context[c] != NULL; c++)
        to->context[c][n] = from->context[c] == NULL ? 0 : from->context[c][i];
}

/* Reading */

/* A segment's numbers for names, turned into the stream's. */
struct renumbering {
    uint32_t *global; /* by the segment's number */
    size_t n, capacity;
};

struct rs_pairs_private {
    struct rs_segment arrays; /* of the batch being gathered */
    struct renumbering users, items, contexts[RS_MAX_CONTEXTS];
    size_t context_of[RS_MAX_CONTEXTS]; /* the stream's context by the segment's */
    size_t n_segment_contexts;
    uint64_t n_rows;    /* of the segment so far */
    bool at_batches; /* the side tables of the segment are behind us */
    uint32_t *context_memory[RS_MAX_CONTEXTS]; /* for contexts this segment lacks */
};

static const char *place_of(const struct rs_pairs_reader *reader) {
    return rs_reader_name(reader->reader);
}

static bool open_next_path(struct rs_pairs_reader *reader, struct rs_error *err) {
    rs_reader_close(reader->reader);
    reader->reader = rs_reader_open(*reader->paths, err);
    reader->paths++;
    reader->n_paths--;
    return reader->reader != NULL;
}

/* The stream's number for a context; new ones are added. RS_MAX_CONTEXTS when there are too many. */
static size_t find_context(struct rs_pairs_reader *reader, const char *name) {
    size_t c = 0;
    while (c < reader->n_contexts && strcmp(reader->contexts[c].name, name) != 0) c++;
    if (c < reader->n_contexts || c == RS_MAX_CONTEXTS) return c;
    reader->contexts[c].name = rs_strdup(name);
    rs_dict_init(&reader->contexts[c].values);
    rs_dict_add(&reader->contexts[c].values, (struct rs_id){"", 0});
    reader->n_contexts++;
    return c;
}

static bool begin_segment(struct rs_pairs_reader *reader, const struct rs_event *event,
                          struct rs_error *err) {
    struct rs_pairs_private *private = reader->private;
    if (strcmp(event->kind, reader->kind) != 0)
        return rs_fail(err, EX_DATAERR, "%s: holds %s where %s are needed", place_of(reader),
                       event->kind, reader->kind);
    json_decref(reader->header);
    reader->header = json_incref(event->map);
    reader->n_segments++;
    private->users.n = private->items.n = private->n_rows = 0;
    private->at_batches = false;
    const json_t *names = json_object_get(event->map, "contexts");
    private->n_segment_contexts = json_array_size(names);
    for (size_t c = 0; c < private->n_segment_contexts && c <= RS_MAX_CONTEXTS; c++) {
        const char *name = json_string_value(json_array_get(names, c));
        size_t found = name == NULL ? RS_MAX_CONTEXTS : find_context(reader, name);
        if (c == RS_MAX_CONTEXTS || found == RS_MAX_CONTEXTS)
            return rs_fail(err, EX_DATAERR, "%s: has more than %d context columns",
                           place_of(reader), RS_MAX_CONTEXTS);
        private->context_of[c] = found;
        private->contexts[c].n = 0;
    }
    return true;
}

/* Moves side tables to the reader: of several the first counts. */
static bool take_tables(struct rs_pairs_reader *reader, struct rs_error *err) {
    struct rs_pairs_private *private = reader->private;
    private->at_batches = true;
    if (private->arrays.n_sections == 0) return true;
    struct rs_table *tables[] = {&reader->user_table, &reader->item_table};
    const char *const prefixes[] = {"user_table", "item_table"};
    bool used = false;
    for (int t = 0; t < 2; t++) {
        if (reader->skip_tables || tables[t]->n_columns > 0) continue;
        if (!rs_table_open(tables[t], place_of(reader), reader->header, &private->arrays,
                           prefixes[t], err))
            return false;
        used |= tables[t]->n_columns > 0;
    }
    if (!used) {
        rs_segment_clear(&private->arrays);
        return true;
    }
    /* The gathered arrays go with the first table; the other one points into them as well. */
    struct rs_table *owner = reader->user_table.n_columns > 0 ? tables[0] : tables[1];
    if (owner->arrays.n_sections > 0) owner = tables[1];
    owner->arrays = private->arrays;
    private->arrays = (struct rs_segment){0};
    return true;
}

/* Takes the names that are new in this batch into the stream's dictionary. */
static bool add_names(struct rs_pairs_reader *reader, const char *prefix, struct rs_dict *dict,
                      struct renumbering *renumbering, struct rs_error *err) {
    char name[RS_FORMAT_NAME_MAX + 1];
    snprintf(name, sizeof name, "%s_offset", prefix);
    if (rs_segment_find(&reader->private->arrays, name) == NULL) return true;
    struct rs_ids fresh;
    if (!rs_ids_open(&fresh, place_of(reader), &reader->private->arrays, prefix, err))
        return false;
    rs_grow(&renumbering->global, &renumbering->capacity, renumbering->n + fresh.n,
            sizeof *renumbering->global);
    for (size_t i = 0; i < fresh.n; i++)
        renumbering->global[renumbering->n++] = rs_dict_add(dict, rs_ids_get(&fresh, i));
    return true;
}

/* Replaces a segment's numbers by the stream's, in place: the memory is the reader's own. */
static bool renumber(struct rs_pairs_reader *reader, const struct renumbering *renumbering,
                     uint32_t *numbers, size_t n, const char *what, struct rs_error *err) {
    uint32_t largest = 0;
    for (size_t i = 0; i < n; i++) largest = numbers[i] > largest ? numbers[i] : largest;
    if (n > 0 && largest >= renumbering->n)
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: %s number %u has no name",
                       place_of(reader), what, largest);
    for (size_t i = 0; i < n; i++) numbers[i] = renumbering->global[numbers[i]];
    return true;
}

/* By the bits, all ones in the exponent, since that is quick. */
static bool all_finite(const float *values, size_t n) {
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        bad |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return bad == 0;
}

static bool all_in_time(const int64_t *times, size_t n) {
    bool bad = false;
    for (size_t i = 0; i < n; i++)
        bad |= times[i] != RS_NO_TIME && (times[i] <= -RS_WHEN_END || times[i] >= RS_WHEN_END);
    return !bad;
}

static bool read_contexts(struct rs_pairs_reader *reader, struct rs_error *err) {
    struct rs_pairs_private *private = reader->private;
    struct rs_pairs *batch = &reader->batch;
    for (size_t c = 0; c < private->n_segment_contexts; c++) {
        struct rs_context *context = &reader->contexts[private->context_of[c]];
        char name[RS_FORMAT_NAME_MAX + 1];
        snprintf(name, sizeof name, "context%zu", c);
        uint32_t **codes = &batch->context[private->context_of[c]];
        if (!add_names(reader, name, &context->values, &private->contexts[c], err) ||
            !rs_segment_array(place_of(reader), &private->arrays, name, RS_U32, batch->n, codes,
                              err) ||
            !renumber(reader, &private->contexts[c], *codes, batch->n, context->name, err))
            return false;
    }
    for (size_t c = 0; c < reader->n_contexts; c++) {
        if (batch->context[c] != NULL) continue;
        if (private->context_memory[c] == NULL)
            private->context_memory[c] = rs_calloc(RS_BATCH_ROWS, sizeof(uint32_t));
        batch->context[c] = private->context_memory[c]; /* all "", which is number 0 */
    }
    return true;
}

/* Makes a batch of the arrays gathered. */
static bool read_batch(struct rs_pairs_reader *reader, struct rs_error *err) {
    struct rs_pairs_private *private = reader->private;
    const struct rs_segment *arrays = &private->arrays;
    struct rs_pairs *batch = &reader->batch;
    const struct rs_array *item = rs_segment_find(arrays, "item");
    *batch = (struct rs_pairs){.n = item->n_rows};
    if (batch->n > RS_BATCH_ROWS)
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: a batch of %zu rows",
                       place_of(reader), batch->n);
    if (!add_names(reader, "user", &reader->users, &private->users, err) ||
        !add_names(reader, "item", &reader->items, &private->items, err) ||
        !rs_segment_array(place_of(reader), arrays, "user", RS_U32, batch->n, &batch->user, err) ||
        !rs_segment_array(place_of(reader), arrays, "item", RS_U32, batch->n, &batch->item, err) ||
        !renumber(reader, &private->users, batch->user, batch->n, "user", err) ||
        !renumber(reader, &private->items, batch->item, batch->n, "item", err))
        return false;
    for (size_t c = 0; c < RS_N_COLUMNS; c++) {
        void **values = member(batch, &rs_columns[c]);
        if (rs_segment_find(arrays, rs_columns[c].name) == NULL) continue;
        if (!rs_segment_array(place_of(reader), arrays, rs_columns[c].name, rs_columns[c].type,
                              batch->n, values, err))
            return false;
        if (rs_columns[c].type == RS_F32 && !all_finite(*values, batch->n))
            return rs_fail(err, EX_DATAERR, "%s: a %s is not a finite number", place_of(reader),
                           rs_columns[c].name);
    }
    if (batch->time != NULL && !all_in_time(batch->time, batch->n))
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: a time is none",
                       place_of(reader));
    bool any_removed = false;
    for (size_t i = 0; batch->removed != NULL && i < batch->n; i++)
        any_removed |= batch->removed[i] = batch->removed[i] != 0;
    if (any_removed && !reader->takes_removed)
        return rs_fail(err, EX_DATAERR, "%s: takes ratings back: rs-clean merges it with them",
                       place_of(reader));
    private->n_rows += batch->n;
    return read_contexts(reader, err);
}

/* Takes one event in; *ready when a batch is complete, *over at the end of the last input. */
static bool take_event(struct rs_pairs_reader *reader, const struct rs_event *event, bool *ready,
                       bool *over, struct rs_error *err) {
    struct rs_pairs_private *private = reader->private;
    switch (event->type) {
    case RS_EVENT_BEGIN:
        return begin_segment(reader, event, err);
    case RS_EVENT_ARRAY:
        if (event->n_parts > 1)
            return rs_fail(err, EX_DATAERR, "%s: the file is damaged: an array in parts",
                           place_of(reader));
        if (!private->at_batches && strstr(event->name, "_table.") == NULL &&
            !take_tables(reader, err))
            return false;
        rs_segment_add(&private->arrays, event, rs_reader_take(reader->reader));
        if (strcmp(event->name, "item") != 0) return true;
        *ready = true;
        return read_batch(reader, err);
    case RS_EVENT_END:
        if (!private->at_batches && !take_tables(reader, err)) return false;
        if (private->arrays.n_sections > 0)
            return rs_fail(err, EX_DATAERR, "%s: the file is damaged: its last batch is incomplete",
                           place_of(reader));
        if ((uint64_t)json_integer_value(json_object_get(event->map, "rows")) != private->n_rows)
            return rs_fail(err, EX_DATAERR, "%s: the file is damaged: it does not hold the rows "
                           "that it counts", place_of(reader));
        json_decref(reader->end);
        reader->end = json_incref(event->map);
        return true;
    case RS_EVENT_EOF:
        *over = reader->n_paths == 0;
        return *over || open_next_path(reader, err);
    }
    return true;
}

bool rs_pairs_use(struct rs_pairs_reader *reader, struct rs_reader *first,
                  const char *const *paths, size_t n_paths, const char *kind,
                  struct rs_error *err) {
    *reader = (struct rs_pairs_reader){.paths = paths,
                                       .n_paths = n_paths,
                                       .kind = kind,
                                       .reader = first,
                                       .private = rs_calloc(1, sizeof *reader->private)};
    rs_dict_init(&reader->users);
    rs_dict_init(&reader->items);
    struct rs_event event;
    bool ready, over;
    if (rs_reader_next(first, &event, err) && take_event(reader, &event, &ready, &over, err))
        return true;
    rs_pairs_close(reader);
    return false;
}

bool rs_pairs_open(struct rs_pairs_reader *reader, const char *const *paths, size_t n_paths,
                   const char *kind, struct rs_error *err) {
    *reader = (struct rs_pairs_reader){0};
    struct rs_reader *first = rs_reader_open(n_paths > 0 ? paths[0] : "-", err);
    if (first == NULL) return false;
    return rs_pairs_use(reader, first, n_paths > 0 ? paths + 1 : NULL,
                        n_paths > 0 ? n_paths - 1 : 0, kind, err);
}

bool rs_pairs_next(struct rs_pairs_reader *reader, struct rs_pairs **batch, struct rs_error *err) {
    if (reader->private->at_batches) rs_segment_clear(&reader->private->arrays);
    *batch = NULL;
    bool ready = false, over = false;
    while (!ready && !over) {
        struct rs_event event;
        if (!rs_reader_next(reader->reader, &event, err) ||
            !take_event(reader, &event, &ready, &over, err))
            return false;
    }
    if (ready) *batch = &reader->batch;
    return true;
}

void rs_pairs_take(struct rs_pairs_reader *reader, struct rs_segment *arrays) {
    *arrays = reader->private->arrays;
    reader->private->arrays = (struct rs_segment){0};
}

void rs_pairs_close(struct rs_pairs_reader *reader) {
    struct rs_pairs_private *private = reader->private;
    if (private == NULL) return;
    rs_reader_close(reader->reader);
    rs_segment_clear(&private->arrays);
    free(private->users.global);
    free(private->items.global);
    for (size_t c = 0; c < RS_MAX_CONTEXTS; c++) {
        free(private->contexts[c].global);
        free(private->context_memory[c]);
    }
    free(private);
    for (size_t c = 0; c < reader->n_contexts; c++) {
        free(reader->contexts[c].name);
        rs_dict_free(&reader->contexts[c].values);
    }
    rs_table_free(&reader->user_table);
    rs_table_free(&reader->item_table);
    rs_dict_free(&reader->users);
    rs_dict_free(&reader->items);
    json_decref(reader->header);
    json_decref(reader->end);
    *reader = (struct rs_pairs_reader){0};
}

struct rs_scale rs_pairs_scale(const struct rs_pairs_reader *reader) {
    struct rs_scale declared = rs_scale_from_json(json_object_get(reader->header, "scale"));
    return declared.n > 0 ? declared
                          : rs_scale_from_json(json_object_get(reader->end, "scale"));
}

bool rs_pairs_implicit(const struct rs_pairs_reader *reader) {
    const char *feedback = json_string_value(json_object_get(reader->header, "feedback"));
    return feedback != NULL && strcmp(feedback, "implicit") == 0;
}
