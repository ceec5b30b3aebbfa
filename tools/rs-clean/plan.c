#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "columns.h"

static bool has_room(const struct plan *plan, const char *option, struct rs_error *err) {
    return plan->n < RS_TABLE_MAX_COLUMNS ||
           rs_fail(err, EX_USAGE, "--%s: a side table has at most %d columns: choose some", option,
                   RS_TABLE_MAX_COLUMNS);
}

/* By the header */

static bool plan_all(struct plan *plan, const struct rs_form *form, const char *option, bool users,
                     struct rs_error *err) {
    enum role role = users ? ROLE_USER : ROLE_ITEM;
    bool found = false;
    for (size_t f = 0; form->names != NULL && f < form->n_columns && !found; f++) {
        found = strcasecmp(form->names[f], "id") == 0 || columns_is_role(form->names[f], role);
        if (found) plan->id = f;
    }
    for (size_t f = 0; f < form->n_columns; f++) {
        if (f == plan->id) continue;
        if (!has_room(plan, option, err)) return false;
        bool named = form->names != NULL && form->names[f][0] != '\0';
        plan->columns[plan->n++] = (struct planned_column){
            .name = named ? rs_strdup(form->names[f]) : rs_format("column%zu", f + 1),
            .kind = -1,
            .field = f};
    }
    return true;
}

/* As given: NAME, NAME:KIND, NAME{A|B|C} or '-', each with =COLUMN or by its place. */

struct entry {
    const char *text;
    size_t length, name; /* lengths of the whole and of the name at its beginning */
    const char *option;
};

static bool refuse(const struct entry *entry, const char *reason, struct rs_error *err) {
    return rs_fail(err, EX_USAGE, "--%s: '%.*s' %s", entry->option, (int)entry->length, entry->text,
                   reason);
}

static bool find_field(const struct entry *entry, const struct rs_form *form, const char *name,
                       size_t length, size_t *field, struct rs_error *err) {
    for (size_t f = 0; form->names != NULL && f < form->n_columns; f++) {
        if (strlen(form->names[f]) != length || memcmp(form->names[f], name, length) != 0) continue;
        *field = f;
        return true;
    }
    return refuse(entry,
                  form->names == NULL ? "names a column, but there is no header"
                                      : "names a column that is not there",
                  err);
}

static bool find_kind(const struct entry *entry, const char *word, size_t length, int *kind,
                      struct rs_error *err) {
    for (*kind = 0; *kind < RS_N_COLUMN_KINDS; ++*kind) {
        const char *name = rs_column_kind_names[*kind];
        if (strlen(name) == length && memcmp(name, word, length) == 0) return true;
    }
    return refuse(entry, "has a kind that is none of text, category, set, number", err);
}

static void take_flags(struct planned_column *column, const char *flags, size_t length) {
    for (const char *end = flags + length; flags <= end;) {
        const char *bar = memchr(flags, '|', (size_t)(end - flags));
        const char *stop = bar == NULL ? end : bar;
        column->flags = rs_realloc(column->flags, column->n_flags + 1, sizeof *column->flags);
        column->flags[column->n_flags++] = rs_strndup(flags, (size_t)(stop - flags));
        flags = stop + 1;
    }
}

/* Reads one entry that stands at *place, which moves behind its fields. */
static bool take_entry(struct plan *plan, const struct rs_form *form, const struct entry *entry,
                       size_t *place, struct rs_error *err) {
    const char *at = entry->text + entry->name, *end = entry->text + entry->length;
    struct planned_column column = {.kind = -1, .field = *place};
    const char *flags = NULL, *closing = NULL;
    if (at < end && *at == '{') {
        flags = at + 1;
        closing = memchr(flags, '}', (size_t)(end - flags));
        if (closing == NULL) return refuse(entry, "has a '{' without '}'", err);
        at = closing + 1;
    } else if (at < end && *at == ':') {
        size_t length = (size_t)((at = at + 1, strcspn(at, "=,")));
        if (!find_kind(entry, at, length, &column.kind, err)) return false;
        at += length;
    }
    if (at < end && *at == '=') {
        if (!find_field(entry, form, at + 1, (size_t)(end - at - 1), &column.field, err))
            return false;
    } else if (at < end) {
        return refuse(entry, "is not NAME, NAME:KIND, NAME{A|B|C} or one of them with =COLUMN",
                      err);
    }
    if (entry->name == 0) return refuse(entry, "has no name; write '-' to leave one out", err);
    bool is_id = entry->name == 2 && memcmp(entry->text, "id", 2) == 0;
    bool is_skipped = entry->name == 1 && *entry->text == '-';
    if (!is_id && !is_skipped && !has_room(plan, entry->option, err)) return false;
    if (flags != NULL) take_flags(&column, flags, (size_t)(closing - flags));
    *place += column.n_flags > 0 ? column.n_flags : 1;
    if (is_id) plan->id = column.field;
    if (is_id || is_skipped) return true;
    if (column.n_flags > 0) column.kind = RS_SET;
    column.name = rs_strndup(entry->text, entry->name);
    plan->columns[plan->n++] = column;
    return true;
}

static bool plan_given(struct plan *plan, const struct rs_form *form, const char *given,
                       const char *option, struct rs_error *err) {
    size_t place = 0;
    plan->id = SIZE_MAX;
    for (const char *text = given;; text++) {
        struct entry entry = {text, strcspn(text, ","), strcspn(text, ",={:"), option};
        if (!take_entry(plan, form, &entry, &place, err)) return false;
        text += entry.length;
        if (*text == '\0') break;
    }
    if (plan->id == SIZE_MAX) return rs_fail(err, EX_USAGE, "--%s: needs an id", option);
    return true;
}

/* Tables that come without a header, known by their separator and by which columns hold numbers: '1'
 * all, '0' not all, '?' either. */
static const struct {
    bool users;
    const char *separator, *numbers, *columns;
} layouts[] = {
    /* MovieLens 100K: u.user, u.item */
    {true, "|", "1100?", "id,age,sex,occupation,zip"},
    {false, "|", "100?01111111111111111111",
     "id,title,release:text,-,url,genres{unknown|Action|Adventure|Animation|Children's|Comedy|Crime|"
     "Documentary|Drama|Fantasy|Film-Noir|Horror|Musical|Mystery|Romance|Sci-Fi|Thriller|War|"
     "Western}"},
    /* MovieLens 1M and 10M: users.dat, movies.dat */
    {true, "::", "1011?", "id,sex,age,occupation:category,zip"},
    {false, "::", "100", "id,title,genres"},
};

static bool has_numbers(const struct rs_form *form, const char *numbers) {
    for (size_t f = 0; f < form->n_columns; f++)
        if (numbers[f] != '?' && form->is_number[f] != (numbers[f] == '1')) return false;
    return true;
}

/* The columns of a table without a header as its makers describe them, or NULL. */
static const char *known_columns(const struct rs_form *form, bool users) {
    if (form->names != NULL) return NULL;
    for (size_t k = 0; k < sizeof layouts / sizeof *layouts; k++)
        if (layouts[k].users == users && strcmp(layouts[k].separator, form->separator) == 0 &&
            strlen(layouts[k].numbers) == form->n_columns && has_numbers(form, layouts[k].numbers))
            return layouts[k].columns;
    return NULL;
}

bool plan_make(struct plan *plan, const struct rs_form *form, const char *given, const char *option,
               bool users, const char *place, struct rs_error *err) {
    *plan = (struct plan){0};
    if (given == NULL) given = known_columns(form, users);
    bool ok = given == NULL ? plan_all(plan, form, option, users, err)
                            : plan_given(plan, form, given, option, err);
    size_t last = plan->id;
    for (size_t c = 0; c < plan->n; c++) {
        size_t n = plan->columns[c].n_flags > 0 ? plan->columns[c].n_flags : 1;
        if (plan->columns[c].field + n - 1 > last) last = plan->columns[c].field + n - 1;
    }
    if (ok && last >= form->n_columns)
        ok = rs_fail(err, EX_DATAERR, "%s: has %zu column%s, too few for --%s", place,
                     form->n_columns, form->n_columns == 1 ? "" : "s", option);
    if (!ok) plan_free(plan);
    return ok;
}

void plan_free(struct plan *plan) {
    for (size_t c = 0; c < plan->n; c++) {
        struct planned_column *column = &plan->columns[c];
        free(column->name);
        for (size_t i = 0; i < column->n_flags; i++) free(column->flags[i]);
        free(column->flags);
    }
    *plan = (struct plan){0};
}
