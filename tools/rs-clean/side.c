#include "side.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/number.h"
#include "base/utf8.h"
#include "cells.h"
#include "columns.h"
#include "plan.h"
#include "text/fields.h"
#include "text/text.h"

/* A side table while it is read. */
struct reading_side {
    const char *place;
    bool users;
    struct rs_form form;
    struct plan plan;
    struct rs_dict known; /* the ids so far */
    struct cells ids, columns[RS_TABLE_MAX_COLUMNS];
    struct rejects *rejects;
};

/* Whether a field says yes to its flag. *ok is false for what says neither. */
static bool is_set(struct rs_id field, bool *ok) {
    static const char *const yes[] = {"true", "yes", "t", "y", "x"};
    static const char *const no[] = {"false", "no", "f", "n"};
    double number;
    *ok = true;
    if (rs_number_parse(field.text, field.length, &number)) return number != 0;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (strlen(yes[i]) == field.length && strncasecmp(field.text, yes[i], field.length) == 0)
            return true;
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (strlen(no[i]) == field.length && strncasecmp(field.text, no[i], field.length) == 0)
            return false;
    *ok = rs_number_missing(field.text, field.length);
    return false;
}

/* Why a record can't be a row, in *reason and the text returned, or NULL. */
static char *find_fault(const struct reading_side *side, const struct rs_record *record,
                        enum reason *reason) {
    const struct plan *plan = &side->plan;
    const char *what = side->users ? "user" : "item";
    *reason = REASON_SYNTAX;
    if (record->fault != NULL) return rs_strdup(record->fault);
    *reason = REASON_FIELDS;
    if (record->n != side->form.n_columns)
        return rs_format("%zu field%s where %zu are expected", record->n, record->n == 1 ? "" : "s",
                         side->form.n_columns);
    struct rs_id id = record->fields[plan->id];
    *reason = side->users ? REASON_USER : REASON_ITEM;
    if (id.length == 0) return rs_format("%s is empty", what);
    for (size_t f = 0; f < record->n; f++) {
        if (record->fields[f].length > RS_ID_MAX)
            return rs_format("a value of %zu bytes is longer than %d", record->fields[f].length,
                             RS_ID_MAX);
    }
    *reason = REASON_ENCODING;
    for (size_t f = 0; f < record->n; f++)
        if (!rs_utf8_valid(record->fields[f].text, record->fields[f].length))
            return rs_strdup("holds bytes that are not of the encoding (see --encoding)");
    *reason = REASON_REPEATED;
    if (rs_dict_find(&side->known, id) != RS_NONE)
        return rs_format("%s '%.*s' has a row already", what, (int)id.length, id.text);
    *reason = REASON_NUMBER;
    for (size_t c = 0; c < plan->n; c++) {
        for (size_t i = 0; i < plan->columns[c].n_flags; i++) {
            bool ok;
            struct rs_id flag = record->fields[plan->columns[c].field + i];
            is_set(flag, &ok);
            if (!ok)
                return rs_format("flag '%.*s' of %s is neither 0 nor 1",
                                 (int)(flag.length > 60 ? 60 : flag.length), flag.text,
                                 plan->columns[c].name);
        }
    }
    return NULL;
}

static void add_flags(struct cells *cells, const struct planned_column *column,
                      const struct rs_id *fields) {
    char *text = rs_strdup("");
    for (size_t i = 0; i < column->n_flags; i++) {
        bool ok;
        if (!is_set(fields[column->field + i], &ok)) continue;
        char *longer = rs_format("%s%s%s", text, *text == '\0' ? "" : "|", column->flags[i]);
        free(text);
        text = longer;
    }
    cells_add(cells, (struct rs_id){text, strlen(text)});
    free(text);
}

static bool take_record(struct reading_side *side, const struct rs_record *record,
                        struct rs_error *err) {
    enum reason reason;
    char *fault = find_fault(side, record, &reason);
    if (fault != NULL) {
        struct reject reject = {record->line, reason, fault, record->raw};
        bool ok = rejects_take(side->rejects, &reject, 1, 1, err);
        free(fault);
        return ok;
    }
    rs_dict_add(&side->known, record->fields[side->plan.id]);
    cells_add(&side->ids, record->fields[side->plan.id]);
    for (size_t c = 0; c < side->plan.n; c++) {
        const struct planned_column *column = &side->plan.columns[c];
        if (column->n_flags > 0) {
            add_flags(&side->columns[c], column, record->fields);
        } else {
            cells_add(&side->columns[c], record->fields[column->field]);
        }
    }
    return rejects_take(side->rejects, NULL, 0, 1, err);
}

static bool read_records(struct reading_side *side, struct rs_text *text, struct rs_error *err) {
    struct rs_cutter *cutter = rs_cutter_new(&side->form);
    struct rs_block block;
    struct rs_record record;
    bool ok = true, header = side->form.header;
    rejects_begin(side->rejects, side->place);
    while (ok && (ok = rs_text_next(text, &side->form, &block, err)) && block.length > 0) {
        rs_cutter_start(cutter, block);
        if (header) rs_cutter_next(cutter, &record);
        header = false;
        while (ok && rs_cutter_next(cutter, &record)) ok = take_record(side, &record, err);
    }
    rs_cutter_free(cutter);
    return ok && rejects_end(side->rejects, err);
}

/* Numbers where the values are numbers, and so on. */
static bool make_table(struct reading_side *side, struct rs_table *table, struct rs_error *err) {
    bool comma = side->form.decimal_comma;
    table->ids = cells_ids(&side->ids, table);
    table->columns = rs_calloc(side->plan.n, sizeof *table->columns);
    for (size_t c = 0; c < side->plan.n; c++) {
        const struct planned_column *planned = &side->plan.columns[c];
        enum rs_column_kind kind = planned->kind >= 0
                                       ? (enum rs_column_kind)planned->kind
                                       : cells_kind(&side->columns[c], planned->name, comma);
        size_t bad;
        bool ok = cells_column(&side->columns[c], planned->name, kind, comma, table,
                               &table->columns[table->n_columns++], &bad);
        if (ok) continue;
        struct rs_id id = rs_ids_get(&table->ids, bad);
        return rs_fail(err, EX_DATAERR, "%s: %s of %s '%.*s' is not a number", side->place,
                       planned->name, side->users ? "user" : "item", (int)id.length, id.text);
    }
    return true;
}

static bool read_side(struct reading_side *side, struct rs_text *text, const char *columns,
                      struct rs_table *table, struct rs_error *err) {
    const char *option = side->users ? "user-columns" : "item-columns";
    struct rs_form_given given = {.header = -1, .is_name = columns_is_name};
    side->place = rs_text_name(text);
    if (!rs_text_detect(text, &side->form, &given, err)) return false;
    bool ok = plan_make(&side->plan, &side->form, columns, option, side->users, side->place, err);
    if (ok) {
        ok = read_records(side, text, err) && make_table(side, table, err);
        for (size_t c = 0; c < side->plan.n; c++) cells_free(&side->columns[c]);
        plan_free(&side->plan);
    }
    if (ok && side->form.above > 0)
        rs_warn("%s: %zu line%s above the header passed over", side->place, side->form.lines_above,
                side->form.lines_above == 1 ? "" : "s");
    rs_form_free(&side->form);
    return ok;
}

bool side_read(struct rs_table *table, const char *path, const char *columns, bool users,
               const char *encoding, struct rejects *rejects, struct rs_error *err) {
    *table = (struct rs_table){0};
    struct rs_text *text = rs_text_open(path, encoding, 0, err);
    if (text == NULL) return false;
    struct reading_side *side = rs_calloc(1, sizeof *side);
    side->users = users;
    side->rejects = rejects;
    rs_dict_init(&side->known);
    bool ok = read_side(side, text, columns, table, err);
    if (!ok) rs_table_free(table);
    cells_free(&side->ids);
    rs_dict_free(&side->known);
    free(side);
    rs_text_close(text);
    return ok;
}
