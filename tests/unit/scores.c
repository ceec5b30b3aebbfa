/* A scores stream survives writing and reading, with every column. With arguments this program is a
 * maker of fixtures for the suites: `scores HEADER_JSON [ITEM_TABLE]` turns CSV with named columns
 * (no quotes) on standard input into a scores stream on standard output. ITEM_TABLE: lines
 * `id,a|b|c`. */
#include <jansson.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/number.h"
#include "format/pairs.h"
#include "unit.h"

enum { MAX_FIELDS = 24 };

struct column {
    const char *name;
    unsigned bit;
};

static const struct column known[] = {
    {"rating", RS_RATING},         {"time", RS_TIME},
    {"score", RS_SCORE},           {"deviation", RS_DEVIATION},
    {"source", RS_SOURCE},         {"rank", RS_RANK},
    {"above", RS_ABOVE},           {"tied", RS_TIED},
    {"candidates", RS_CANDIDATES}, {"support", RS_SUPPORT},
    {"user_count", RS_USER_COUNT}, {"item_count", RS_ITEM_COUNT},
};

static size_t cut(char *line, char **fields) {
    size_t n = 0;
    line[strcspn(line, "\n")] = '\0';
    for (char *field = line; field != NULL && n < MAX_FIELDS;) {
        fields[n++] = field;
        field = strchr(field, ',');
        if (field != NULL) *field++ = '\0';
    }
    return n;
}

static void set(struct rs_pairs *batch, const char *name, const char *text) {
    size_t n = batch->n;
    uint32_t whole = (uint32_t)strtoul(text, NULL, 10);
    float real = strtof(text, NULL);
    if (strcmp(name, "rating") == 0) batch->rating[n] = real;
    if (strcmp(name, "score") == 0) batch->score[n] = real;
    if (strcmp(name, "deviation") == 0) batch->deviation[n] = real;
    if (strcmp(name, "support") == 0) batch->support[n] = real;
    if (strcmp(name, "time") == 0) batch->time[n] = 1000 * strtoll(text, NULL, 10);
    if (strcmp(name, "source") == 0) batch->source[n] = (uint8_t)whole;
    if (strcmp(name, "rank") == 0) batch->rank[n] = whole;
    if (strcmp(name, "above") == 0) batch->above[n] = whole;
    if (strcmp(name, "tied") == 0) batch->tied[n] = whole;
    if (strcmp(name, "candidates") == 0) batch->candidates[n] = whole;
    if (strcmp(name, "user_count") == 0) batch->user_count[n] = whole;
    if (strcmp(name, "item_count") == 0) batch->item_count[n] = whole;
}

/* A table with one set column, "genres". */
static struct rs_table read_genres(const char *path, struct rs_dict *ids, struct rs_dict *genres) {
    static uint64_t start[4096];
    static uint32_t code[16384];
    struct rs_table table = {0};
    FILE *file = fopen(path, "r");
    char line[1024], *fields[MAX_FIELDS];
    size_t n = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (cut(line, fields) != 2) exit(EX_DATAERR);
        rs_dict_add(ids, (struct rs_id){fields[0], strlen(fields[0])});
        char *rest = fields[1];
        for (char *genre; (genre = strsep(&rest, "|")) != NULL;)
            code[n++] = rs_dict_add(genres, (struct rs_id){genre, strlen(genre)});
        start[ids->ids.n] = n;
    }
    if (file != NULL) fclose(file);
    table.ids = ids->ids;
    table.n_columns = 1;
    table.columns = rs_calloc(1, sizeof *table.columns);
    table.columns[0] =
        (struct rs_table_column){rs_strdup("genres"), RS_SET, genres->ids, code, start, NULL};
    return table;
}

static void convert(FILE *from, FILE *to, const char *header, const char *item_table) {
    char line[65536], *names[MAX_FIELDS], *fields[MAX_FIELDS], *copy;
    struct rs_dict users, items, ids, genres;
    struct rs_table table = {0};
    struct rs_pairs_form form = {.kind = "scores"};
    rs_dict_init(&users);
    rs_dict_init(&items);
    rs_dict_init(&ids);
    rs_dict_init(&genres);
    form.users = &users.ids;
    form.items = &items.ids;
    if (item_table != NULL) {
        table = read_genres(item_table, &ids, &genres);
        form.item_table = &table;
    }
    if (fgets(line, sizeof line, from) == NULL) exit(EX_DATAERR);
    copy = rs_strdup(line);
    size_t n_names = cut(copy, names);
    for (size_t f = 2; f < n_names; f++)
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            if (strcmp(names[f], known[k].name) == 0) form.columns |= known[k].bit;
    json_error_t error;
    struct rs_pairs_writer *writer = rs_pairs_write(to, &form, json_loads(header, 0, &error));
    while (fgets(line, sizeof line, from) != NULL) {
        if (cut(line, fields) != n_names) exit(EX_DATAERR);
        struct rs_pairs *batch = rs_pairs_room(writer);
        batch->user[batch->n] = rs_dict_add(&users, (struct rs_id){fields[0], strlen(fields[0])});
        batch->item[batch->n] = rs_dict_add(&items, (struct rs_id){fields[1], strlen(fields[1])});
        for (size_t f = 2; f < n_names; f++) set(batch, names[f], fields[f]);
        batch->n++;
    }
    rs_pairs_finish(writer, NULL);
    free(copy);
    rs_table_free(&table);
    rs_dict_free(&users);
    rs_dict_free(&items);
    rs_dict_free(&ids);
    rs_dict_free(&genres);
}

static void check_round_trip(void) {
    const char *header = "user,item,rating,score,source,above,tied,candidates,user_count,time\n";
    char path[] = "/tmp/rs-unit-XXXXXX";
    int descriptor = mkstemp(path);
    FILE *text = tmpfile(), *stream = descriptor < 0 ? NULL : fdopen(descriptor, "w+b");
    CHECK(text != NULL && stream != NULL);
    fputs(header, text);
    fputs("u1,i1,4,3.5,0,2,3,10,7,100\nu2,i1,1,2.25,3,0,1,10,0,200\n", text);
    rewind(text);
    convert(text, stream, "{\"task\": \"rank\"}", NULL);
    fclose(text);
    fclose(stream);
    struct rs_pairs_reader reader;
    struct rs_pairs *batch;
    struct rs_error err;
    const char *const paths[] = {path};
    CHECK(rs_pairs_open(&reader, paths, 1, "scores", &err));
    CHECK_TEXT(json_string_value(json_object_get(reader.header, "task")), "rank");
    CHECK(rs_pairs_next(&reader, &batch, &err) && batch != NULL && batch->n == 2);
    CHECK(batch->above[0] == 2 && batch->tied[0] == 3 && batch->candidates[1] == 10);
    CHECK(batch->user_count[0] == 7 && batch->user_count[1] == 0 && batch->source[1] == 3);
    CHECK(batch->time[1] == 200000 && batch->rank == NULL && batch->item_count == NULL);
    CHECK_NEAR((double)batch->score[1], 2.25, 0);
    rs_pairs_close(&reader);
    remove(path);
}

int main(int argc, char **argv) {
    if (argc > 1) {
        convert(stdin, stdout, argv[1], argc > 2 ? argv[2] : NULL);
        return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
    }
    check_round_trip();
    return done();
}
