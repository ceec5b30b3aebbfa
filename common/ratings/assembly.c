#include "ratings/assembly.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/pages.h"
#include "format/writer.h"
#include "ratings/lines.h"
#include "ratings/spill.h"

/* Ratings from which on other threads are worth waking, and bytes given back at once. */
enum { MANY = 100000, RELEASE = 4 << 20 };

/* Where memory is bounded: entries between which pages are given back, readings of the whole at
 * most, and what is held whatever there is to do, for each thread and for each name. */
enum {
    WINDOW = 1 << 20,
    MOST_PASSES = 100,
    PROGRAM_BYTES = 10 << 20,
    THREAD_BYTES = 4 << 20,
    NAME_BYTES = 96,
};

struct rs_assembly_memory {
    struct rs_lines rows, columns;
    struct rs_ids users, items;
    double *user_mean, *user_deviation, *user_bias;
    double *item_mean, *item_deviation, *item_bias;
};

/* Sorting */

/* What is read, and where to if memory is bounded and not enough. */
struct reading {
    struct rs_arrival arrival;
    struct rs_spill spill;
    bool spilled;
    const struct rs_assembly_options *options;
};

/* Beside the ratings: the program and its windows; the names, twice, with their order, and what is
 * known of each. */
static size_t bytes_beside(const struct rs_pairs_reader *ratings) {
    const struct rs_dict *dicts[] = {&ratings->users, &ratings->items};
    size_t bytes = PROGRAM_BYTES + (size_t)omp_get_max_threads() * THREAD_BYTES;
    for (int side = 0; side < 2; side++) {
        size_t n = dicts[side]->ids.n;
        bytes += dicts[side]->n_slots * sizeof *dicts[side]->slots + n * NAME_BYTES +
                 n * (size_t)omp_get_max_threads() * sizeof(uint64_t) +
                 2 * (dicts[side]->ids.offset[n] + n * sizeof(uint64_t));
    }
    return bytes;
}

static size_t sorting_bytes(const struct rs_assembly_options *options) {
    return options->keep_times ? 36 : 20;
}

static bool make_room(struct reading *reading, const struct rs_pairs_reader *ratings,
                      struct rs_error *err) {
    const struct rs_assembly_options *options = reading->options;
    if (options->memory == 0) return true;
    if (!reading->spilled) {
        size_t bytes = reading->arrival.n * sorting_bytes(options) + bytes_beside(ratings);
        if (bytes <= options->memory) return true;
        reading->spilled =
            rs_spill_open(&reading->spill, options->folder, options->keep_times, err);
        if (!reading->spilled) return false;
    }
    return rs_spill_take(&reading->spill, &reading->arrival, err);
}

static bool read_all(struct reading *reading, struct rs_pairs_reader *ratings,
                     struct rs_error *err) {
    struct rs_pairs *batch;
    while (rs_pairs_next(ratings, &batch, err)) {
        if (batch == NULL)
            return reading->arrival.n > 0 || reading->spilled ||
                   rs_fail(err, EX_DATAERR, "%s: holds no ratings",
                           rs_reader_name(ratings->reader));
        if (batch->rating == NULL)
            return rs_fail(err, EX_DATAERR, "%s: a batch has no ratings",
                           rs_reader_name(ratings->reader));
        rs_arrival_add(&reading->arrival, batch, 0, batch->n);
        if (!make_room(reading, ratings, err)) return false;
    }
    return false;
}

/* Both forms of what has arrived, sorted; returns how many ratings went because a later one is of
 * the same pair.
 *
 * The least that this can move is what lies in the matrix: 16 bytes a rating written, and 12
 * read. It sorts once by user and once by item; a third time where ratings did not arrive in the
 * order of the items. At its peak it holds 20 bytes a rating, or the two forms (16), whichever is
 * more: streams ordered by user are freed while the rows are filled. */
static uint64_t sort_both(struct rs_assembly_memory *memory, struct rs_arrival *arrival,
                          const struct rs_naming *users, const struct rs_naming *items) {
    struct rs_lines *rows = &memory->rows, *columns = &memory->columns;
    uint64_t n = arrival->n, n_repeated = 0;
    bool times = arrival->keep_times;
    rs_lines_make(rows, users->ids.n, n, times);
    rs_lines_sort(rows, arrival, users, items);
    enum rs_order order = rs_lines_order(rows);
    if (order == RS_ORDER_REPEATING) n_repeated = rs_lines_drop_repeated(rows);
    rs_lines_make(columns, items->ids.n, n, times && order == RS_ORDER_NONE);
    rs_lines_transpose(columns, 0, rows);
    if (order != RS_ORDER_NONE) return n_repeated;
    if (rs_lines_order(columns) == RS_ORDER_REPEATING) n_repeated = rs_lines_drop_repeated(columns);
    rs_lines_transpose(rows, 0, columns);
    rs_lines_free_times(columns);
    return n_repeated;
}

/* The ratings that can be sorted at once, by way of both forms; a sixteenth is for what pages round
 * up. */
static bool find_room(uint64_t *room, const struct rs_pairs_reader *ratings,
                      const struct rs_assembly_options *options, uint64_t n, uint64_t longest_row,
                      uint64_t longest_column, struct rs_error *err) {
    uint64_t bytes = options->keep_times ? 34 : 17, least = n / MOST_PASSES + 1;
    size_t beside = bytes_beside(ratings);
    if (longest_row > least) least = longest_row;
    if ((longest_column + 1) / 2 > least) least = (longest_column + 1) / 2;
    *room = options->memory > beside ? (options->memory - beside) / bytes : 0;
    if (*room >= least) return true;
    return rs_fail(err, EX_USAGE,
                   "--memory: %zu bytes are not enough: %zu (%zuM) are needed with %d threads",
                   options->memory, beside + least * bytes, ((beside + least * bytes) >> 20) + 1,
                   omp_get_max_threads());
}

/* Of counts by the stream's numbers: which names have ratings, the longest line, and, once they are
 * named, the counts by line. */
static uint64_t mark_counted(const uint64_t *count, size_t n, uint8_t *has) {
    uint64_t longest = 0;
    for (size_t i = 0; i < n; i++) {
        has[i] = count[i] > 0;
        if (count[i] > longest) longest = count[i];
    }
    return longest;
}

static uint64_t *counts_by_line(const struct rs_naming *naming, const uint64_t *count, size_t n) {
    uint64_t *by_line = rs_malloc(naming->ids.n, sizeof *by_line);
    for (size_t i = 0; i < n; i++)
        if (naming->line[i] != RS_NONE) by_line[naming->line[i]] = count[i];
    return by_line;
}

static void name_both(struct rs_assembly *assembly, const struct rs_pairs_reader *ratings,
                      const uint8_t *has_user, const uint8_t *has_item, struct rs_naming *users,
                      struct rs_naming *items) {
    rs_naming_make(users, &ratings->users.ids, has_user);
    rs_naming_make(items, &ratings->items.ids, has_item);
    assembly->memory->users = users->ids;
    assembly->memory->items = items->ids;
}

static bool sort_spilled(struct rs_assembly *assembly, struct rs_spill *spill,
                         const struct rs_pairs_reader *ratings,
                         const struct rs_assembly_options *options, struct rs_error *err) {
    struct rs_assembly_memory *memory = assembly->memory;
    size_t n_users = ratings->users.ids.n, n_items = ratings->items.ids.n;
    uint64_t *user = rs_calloc(n_users, sizeof *user), *item = rs_calloc(n_items, sizeof *item);
    uint8_t *has_user = rs_calloc(n_users, 1), *has_item = rs_calloc(n_items, 1);
    struct rs_naming users = {0}, items = {0};
    struct rs_spill_sort sort = {&users, &items, NULL, 0, NULL};
    if (rs_pairs_implicit(ratings)) sort.counts = &options->counts;
    bool ok = rs_spill_view(spill, err);
    if (ok) {
        rs_records_count(&spill->view, user, n_users, item, n_items);
        uint64_t longest_row = mark_counted(user, n_users, has_user);
        uint64_t longest_column = mark_counted(item, n_items, has_item);
        ok = find_room(&sort.room, ratings, options, spill->n, longest_row, longest_column, err);
    }
    if (ok) {
        name_both(assembly, ratings, has_user, has_item, &users, &items);
        uint64_t *row_room = counts_by_line(&users, user, n_users);
        sort.row_room = row_room;
        ok = rs_spill_both(spill, &sort, &memory->rows, &memory->columns, &assembly->n_repeated,
                           err);
        free(row_room);
    }
    free(user);
    free(item);
    free(has_user);
    free(has_item);
    free(users.line);
    free(items.line);
    return ok;
}

static void sort_arrived(struct rs_assembly *assembly, struct rs_arrival *arrival,
                         const struct rs_pairs_reader *ratings,
                         const struct rs_assembly_options *options) {
    struct rs_assembly_memory *memory = assembly->memory;
    size_t n_users = ratings->users.ids.n, n_items = ratings->items.ids.n;
    uint8_t *has_user = rs_calloc(n_users, 1), *has_item = rs_calloc(n_items, 1);
    struct rs_naming users, items;
    rs_arrival_mark(arrival, has_user, n_users, has_item, n_items);
    name_both(assembly, ratings, has_user, has_item, &users, &items);
    assembly->n_repeated = sort_both(memory, arrival, &users, &items);
    if (rs_pairs_implicit(ratings)) {
        uint64_t n = rs_lines_entries(&memory->rows);
        rs_counts_transform(memory->rows.rating, n, options->counts);
        rs_counts_transform(memory->columns.rating, n, options->counts);
    }
    free(has_user);
    free(has_item);
    free(users.line);
    free(items.line);
}

/* The matrix over the memory */

static void describe(struct rs_assembly *assembly, const struct rs_assembly_options *options) {
    struct rs_assembly_memory *memory = assembly->memory;
    struct rs_matrix *matrix = &assembly->matrix;
    size_t n_users = memory->users.n, n_items = memory->items.n;
    matrix->n_ratings = rs_lines_entries(&memory->rows);
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
    uint64_t window = memory->rows.mapped ? WINDOW : 0;
    double item_sum_mean, item_sum_deviation; /* the same but for the order of summation */
    rs_line_statistics(&matrix->columns, window, memory->item_mean, memory->item_deviation,
                       &item_sum_mean, &item_sum_deviation);
    rs_line_statistics(&matrix->rows, window, memory->user_mean, memory->user_deviation,
                       &matrix->mean, &matrix->deviation);
    rs_baseline_fit(&matrix->rows, &matrix->columns, matrix->mean, &options->baseline, window,
                    memory->user_bias, memory->item_bias);
    matrix->users = (struct rs_side){.ids = memory->users,
                                     .mean = memory->user_mean,
                                     .deviation = memory->user_deviation,
                                     .bias = memory->user_bias};
    matrix->items = (struct rs_side){.ids = memory->items,
                                     .mean = memory->item_mean,
                                     .deviation = memory->item_deviation,
                                     .bias = memory->item_bias};
}

static struct rs_scale scale_of(const float *rating, uint64_t n, bool mapped) {
    struct rs_scale scale = {0};
#pragma omp parallel for schedule(static) if (n > MANY)
    for (uint64_t e = 0; e < n; e += MANY) {
        struct rs_scale piece = {0};
        uint64_t end = n - e < MANY ? n : e + MANY;
        rs_scale_add(&piece, rating + e, end - e);
        if (mapped) rs_pages_drop(rating, e * sizeof *rating, end * sizeof *rating);
#pragma omp critical
        rs_scale_join(&scale, &piece);
    }
    return scale;
}

static void add_stream_facts(struct rs_assembly *assembly, const struct rs_pairs_reader *ratings) {
    struct rs_matrix *matrix = &assembly->matrix;
    matrix->implicit = rs_pairs_implicit(ratings);
    struct rs_scale declared = rs_scale_from_json(json_object_get(ratings->header, "scale"));
    matrix->scale = scale_of(matrix->rows.rating, matrix->n_ratings, assembly->memory->rows.mapped);
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
    *assembly = (struct rs_assembly){.memory = rs_calloc(1, sizeof *assembly->memory)};
    struct reading reading = {.arrival = {.keep_times = options->keep_times}, .options = options};
    bool ok = read_all(&reading, ratings, err);
    if (ok && reading.spilled) {
        ok = sort_spilled(assembly, &reading.spill, ratings, options, err);
    } else if (ok) {
        sort_arrived(assembly, &reading.arrival, ratings, options);
    }
    rs_arrival_free(&reading.arrival);
    if (reading.spilled) rs_spill_close(&reading.spill);
    if (!ok) {
        rs_assembly_free(assembly);
        return false;
    }
    describe(assembly, options);
    add_stream_facts(assembly, ratings);
    return true;
}

/* Writes an array and gives its memory back on the way, so that the system need not find as much
 * again for the file. */
static void write_pages(struct rs_writer *writer, const char *name, enum rs_type type, void *pages,
                        uint64_t n) {
    size_t bytes = n * rs_type_size(type);
    rs_writer_begin_array(writer, name, (struct rs_array){type, n, 1, NULL});
    for (size_t at = 0; at < bytes; at += RELEASE) {
        size_t end = bytes - at < RELEASE ? bytes : at + RELEASE;
        rs_writer_data(writer, (char *)pages + at, end - at);
        rs_pages_drop(pages, at, end);
    }
}

static void write_form(struct rs_writer *writer, const struct rs_lines *form, const char *prefix,
                       const char *other) {
    char name[64];
    snprintf(name, sizeof name, "%s_start", prefix);
    rs_writer_u64(writer, name, form->start, form->n + 1);
    snprintf(name, sizeof name, "%s_%s", prefix, other);
    write_pages(writer, name, RS_U32, form->other, rs_lines_entries(form));
    snprintf(name, sizeof name, "%s_rating", prefix);
    write_pages(writer, name, RS_F32, form->rating, rs_lines_entries(form));
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

void rs_assembly_write(struct rs_assembly *assembly, FILE *file, json_t *header) {
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
    write_form(&writer, &assembly->memory->rows, "row", "item");
    write_form(&writer, &assembly->memory->columns, "column", "user");
    if (matrix->time != NULL)
        write_pages(&writer, "row_time", RS_I64, assembly->memory->rows.time, matrix->n_ratings);
    rs_writer_end(&writer, NULL);
}

static void free_ids(struct rs_ids *ids) {
    free((void *)(uintptr_t)ids->offset);
    free((void *)(uintptr_t)ids->bytes);
}

void rs_assembly_free(struct rs_assembly *assembly) {
    struct rs_assembly_memory *memory = assembly->memory;
    if (memory == NULL) return;
    rs_lines_free(&memory->rows);
    rs_lines_free(&memory->columns);
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
