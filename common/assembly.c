#include "assembly.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "writer.h"

enum { CHUNK_ROWS = 1 << 20 };

/* Ratings as they came, in pieces so that growing moves nothing. */
struct chunk {
    size_t n;
    uint32_t *user, *item;
    float *rating;
    int64_t *time; /* NULL unless times are kept */
};

struct arrival {
    struct chunk *chunks;
    size_t n_chunks, capacity;
    uint64_t *user_count, *item_count; /* ratings by the stream's numbers */
    size_t n_user_counts, n_item_counts, user_capacity, item_capacity;
    bool keep_times;
};

/* One form of the matrix while it is built. */
struct form {
    uint64_t *start;
    uint32_t *other;
    float *rating;
    int64_t *time;
};

struct rs_assembly_memory {
    struct form rows, columns;
    struct rs_ids users, items;
    double *user_mean, *user_deviation, *user_bias;
    double *item_mean, *item_deviation, *item_bias;
};

/* Arrival */

static struct chunk *chunk_with_room(struct arrival *arrival) {
    struct chunk *last = arrival->n_chunks > 0 ? &arrival->chunks[arrival->n_chunks - 1] : NULL;
    if (last != NULL && last->n < CHUNK_ROWS) return last;
    rs_grow(&arrival->chunks, &arrival->capacity, arrival->n_chunks + 1, sizeof *arrival->chunks);
    struct chunk *chunk = &arrival->chunks[arrival->n_chunks++];
    chunk->n = 0;
    chunk->user = rs_malloc(CHUNK_ROWS, sizeof *chunk->user);
    chunk->item = rs_malloc(CHUNK_ROWS, sizeof *chunk->item);
    chunk->rating = rs_malloc(CHUNK_ROWS, sizeof *chunk->rating);
    chunk->time = arrival->keep_times ? rs_malloc(CHUNK_ROWS, sizeof *chunk->time) : NULL;
    return chunk;
}

static void free_chunks(struct arrival *arrival) {
    for (size_t c = 0; c < arrival->n_chunks; c++) {
        free(arrival->chunks[c].user);
        free(arrival->chunks[c].item);
        free(arrival->chunks[c].rating);
        free(arrival->chunks[c].time);
    }
    free(arrival->chunks);
    arrival->chunks = NULL;
    arrival->n_chunks = arrival->capacity = 0;
}

static void free_arrival(struct arrival *arrival) {
    free_chunks(arrival);
    free(arrival->user_count);
    free(arrival->item_count);
}

static void make_counts(uint64_t **count, size_t *n, size_t *capacity, size_t n_names) {
    rs_grow(count, capacity, n_names, sizeof **count);
    for (; *n < n_names; (*n)++) (*count)[*n] = 0;
}

static void take_rows(struct arrival *arrival, const struct rs_pairs *batch, size_t from,
                      size_t n) {
    struct chunk *chunk = &arrival->chunks[arrival->n_chunks - 1];
    memcpy(chunk->user + chunk->n, batch->user + from, n * sizeof *chunk->user);
    memcpy(chunk->item + chunk->n, batch->item + from, n * sizeof *chunk->item);
    memcpy(chunk->rating + chunk->n, batch->rating + from, n * sizeof *chunk->rating);
    for (size_t i = 0; chunk->time != NULL && i < n; i++)
        chunk->time[chunk->n + i] = batch->time == NULL ? RS_NO_TIME : batch->time[from + i];
    for (size_t i = from; i < from + n; i++) {
        arrival->user_count[batch->user[i]]++;
        arrival->item_count[batch->item[i]]++;
    }
    chunk->n += n;
}

static bool read_all(struct arrival *arrival, struct rs_pairs_reader *ratings,
                     struct rs_error *err) {
    struct rs_pairs *batch;
    while (true) {
        if (!rs_pairs_next(ratings, &batch, err)) return false;
        if (batch == NULL) return true;
        if (batch->rating == NULL)
            return rs_fail(err, EX_DATAERR, "%s: a batch has no ratings",
                           rs_reader_name(ratings->reader));
        make_counts(&arrival->user_count, &arrival->n_user_counts, &arrival->user_capacity,
                    ratings->users.ids.n);
        make_counts(&arrival->item_count, &arrival->n_item_counts, &arrival->item_capacity,
                    ratings->items.ids.n);
        for (size_t from = 0; from < batch->n;) {
            size_t room = CHUNK_ROWS - chunk_with_room(arrival)->n;
            size_t n = batch->n - from < room ? batch->n - from : room;
            take_rows(arrival, batch, from, n);
            from += n;
        }
    }
}

/* Naming: lines in the order of their ids, without those that have no rating */

struct naming {
    uint32_t *line;  /* by the stream's number */
    uint64_t *start; /* n + 1: where each line's entries begin */
    struct rs_ids ids;
};

static struct naming name_lines(const struct rs_ids *names, const uint64_t *count,
                                size_t n_counts) {
    struct naming naming = {.line = rs_malloc(names->n, sizeof *naming.line)};
    uint32_t *order = rs_ids_sorted(names);
    naming.start = rs_malloc(names->n + 1, sizeof *naming.start);
    uint64_t *offset = rs_malloc(names->n + 1, sizeof *offset);
    char *bytes = rs_malloc(names->n == 0 ? 0 : names->offset[names->n], 1);
    size_t n = 0;
    naming.start[0] = offset[0] = 0;
    for (size_t k = 0; k < names->n; k++) {
        uint32_t number = order[k];
        if (number >= n_counts || count[number] == 0) {
            naming.line[number] = RS_NONE;
            continue;
        }
        struct rs_id id = rs_ids_get(names, number);
        memcpy(bytes + offset[n], id.text, id.length);
        offset[n + 1] = offset[n] + id.length;
        naming.start[n + 1] = naming.start[n] + count[number];
        naming.line[number] = (uint32_t)n++;
    }
    free(order);
    naming.ids = (struct rs_ids){n, offset, bytes};
    return naming;
}

/* Counting sorts */

static struct form new_form(uint64_t *start, size_t n, bool times) {
    return (struct form){start, rs_aligned(n, sizeof(uint32_t)), rs_aligned(n, sizeof(float)),
                         times ? rs_aligned(n, sizeof(int64_t)) : NULL};
}

static void free_form(struct form *form) {
    free(form->start);
    free(form->other);
    free(form->rating);
    free(form->time);
    *form = (struct form){0};
}

static uint64_t *copy_starts(const uint64_t *start, size_t n) {
    uint64_t *copy = rs_malloc(n + 1, sizeof *copy);
    memcpy(copy, start, (n + 1) * sizeof *copy);
    return copy;
}

/* The ratings by item, each line in order of arrival. */
static void sort_arrival(struct form *columns, const struct arrival *arrival,
                         const struct naming *users, const struct naming *items) {
    uint64_t *next = copy_starts(columns->start, items->ids.n);
    for (size_t c = 0; c < arrival->n_chunks; c++) {
        const struct chunk *chunk = &arrival->chunks[c];
        for (size_t i = 0; i < chunk->n; i++) {
            uint64_t at = next[items->line[chunk->item[i]]]++;
            columns->other[at] = users->line[chunk->user[i]];
            columns->rating[at] = chunk->rating[i];
            if (columns->time != NULL) columns->time[at] = chunk->time[i];
        }
    }
    free(next);
}

/* Fills TO with the transpose of FROM: stable, so that its lines come out sorted. */
static void transpose(struct form *to, size_t n_to, const struct form *from, size_t n_from) {
    uint64_t *next = copy_starts(to->start, n_to);
    for (size_t line = 0; line < n_from; line++) {
        for (uint64_t e = from->start[line]; e < from->start[line + 1]; e++) {
            uint64_t at = next[from->other[e]]++;
            to->other[at] = (uint32_t)line;
            to->rating[at] = from->rating[e];
            if (to->time != NULL) to->time[at] = from->time[e];
        }
    }
    free(next);
}

/* Of entries with the same other in a line, which lie side by side in order of arrival, keeps the
 * last. Returns how many went. */
static uint64_t drop_repeated(struct form *form, size_t n_lines) {
    uint64_t kept = 0, e = 0;
    for (size_t line = 0; line < n_lines; line++) {
        uint64_t begin = kept;
        for (uint64_t end = form->start[line + 1]; e < end; e++) {
            if (kept > begin && form->other[kept - 1] == form->other[e]) kept--;
            form->other[kept] = form->other[e];
            form->rating[kept] = form->rating[e];
            if (form->time != NULL) form->time[kept] = form->time[e];
            kept++;
        }
        form->start[line] = begin;
    }
    uint64_t dropped = form->start[n_lines] - kept;
    form->start[n_lines] = kept;
    return dropped;
}

static void recount(uint64_t *start, size_t n_lines, const uint32_t *other, uint64_t n) {
    memset(start, 0, (n_lines + 1) * sizeof *start);
    for (uint64_t e = 0; e < n; e++) start[other[e] + 1]++;
    for (size_t line = 0; line < n_lines; line++) start[line + 1] += start[line];
}

static void sort_both(struct rs_assembly *assembly, struct arrival *arrival, struct naming *users,
                      struct naming *items) {
    struct rs_assembly_memory *memory = assembly->memory;
    size_t n_users = users->ids.n, n_items = items->ids.n;
    uint64_t n = users->start[n_users];
    memory->columns = new_form(items->start, n, arrival->keep_times);
    sort_arrival(&memory->columns, arrival, users, items);
    free_chunks(arrival);
    memory->rows = new_form(users->start, n, arrival->keep_times);
    transpose(&memory->rows, n_users, &memory->columns, n_items);
    free(memory->columns.time);
    memory->columns.time = NULL;
    assembly->n_repeated = drop_repeated(&memory->rows, n_users);
    if (assembly->n_repeated > 0)
        recount(memory->columns.start, n_items, memory->rows.other, memory->rows.start[n_users]);
    transpose(&memory->columns, n_items, &memory->rows, n_users);
}

/* The matrix over the memory */

const char *const rs_counts_names[] = {"log", "raw", "binary", NULL};

static void transform_counts(float *counts, uint64_t n, enum rs_counts how) {
    for (uint64_t e = 0; e < n; e++) {
        if (how == RS_COUNTS_BINARY) counts[e] = 1;
        if (how == RS_COUNTS_LOG && counts[e] > 0) counts[e] = (float)log2(1 + (double)counts[e]);
    }
}

static void describe(struct rs_assembly *assembly, const struct rs_assembly_options *options) {
    struct rs_assembly_memory *memory = assembly->memory;
    struct rs_matrix *matrix = &assembly->matrix;
    size_t n_users = memory->users.n, n_items = memory->items.n;
    matrix->n_ratings = memory->rows.start[n_users];
    matrix->rows = (struct rs_sparse){n_users, n_items, memory->rows.start, memory->rows.other,
                                      memory->rows.rating};
    matrix->columns = (struct rs_sparse){n_items, n_users, memory->columns.start,
                                         memory->columns.other, memory->columns.rating};
    matrix->time = memory->rows.time;
    matrix->normalisation = options->normalisation;
    memory->user_mean = rs_malloc(n_users, sizeof(double));
    memory->user_deviation = rs_malloc(n_users, sizeof(double));
    memory->user_bias = rs_malloc(n_users, sizeof(double));
    memory->item_mean = rs_malloc(n_items, sizeof(double));
    memory->item_deviation = rs_malloc(n_items, sizeof(double));
    memory->item_bias = rs_malloc(n_items, sizeof(double));
    double item_sum_mean, item_sum_deviation; /* the same but for the order of summation */
    rs_line_statistics(&matrix->columns, memory->item_mean, memory->item_deviation,
                       &item_sum_mean, &item_sum_deviation);
    rs_line_statistics(&matrix->rows, memory->user_mean, memory->user_deviation, &matrix->mean,
                       &matrix->deviation);
    rs_baseline_fit(&matrix->rows, &matrix->columns, matrix->mean, &options->baseline,
                    memory->user_bias, memory->item_bias);
    matrix->users = (struct rs_side){.ids = memory->users, .mean = memory->user_mean,
                                     .deviation = memory->user_deviation,
                                     .bias = memory->user_bias};
    matrix->items = (struct rs_side){.ids = memory->items, .mean = memory->item_mean,
                                     .deviation = memory->item_deviation,
                                     .bias = memory->item_bias};
}

static void add_stream_facts(struct rs_assembly *assembly,
                             const struct rs_pairs_reader *ratings) {
    struct rs_matrix *matrix = &assembly->matrix;
    matrix->implicit = rs_pairs_implicit(ratings);
    struct rs_scale declared = rs_scale_from_json(json_object_get(ratings->header, "scale"));
    rs_scale_add(&matrix->scale, matrix->rows.rating, matrix->n_ratings);
    if (declared.n > 0) { /* its ends; the step is that of the ratings */
        matrix->scale.min = declared.min;
        matrix->scale.max = declared.max;
    }
    matrix->users.table = rs_table_align(&ratings->user_table, &matrix->users.ids);
    matrix->items.table = rs_table_align(&ratings->item_table, &matrix->items.ids);
    assembly->split = json_deep_copy(json_object_get(ratings->header, "split"));
}

bool rs_assemble(struct rs_assembly *assembly, struct rs_pairs_reader *ratings,
                 const struct rs_assembly_options *options, struct rs_error *err) {
    *assembly = (struct rs_assembly){0};
    struct arrival arrival = {.keep_times = options->keep_times};
    if (!read_all(&arrival, ratings, err)) {
        free_arrival(&arrival);
        return false;
    }
    if (arrival.n_chunks == 0) {
        free_arrival(&arrival);
        return rs_fail(err, EX_DATAERR, "%s: holds no ratings",
                       rs_reader_name(ratings->reader));
    }
    assembly->memory = rs_calloc(1, sizeof *assembly->memory);
    struct naming users =
        name_lines(&ratings->users.ids, arrival.user_count, arrival.n_user_counts);
    struct naming items =
        name_lines(&ratings->items.ids, arrival.item_count, arrival.n_item_counts);
    assembly->memory->users = users.ids;
    assembly->memory->items = items.ids;
    sort_both(assembly, &arrival, &users, &items);
    free(users.line);
    free(items.line);
    free_arrival(&arrival);
    if (rs_pairs_implicit(ratings)) {
        uint64_t n = assembly->memory->rows.start[users.ids.n];
        transform_counts(assembly->memory->rows.rating, n, options->counts);
        transform_counts(assembly->memory->columns.rating, n, options->counts);
    }
    describe(assembly, options);
    add_stream_facts(assembly, ratings);
    return true;
}

static void write_form(struct rs_writer *writer, const struct rs_sparse *form, const char *prefix,
                       const char *other) {
    char name[64];
    snprintf(name, sizeof name, "%s_start", prefix);
    rs_writer_u64(writer, name, form->start, form->n_lines + 1);
    snprintf(name, sizeof name, "%s_%s", prefix, other);
    rs_writer_u32(writer, name, form->other, form->start[form->n_lines]);
    snprintf(name, sizeof name, "%s_rating", prefix);
    rs_writer_f32(writer, name, form->rating, form->start[form->n_lines]);
}

static void write_side(struct rs_writer *writer, const struct rs_side *side, const char *prefix) {
    char name[64];
    rs_ids_write(writer, prefix, &side->ids);
    snprintf(name, sizeof name, "%s_mean", prefix);
    rs_writer_f64(writer, name, side->mean, side->ids.n);
    snprintf(name, sizeof name, "%s_deviation", prefix);
    rs_writer_f64(writer, name, side->deviation, side->ids.n);
    snprintf(name, sizeof name, "%s_bias", prefix);
    rs_writer_f64(writer, name, side->bias, side->ids.n);
    snprintf(name, sizeof name, "%s_table", prefix);
    if (side->table.n_columns > 0) rs_table_write(writer, name, &side->table);
}

void rs_assembly_write(const struct rs_assembly *assembly, FILE *file, json_t *header) {
    const struct rs_matrix *matrix = &assembly->matrix;
    json_object_set_new(header, "users", json_integer((json_int_t)matrix->users.ids.n));
    json_object_set_new(header, "items", json_integer((json_int_t)matrix->items.ids.n));
    json_object_set_new(header, "user_digest", rs_ids_digest_json(rs_ids_digest(&matrix->users.ids)));
    json_object_set_new(header, "item_digest", rs_ids_digest_json(rs_ids_digest(&matrix->items.ids)));
    json_object_set_new(header, "ratings", json_integer((json_int_t)matrix->n_ratings));
    json_object_set_new(header, "feedback",
                        json_string(matrix->implicit ? "implicit" : "explicit"));
    json_object_set_new(header, "scale", rs_scale_json(&matrix->scale));
    json_object_set_new(header, "mean", json_real(matrix->mean));
    json_object_set_new(header, "deviation", json_real(matrix->deviation));
    json_object_set_new(header, "normalise",
                        json_string(rs_normalisation_names[matrix->normalisation]));
    if (assembly->split != NULL) json_object_set(header, "split", assembly->split);
    if (matrix->users.table.n_columns > 0)
        json_object_set_new(header, "user_table", rs_table_header(&matrix->users.table));
    if (matrix->items.table.n_columns > 0)
        json_object_set_new(header, "item_table", rs_table_header(&matrix->items.table));
    struct rs_writer writer;
    rs_writer_init(&writer, file);
    rs_writer_begin(&writer, "matrix", header);
    write_side(&writer, &matrix->users, "user");
    write_side(&writer, &matrix->items, "item");
    write_form(&writer, &matrix->rows, "row", "item");
    write_form(&writer, &matrix->columns, "column", "user");
    if (matrix->time != NULL)
        rs_writer_array(&writer, "row_time",
                        (struct rs_array){RS_I64, matrix->n_ratings, 1, matrix->time});
    rs_writer_end(&writer, NULL);
}

static void free_ids(struct rs_ids *ids) {
    free((void *)(uintptr_t)ids->offset);
    free((void *)(uintptr_t)ids->bytes);
}

void rs_assembly_free(struct rs_assembly *assembly) {
    struct rs_assembly_memory *memory = assembly->memory;
    if (memory == NULL) return;
    free_form(&memory->rows);
    free_form(&memory->columns);
    rs_table_free(&assembly->matrix.users.table);
    rs_table_free(&assembly->matrix.items.table);
    free_ids(&memory->users);
    free_ids(&memory->items);
    free(memory->user_mean);
    free(memory->user_deviation);
    free(memory->user_bias);
    free(memory->item_mean);
    free(memory->item_deviation);
    free(memory->item_bias);
    free(memory);
    json_decref(assembly->split);
    *assembly = (struct rs_assembly){0};
}
