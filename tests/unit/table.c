/* Side tables: every kind of column there and back, aligned to other ids, and damaged ones refused.
 */
#include "format/table.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

static int fd;
static char path[64];

/* Two rows, "b" and "a": a title, one category (unknown for "a"), a set and a number. */
static const uint64_t id_starts[] = {0, 1, 2};
static const uint64_t title_starts[] = {0, 3, 3};
static const uint64_t category_starts[] = {0, 2, 3};
static const uint32_t category_codes[] = {1, RS_NONE};
static const uint64_t set_starts[] = {0, 2, 3};
static const uint32_t set_codes[] = {1, 0, 1};
static const double numbers[] = {1.5, NAN};
static char words[][8] = {"title", "sex", "genres", "age"};

static struct rs_table make_table(struct rs_table_column columns[4]) {
    columns[0] = (struct rs_table_column){
        .name = words[0], .kind = RS_TEXT, .text = {2, title_starts, "One"}};
    columns[1] = (struct rs_table_column){.name = words[1],
                                          .kind = RS_CATEGORY,
                                          .text = {2, category_starts, "mmf"},
                                          .code = category_codes};
    columns[2] = (struct rs_table_column){.name = words[2],
                                          .kind = RS_SET,
                                          .text = {2, category_starts, "x1y"},
                                          .code = set_codes,
                                          .start = set_starts};
    columns[3] = (struct rs_table_column){.name = words[3], .kind = RS_NUMBER, .number = numbers};
    return (struct rs_table){.ids = {2, id_starts, "ba"}, .n_columns = 4, .columns = columns};
}

static void write_table(const struct rs_table *table) {
    if (ftruncate(fd, 0) != 0) abort();
    FILE *file = fopen(path, "wb");
    struct rs_writer writer;
    rs_writer_init(&writer, file);
    rs_writer_begin(&writer, "test", json_pack("{s:o}", "item_table", rs_table_header(table)));
    rs_table_write(&writer, "item_table", table);
    rs_writer_end(&writer, NULL);
    fclose(file);
}

static bool is(struct rs_id id, const char *text) {
    return id.length == strlen(text) && memcmp(id.text, text, id.length) == 0;
}

static void check_rows(const struct rs_table *table, size_t b, size_t a) {
    CHECK(table->n_columns == 4);
    const struct rs_table_column *title = rs_table_title(table), *sex = rs_table_find(table, "sex");
    const struct rs_table_column *genres = rs_table_find(table, "genres");
    const struct rs_table_column *age = rs_table_find(table, "age");
    CHECK(title == rs_table_find(table, "title") && title->kind == RS_TEXT);
    CHECK(rs_table_find(table, "nothing") == NULL);
    CHECK(is(rs_ids_get(&title->text, b), "One") && is(rs_ids_get(&title->text, a), ""));
    CHECK(sex->code[b] == 1 && sex->code[a] == RS_NONE && is(rs_ids_get(&sex->text, 1), "f"));
    CHECK(genres->start[b + 1] - genres->start[b] == 2);
    CHECK(genres->code[genres->start[b]] == 1 && genres->code[genres->start[b] + 1] == 0);
    CHECK(genres->start[a + 1] - genres->start[a] == 1 && genres->code[genres->start[a]] == 1);
    CHECK(age->number[b] == 1.5 && isnan(age->number[a]));
}

static void test_round_trip(void) {
    struct rs_table_column columns[4];
    struct rs_table table = make_table(columns), back;
    struct rs_error err = {0};
    write_table(&table);
    struct rs_file *file = rs_file_open(path, "test", &err);
    CHECK(file != NULL);
    CHECK(rs_table_open(&back, "f", file->segments[0].header, &file->segments[0], "item_table",
                        &err));
    check_rows(&back, 0, 1);

    static const uint64_t starts[] = {0, 1, 2, 3};
    struct rs_ids others = {3, starts, "abz"};
    struct rs_table aligned = rs_table_align(&back, &others);
    check_rows(&aligned, 1, 0);
    CHECK(aligned.ids.n == 3);
    CHECK(is(rs_ids_get(&rs_table_find(&aligned, "title")->text, 2), ""));
    CHECK(rs_table_find(&aligned, "sex")->code[2] == RS_NONE);
    CHECK(isnan(rs_table_find(&aligned, "age")->number[2]));
    const struct rs_table_column *genres = rs_table_find(&aligned, "genres");
    CHECK(genres->start[3] == genres->start[2]);
    rs_table_free(&aligned);
    rs_table_free(&back);

    CHECK(rs_table_open(&back, "f", file->segments[0].header, &file->segments[0], "user_table",
                        &err));
    CHECK(back.n_columns == 0);
    aligned = rs_table_align(&back, &others);
    CHECK(aligned.n_columns == 0 && aligned.ids.n == 3 && rs_table_title(&aligned) == NULL);
    rs_table_free(&aligned);
    rs_file_close(file);
}

static void test_titles(void) {
    struct rs_table_column columns[2] = {{.name = words[2], .kind = RS_TEXT},
                                         {.name = words[0], .kind = RS_NUMBER}};
    struct rs_table table = {.n_columns = 2, .columns = columns};
    CHECK(rs_table_title(&table) == &columns[0]); /* a number is no title: the first text is */
    table.n_columns = 0;
    CHECK(rs_table_title(&table) == NULL);
}

/* Writes TABLE as it is and expects a refusal. */
static void check_refused(const struct rs_table *table, const char *reason, int line) {
    struct rs_table back;
    struct rs_error err = {0};
    write_table(table);
    struct rs_file *file = rs_file_open(path, "test", &err);
    bool ok = file != NULL &&
              !rs_table_open(&back, "f", file->segments[0].header, &file->segments[0], "item_table",
                             &err) &&
              err.code == EX_DATAERR && strstr(err.text, reason) != NULL;
    if (!ok) printf("line %d: '%s'\n", line, err.text);
    CHECK(ok);
    rs_file_close(file);
}

static void test_damage(void) {
    struct rs_table_column columns[4];
    struct rs_table table = make_table(columns);
    static const uint32_t codes_off[] = {2, 0, 1}, one_missing[] = {1, RS_NONE, 1};
    columns[1].code = codes_off;
    check_refused(&table, "column sex of item_table is inconsistent", __LINE__);
    table = make_table(columns);
    columns[2].code = one_missing; /* a set has members or none, but no unknown ones */
    check_refused(&table, "column genres of item_table is inconsistent", __LINE__);
    table = make_table(columns);
    static const uint64_t falling[] = {0, 4, 3};
    columns[2].start = falling;
    check_refused(&table, "item_table.2.start do not ascend", __LINE__);
    table = make_table(columns);
    columns[0].text.n = 1; /* fewer titles than rows */
    check_refused(&table, "column title of item_table is inconsistent", __LINE__);
    table = make_table(columns);
    columns[0].kind = RS_NUMBER;
    columns[0].number = numbers;
    write_table(&table);
    struct rs_error err = {0};
    struct rs_file *file = rs_file_open(path, "test", &err);
    struct rs_table back;
    json_t *kind = json_array_get(json_object_get(file->segments[0].header, "item_table"), 0);
    json_object_set_new(kind, "kind", json_string("colour"));
    CHECK(!rs_table_open(&back, "f", file->segments[0].header, &file->segments[0], "item_table",
                         &err));
    CHECK(strstr(err.text, "has no kind") != NULL);
    json_object_set_new(kind, "kind", json_string("text"));
    CHECK(!rs_table_open(&back, "f", file->segments[0].header, &file->segments[0], "item_table",
                         &err));
    CHECK(err.code == EX_DATAERR);
    rs_file_close(file);
}

int main(void) {
    fd = memfd_create("table", MFD_CLOEXEC);
    if (fd < 0) return 1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    test_round_trip();
    test_titles();
    test_damage();
    return done();
}
