/* Ratings and scores as rows, one batch in memory.
 *
 * The columns are user, item, the values and contexts that the stream has, and the title of the
 * item where its table knows one; or those asked for, among which any column of the side tables may
 * be. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "program/options.h"
#include "view.h"

enum origin { USER, ITEM, VALUE, CONTEXT, USER_TABLE, ITEM_TABLE };

struct column {
    enum origin origin;
    size_t index; /* in rs_columns, the contexts or the table's columns */
    const char *name;
};

/* The row of a side table for every user or item of the stream. */
struct join {
    const struct rs_table *table;
    struct rs_dict rows;
    uint32_t *row; /* by the stream's number */
    size_t n, capacity;
};

/* The one user or item asked for, looked for until it is known. */
struct wanted {
    const struct rs_list *names;
    bool *is; /* by the stream's number */
    size_t n, capacity, n_found;
};

struct state {
    struct rs_pairs_reader reader;
    const struct asked *asked;
    struct out *out;
    struct column *columns;
    size_t n_columns, capacity;
    struct join users, items;
    struct wanted wanted_users, wanted_items;
    size_t n_segments; /* for which the columns hold */
};

static void add_column(struct state *state, enum origin origin, size_t index, const char *name) {
    rs_grow(&state->columns, &state->capacity, state->n_columns + 1, sizeof *state->columns);
    state->columns[state->n_columns++] = (struct column){origin, index, name};
}

static bool add_of_table(struct state *state, const struct rs_table *table, enum origin origin,
                         const char *name) {
    const struct rs_table_column *column = rs_table_find(table, name);
    if (column == NULL) return false;
    add_column(state, origin, (size_t)(column - table->columns), column->name);
    return true;
}

/* What items are called, by whatever name. */
static bool add_title(struct state *state) {
    const struct rs_table *table = &state->reader.item_table;
    const struct rs_table_column *title = rs_table_title(table);
    if (title != NULL) add_column(state, ITEM_TABLE, (size_t)(title - table->columns), "title");
    return title != NULL;
}

/* Adds what NAME stands for; false if there is no such column. */
static bool add_named(struct state *state, const char *name) {
    const struct rs_pairs_reader *reader = &state->reader;
    if (strcmp(name, "user") == 0 || strcmp(name, "item") == 0) {
        add_column(state, *name == 'u' ? USER : ITEM, 0, *name == 'u' ? "user" : "item");
        return true;
    }
    unsigned listed = rs_pairs_listed(reader->header);
    for (size_t c = 0; c < RS_N_COLUMNS; c++) {
        if (strcmp(name, rs_columns[c].name) != 0 || !(listed & rs_columns[c].bit)) continue;
        add_column(state, VALUE, c, rs_columns[c].name);
        return true;
    }
    for (size_t c = 0; c < reader->n_contexts; c++) {
        if (strcmp(name, reader->contexts[c].name) != 0) continue;
        add_column(state, CONTEXT, c, reader->contexts[c].name);
        return true;
    }
    return add_of_table(state, &reader->item_table, ITEM_TABLE, name) ||
           add_of_table(state, &reader->user_table, USER_TABLE, name) ||
           (strcmp(name, "title") == 0 && add_title(state));
}

static void add_asked(struct state *state) {
    char *list = rs_strdup(state->asked->columns);
    char *rest = list;
    for (char *name; (name = strsep(&rest, ",")) != NULL;)
        if (!add_named(state, name))
            rs_die(EX_DATAERR, "%s: there is no column '%s'", rs_reader_name(state->reader.reader),
                   name);
    free(list);
}

static void add_usual(struct state *state) {
    const struct rs_pairs_reader *reader = &state->reader;
    add_named(state, "user");
    add_named(state, "item");
    unsigned listed = rs_pairs_listed(reader->header);
    for (size_t c = 0; c < RS_N_COLUMNS; c++)
        if (listed & rs_columns[c].bit) add_column(state, VALUE, c, rs_columns[c].name);
    for (size_t c = 0; c < reader->n_contexts; c++)
        add_column(state, CONTEXT, c, reader->contexts[c].name);
    add_title(state);
}

static void choose_columns(struct state *state) {
    state->n_columns = 0;
    if (state->asked->columns != NULL) {
        add_asked(state);
    } else {
        add_usual(state);
    }
    const char **names = rs_calloc(state->n_columns, sizeof *names);
    for (size_t c = 0; c < state->n_columns; c++) names[c] = state->columns[c].name;
    out_columns(state->out, names, state->n_columns);
    free(names);
    state->n_segments = state->reader.n_segments;
}

static void extend_join(struct join *join, const struct rs_table *table, const struct rs_ids *ids) {
    if (table->n_columns == 0) return;
    if (join->table == NULL) {
        join->table = table;
        rs_dict_init(&join->rows);
        for (size_t r = 0; r < table->ids.n; r++)
            rs_dict_add(&join->rows, rs_ids_get(&table->ids, r));
    }
    rs_grow(&join->row, &join->capacity, ids->n, sizeof *join->row);
    for (; join->n < ids->n; join->n++)
        join->row[join->n] = rs_dict_find(&join->rows, rs_ids_get(ids, join->n));
}

static void free_join(struct join *join) {
    if (join->table != NULL) rs_dict_free(&join->rows);
    free(join->row);
}

static bool is_named(const struct rs_list *names, struct rs_id id) {
    for (size_t i = 0; i < names->n; i++)
        if (strlen(names->items[i]) == id.length &&
            memcmp(names->items[i], id.text, id.length) == 0)
            return true;
    return false;
}

static void extend_wanted(struct wanted *wanted, const struct rs_list *names,
                          const struct rs_ids *ids) {
    wanted->names = names;
    if (names->n == 0) return;
    rs_grow(&wanted->is, &wanted->capacity, ids->n, sizeof *wanted->is);
    for (; wanted->n < ids->n; wanted->n++) {
        wanted->is[wanted->n] = is_named(names, rs_ids_get(ids, wanted->n));
        wanted->n_found += wanted->is[wanted->n];
    }
}

static void check_found(const struct state *state, const struct wanted *wanted, const char *what) {
    if (wanted->names == NULL || wanted->n_found > 0 || wanted->names->n == 0) return;
    rs_die(EX_DATAERR, "%s: there is no %s '%s'", rs_reader_name(state->reader.reader), what,
           wanted->names->items[0]);
}

static void print_source(struct state *state, uint8_t source) {
    const json_t *words = json_object_get(state->reader.header, "sources");
    const json_t *word = json_array_get(words, source);
    if (json_is_string(word)) {
        out_text(state->out, (struct rs_id){json_string_value(word), json_string_length(word)});
    } else {
        out_nothing(state->out);
    }
}

static void print_value(struct state *state, const struct rs_pairs *batch, size_t i, size_t c) {
    const struct rs_column_form *form = &rs_columns[c];
    const void *cells = rs_pairs_cells(batch, form);
    if (cells == NULL) {
        out_nothing(state->out);
    } else if (form->bit == RS_TIME) {
        out_time(state->out, ((const int64_t *)cells)[i]);
    } else if (form->bit == RS_SOURCE) {
        print_source(state, ((const uint8_t *)cells)[i]);
    } else if (form->type == RS_F32) {
        out_float(state->out, ((const float *)cells)[i]);
    } else if (form->type == RS_U8) {
        out_whole(state->out, ((const uint8_t *)cells)[i]);
    } else {
        out_whole(state->out, ((const uint32_t *)cells)[i]);
    }
}

static void print_context(struct state *state, const struct rs_pairs *batch, size_t i, size_t c) {
    struct rs_id value = rs_ids_get(&state->reader.contexts[c].values.ids, batch->context[c][i]);
    if (value.length > 0) {
        out_text(state->out, value);
    } else {
        out_nothing(state->out);
    }
}

static bool print_row(struct state *state, const struct rs_pairs *batch, size_t i) {
    const struct rs_pairs_reader *reader = &state->reader;
    for (size_t k = 0; k < state->n_columns; k++) {
        const struct column *column = &state->columns[k];
        switch (column->origin) {
        case USER:
            out_text(state->out, rs_ids_get(&reader->users.ids, batch->user[i]));
            break;
        case ITEM:
            out_text(state->out, rs_ids_get(&reader->items.ids, batch->item[i]));
            break;
        case VALUE:
            print_value(state, batch, i, column->index);
            break;
        case CONTEXT:
            print_context(state, batch, i, column->index);
            break;
        case USER_TABLE:
            out_table_cell(state->out, &reader->user_table.columns[column->index],
                           state->users.row[batch->user[i]]);
            break;
        case ITEM_TABLE:
            out_table_cell(state->out, &reader->item_table.columns[column->index],
                           state->items.row[batch->item[i]]);
            break;
        }
    }
    return out_end_row(state->out);
}

/* False when the limit is reached. */
static bool print_batch(struct state *state, const struct rs_pairs *batch) {
    const struct rs_pairs_reader *reader = &state->reader;
    if (state->n_segments != reader->n_segments) choose_columns(state);
    extend_join(&state->users, &reader->user_table, &reader->users.ids);
    extend_join(&state->items, &reader->item_table, &reader->items.ids);
    extend_wanted(&state->wanted_users, &state->asked->users, &reader->users.ids);
    extend_wanted(&state->wanted_items, &state->asked->items, &reader->items.ids);
    const bool *users = state->wanted_users.is, *items = state->wanted_items.is;
    for (size_t i = 0; i < batch->n; i++) {
        if (users != NULL && !users[batch->user[i]]) continue;
        if (items != NULL && !items[batch->item[i]]) continue;
        if (!print_row(state, batch, i)) return false;
    }
    return true;
}

static void print_batches(struct state *state) {
    struct rs_error err;
    struct rs_pairs *batch;
    do {
        if (!rs_pairs_next(&state->reader, &batch, &err)) rs_die_error(&err);
        if (batch != NULL && !print_batch(state, batch)) return;
    } while (batch != NULL);
    if (state->n_segments == 0) choose_columns(state);
    check_found(state, &state->wanted_users, "user");
    check_found(state, &state->wanted_items, "item");
}

/* The table is known with the first batch; without one, the names of the whole stream are its rows.
 */
static void print_table(struct state *state) {
    bool users = state->asked->user_table;
    const struct rs_table *table = users ? &state->reader.user_table : &state->reader.item_table;
    struct rs_error err;
    struct rs_pairs *batch;
    do {
        if (!rs_pairs_next(&state->reader, &batch, &err)) rs_die_error(&err);
    } while (batch != NULL && table->n_columns == 0);
    const struct rs_dict *names = users ? &state->reader.users : &state->reader.items;
    view_table(table, &names->ids, users ? "user" : "item", state->out);
}

void view_pairs(struct rs_reader *reader, const char *kind, const struct asked *asked,
                struct out *out) {
    struct rs_error err;
    struct state state = {.asked = asked, .out = out};
    if (!rs_pairs_use(&state.reader, reader, NULL, 0, kind, &err)) rs_die_error(&err);
    state.reader.takes_removed = true;
    if (asked->user_table || asked->item_table) {
        print_table(&state);
    } else {
        print_batches(&state);
    }
    free(state.columns);
    free_join(&state.users);
    free_join(&state.items);
    free(state.wanted_users.is);
    free(state.wanted_items.is);
    rs_pairs_close(&state.reader);
}
