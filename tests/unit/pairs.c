/* Streams of pairs: every column there and back, batches, segments that cat joined, contexts, side
 * tables, and streams that promise what they do not hold. */
#include "format/pairs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/when.h"
#include "unit.h"

/* Regular files without a place in any folder. */
static int fds[2];
static char paths[2][64];

static FILE *start_file(int which) {
    if (ftruncate(fds[which], 0) != 0) abort();
    return fopen(paths[which], "wb");
}

static void add(struct rs_dict *dict, const char *name) {
    rs_dict_add(dict, (struct rs_id){name, strlen(name)});
}

static bool is_id(struct rs_id id, const char *text) {
    return id.length == strlen(text) && memcmp(id.text, text, id.length) == 0;
}

static void open_one(struct rs_pairs_reader *reader, const char *kind) {
    static const char *path[1];
    struct rs_error err = {0};
    path[0] = paths[0];
    bool ok = rs_pairs_open(reader, path, 1, kind, &err);
    if (!ok) printf("%s\n", err.text);
    CHECK(ok);
    if (!ok) abort();
}

/* Reads to the end; the code of the error or 0. */
static int drain(struct rs_pairs_reader *reader) {
    struct rs_error err = {0};
    struct rs_pairs *batch;
    while (rs_pairs_next(reader, &batch, &err) && batch != NULL) continue;
    return err.code;
}

/* A value for every cell, told by column and row. */
static void fill_cell(const struct rs_column_form *column, void *cells, size_t n, size_t row) {
    size_t value = row * 31 + column->bit;
    switch (column->type) {
    case RS_F32:
        ((float *)cells)[n] = (float)value / 4;
        break;
    case RS_I64:
        ((int64_t *)cells)[n] = row % 7 == 0 ? RS_NO_TIME : (int64_t)value * 1000;
        break;
    case RS_U8:
        ((uint8_t *)cells)[n] = (uint8_t)value;
        break;
    default:
        ((uint32_t *)cells)[n] = (uint32_t)value;
    }
}

static void test_all_columns(void) {
    enum { ROWS = 2 * RS_BATCH_ROWS + 17 };
    struct rs_dict users, items;
    char name[32];
    unsigned all = 0;
    rs_dict_init(&users);
    rs_dict_init(&items);
    for (int c = 0; c < RS_N_COLUMNS; c++) all |= (unsigned)rs_columns[c].bit;
    struct rs_pairs_form form = {
        .kind = "scores", .columns = all, .users = &users.ids, .items = &items.ids};
    FILE *file = start_file(0);
    struct rs_pairs_writer *writer = rs_pairs_write(file, &form, NULL);
    for (size_t row = 0; row < ROWS; row++) { /* names appear as it goes on */
        struct rs_pairs *batch = rs_pairs_room(writer);
        snprintf(name, sizeof name, "u%zu", row * 7919 % 50000);
        batch->user[batch->n] = rs_dict_add(&users, (struct rs_id){name, strlen(name)});
        snprintf(name, sizeof name, "i%zu", row % 1000);
        batch->item[batch->n] = rs_dict_add(&items, (struct rs_id){name, strlen(name)});
        for (int c = 0; c < RS_N_COLUMNS; c++)
            fill_cell(&rs_columns[c], rs_pairs_cells(batch, &rs_columns[c]), batch->n, row);
        batch->n++;
    }
    rs_pairs_finish(writer, json_pack("{s:i}", "more", 7));
    fclose(file);

    struct rs_pairs_reader reader;
    struct rs_pairs *batch, expected;
    struct rs_error err = {0};
    open_one(&reader, "scores");
    CHECK(rs_pairs_listed(reader.header) == all);
    CHECK(!rs_pairs_next(&reader, &batch, &err) && err.code == EX_DATAERR); /* it takes ratings back */
    rs_pairs_close(&reader);
    err.code = 0;
    open_one(&reader, "scores");
    reader.takes_removed = true;
    rs_pairs_allocate(&expected, all, 0);
    size_t row = 0, wrong = 0;
    while (rs_pairs_next(&reader, &batch, &err) && batch != NULL) {
        CHECK(rs_pairs_columns(batch) == all);
        CHECK(batch->n <= RS_BATCH_ROWS);
        for (size_t i = 0; i < batch->n; i++, row++) {
            snprintf(name, sizeof name, "u%zu", row * 7919 % 50000);
            wrong += !is_id(rs_ids_get(&reader.users.ids, batch->user[i]), name);
            snprintf(name, sizeof name, "i%zu", row % 1000);
            wrong += !is_id(rs_ids_get(&reader.items.ids, batch->item[i]), name);
            for (int c = 0; c < RS_N_COLUMNS; c++) {
                size_t size = rs_type_size(rs_columns[c].type);
                char *cells = rs_pairs_cells(&expected, &rs_columns[c]);
                fill_cell(&rs_columns[c], cells, 0, row);
                if (rs_columns[c].bit == RS_REMOVED) *cells = *cells != 0;
                wrong += memcmp(cells, (char *)rs_pairs_cells(batch, &rs_columns[c]) + i * size,
                                size) != 0;
            }
        }
    }
    CHECK(err.code == 0 && wrong == 0 && row == ROWS);
    CHECK(json_integer_value(json_object_get(reader.end, "rows")) == ROWS);
    CHECK(json_integer_value(json_object_get(reader.end, "more")) == 7);
    CHECK(json_integer_value(json_object_get(reader.end, "users")) == 50000);
    rs_pairs_free(&expected);
    rs_pairs_close(&reader);
    rs_dict_free(&users);
    rs_dict_free(&items);
}

/* Of the file of test_all_columns: what was taken stays as it was while the next batch is read. */
static void test_taken(void) {
    struct rs_pairs_reader reader;
    struct rs_pairs *batch;
    struct rs_segment arrays;
    struct rs_error err = {0};
    open_one(&reader, "scores");
    reader.takes_removed = true;
    CHECK(rs_pairs_next(&reader, &batch, &err) && batch->n == RS_BATCH_ROWS);
    struct rs_pairs first = *batch;
    rs_pairs_take(&reader, &arrays);
    size_t rows = RS_BATCH_ROWS, wrong = 0;
    while (rs_pairs_next(&reader, &batch, &err) && batch != NULL) {
        CHECK(batch->item != first.item);
        rows += batch->n;
    }
    for (size_t i = 0; i < first.n; i++)
        wrong += first.item[i] != i % 1000 || first.user[i] != i % 50000;
    CHECK(err.code == 0 && wrong == 0 && rows == 2 * RS_BATCH_ROWS + 17);
    rs_segment_clear(&arrays);
    rs_pairs_close(&reader);
}

/* A segment of three rows with its own numbering; CONTEXT "" writes none. */
static void write_segment(FILE *file, const char *const names[6], const char *context,
                          const char *const values[3], const struct rs_table *item_table) {
    struct rs_dict users, items, dict;
    rs_dict_init(&users);
    rs_dict_init(&items);
    rs_dict_init(&dict);
    for (int r = 0; r < 3; r++) {
        add(&users, names[2 * r]);
        add(&items, names[2 * r + 1]);
        if (*context != '\0') add(&dict, values[r]);
    }
    struct rs_pairs_form form = {.kind = "ratings",
                                 .columns = RS_RATING,
                                 .users = &users.ids,
                                 .items = &items.ids,
                                 .n_contexts = *context != '\0',
                                 .context_names = {context},
                                 .context_values = {&dict.ids},
                                 .item_table = item_table};
    struct rs_pairs_writer *writer = rs_pairs_write(file, &form, json_object());
    for (int r = 0; r < 3; r++) {
        struct rs_pairs *batch = rs_pairs_room(writer);
        batch->user[batch->n] =
            rs_dict_find(&users, (struct rs_id){names[2 * r], strlen(names[2 * r])});
        batch->item[batch->n] =
            rs_dict_find(&items, (struct rs_id){names[2 * r + 1], strlen(names[2 * r + 1])});
        batch->rating[batch->n] = (float)r + 1;
        if (*context != '\0')
            batch->context[0][batch->n] =
                rs_dict_find(&dict, (struct rs_id){values[r], strlen(values[r])});
        batch->n++;
    }
    rs_pairs_finish(writer, NULL);
    rs_dict_free(&users);
    rs_dict_free(&items);
    rs_dict_free(&dict);
}

static const char *const first_names[] = {"ann", "x", "bob", "y", "ann", "y"};
static const char *const second_names[] = {"bob", "y", "cy", "z", "bob", "x"};
static const char *const moods[] = {"good", "bad", "good"};
static const char *const devices[] = {"tv", "", "phone"};
static const char *const later_moods[] = {"bad", "odd", ""};

/* Three segments in two files: numbers, contexts and tables come out as of one stream. */
static void test_concatenation(void) {
    static const uint64_t starts[] = {0, 1, 2}, text_starts[] = {0, 2, 5};
    static char title[] = "title";
    struct rs_table_column column = {
        .name = title, .kind = RS_TEXT, .text = {2, text_starts, "T1T22"}};
    struct rs_table table = {.ids = {2, starts, "xz"}, .n_columns = 1, .columns = &column};
    FILE *file = start_file(0);
    write_segment(file, first_names, "mood", moods, NULL);
    write_segment(file, second_names, "device", devices, &table);
    fclose(file);
    file = start_file(1);
    write_segment(file, second_names, "mood", later_moods, NULL);
    fclose(file);
    static const char *const both[] = {paths[0], paths[1]};
    static const char *const expected[9][4] = {
        /* user, item, mood, device */
        {"ann", "x", "good", ""}, {"bob", "y", "bad", ""}, {"ann", "y", "good", ""},
        {"bob", "y", "", "tv"},   {"cy", "z", "", ""},     {"bob", "x", "", "phone"},
        {"bob", "y", "bad", ""},  {"cy", "z", "odd", ""},  {"bob", "x", "", ""}};
    struct rs_error err = {0};
    struct rs_pairs_reader reader;
    struct rs_pairs *batch;
    CHECK(rs_pairs_open(&reader, both, 2, "ratings", &err));
    size_t row = 0;
    while (rs_pairs_next(&reader, &batch, &err) && batch != NULL) {
        for (size_t i = 0; i < batch->n && row < 9; i++, row++) {
            CHECK(is_id(rs_ids_get(&reader.users.ids, batch->user[i]), expected[row][0]));
            CHECK(is_id(rs_ids_get(&reader.items.ids, batch->item[i]), expected[row][1]));
            CHECK(batch->rating[i] == (float)(row % 3) + 1);
            for (size_t c = 0; c < reader.n_contexts; c++)
                CHECK(is_id(rs_ids_get(&reader.contexts[c].values.ids, batch->context[c][i]),
                            expected[row][2 + c]));
        }
    }
    CHECK(err.code == 0 && row == 9 && reader.n_segments == 3);
    CHECK(reader.users.ids.n == 3 && reader.items.ids.n == 3 && reader.n_contexts == 2);
    CHECK_TEXT(reader.contexts[0].name, "mood");
    CHECK_TEXT(reader.contexts[1].name, "device");
    CHECK(reader.item_table.n_columns == 1 && reader.user_table.n_columns == 0);
    CHECK(is_id(rs_ids_get(&reader.item_table.columns[0].text, 1), "T22"));
    rs_pairs_close(&reader);
}

static void test_scale_and_feedback(void) {
    FILE *file = start_file(0);
    struct rs_dict names;
    rs_dict_init(&names);
    add(&names, "a");
    struct rs_pairs_form form = {
        .kind = "ratings", .columns = RS_RATING, .users = &names.ids, .items = &names.ids};
    struct rs_pairs_writer *writer =
        rs_pairs_write(file, &form, json_pack("{s:s}", "feedback", "implicit"));
    struct rs_pairs *batch = rs_pairs_room(writer);
    batch->user[0] = batch->item[0] = 0;
    batch->rating[0] = 2.5f;
    batch->n = 1;
    rs_pairs_finish(writer, NULL);
    fclose(file);
    struct rs_pairs_reader reader;
    open_one(&reader, "ratings");
    CHECK(rs_pairs_implicit(&reader));
    CHECK(rs_pairs_scale(&reader).n == 0); /* not before its end is read */
    CHECK(drain(&reader) == 0);
    struct rs_scale scale = rs_pairs_scale(&reader);
    CHECK(scale.n == 1 && scale.min == 2.5f && scale.max == 2.5f && rs_scale_step(&scale) == 0.5);
    rs_pairs_close(&reader);
    rs_dict_free(&names);
}

/* A stream without rows is a stream. */
static void test_empty(void) {
    FILE *file = start_file(0);
    struct rs_ids none = {0};
    struct rs_pairs_form form = {
        .kind = "ratings", .columns = RS_RATING | RS_TIME, .users = &none, .items = &none};
    rs_pairs_finish(rs_pairs_write(file, &form, NULL), NULL);
    fclose(file);
    struct rs_pairs_reader reader;
    struct rs_pairs *batch;
    struct rs_error err = {0};
    open_one(&reader, "ratings");
    CHECK(rs_pairs_listed(reader.header) == (RS_RATING | RS_TIME));
    CHECK(rs_pairs_next(&reader, &batch, &err) && batch == NULL);
    CHECK(rs_pairs_next(&reader, &batch, &err) && batch == NULL);
    rs_pairs_close(&reader);
    static const char *const path[] = {paths[0]};
    CHECK(!rs_pairs_open(&reader, path, 1, "scores", &err) && err.code == EX_DATAERR);
    CHECK(strstr(err.text, "holds ratings where scores are needed") != NULL);
}

/* Streams by hand. */
struct forgery {
    uint32_t user, item;
    float rating;
    int64_t time;
    uint64_t offset[2];
    int rows;
    const char *last; /* the last array */
};

static int read_forgery(struct forgery forgery) {
    FILE *file = start_file(0);
    struct rs_writer writer;
    rs_writer_init(&writer, file);
    rs_writer_begin(&writer, "ratings", json_pack("{s:[s]}", "columns", "rating"));
    rs_writer_u64(&writer, "user_offset", forgery.offset, 2);
    rs_writer_u8(&writer, "user_bytes", (const uint8_t *)"ab", 2);
    rs_writer_u64(&writer, "item_offset", (const uint64_t[]){0, 1}, 2);
    rs_writer_u8(&writer, "item_bytes", (const uint8_t *)"x", 1);
    rs_writer_f32(&writer, "rating", &forgery.rating, 1);
    rs_writer_array(&writer, "time", (struct rs_array){RS_I64, 1, 1, &forgery.time});
    rs_writer_u32(&writer, "user", &forgery.user, 1);
    rs_writer_u32(&writer, forgery.last, &forgery.item, 1);
    rs_writer_end(&writer, json_pack("{s:i}", "rows", forgery.rows));
    fclose(file);
    struct rs_pairs_reader reader;
    open_one(&reader, "ratings");
    int code = drain(&reader);
    rs_pairs_close(&reader);
    return code;
}

static void test_forgeries(void) {
    const struct forgery good = {0, 0, 3, RS_NO_TIME, {0, 2}, 1, "item"};
    struct forgery bad = good;
    CHECK(read_forgery(good) == 0);
    bad.user = 1; /* has no name */
    CHECK(read_forgery(bad) == EX_DATAERR);
    bad = good;
    bad.item = RS_NONE;
    CHECK(read_forgery(bad) == EX_DATAERR);
    bad = good;
    bad.rating = NAN;
    CHECK(read_forgery(bad) == EX_DATAERR);
    bad.rating = INFINITY;
    CHECK(read_forgery(bad) == EX_DATAERR);
    bad = good;
    bad.time = RS_NO_TIME + 1; /* hours before it, and differences to it, would overflow */
    CHECK(read_forgery(bad) == EX_DATAERR);
    bad.time = RS_WHEN_END;
    CHECK(read_forgery(bad) == EX_DATAERR);
    bad.time = -RS_WHEN_END + 1;
    CHECK(read_forgery(bad) == 0);
    bad = good;
    bad.offset[1] = 3; /* beyond the bytes */
    CHECK(read_forgery(bad) == EX_DATAERR);
    bad.offset[0] = 5;
    CHECK(read_forgery(bad) == EX_DATAERR);
    bad = good;
    bad.rows = 2; /* counts more than it holds */
    CHECK(read_forgery(bad) == EX_DATAERR);
    bad = good;
    bad.last = "item_"; /* the batch has no end */
    CHECK(read_forgery(bad) == EX_DATAERR);
}

static void test_copy_row(void) {
    struct rs_pairs from, to;
    rs_pairs_allocate(&from, RS_SCORE, 1);
    rs_pairs_allocate(&to, RS_RATING | RS_TIME | RS_SCORE | RS_RANK, 2);
    from.user[0] = 3;
    from.item[0] = 4;
    from.score[0] = 5;
    from.context[0][0] = 6;
    from.n = 1;
    rs_pairs_copy_row(&to, &from, 0);
    CHECK(to.n == 1 && to.user[0] == 3 && to.item[0] == 4 && to.score[0] == 5);
    CHECK(to.rating[0] == 1 && to.time[0] == RS_NO_TIME && to.rank[0] == 0);
    CHECK(to.context[0][0] == 6 && to.context[1][0] == 0);
    rs_pairs_free(&from);
    rs_pairs_free(&to);
    CHECK(from.user == NULL && rs_pairs_columns(&to) == 0);
}

int main(void) {
    for (int f = 0; f < 2; f++) {
        fds[f] = memfd_create("pairs", MFD_CLOEXEC);
        if (fds[f] < 0) return 1;
        snprintf(paths[f], sizeof paths[f], "/proc/self/fd/%d", fds[f]);
    }
    test_all_columns();
    test_taken();
    test_concatenation();
    test_scale_and_feedback();
    test_empty();
    test_forgeries();
    test_copy_row();
    return done();
}
