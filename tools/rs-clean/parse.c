#include "parse.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

enum { ARENA = 1 << 16 };

/* Names */

/* Copies what the cutter gives for a moment only. */
static struct rs_id keep(struct rows *rows, struct rs_id id) {
    if (rows->n_arena == 0 || rows->arena_size - rows->arena_used < id.length) {
        rs_grow(&rows->arena, &rows->arena_capacity, rows->n_arena + 1, sizeof *rows->arena);
        rows->arena_size = id.length > ARENA ? id.length : ARENA;
        rows->arena_used = 0;
        rows->arena[rows->n_arena++] = rs_malloc(rows->arena_size, 1);
    }
    char *copy = rows->arena[rows->n_arena - 1] + rows->arena_used;
    memcpy(copy, id.text, id.length);
    rows->arena_used += id.length;
    return (struct rs_id){copy, id.length};
}

/* PLAIN: 8 bytes can be read from the text. */
static inline bool is_small_number(struct rs_id id, bool plain, uint32_t *number) {
    if (id.length == 0 || id.length > 7 || (id.text[0] == '0' && id.length > 1)) return false;
    char copy[8] = {0};
    if (!plain) memcpy(copy, id.text, id.length);
    *number = values_digits(plain ? id.text : copy, id.length);
    return *number < ROW_NUMBERS;
}

static uint32_t add_name(struct rows *rows, struct rs_id id, bool stays) {
    rs_grow(&rows->names, &rows->name_capacity, rows->n_names + 1, sizeof *rows->names);
    rows->names[rows->n_names] =
        (struct name){stays ? id : keep(rows, id), rs_id_hash(id), RS_NONE};
    return ROW_NAMED + (uint32_t)rows->n_names++;
}

/* Where the fields of a record lie: in the block with bytes behind them, in the block, or in the
 * cutter's memory, from which what is kept must be copied. */
enum lying { PLAIN, STAYING, PASSING };

static inline uint32_t key_of(struct rows *rows, size_t role, struct rs_id id, enum lying lying) {
    uint32_t key, before = rows->latest[role];
    if (is_small_number(id, lying == PLAIN, &key)) return key;
    if (before != RS_NONE) {
        struct rs_id name = rows->names[before - ROW_NAMED].id;
        if (name.length == id.length && memcmp(name.text, id.text, id.length) == 0) return before;
    }
    rows->latest[role] = add_name(rows, id, lying != PASSING);
    return rows->latest[role];
}

static inline bool usable_name(struct rows *rows, const struct rs_record *record, struct rs_id id,
                               const char *what, enum reason reason) {
    if (record->plain && id.length <= RS_ID_MAX) return true;
    bool valid =
        record->plain || rs_utf8_ascii(id.text, id.length) || rs_utf8_valid(id.text, id.length);
    if (valid && id.length <= RS_ID_MAX) return true;
    if (valid) {
        rows_reject(rows, record, reason,
                    rs_format("%s of %zu bytes is longer than %d", what, id.length, RS_ID_MAX));
    } else {
        rows_reject(
            rows, record, REASON_ENCODING,
            rs_format("%s holds bytes that are not of the encoding (see --encoding)", what));
    }
    return false;
}

static inline bool usable_id(struct rows *rows, const struct rs_record *record, struct rs_id id,
                             const char *what, enum reason reason) {
    if (id.length > 0) return usable_name(rows, record, id, what, reason);
    rows_reject(rows, record, reason, rs_format("%s is empty", what));
    return false;
}

/* Rows */

static void make_room(struct rows *rows, const struct row_rules *rules) {
    size_t capacity = rows->capacity < 1024 ? 1024 : 2 * rows->capacity;
    rows->capacity = capacity;
    rows->user = rs_realloc(rows->user, capacity, sizeof *rows->user);
    rows->item = rs_realloc(rows->item, capacity, sizeof *rows->item);
    rows->rating = rs_realloc(rows->rating, capacity, sizeof *rows->rating);
    if (rules->columns->at[ROLE_TIME] != NO_COLUMN)
        rows->time = rs_realloc(rows->time, capacity, sizeof *rows->time);
    if (rules->lines) rows->line = rs_realloc(rows->line, capacity, sizeof *rows->line);
    for (size_t c = 0; c < rules->columns->n_contexts; c++)
        rows->context[c] = rs_realloc(rows->context[c], capacity, sizeof *rows->context[c]);
}

/* The keys of a record's contexts; false after noting that one can't be used. */
static bool read_contexts(struct rows *rows, const struct rs_record *record,
                          const struct row_rules *rules, enum lying lying, uint32_t *keys) {
    for (size_t c = 0; c < rules->columns->n_contexts; c++) {
        struct rs_id value = record->fields[rules->columns->context[c]];
        if (!usable_name(rows, record, value, rules->columns->context_name[c], REASON_SYNTAX))
            return false;
        if (values_missing(value, rules)) value.length = 0;
        keys[c] = key_of(rows, 2 + c, value, lying);
    }
    return true;
}

static inline void add_row(struct rows *rows, const struct row_rules *rules, uint64_t line,
                           uint32_t user, uint32_t item, float rating, int64_t time,
                           const uint32_t *contexts) {
    if (rows->n == rows->capacity) make_room(rows, rules);
    size_t n = rows->n++;
    rows->user[n] = user;
    rows->item[n] = item;
    rows->rating[n] = rating;
    if (rows->time != NULL) rows->time[n] = time;
    if (rows->line != NULL) rows->line[n] = line;
    for (size_t c = 0; c < rules->columns->n_contexts; c++) rows->context[c][n] = contexts[c];
}

static inline enum lying where(const struct rs_record *record, struct rs_block block) {
    if (record->plain) return PLAIN;
    const char *text = record->fields[0].text;
    return text >= block.text && text < block.text + block.length ? STAYING : PASSING;
}

/* A record that is one rating. */
static void parse_long(struct rows *rows, const struct rs_record *record, struct rs_block block,
                       const struct row_rules *rules) {
    const size_t *at = rules->columns->at;
    struct rs_id user = record->fields[at[ROLE_USER]], item = record->fields[at[ROLE_ITEM]];
    uint32_t contexts[RS_MAX_CONTEXTS];
    float rating = 1;
    int64_t time;
    enum lying lying = where(record, block);
    rows->n_values++;
    if (!usable_id(rows, record, user, "user", REASON_USER) ||
        !usable_id(rows, record, item, "item", REASON_ITEM))
        return;
    if (at[ROLE_RATING] != NO_COLUMN &&
        !values_rating(rows, record, record->fields[at[ROLE_RATING]], rules, &rating))
        return;
    if (!values_time(rows, record, rules, &time) ||
        !read_contexts(rows, record, rules, lying, contexts))
        return;
    add_row(rows, rules, record->line, key_of(rows, ROLE_USER, user, lying),
            key_of(rows, ROLE_ITEM, item, lying), rating, time, contexts);
}

/* A record that is a user's ratings of all items. */
static void parse_wide(struct rows *rows, const struct rs_record *record, struct rs_block block,
                       const struct row_rules *rules) {
    const struct columns *columns = rules->columns;
    uint32_t user = (uint32_t)rows->n_records - 1, contexts[RS_MAX_CONTEXTS];
    int64_t time;
    enum lying lying = where(record, block);
    rows->n_values += columns->n_fields - columns->first_item;
    if (columns->at[ROLE_USER] != NO_COLUMN) {
        struct rs_id id = record->fields[columns->at[ROLE_USER]];
        if (!usable_id(rows, record, id, "user", REASON_USER)) return;
        user = key_of(rows, ROLE_USER, id, lying);
    }
    if (!values_time(rows, record, rules, &time) ||
        !read_contexts(rows, record, rules, lying, contexts))
        return;
    for (size_t c = columns->first_item; c < columns->n_fields; c++) {
        float rating;
        if (values_rating(rows, record, record->fields[c], rules, &rating))
            add_row(rows, rules, record->line, user, rows->item_keys[c], rating, time, contexts);
    }
}

static void name_items(struct rows *rows, const struct columns *columns) {
    if (rows->item_keys == NULL)
        rows->item_keys = rs_malloc(columns->n_fields, sizeof *rows->item_keys);
    for (size_t c = columns->first_item; c < columns->n_fields; c++) {
        struct rs_id name = {columns->item_names[c], strlen(columns->item_names[c])};
        rows->item_keys[c] = key_of(rows, ROLE_ITEM, name, STAYING);
    }
}

void parse_block(struct rows *rows, struct rs_cutter *cutter, struct rs_block block,
                 const struct row_rules *rules, bool skip_header) {
    rows_empty(rows);
    rs_cutter_start(cutter, block);
    struct rs_record record;
    if (skip_header) rs_cutter_next(cutter, &record);
    if (rules->columns->wide) name_items(rows, rules->columns);
    size_t n_fields = rules->columns->n_fields;
    while (rs_cutter_next(cutter, &record)) {
        rows->n_records++;
        if (record.fault != NULL) {
            rows->n_values++;
            rows_reject(rows, &record, REASON_SYNTAX, rs_strdup(record.fault));
        } else if (record.n != n_fields) {
            rows->n_values++;
            rows_reject(rows, &record, REASON_FIELDS,
                        rs_format("%zu field%s where %zu are expected", record.n,
                                  record.n == 1 ? "" : "s", n_fields));
        } else if (rules->columns->wide) {
            parse_wide(rows, &record, block, rules);
        } else {
            parse_long(rows, &record, block, rules);
        }
    }
}
