#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "format/format.h"
#include "format/pairs.h"

/* The caller's names, numbered anew in the order in which they appear in the segment. */
struct rs_pairs_names {
    char prefix[RS_FORMAT_NAME_MAX + 1];
    const struct rs_ids *ids;
    uint32_t *local; /* by the caller's number; RS_NONE: not yet in the segment */
    size_t local_capacity, local_n;
    uint32_t n;      /* in the segment */
    uint32_t *fresh; /* the caller's numbers of those new in this batch */
    size_t n_fresh, fresh_capacity;
};

static void number_batch(struct rs_pairs_names *names, const uint32_t *numbers, size_t n) {
    rs_grow(&names->local, &names->local_capacity, names->ids->n, sizeof *names->local);
    for (; names->local_n < names->ids->n; names->local_n++) names->local[names->local_n] = RS_NONE;
    names->n_fresh = 0;
    for (size_t i = 0; i < n; i++) {
        if (names->local[numbers[i]] != RS_NONE) continue;
        names->local[numbers[i]] = names->n++;
        rs_grow(&names->fresh, &names->fresh_capacity, names->n_fresh + 1, sizeof *names->fresh);
        names->fresh[names->n_fresh++] = numbers[i];
    }
}

static void write_fresh(struct rs_writer *writer, const struct rs_pairs_names *names) {
    if (names->n_fresh == 0) return;
    uint64_t *offset = rs_malloc(names->n_fresh + 1, sizeof *offset);
    offset[0] = 0;
    for (size_t i = 0; i < names->n_fresh; i++)
        offset[i + 1] = offset[i] + rs_ids_get(names->ids, names->fresh[i]).length;
    char *bytes = rs_malloc(offset[names->n_fresh], 1);
    for (size_t i = 0; i < names->n_fresh; i++) {
        struct rs_id id = rs_ids_get(names->ids, names->fresh[i]);
        memcpy(bytes + offset[i], id.text, id.length);
    }
    struct rs_ids ids = {names->n_fresh, offset, bytes};
    rs_ids_write(writer, names->prefix, &ids);
    free(offset);
    free(bytes);
}

static void write_numbers(struct rs_writer *writer, const struct rs_pairs_names *names,
                          uint32_t *numbers, size_t n) {
    for (size_t i = 0; i < n; i++) numbers[i] = names->local[numbers[i]];
    rs_writer_u32(writer, names->prefix, numbers, n);
}

static void flush_batch(struct rs_pairs_writer *writer) {
    struct rs_pairs *batch = &writer->batch;
    struct rs_pairs_names *users = &writer->names[0], *items = &writer->names[1];
    if (batch->n == 0) return;
    number_batch(users, batch->user, batch->n);
    number_batch(items, batch->item, batch->n);
    for (size_t c = 0; c < writer->n_contexts; c++)
        number_batch(&writer->names[2 + c], batch->context[c], batch->n);
    for (size_t k = 0; k < 2 + writer->n_contexts; k++)
        write_fresh(&writer->writer, &writer->names[k]);
    for (size_t c = 0; c < RS_N_COLUMNS; c++)
        if (writer->columns & rs_columns[c].bit)
            rs_writer_array(&writer->writer, rs_columns[c].name,
                            (struct rs_array){rs_columns[c].type, batch->n, 1,
                                              rs_pairs_cells(batch, &rs_columns[c])});
    for (size_t c = 0; c < writer->n_contexts; c++)
        write_numbers(&writer->writer, &writer->names[2 + c], batch->context[c], batch->n);
    if (batch->rating != NULL) rs_scale_add(&writer->scale, batch->rating, batch->n);
    write_numbers(&writer->writer, users, batch->user, batch->n);
    write_numbers(&writer->writer, items, batch->item, batch->n);
    writer->n_rows += batch->n;
    batch->n = 0;
}

static void complete_header(json_t *header, const struct rs_pairs_form *form) {
    json_t *names = json_array();
    for (size_t c = 0; c < RS_N_COLUMNS; c++)
        if (form->columns & rs_columns[c].bit)
            json_array_append_new(names, json_string(rs_columns[c].name));
    json_object_set_new(header, "columns", names);
    if (form->n_contexts > 0) {
        json_t *contexts = json_array();
        for (size_t c = 0; c < form->n_contexts; c++)
            json_array_append_new(contexts, json_string_nocheck(form->context_names[c]));
        json_object_set_new(header, "contexts", contexts);
    }
    if (form->user_table != NULL && form->user_table->n_columns > 0)
        json_object_set_new(header, "user_table", rs_table_header(form->user_table));
    if (form->item_table != NULL && form->item_table->n_columns > 0)
        json_object_set_new(header, "item_table", rs_table_header(form->item_table));
}

static void name_parts(struct rs_pairs_writer *writer, const struct rs_pairs_form *form) {
    writer->n_contexts = form->n_contexts;
    writer->names = rs_calloc(2 + form->n_contexts, sizeof *writer->names);
    snprintf(writer->names[0].prefix, sizeof writer->names[0].prefix, "user");
    snprintf(writer->names[1].prefix, sizeof writer->names[1].prefix, "item");
    writer->names[0].ids = form->users;
    writer->names[1].ids = form->items;
    for (size_t c = 0; c < form->n_contexts; c++) {
        struct rs_pairs_names *names = &writer->names[2 + c];
        snprintf(names->prefix, sizeof names->prefix, "context%zu", c);
        names->ids = form->context_values[c];
    }
}

struct rs_pairs_writer *rs_pairs_write(FILE *file, const struct rs_pairs_form *form,
                                       json_t *header) {
    struct rs_pairs_writer *writer = rs_calloc(1, sizeof *writer);
    writer->columns = form->columns;
    rs_pairs_allocate(&writer->batch, form->columns, form->n_contexts);
    name_parts(writer, form);
    if (header == NULL) header = json_object();
    complete_header(header, form);
    rs_writer_init(&writer->writer, file);
    rs_writer_begin(&writer->writer, form->kind, header);
    if (form->user_table != NULL && form->user_table->n_columns > 0)
        rs_table_write(&writer->writer, "user_table", form->user_table);
    if (form->item_table != NULL && form->item_table->n_columns > 0)
        rs_table_write(&writer->writer, "item_table", form->item_table);
    return writer;
}

struct rs_pairs *rs_pairs_room(struct rs_pairs_writer *writer) {
    if (writer->batch.n == RS_BATCH_ROWS) flush_batch(writer);
    return &writer->batch;
}

void rs_pairs_finish(struct rs_pairs_writer *writer, json_t *counts) {
    flush_batch(writer);
    if (counts == NULL) counts = json_object();
    json_object_set_new(counts, "rows", json_integer((json_int_t)writer->n_rows));
    json_object_set_new(counts, "users", json_integer(writer->names[0].n));
    json_object_set_new(counts, "items", json_integer(writer->names[1].n));
    if (writer->scale.n > 0) json_object_set_new(counts, "scale", rs_scale_json(&writer->scale));
    rs_writer_end(&writer->writer, counts);
    rs_pairs_free(&writer->batch);
    for (size_t k = 0; k < 2 + writer->n_contexts; k++) {
        free(writer->names[k].local);
        free(writer->names[k].fresh);
    }
    free(writer->names);
    free(writer);
}
