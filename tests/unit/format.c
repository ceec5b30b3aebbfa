/* The format: what is written is read, whole, mapped and through a pipe; what is cut, flipped,
 * foreign, newer or lying is refused with EX_DATAERR and never believed. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/random.h"
#include "format/file.h"
#include "format/format.h"
#include "format/pack.h"
#include "format/pairs.h"
#include "neighbours/graph.h"
#include "ratings/assembly.h"
#include "unit.h"

/* A regular file without a place in any folder. */
static int fd;
static char path[64];

/* A file in memory. */
struct image {
    uint8_t *bytes;
    size_t n;
};

static struct image image_of(void (*write)(FILE *)) {
    struct image image = {0};
    FILE *file = open_memstream((char **)&image.bytes, &image.n);
    write(file);
    fclose(file);
    return image;
}

static void put_file(const uint8_t *bytes, size_t n) {
    if (ftruncate(fd, 0) != 0 || pwrite(fd, bytes, n, 0) != (ssize_t)n) abort();
}

/* Opens the bytes as they come through a pipe, of which a child is the writer. */
static struct rs_file *open_piped(const uint8_t *bytes, size_t n, struct rs_error *err) {
    int ends[2];
    if (pipe(ends) != 0) abort();
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        for (size_t at = 0; at < n;) {
            ssize_t written = write(ends[1], bytes + at, n - at);
            if (written <= 0) break;
            at += (size_t)written;
        }
        _exit(0);
    }
    close(ends[1]);
    char name[32];
    snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
    struct rs_file *file = rs_file_open(name, NULL, err);
    close(ends[0]);
    waitpid(child, NULL, 0);
    return file;
}

static struct rs_file *open_mapped(const uint8_t *bytes, size_t n, struct rs_error *err) {
    put_file(bytes, n);
    return rs_file_open(path, NULL, err);
}

/* Writers of small files, one for every kind */

static uint8_t noise[20000];

static void make_noise(void) {
    struct rs_random random = rs_random_stream(7, 1, 2, 3);
    for (size_t i = 0; i < sizeof noise; i++) noise[i] = (uint8_t)rs_random_u32(&random);
}

static void write_types(FILE *file) {
    struct rs_writer writer;
    rs_writer_init(&writer, file);
    rs_writer_begin(&writer, "test", json_pack("{s:s, s:f}", "word", "a\xc3\xa9", "half", 0.5));
    for (int t = 0; t < RS_N_TYPES; t++) {
        char name[16];
        snprintf(name, sizeof name, "one_%d", t);
        rs_writer_array(&writer, name, (struct rs_array){(enum rs_type)t, 13, 1, noise});
        snprintf(name, sizeof name, "two_%d", t);
        rs_writer_array(&writer, name, (struct rs_array){(enum rs_type)t, 5, 7, noise + 128});
    }
    rs_writer_u8(&writer, "none", NULL, 0);
    rs_writer_end(&writer, json_pack("{s:i}", "count", 3));
}

static void write_parts(FILE *file) {
    struct rs_writer writer;
    rs_writer_init(&writer, file);
    writer.part_max = RS_FORMAT_PAGE;
    rs_writer_begin(&writer, "test", NULL);
    rs_writer_u8(&writer, "before", noise, 3);
    rs_writer_u32(&writer, "large", (const uint32_t *)(const void *)noise, 3000);
    rs_writer_u8(&writer, "exact", noise, 2 * RS_FORMAT_PAGE);
    rs_writer_u8(&writer, "after", noise, 5);
    rs_writer_end(&writer, NULL);
}

static const uint64_t two_starts[] = {0, 1, 3};
static const struct rs_ids two_users = {2, two_starts, "abc"};
static const uint64_t item_starts[] = {0, 1, 2, 5};
static const struct rs_ids three_items = {3, item_starts, "12100"};

static void write_ratings(FILE *file) {
    static const uint64_t value_starts[] = {0, 0, 4};
    static const struct rs_ids values = {2, value_starts, "home"};
    static const double ages[] = {30, 40.5};
    static char age[] = "age";
    struct rs_table_column column = {.name = age, .kind = RS_NUMBER, .number = ages};
    struct rs_table table = {.ids = two_users, .n_columns = 1, .columns = &column};
    struct rs_pairs_form form = {.kind = "ratings",
                                 .columns = RS_RATING | RS_TIME,
                                 .users = &two_users,
                                 .items = &three_items,
                                 .n_contexts = 1,
                                 .context_names = {"place"},
                                 .context_values = {&values},
                                 .user_table = &table};
    struct rs_pairs_writer *writer =
        rs_pairs_write(file, &form, json_pack("{s:s}", "feedback", "explicit"));
    for (uint32_t r = 0; r < 5; r++) {
        struct rs_pairs *batch = rs_pairs_room(writer);
        batch->user[r] = r % 2;
        batch->item[r] = r % 3;
        batch->rating[r] = (float)(r + 1) / 2;
        batch->time[r] = r == 0 ? RS_NO_TIME : 1000 * r;
        batch->context[0][r] = r % 2;
        batch->n++;
    }
    rs_pairs_finish(writer, NULL);
}

static void write_matrix(FILE *file) {
    struct image ratings = image_of(write_ratings);
    put_file(ratings.bytes, ratings.n);
    const char *const paths[] = {path};
    struct rs_error err = {0};
    struct rs_pairs_reader reader;
    struct rs_assembly assembly;
    struct rs_assembly_options options = {.baseline = {5, 5, 3}, .keep_times = true};
    bool ok = rs_pairs_open(&reader, paths, 1, "ratings", &err) &&
              rs_assemble(&assembly, &reader, &options, &err);
    if (!ok) abort();
    rs_assembly_write(&assembly, file, json_object());
    rs_assembly_free(&assembly);
    rs_pairs_close(&reader);
    free(ratings.bytes);
}

static void write_graph(FILE *file) {
    static const uint64_t start[] = {0, 2, 3, 3};
    static const uint32_t other[] = {1, 2, 0};
    static const float similarity[] = {0.5f, 0.25f, 0.5f};
    rs_graph_write(file, false, &three_items, 0, 3, start, other, similarity,
                   json_pack("{s:s}", "metric", "cosine"));
}

static void write_two(FILE *file) {
    write_ratings(file);
    write_ratings(file);
}

static const struct {
    const char *name;
    void (*write)(FILE *);
} kinds[] = {{"types", write_types},   {"parts", write_parts}, {"ratings", write_ratings},
             {"matrix", write_matrix}, {"graph", write_graph}, {"two", write_two}};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* Reads everything with whatever opens that kind; the code of the first error, or 0. */

static int read_events(const uint8_t *bytes, size_t n) {
    struct rs_error err = {0};
    struct rs_event event;
    struct rs_reader *reader = rs_reader_on_memory(bytes, n, "memory", true);
    do {
        if (!rs_reader_next(reader, &event, &err)) break;
    } while (event.type != RS_EVENT_EOF);
    rs_reader_close(reader);
    return err.code;
}

static int read_pairs(void) {
    const char *const paths[] = {path};
    struct rs_error err = {0};
    struct rs_pairs_reader reader;
    struct rs_pairs *batch;
    if (!rs_pairs_open(&reader, paths, 1, "ratings", &err)) return err.code;
    while (rs_pairs_next(&reader, &batch, &err) && batch != NULL) continue;
    rs_pairs_close(&reader);
    return err.code;
}

/* The file at PATH by the opener of its kind. */
static int read_kind(size_t kind) {
    struct rs_error err = {0};
    struct rs_matrix matrix;
    struct rs_graph graph;
    if (strcmp(kinds[kind].name, "ratings") == 0 || strcmp(kinds[kind].name, "two") == 0)
        return read_pairs();
    if (strcmp(kinds[kind].name, "matrix") == 0) {
        if (rs_matrix_open(&matrix, path, &err)) rs_matrix_close(&matrix);
    } else if (strcmp(kinds[kind].name, "graph") == 0) {
        if (rs_graph_open(&graph, path, &err)) rs_graph_close(&graph);
    } else {
        rs_file_close(rs_file_open(path, NULL, &err));
    }
    return err.code;
}

/* Checks */

static void check_types(const struct rs_file *file) {
    CHECK(file != NULL && file->n_segments == 1);
    if (file == NULL) return;
    const struct rs_segment *segment = &file->segments[0];
    CHECK_TEXT(segment->kind, "test");
    CHECK(segment->n_sections == 2 * RS_N_TYPES + 1);
    CHECK_TEXT(json_string_value(json_object_get(segment->header, "word")), "a\xc3\xa9");
    CHECK(json_real_value(json_object_get(segment->header, "half")) == 0.5);
    CHECK(json_integer_value(json_object_get(segment->end, "count")) == 3);
    CHECK(strlen(rs_segment_digest(segment)) == 16);
    for (int t = 0; t < RS_N_TYPES; t++) {
        char name[16];
        snprintf(name, sizeof name, "one_%d", t);
        const struct rs_array *one = rs_segment_find(segment, name);
        snprintf(name, sizeof name, "two_%d", t);
        const struct rs_array *two = rs_segment_find(segment, name);
        size_t size = rs_type_size((enum rs_type)t);
        CHECK(one != NULL && one->type == (enum rs_type)t && one->n_rows == 13 &&
              one->n_columns == 1);
        CHECK(two != NULL && two->type == (enum rs_type)t && two->n_rows == 5 &&
              two->n_columns == 7);
        if (one == NULL || two == NULL) continue;
        CHECK(memcmp(one->data, noise, 13 * size) == 0);
        CHECK(memcmp(two->data, noise + 128, 35 * size) == 0);
        CHECK((uintptr_t)one->data % 64 == 0 && (uintptr_t)two->data % 64 == 0);
    }
    const struct rs_array *none = rs_segment_find(segment, "none");
    CHECK(none != NULL && none->n_rows == 0);
    CHECK(rs_segment_find(segment, "nowhere") == NULL);
    const uint32_t *data;
    struct rs_error err = {0};
    CHECK(rs_segment_array("f", segment, "one_3", RS_U32, 13, &data, &err));
    CHECK(!rs_segment_array("f", segment, "one_3", RS_U32, 14, &data, &err));
    CHECK_TEXT(err.text,
               "f: the file is damaged: array one_3 has 13 elements of u32, not 14 of u32");
    CHECK(!rs_segment_array("f", segment, "one_3", RS_I32, 13, &data, &err));
    CHECK(!rs_segment_array("f", segment, "nowhere", RS_U32, 13, &data, &err));
    CHECK_TEXT(err.text, "f: its test holds no array nowhere");
}

static void check_parts(const struct rs_file *file) {
    CHECK(file != NULL);
    for (size_t s = 0; file != NULL && s < file->n_segments; s++) {
        const struct rs_segment *segment = &file->segments[s];
        if (segment->n_sections != 4) continue;
        const struct rs_array *large = rs_segment_find(segment, "large");
        const struct rs_array *exact = rs_segment_find(segment, "exact");
        const struct rs_array *after = rs_segment_find(segment, "after");
        CHECK(large->n_rows == 3000 && memcmp(large->data, noise, 12000) == 0);
        CHECK(exact->n_rows == 2 * RS_FORMAT_PAGE);
        CHECK(memcmp(exact->data, noise, 2 * RS_FORMAT_PAGE) == 0);
        CHECK(after->n_rows == 5 && memcmp(after->data, noise, 5) == 0);
    }
}

static void test_round_trips(void) {
    struct rs_error err = {0};
    struct image types = image_of(write_types), parts = image_of(write_parts);
    struct rs_file *file = open_mapped(types.bytes, types.n, &err);
    CHECK(file != NULL && file->map != NULL);
    check_types(file);
    rs_file_close(file);
    file = open_piped(types.bytes, types.n, &err);
    CHECK(file != NULL && file->map == NULL);
    check_types(file);
    rs_file_close(file);
    struct rs_reader *reader = rs_reader_on_memory(types.bytes, types.n, "memory", true);
    const char *kind = NULL;
    CHECK(rs_reader_kind(reader, &kind, &err));
    CHECK_TEXT(kind, "test");
    file = rs_file_use(reader, &err); /* memory stays the caller's */
    check_types(file);
    rs_file_close(file);

    file = open_mapped(parts.bytes, parts.n, &err);
    check_parts(file);
    rs_file_close(file);
    file = open_piped(parts.bytes, parts.n, &err);
    check_parts(file);
    rs_file_close(file);

    /* Behind another segment the parts lie on no page of the file, and are copied. */
    uint8_t *both = rs_malloc(types.n + 2 * parts.n, 1);
    memcpy(both, types.bytes, types.n);
    memcpy(both + types.n, parts.bytes, parts.n);
    memcpy(both + types.n + parts.n, parts.bytes, parts.n);
    CHECK(types.n % RS_FORMAT_PAGE != 0);
    file = open_mapped(both, types.n + 2 * parts.n, &err);
    CHECK(file != NULL && file->n_segments == 3);
    check_parts(file);
    rs_file_close(file);
    free(both);
    free(types.bytes);
    free(parts.bytes);
}

/* Every beginning of a file but the whole one is refused by whoever opens it. */
static void test_cuts(void) {
    for (size_t k = 0; k < N_KINDS; k++) {
        struct image image = image_of(kinds[k].write);
        struct image ratings = image_of(write_ratings);
        put_file(image.bytes, image.n);
        CHECK(read_kind(k) == 0);
        CHECK(read_events(image.bytes, image.n) == 0);
        size_t wrong = 0, step = image.n > 20000 ? 37 : 1; /* of large files some */
        for (size_t n = image.n - 1; n < image.n; n -= n < step ? n + 1 : step) {
            bool whole = strcmp(kinds[k].name, "two") == 0 && n == ratings.n;
            if (ftruncate(fd, (off_t)n) != 0) abort();
            if (n % 3 == 0) wrong += read_kind(k) != (whole ? 0 : EX_DATAERR);
            uint8_t *exact = rs_malloc(n, 1); /* so that a read beyond it is seen */
            memcpy(exact, image.bytes, n);
            wrong += read_events(exact, n) != (whole ? 0 : EX_DATAERR);
            free(exact);
        }
        CHECK(wrong == 0);
        free(image.bytes);
        free(ratings.bytes);
    }
}

/* Every bit is vouched for; and without the checksum whoever opens a file at least does not fall.
 */
static void test_flips(void) {
    for (size_t k = 0; k < N_KINDS; k++) {
        struct image image = image_of(kinds[k].write);
        size_t unseen = 0, odd = 0, step = image.n > 20000 ? 97 : image.n > 5000 ? 7 : 1;
        for (size_t bit = 0; bit < 8 * image.n; bit += step) {
            image.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            unseen += read_events(image.bytes, image.n) != EX_DATAERR;
            if (bit % 41 == 0) {
                put_file(image.bytes, image.n);
                int code = read_kind(k);
                odd += code != 0 && code != EX_DATAERR;
            }
            image.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        CHECK(unseen == 0);
        CHECK(odd == 0);
        free(image.bytes);
    }
}

/* Files made to deceive */

struct forger {
    uint8_t bytes[4096];
    size_t n;
};

static void forge_raw(struct forger *forger, const void *bytes, size_t n) {
    memcpy(forger->bytes + forger->n, bytes, n);
    forger->n += n;
}

/* A map and its padding, up to RESERVE bytes before a multiple of 64. */
static void forge_map(struct forger *forger, json_t *map, size_t reserve) {
    uint8_t *bytes;
    size_t n;
    CHECK(rs_pack_encode(map, &bytes, &n));
    forge_raw(forger, bytes, n);
    free(bytes);
    json_decref(map);
    for (size_t gap = rs_format_gap(forger->n + reserve, 64); gap > 0; gap--)
        forger->bytes[forger->n++] = 0xc0;
}

static void forge_header(struct forger *forger, int version) {
    forger->n = 0;
    forge_map(forger, json_pack("{s:s, s:i}", "rs", "test", "version", version), 0);
}

static void forge_array(struct forger *forger, json_t *map, uint32_t bin) {
    forge_map(forger, map, 5);
    const uint8_t head[] = {0xc6, (uint8_t)(bin >> 24), (uint8_t)(bin >> 16), (uint8_t)(bin >> 8),
                            (uint8_t)bin};
    forge_raw(forger, head, sizeof head);
    memset(forger->bytes + forger->n, 1, 64);
    forger->n += 64;
}

/* The text of the error, which must be EX_DATAERR, mapped and piped. */
static void check_refused(const uint8_t *bytes, size_t n, const char *reason, int line) {
    struct rs_error err = {0};
    struct rs_file *file = open_mapped(bytes, n, &err);
    bool ok = file == NULL && err.code == EX_DATAERR && strstr(err.text, reason) != NULL;
    if (!ok) printf("line %d: mapped: %d '%s'\n", line, err.code, err.text);
    CHECK(ok);
    rs_file_close(file);
    file = open_piped(bytes, n, &err);
    ok = file == NULL && err.code == EX_DATAERR && strstr(err.text, reason) != NULL;
    if (!ok) printf("line %d: piped: %d '%s'\n", line, err.code, err.text);
    CHECK(ok);
    rs_file_close(file);
}

#define CHECK_REFUSED(bytes, n, reason) check_refused((const uint8_t *)(bytes), n, reason, __LINE__)

static json_t *array_map(json_int_t rows, json_int_t columns, json_int_t bytes) {
    return json_pack("{s:s, s:s, s:[I, I], s:I}", "array", "a", "type", "u8", "shape", rows,
                     columns, "bytes", bytes);
}

static void test_foreign(void) {
    struct forger forger;
    CHECK_REFUSED("", 0, "is empty");
    CHECK_REFUSED("user,item,rating\n1,2,3\n", 23, "is no rs file but text: rs-clean reads");
    CHECK_REFUSED("\x1f\x8b\x08\0\0\0\0\0", 8, "is no rs file but gzip");
    CHECK_REFUSED("\x93\x01\x02\x03", 4, "is no rs file");
    CHECK_REFUSED("\x82\xa2rs", 4, "is no rs file");
    CHECK_REFUSED("\x82\xa2rs\xa4test", 9, "cut short");
    CHECK_REFUSED("\x82\xa2rs\xdd\xff\xff\xff\xff", 9, "cut short");
    memset(forger.bytes, 0, sizeof forger.bytes);
    memcpy(forger.bytes, "\x82\xa2rs\xdd\xff\xff\xff\xff", 9); /* an array of 2^32 - 1 */
    CHECK_REFUSED(forger.bytes, 128, "no valid map");
    memcpy(forger.bytes, "\x82\xa2rs\xdb\xff\xff\xff\xff", 9); /* a string of that many bytes */
    CHECK_REFUSED(forger.bytes, 128, "no valid map");
    memset(forger.bytes + 4, 0x91, 64); /* too deep */
    CHECK_REFUSED(forger.bytes, 128, "no valid map");
    forge_header(&forger, 2);
    CHECK_REFUSED(forger.bytes, forger.n,
                  "format version 2 is newer than this program reads (1): update rs");
    forge_header(&forger, 0);
    CHECK_REFUSED(forger.bytes, forger.n, "names no kind or version");
    forge_header(&forger, 1);
    forge_map(&forger, json_pack("{s:i}", "what", 1), 0);
    CHECK_REFUSED(forger.bytes, forger.n, "neither an array nor the end");
    forge_header(&forger, 1);
    forge_map(&forger,
              json_pack("{s:s, s:i, s:s}", "end", "test", "bytes", 64, "xxh3", "0123456789abcdef"),
              0);
    struct rs_error err = {0};
    rs_file_close(open_piped(forger.bytes, forger.n, &err));
    CHECK(err.code == EX_DATAERR && strstr(err.text, "checksum") != NULL);
    forge_header(&forger, 1);
    forge_map(&forger, json_pack("{s:s, s:i}", "end", "test", "bytes", 64), 0); /* unsealed */
    CHECK_REFUSED(forger.bytes, forger.n, "checksum");
    struct image types = image_of(write_types);
    types.bytes = rs_realloc(types.bytes, types.n + 9, 1);
    memcpy(types.bytes + types.n, "more text", 9);
    CHECK_REFUSED(types.bytes, types.n + 9, "no segment begins where one should");
    free(types.bytes);
}

static void test_lies(void) {
    static const json_int_t sizes[][3] = {
        {4294967295, 1, 4294967295}, /* more than is there */
        {100, 1, 64},                /* shape and bytes differ */
        {-1, 1, 64},
        {64, -1, 64},
        {INT64_MAX, 4, 64}, /* overflows */
        {4294967296, 4294967296, 0},
        {INT64_MAX, INT64_MAX, 1},
        {5000000000, 1, 5000000000},
    };
    struct forger forger;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        forge_header(&forger, 1);
        forge_array(&forger, array_map(sizes[i][0], sizes[i][1], sizes[i][2]),
                    (uint32_t)sizes[i][2]);
        CHECK_REFUSED(forger.bytes, forger.n, i == 0 ? "cut short" : "contradicts itself");
    }
    forge_header(&forger, 1);
    forge_array(&forger, array_map(64, 1, 64), 65); /* the bin is of another length */
    CHECK_REFUSED(forger.bytes, forger.n, "wrong bytes behind a map");
    static const json_int_t parts[][3] = {/* part, parts, rows */
                                          {0, 2, 4096 * 2}, {3, 2, 4096 * 2}, {1, 1, 64},
                                          {2, 2, 4096 * 2}, {-1, -1, 64},     {1, 3, 0}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        forge_header(&forger, 1);
        json_t *map = array_map(parts[i][2], 1, 64);
        json_object_set_new(map, "part", json_pack("[I, I]", parts[i][0], parts[i][1]));
        forge_array(&forger, map, 64);
        CHECK_REFUSED(forger.bytes, forger.n, i == 3 ? "cut short" : "contradicts itself");
    }
    json_t *odd[] = {json_pack("{s:i}", "array", 1),
                     json_pack("{s:s, s:s}", "array", "a", "type", "u9"),
                     json_pack("{s:s, s:s, s:[i]}", "array", "a", "type", "u8", "shape", 1)};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        forge_header(&forger, 1);
        forge_array(&forger, odd[i], 0);
        CHECK_REFUSED(forger.bytes, forger.n, "contradicts itself");
    }
}

/* Parts that do not join. */
static void test_wrong_parts(void) {
    struct image good = image_of(write_parts);
    struct rs_error err = {0};
    /* The first map that says "part": [1, 3] says that it is the second, then that there are four.
     */
    for (size_t lie = 0; lie < 2; lie++) {
        uint8_t *at = memmem(good.bytes, good.n, "\xa4part\x92\x01\x03", 8);
        CHECK(at != NULL);
        if (at == NULL) continue;
        at[6 + lie]++;
        struct rs_file *file = open_mapped(good.bytes, good.n, &err);
        CHECK(file == NULL && err.code == EX_DATAERR);
        rs_file_close(file);
        at[6 + lie]--;
    }
    /* The second part is of another array. */
    uint8_t *at = memmem(good.bytes, good.n, "\xa4part\x92\x02\x03", 8);
    while (memcmp(at, "large", 5) != 0) at--;
    memcpy(at, "small", 5);
    struct rs_file *file = open_mapped(good.bytes, good.n, &err);
    CHECK(file == NULL && err.code == EX_DATAERR);
    CHECK(strstr(err.text, "the parts of array small don't join") != NULL);
    rs_file_close(file);
    free(good.bytes);
}

static void test_pack(void) {
    json_error_t error;
    const char *text =
        "{\"a\":[1,-1,127,128,65536,-40000,9007199254740993,1.5,true,false,null,\"\"],"
        "\"\xc3\xa9\":{\"b\":{}}}";
    json_t *value = json_loads(text, 0, &error);
    uint8_t *bytes;
    size_t n;
    CHECK(rs_pack_encode(value, &bytes, &n));
    CHECK(rs_pack_measure(bytes, n) == n);
    json_t *back = rs_pack_decode(bytes, n);
    CHECK(json_equal(value, back));
    for (size_t k = 0; k < n; k++) CHECK(rs_pack_measure(bytes, k) == 0);
    for (size_t k = 0; k < n; k++) CHECK(rs_pack_decode(bytes, k) == NULL);
    json_decref(back);
    free(bytes);
    json_t *deep = json_integer(1);
    for (int level = 0; level < RS_PACK_MAX_DEPTH; level++) deep = json_pack("[o]", deep);
    CHECK(rs_pack_encode(deep, &bytes, &n));
    free(bytes);
    deep = json_pack("[o]", deep);
    CHECK(!rs_pack_encode(deep, &bytes, &n));
    free(bytes);
    json_decref(deep);
    json_decref(value);
    static const char *const refused[] = {
        "\x81\x01\x02",                         /* a key that is no string */
        "\xc4\x01x",                            /* bin */
        "\xd4\x01x",                            /* ext */
        "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", /* above 2^63 - 1 */
        "\xcb\x7f\xf8\0\0\0\0\0\0",             /* NaN */
        "\xc1",
    };
    static const size_t lengths[] = {3, 3, 3, 9, 9, 1};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        CHECK(rs_pack_decode((const uint8_t *)refused[i], lengths[i]) == NULL);
}

/* What any other program would have to compute. */
static void test_seal(void) {
    struct image image = image_of(write_matrix);
    size_t at = image.n - RS_FORMAT_SEAL_BYTES;
    while (memcmp(image.bytes + at, RS_FORMAT_SEAL, RS_FORMAT_SEAL_BYTES) != 0) at--;
    char digits[RS_FORMAT_DIGITS + 1];
    snprintf(digits, sizeof digits, "%016llx", (unsigned long long)XXH3_64bits(image.bytes, at));
    CHECK(memcmp(image.bytes + at + RS_FORMAT_SEAL_BYTES, digits, RS_FORMAT_DIGITS) == 0);
    free(image.bytes);
}

static void test_probe(void) {
    struct image types = image_of(write_types);
    put_file(types.bytes, types.n);
    CHECK(rs_reader_probe(path));
    put_file((const uint8_t *)"user,item\n", 10);
    CHECK(!rs_reader_probe(path));
    CHECK(!rs_reader_probe("/nowhere"));
    CHECK(rs_reader_is_magic(types.bytes, types.n));
    CHECK(!rs_reader_is_magic(types.bytes, 5));
    struct rs_error err = {0};
    CHECK(rs_file_open("/nowhere", NULL, &err) == NULL && err.code == EX_NOINPUT);
    CHECK(rs_file_open("/", NULL, &err) == NULL && err.code == EX_NOINPUT);
    CHECK(rs_reader_open("/", &err) == NULL && err.code == EX_NOINPUT);
    put_file(types.bytes, types.n);
    CHECK(rs_file_open(path, "matrix", &err) == NULL && err.code == EX_DATAERR);
    CHECK(strstr(err.text, "holds test where matrix is needed") != NULL);
    free(types.bytes);
}

int main(void) {
    fd = memfd_create("format", MFD_CLOEXEC);
    if (fd < 0) return 1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    make_noise();
    test_round_trips();
    test_cuts();
    test_flips();
    test_foreign();
    test_lies();
    test_wrong_parts();
    test_pack();
    test_seal();
    test_probe();
    return done();
}
