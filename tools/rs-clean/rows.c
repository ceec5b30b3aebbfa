#include "rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "memory.h"
#include "number.h"
#include "utf8.h"

enum { ARENA = 1 << 18 };

const char *const reason_names[N_REASONS] = {
    [REASON_FIELDS] = "wrong number of fields",  [REASON_SYNTAX] = "malformed",
    [REASON_USER] = "unusable user",             [REASON_ITEM] = "unusable item",
    [REASON_ENCODING] = "not valid UTF-8",       [REASON_NUMBER] = "rating is not a number",
    [REASON_SCALE] = "rating outside the scale", [REASON_TIME] = "unreadable time",
    [REASON_MISSING] = "rating is missing",
};

static const char *const missing_words[] = {"",     "NA",   "N/A",  "NaN", "null",
                                            "None", "nil",  "\\N",  "?",   "-"};

static bool equals(struct rs_id field, const char *word) {
    return strlen(word) == field.length && strncasecmp(field.text, word, field.length) == 0;
}

/* True if the field says that there is no value: by a word, or by a number such as 99 given with
 * --missing and written in whatever way. */
static bool is_missing(struct rs_id field, const struct row_rules *rules) {
    if (field.length > 0 && field.text[0] >= '0' && field.text[0] <= '9' && rules->missing[0] == NULL)
        return false;
    for (size_t i = 0; i < sizeof missing_words / sizeof *missing_words; i++)
        if (equals(field, missing_words[i])) return true;
    for (const char *const *word = rules->missing; *word != NULL; word++) {
        double given, found;
        if (equals(field, *word)) return true;
        if (rs_number_parse(*word, strlen(*word), &given) &&
            rs_number_parse(field.text, field.length, &found) && given == found)
            return true;
    }
    return false;
}

static void reject(struct rows *rows, const struct rs_record *record, enum reason reason,
                   char *text) {
    rs_grow(&rows->rejects, &rows->reject_capacity, rows->n_rejects + 1, sizeof *rows->rejects);
    rows->rejects[rows->n_rejects++] = (struct reject){record->line, reason, text, record->raw};
}

/* Names that lie in the block stay there; those of quoted records and JSON are copied. */
static struct rs_id keep(struct rows *rows, struct rs_block block, struct rs_id id) {
    if (id.text >= block.text && id.text < block.text + block.length) return id;
    if (rows->n_arena == 0 || rows->arena_room < id.length) {
        rs_grow(&rows->arena, &rows->arena_capacity, rows->n_arena + 1, sizeof *rows->arena);
        rows->arena_room = id.length > ARENA ? id.length : ARENA;
        rows->arena[rows->n_arena++] = rs_malloc(rows->arena_room, 1);
        rows->arena_room += 0;
    }
    char *end = rows->arena[rows->n_arena - 1] + (id.length > ARENA ? id.length : ARENA);
    char *copy = end - rows->arena_room;
    memcpy(copy, id.text, id.length);
    rows->arena_room -= id.length;
    return (struct rs_id){copy, id.length};
}

/* A field as it appears in a message: quoted and of a readable length. */
static char *complain(const char *what, struct rs_id field, const char *reason) {
    int shown = field.length > 60 ? 60 : (int)field.length;
    return rs_format("%s '%.*s%s' %s", what, shown, field.text, field.length > 60 ? "..." : "",
                     reason);
}

static bool usable_id(struct rows *rows, const struct rs_record *record, struct rs_id id,
                      const char *what, enum reason reason) {
    if (id.length == 0) {
        reject(rows, record, reason, rs_format("%s is empty", what));
    } else if (id.length > RS_ID_MAX) {
        reject(rows, record, reason,
               rs_format("%s of %zu bytes is longer than %d", what, id.length, RS_ID_MAX));
    } else if (!rs_utf8_ascii(id.text, id.length) && !rs_utf8_valid(id.text, id.length)) {
        reject(rows, record, REASON_ENCODING,
               rs_format("%s is not valid UTF-8 (--encoding converts)", what));
    } else {
        return true;
    }
    return false;
}

/* True if a float holds the number to the digits it was given with; up to seven it does. */
static bool is_rounded(double number, float rating) {
    if ((double)rating == number) return false;
    char out[32];
    double back;
    size_t length = rs_number_print_float(out, rating);
    return !(rs_number_parse(out, length, &back) && back == number);
}

/* Reads a rating. False after noting why there is none. */
static bool read_rating(struct rows *rows, const struct rs_record *record, struct rs_id field,
                        const struct row_rules *rules, float *rating) {
    double number;
    bool ok = rules->form->decimal_comma
                  ? rs_number_parse_comma(field.text, field.length, &number)
                  : rs_number_parse(field.text, field.length, &number);
    if (is_missing(field, rules)) {
        if (rules->columns->wide) {
            rows->n_missing++;
        } else {
            reject(rows, record, REASON_MISSING, rs_strdup("rating is missing"));
        }
        return false;
    }
    if (!ok || fabs(number) > 1e30) {
        reject(rows, record, REASON_NUMBER,
               complain("rating", field, ok ? "is out of range" : "is not a number"));
        return false;
    }
    if (number < rules->scale_min || number > rules->scale_max) {
        char reason[96];
        snprintf(reason, sizeof reason, "is outside the scale %g..%g", rules->scale_min,
                 rules->scale_max);
        reject(rows, record, REASON_SCALE, complain("rating", field, reason));
        return false;
    }
    *rating = (float)number;
    rows->n_rounded += is_rounded(number, *rating);
    return true;
}

static bool read_time(struct rows *rows, const struct rs_record *record,
                      const struct row_rules *rules, int64_t *time) {
    *time = RS_NO_TIME;
    if (rules->columns->time == NO_COLUMN) return true;
    struct rs_id field = record->fields[rules->columns->time];
    if (rs_when_parse(field.text, field.length, rules->time_unit, time)) return true;
    *time = RS_NO_TIME;
    if (is_missing(field, rules)) return true;
    reject(rows, record, REASON_TIME,
           complain("time", field, "is neither a number nor ISO 8601"));
    return false;
}

static void add_row(struct rows *rows, const struct rs_record *record, struct rs_block block,
                    const struct row_rules *rules, struct row row) {
    const struct columns *columns = rules->columns;
    row.user = keep(rows, block, row.user);
    row.item = keep(rows, block, row.item);
    row.user_hash = rs_id_hash(row.user);
    row.item_hash = rs_id_hash(row.item);
    rs_grow(&rows->rows, &rows->capacity, rows->n + 1, sizeof *rows->rows);
    rs_grow(&rows->contexts, &rows->context_capacity, (rows->n + 1) * columns->n_contexts,
            sizeof *rows->contexts);
    for (size_t c = 0; c < columns->n_contexts; c++) {
        struct rs_id value = record->fields[columns->context[c]];
        if (is_missing(value, rules)) value.length = 0;
        rows->contexts[rows->n * columns->n_contexts + c] = keep(rows, block, value);
    }
    rows->rows[rows->n++] = row;
}

/* A record that is one rating. */
static void parse_long(struct rows *rows, const struct rs_record *record, struct rs_block block,
                       const struct row_rules *rules) {
    const struct columns *columns = rules->columns;
    struct row row = {.user = record->fields[columns->user],
                      .item = record->fields[columns->item], .rating = 1};
    if (!usable_id(rows, record, row.user, "user", REASON_USER) ||
        !usable_id(rows, record, row.item, "item", REASON_ITEM))
        return;
    if (columns->rating != NO_COLUMN &&
        !read_rating(rows, record, record->fields[columns->rating], rules, &row.rating))
        return;
    if (!read_time(rows, record, rules, &row.time)) return;
    add_row(rows, record, block, rules, row);
}

/* A record that is a user's ratings of all items. */
static void parse_wide(struct rows *rows, const struct rs_record *record, struct rs_block block,
                       const struct row_rules *rules) {
    const struct columns *columns = rules->columns;
    char number[32];
    struct row row = {.user = {number, 0}};
    row.user.length = (size_t)snprintf(number, sizeof number, "%llu",
                                       (unsigned long long)record->line - rules->form->header);
    if (columns->user != NO_COLUMN) row.user = record->fields[columns->user];
    if (!usable_id(rows, record, row.user, "user", REASON_USER)) return;
    row.user = keep(rows, block, row.user);
    if (!read_time(rows, record, rules, &row.time)) return;
    for (size_t c = columns->first_item; c < columns->n_fields; c++) {
        row.item = (struct rs_id){columns->item_names[c], strlen(columns->item_names[c])};
        if (read_rating(rows, record, record->fields[c], rules, &row.rating))
            add_row(rows, record, block, rules, row);
    }
}

static void empty(struct rows *rows) {
    for (size_t i = 0; i < rows->n_rejects; i++) free(rows->rejects[i].text);
    for (size_t i = 0; i < rows->n_arena; i++) free(rows->arena[i]);
    rows->n = rows->n_rejects = rows->n_arena = rows->arena_room = 0;
    rows->n_missing = rows->n_rounded = 0;
}

void rows_parse(struct rows *rows, struct rs_cutter *cutter, struct rs_block block,
                const struct row_rules *rules, bool skip_header) {
    empty(rows);
    rs_cutter_start(cutter, block);
    struct rs_record record;
    if (skip_header) rs_cutter_next(cutter, &record);
    size_t n_fields = rules->columns->n_fields;
    while (rs_cutter_next(cutter, &record)) {
        if (record.fault != NULL) {
            reject(rows, &record, REASON_SYNTAX, rs_strdup(record.fault));
        } else if (record.n != n_fields) {
            reject(rows, &record, REASON_FIELDS,
                   rs_format("%zu field%s where %zu are expected", record.n,
                             record.n == 1 ? "" : "s", n_fields));
        } else if (rules->columns->wide) {
            parse_wide(rows, &record, block, rules);
        } else {
            parse_long(rows, &record, block, rules);
        }
    }
}

void rows_free(struct rows *rows) {
    empty(rows);
    free(rows->rows);
    free(rows->contexts);
    free(rows->rejects);
    free(rows->arena);
}
