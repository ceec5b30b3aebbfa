#include "rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "memory.h"
#include "number.h"
#include "utf8.h"

enum { ARENA = 1 << 16, HELD_DIGITS = 6, FLOAT_DIGITS = 9 };
#define LARGEST 1e28 /* so that a sum of 2^32 ratings is finite in a float */

const char *const reason_names[N_REASONS] = {
    [REASON_FIELDS] = "wrong number of fields",
    [REASON_SYNTAX] = "malformed",
    [REASON_USER] = "unusable user",
    [REASON_ITEM] = "unusable item",
    [REASON_ENCODING] = "not of the encoding",
    [REASON_NUMBER] = "rating is not a number",
    [REASON_SCALE] = "rating outside the scale",
    [REASON_COUNT] = "count is not positive",
    [REASON_TIME] = "unreadable time",
    [REASON_REPEATED] = "id repeated",
    [REASON_MISSING] = "rating is missing",
};

static void reject(struct rows *rows, const struct rs_record *record, enum reason reason,
                   char *text) {
    rs_grow(&rows->rejects, &rows->reject_capacity, rows->n_rejects + 1, sizeof *rows->rejects);
    rows->rejects[rows->n_rejects++] = (struct reject){record->line, reason, text, record->raw};
}

/* A field as it appears in a message: quoted and of a readable length. */
static char *complain(const char *what, struct rs_id field, const char *reason) {
    int shown = (int)(field.length > 60 ? rs_utf8_whole(field.text, 60) : field.length);
    return rs_format("%s '%.*s%s' %s", what, shown, field.text, field.length > 60 ? "..." : "",
                     reason);
}

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

/* The number that up to 8 digits write, or UINT32_MAX: all bytes at once, added up in pairs
 * (Lemire: Quickly parsing eight digits, lemire.me/blog/2018/10/03). LENGTH is 1 to 8; 8 bytes are
 * read. */
static inline uint32_t digits_at_once(const char *text, size_t length) {
    const uint64_t zeros = 0x3030303030303030, upper = 0xf0f0f0f0f0f0f0f0;
    unsigned used = 8 * (unsigned)length; /* bits; zeros come in front */
    uint64_t bytes;
    memcpy(&bytes, text, sizeof bytes);
    if (used < 64) bytes = bytes << (64 - used) | zeros >> used;
    if ((bytes & upper) != zeros || ((bytes + 0x0606060606060606) & upper) != zeros)
        return UINT32_MAX;
    bytes = (bytes & 0x0f0f0f0f0f0f0f0f) * 2561 >> 8;
    bytes = (bytes & 0x00ff00ff00ff00ff) * 6553601 >> 16;
    return (uint32_t)((bytes & 0x0000ffff0000ffff) * 42949672960001 >> 32);
}

/* PLAIN: 8 bytes can be read from the text. */
static inline bool is_small_number(struct rs_id id, bool plain, uint32_t *number) {
    if (id.length == 0 || id.length > 7 || (id.text[0] == '0' && id.length > 1)) return false;
    char copy[8] = {0};
    if (!plain) memcpy(copy, id.text, id.length);
    *number = digits_at_once(plain ? id.text : copy, id.length);
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
        reject(rows, record, reason,
               rs_format("%s of %zu bytes is longer than %d", what, id.length, RS_ID_MAX));
    } else {
        reject(rows, record, REASON_ENCODING,
               rs_format("%s holds bytes that are not of the encoding (see --encoding)", what));
    }
    return false;
}

static inline bool usable_id(struct rows *rows, const struct rs_record *record, struct rs_id id,
                             const char *what, enum reason reason) {
    if (id.length > 0) return usable_name(rows, record, id, what, reason);
    reject(rows, record, reason, rs_format("%s is empty", what));
    return false;
}

/* Values */

static bool is_missing_number(double number, const struct row_rules *rules) {
    for (size_t i = 0; i < rules->n_missing; i++) {
        double given;
        if (rs_number_parse(rules->missing[i], strlen(rules->missing[i]), &given) &&
            given == number)
            return true;
    }
    return false;
}

static bool is_missing_word(struct rs_id field, const struct row_rules *rules) {
    for (size_t i = 0; i < rules->n_missing; i++)
        if (strlen(rules->missing[i]) == field.length &&
            strncasecmp(field.text, rules->missing[i], field.length) == 0)
            return true;
    return rs_number_missing(field.text, field.length);
}

/* True if a float does not hold the number to the digits it was given with. Six it always does, ten
 * never. */
static bool is_rounded(struct rs_id field, double number, float rating) {
    if (field.length <= HELD_DIGITS) return false;
    int digits = 0, zeros = 0;
    for (size_t i = 0; i < field.length && field.text[i] != 'e' && field.text[i] != 'E'; i++) {
        if (field.text[i] < '0' || field.text[i] > '9') continue;
        if (field.text[i] == '0') {
            zeros += digits > 0;
        } else {
            digits += 1 + zeros;
            zeros = 0;
        }
    }
    if (digits <= HELD_DIGITS && fabs(number) >= 1e-30) return false;
    if (digits > FLOAT_DIGITS) return (double)rating != number;
    char given[40], held[40];
    snprintf(given, sizeof given, "%.*e", digits > 0 ? digits - 1 : 0, number);
    snprintf(held, sizeof held, "%.*e", digits > 0 ? digits - 1 : 0, (double)rating);
    return strcmp(given, held) != 0;
}

/* "4" and "4.5" make most files; their value is exact, or correctly rounded by the one division. */
static inline bool read_number(struct rs_id field, const struct row_rules *rules, double *number) {
    unsigned whole = (unsigned char)field.text[0] - (unsigned)'0';
    if (field.length == 1 && whole <= 9) {
        *number = whole;
        return true;
    }
    if (field.length == 3 && field.text[1] == '.') {
        unsigned tenths = (unsigned char)field.text[2] - (unsigned)'0';
        *number = (10 * whole + tenths) / 10.;
        if (whole <= 9 && tenths <= 9) return true;
    }
    return rules->form->decimal_comma ? rs_number_parse_comma(field.text, field.length, number)
                                      : rs_number_parse(field.text, field.length, number);
}

/* Notes why a number can't be a rating; false if it can. */
static bool is_refused(struct rows *rows, const struct rs_record *record, struct rs_id field,
                       double number, const struct row_rules *rules) {
    char reason[96];
    if (fabs(number) > LARGEST) {
        reject(rows, record, REASON_NUMBER, complain("rating", field, "is out of range"));
    } else if (rules->counts && number <= 0) {
        reject(rows, record, REASON_COUNT, complain("count", field, "is not positive"));
    } else if (number < rules->scale_min || number > rules->scale_max) {
        snprintf(reason, sizeof reason, "is outside the scale %g..%g", rules->scale_min,
                 rules->scale_max);
        reject(rows, record, REASON_SCALE, complain("rating", field, reason));
    } else {
        return false;
    }
    return true;
}

/* Reads a rating. False after noting why there is none. */
static bool read_rating(struct rows *rows, const struct rs_record *record, struct rs_id field,
                        const struct row_rules *rules, float *rating) {
    double number;
    bool ok = read_number(field, rules, &number);
    if (ok ? rules->n_missing > 0 && is_missing_number(number, rules)
           : is_missing_word(field, rules)) {
        rows->n_missing++;
        if (!rules->columns->wide)
            reject(rows, record, REASON_MISSING, rs_strdup("rating is missing"));
        return false;
    }
    if (!ok) {
        reject(rows, record, REASON_NUMBER, complain("rating", field, "is not a number"));
        return false;
    }
    if (is_refused(rows, record, field, number, rules)) return false;
    *rating = (float)number;
    if (field.length > HELD_DIGITS) rows->n_rounded += is_rounded(field, number, *rating);
    if (isnan(rules->threshold)) return true;
    rows->n_below += number < rules->threshold;
    *rating = 1;
    return number >= rules->threshold;
}

/* Ten digits or fewer are seconds, unless the unit is given as another. */
static inline bool read_seconds(struct rs_id field, int64_t *time) {
    if (field.length == 0 || field.length > 10) return false;
    size_t front = field.length > 8 ? field.length - 8 : 0;
    uint32_t high = front > 0 ? digits_at_once(field.text, front) : 0;
    uint32_t low = digits_at_once(field.text + front, field.length - front);
    if (high == UINT32_MAX || low == UINT32_MAX) return false;
    *time = 1000 * ((int64_t)high * 100000000 + low);
    return true;
}

static bool read_time(struct rows *rows, const struct rs_record *record,
                      const struct row_rules *rules, int64_t *time) {
    *time = RS_NO_TIME;
    if (rules->columns->at[ROLE_TIME] == NO_COLUMN) return true;
    struct rs_id field = record->fields[rules->columns->at[ROLE_TIME]];
    if (record->plain && rules->time_unit <= RS_TIME_S && read_seconds(field, time)) return true;
    if (rs_when_parse(field.text, field.length, rules->time_unit, time)) return true;
    *time = RS_NO_TIME;
    if (is_missing_word(field, rules)) return true;
    reject(rows, record, REASON_TIME, complain("time", field, "is neither a number nor ISO 8601"));
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
        if (is_missing_word(value, rules)) value.length = 0;
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
        !read_rating(rows, record, record->fields[at[ROLE_RATING]], rules, &rating))
        return;
    if (!read_time(rows, record, rules, &time) ||
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
    if (!read_time(rows, record, rules, &time) ||
        !read_contexts(rows, record, rules, lying, contexts))
        return;
    for (size_t c = columns->first_item; c < columns->n_fields; c++) {
        float rating;
        if (read_rating(rows, record, record->fields[c], rules, &rating))
            add_row(rows, rules, record->line, user, rows->item_keys[c], rating, time, contexts);
    }
}

static void empty(struct rows *rows) {
    for (size_t i = 0; i < rows->n_rejects; i++) free(rows->rejects[i].text);
    for (size_t i = 0; i < rows->n_arena; i++) free(rows->arena[i]);
    for (size_t r = 0; r < 2 + RS_MAX_CONTEXTS; r++) rows->latest[r] = RS_NONE;
    rows->n = rows->n_rejects = rows->n_arena = rows->n_names = 0;
    rows->n_records = rows->n_values = rows->n_missing = rows->n_below = rows->n_rounded = 0;
}

static void name_items(struct rows *rows, const struct columns *columns) {
    if (rows->item_keys == NULL)
        rows->item_keys = rs_malloc(columns->n_fields, sizeof *rows->item_keys);
    for (size_t c = columns->first_item; c < columns->n_fields; c++) {
        struct rs_id name = {columns->item_names[c], strlen(columns->item_names[c])};
        rows->item_keys[c] = key_of(rows, ROLE_ITEM, name, STAYING);
    }
}

void rows_parse(struct rows *rows, struct rs_cutter *cutter, struct rs_block block,
                const struct row_rules *rules, bool skip_header) {
    empty(rows);
    rs_cutter_start(cutter, block);
    struct rs_record record;
    if (skip_header) rs_cutter_next(cutter, &record);
    if (rules->columns->wide) name_items(rows, rules->columns);
    size_t n_fields = rules->columns->n_fields;
    while (rs_cutter_next(cutter, &record)) {
        rows->n_records++;
        if (record.fault != NULL) {
            rows->n_values++;
            reject(rows, &record, REASON_SYNTAX, rs_strdup(record.fault));
        } else if (record.n != n_fields) {
            rows->n_values++;
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
    free(rows->user);
    free(rows->item);
    free(rows->rating);
    free(rows->time);
    free(rows->line);
    for (size_t c = 0; c < RS_MAX_CONTEXTS; c++) free(rows->context[c]);
    free(rows->names);
    free(rows->item_keys);
    free(rows->rejects);
    free(rows->arena);
    *rows = (struct rows){0};
}
