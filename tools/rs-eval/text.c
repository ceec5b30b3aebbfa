/* Anybody's predictions, lists and ratings as text: see input.h. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/when.h"
#include "format/pairs.h"
#include "input.h"
#include "text/text.h"

enum part { USER, ITEM, SCORE, RATING, TIME, N_PARTS, NOT_USED = -1 };

static const char *const part_names[] = {"user", "item", "score", "rating", "time"};

/* Words that tables use for them, without case and anything but letters. */
static const char *const part_words[N_PARTS] = {
    [USER] = " user userid uid u userno reviewerid customer customerid query qid ",
    [ITEM] = " item itemid iid i movie movieid asin product productid artist artistid docno doc ",
    [SCORE] = " score prediction predicted pred predictions est estimate estimated estimation sim ",
    [RATING] = " rating ratings truth true actual rui r value label relevance rel stars ",
    [TIME] = " time timestamp date when ts datetime ",
};

enum purpose { PREDICTIONS, LISTS, TRUTH };

/* A text file being read. */
struct table {
    struct evidence *evidence;
    const char *place;
    enum purpose purpose;
    struct rs_form form;
    int column[N_PARTS]; /* position, or NOT_USED */
    size_t n_needed;     /* fields a record must have */
    struct u32_column user, item;
    struct f64_column score, rating;
    struct i64_column time;
    size_t n;
};

static bool is_word(const char *words, const char *name) {
    char plain[64] = " ";
    size_t n = 1;
    for (; *name != '\0' && n < sizeof plain - 2; name++)
        if (isalpha((unsigned char)*name)) plain[n++] = (char)tolower((unsigned char)*name);
    plain[n++] = ' ';
    plain[n] = '\0';
    return n > 2 && strstr(words, plain) != NULL;
}

static void columns_by_name(struct table *table) {
    for (int part = 0; part < N_PARTS; part++)
        for (size_t c = 0; c < table->form.n_columns && table->column[part] == NOT_USED; c++)
            if (is_word(part_words[part], table->form.names[c])) table->column[part] = (int)c;
}

static bool field_is(struct rs_id field, const char *text) {
    return field.length == strlen(text) && memcmp(field.text, text, field.length) == 0;
}

/* By position, when there are no names: RECORD is the first. */
static void columns_by_place(struct table *table, const struct rs_record *record) {
    int n = (int)record->n;
    int *column = table->column;
    column[USER] = 0;
    column[ITEM] = 1;
    if (table->purpose != TRUTH && n == 6 && field_is(record->fields[1], "Q0")) {
        table->purpose = LISTS; /* a trec_eval run */
        column[ITEM] = 2;
        column[SCORE] = 4;
    } else if (table->purpose == TRUTH && n == 4 && field_is(record->fields[1], "0")) {
        column[ITEM] = 2; /* qrels */
        column[RATING] = 3;
    } else if (table->purpose == TRUTH) {
        if (n > 2) column[RATING] = 2;
        if (n > 3) column[TIME] = 3;
    } else {
        if (n > 2) column[SCORE] = 2;
        if (n > 3 && table->purpose == PREDICTIONS) column[RATING] = 3;
    }
}

static bool find_columns(struct table *table, const struct rs_record *first, struct rs_error *err) {
    for (int part = 0; part < N_PARTS; part++) table->column[part] = NOT_USED;
    if (table->form.names != NULL) {
        columns_by_name(table);
    } else {
        columns_by_place(table, first);
    }
    static const bool needed[3][N_PARTS] = {
        [PREDICTIONS] = {[USER] = true, [ITEM] = true, [SCORE] = true},
        [LISTS] = {[USER] = true, [ITEM] = true},
        [TRUTH] = {[USER] = true, [ITEM] = true}};
    for (int part = 0; part < N_PARTS; part++) {
        if (table->column[part] == NOT_USED && needed[table->purpose][part])
            return rs_fail(
                err, EX_DATAERR, "%s: no column holds the %s%s", table->place, part_names[part],
                part == SCORE ? " (--lists reads recommendation lists without one)" : "");
        if (table->column[part] >= (int)table->n_needed)
            table->n_needed = (size_t)table->column[part] + 1;
    }
    return true;
}

static bool bad_field(const struct table *table, const struct rs_record *record, enum part part,
                      const char *what, struct rs_error *err) {
    struct rs_id field = record->fields[table->column[part]];
    return rs_fail(err, EX_DATAERR, "%s:%llu: %s '%.*s' is %s", table->place,
                   (unsigned long long)record->line, part_names[part],
                   field.length < 40 ? (int)field.length : 40, field.text, what);
}

static bool read_name(const struct table *table, const struct rs_record *record, enum part part,
                      struct rs_dict *dict, uint32_t *number, struct rs_error *err) {
    struct rs_id field = record->fields[table->column[part]];
    if (field.length == 0) return bad_field(table, record, part, "empty", err);
    if (field.length > RS_ID_MAX) return bad_field(table, record, part, "too long", err);
    *number = rs_dict_add(dict, field);
    return true;
}

static bool read_number(const struct table *table, const struct rs_record *record, enum part part,
                        double *number, struct rs_error *err) {
    struct rs_id field = record->fields[table->column[part]];
    bool ok = table->form.decimal_comma ? rs_number_parse_comma(field.text, field.length, number)
                                        : rs_number_parse(field.text, field.length, number);
    return ok || bad_field(table, record, part, "not a finite number", err);
}

static bool read_record(struct table *table, const struct rs_record *record, struct rs_error *err) {
    unsigned long long line = record->line;
    if (record->fault != NULL)
        return rs_fail(err, EX_DATAERR, "%s:%llu: %s", table->place, line, record->fault);
    if (table->n == 0 && !find_columns(table, record, err)) return false;
    if (record->n < table->n_needed)
        return rs_fail(err, EX_DATAERR, "%s:%llu: has %zu fields where %zu are needed",
                       table->place, line, record->n, table->n_needed);
    size_t n = table->n + 1;
    u32_extend(&table->user, n, 0);
    u32_extend(&table->item, n, 0);
    struct evidence *evidence = table->evidence;
    if (!read_name(table, record, USER, &evidence->users, &table->user.v[table->n], err) ||
        !read_name(table, record, ITEM, &evidence->items, &table->item.v[table->n], err))
        return false;
    struct f64_column *numbers[N_PARTS] = {[SCORE] = &table->score, [RATING] = &table->rating};
    for (int part = SCORE; part <= RATING; part++) {
        if (table->column[part] == NOT_USED) continue;
        f64_extend(numbers[part], n, 0);
        if (!read_number(table, record, (enum part)part, &numbers[part]->v[table->n], err))
            return false;
    }
    if (table->column[TIME] != NOT_USED) {
        i64_extend(&table->time, n, RS_NO_TIME);
        struct rs_id field = record->fields[table->column[TIME]];
        if (!rs_when_parse(field.text, field.length, RS_TIME_AUTO, &table->time.v[table->n]))
            return bad_field(table, record, TIME, "no point in time", err);
    }
    table->n = n;
    return true;
}

static bool read_blocks(struct table *table, struct rs_text *text, struct rs_error *err) {
    struct rs_cutter *cutter = rs_cutter_new(&table->form);
    struct rs_block block = {0};
    bool ok = true, skip_names = table->form.names != NULL && table->form.layout != RS_LAYOUT_JSON;
    while (ok && (ok = rs_text_next(text, &table->form, &block, err)) && block.length > 0) {
        struct rs_record record;
        rs_cutter_start(cutter, block);
        while (ok && rs_cutter_next(cutter, &record)) {
            if (!skip_names) ok = read_record(table, &record, err);
            skip_names = false;
        }
    }
    rs_cutter_free(cutter);
    return ok;
}

static void free_table(struct table *table) {
    rs_form_free(&table->form);
    free(table->user.v);
    free(table->item.v);
    free(table->score.v);
    free(table->rating.v);
    free(table->time.v);
}

static bool read_table(struct table *table, const char *path, const struct text_options *options,
                       struct rs_error *err) {
    table->place = strcmp(path, "-") == 0 ? "standard input" : path;
    struct rs_text *text = rs_text_open(path, NULL, 0, err);
    if (text == NULL) return false;
    struct rs_form_given given = {.separator = options->separator, .header = -1};
    bool ok = rs_text_detect(text, &table->form, &given, err) && read_blocks(table, text, err);
    rs_text_close(text);
    if (ok && table->n == 0) ok = rs_fail(err, EX_DATAERR, "%s: holds no rows", table->place);
    if (!ok) free_table(table);
    return ok;
}

static struct piece piece_of(const struct table *table) {
    return (struct piece){.n = table->n,
                          .user = table->user.v,
                          .item = table->item.v,
                          .rating = table->rating.v,
                          .score = table->score.v,
                          .time = table->time.v};
}

/* Sorts by user, then descending score, then appearance. */
static int compare_listed(const void *a, const void *b, void *context) {
    const struct table *table = context;
    uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;
    if (table->user.v[first] != table->user.v[second])
        return table->user.v[first] < table->user.v[second] ? -1 : 1;
    if (table->score.v[first] != table->score.v[second])
        return table->score.v[first] > table->score.v[second] ? -1 : 1;
    return first < second ? -1 : 1;
}

/* The rank of every row in its user's list: by score, or by appearance where there are none. */
static uint32_t *rank_rows(struct table *table) {
    uint32_t *rank = rs_malloc(table->n, sizeof *rank);
    uint32_t *order = rs_malloc(table->n, sizeof *order);
    uint32_t *last = rs_calloc(table->evidence->users.ids.n, sizeof *last);
    for (size_t i = 0; i < table->n; i++) order[i] = (uint32_t)i;
    if (table->score.v != NULL) qsort_r(order, table->n, sizeof *order, compare_listed, table);
    for (size_t k = 0; k < table->n; k++) rank[order[k]] = ++last[table->user.v[order[k]]];
    free(order);
    free(last);
    return rank;
}

bool input_text(struct evidence *evidence, const struct input *input,
                const struct text_options *options, struct rs_error *err) {
    struct table table = {.evidence = evidence, .purpose = options->lists ? LISTS : PREDICTIONS};
    if (!read_table(&table, input->path, options, err)) return false;
    char *name = input->model != NULL ? rs_strdup(input->model) : input_name(input->path);
    const char *fold = input->fold != NULL ? input->fold : evidence_fold_of(evidence, NULL);
    struct answers *answers = evidence_answers(evidence, name, fold);
    free(name);
    struct facts *facts = &answers->fold->facts;
    if (facts->scale.n == 0) facts->scale = options->scale;
    if (facts->catalogue < 0) facts->catalogue = options->catalogue;
    struct piece piece = piece_of(&table);
    bool ok;
    if (table.purpose == LISTS) {
        uint32_t *rank = rank_rows(&table);
        piece.rank = rank;
        ok = evidence_take(evidence, answers, TASK_TOP, input->path, &piece, err);
        free(rank);
    } else {
        ok = evidence_take(evidence, answers, TASK_PREDICT, input->path, &piece, err);
    }
    free_table(&table);
    return ok;
}

bool input_ratings_text(struct evidence *evidence, struct ratings *ratings,
                        const struct text_options *options, struct rs_error *err) {
    struct table table = {.evidence = evidence, .purpose = TRUTH};
    if (!read_table(&table, ratings->path, options, err)) return false;
    ratings->implicit = table.rating.v == NULL;
    if (ratings->implicit) f64_extend(&table.rating, table.n, 1);
    struct piece piece = piece_of(&table);
    bool ok = ratings->take(ratings, &piece, err);
    free_table(&table);
    return ok;
}
