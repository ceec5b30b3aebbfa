/* A matrix as rows: its ratings by user, or of one item; or the lines of one side with their
 * biases. */
#include <string.h>

#include "base/message.h"
#include "ratings/matrix.h"
#include "view.h"

struct state {
    struct rs_matrix matrix;
    struct out *out;
    const struct rs_table_column *title;
};

static void name_columns(const struct state *state) {
    const char *names[5] = {"user", "item", "rating"};
    size_t n = 3;
    if (state->matrix.time != NULL) names[n++] = "time";
    if (state->title != NULL) names[n++] = "title";
    out_columns(state->out, names, n);
}

/* ENTRY counts by rows. */
static bool print_entry(const struct state *state, uint32_t user, uint64_t entry) {
    const struct rs_matrix *matrix = &state->matrix;
    uint32_t item = matrix->rows.other[entry];
    out_text(state->out, rs_ids_get(&matrix->users.ids, user));
    out_text(state->out, rs_ids_get(&matrix->items.ids, item));
    out_float(state->out, matrix->rows.rating[entry]);
    if (matrix->time != NULL) out_time(state->out, matrix->time[entry]);
    if (state->title != NULL) out_table_cell(state->out, state->title, item);
    return out_end_row(state->out);
}

/* The entry of a pair by rows, found by bisection; the end of the user's line if there is none. */
static uint64_t find_entry(const struct rs_sparse *rows, uint32_t user, uint32_t item) {
    uint64_t low = rows->start[user], high = rows->start[user + 1], end = high;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (rows->other[middle] < item) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < end && rows->other[low] == item ? low : end;
}

static uint32_t find(const struct state *state, const struct rs_ids *ids, const char *name,
                     const char *what) {
    uint32_t index = rs_ids_find(ids, (struct rs_id){name, strlen(name)});
    if (index == RS_NONE)
        rs_die(EX_DATAERR, "%s: there is no %s '%s'", state->matrix.file->name, what, name);
    return index;
}

static bool print_user(const struct state *state, uint32_t user) {
    const struct rs_sparse *rows = &state->matrix.rows;
    for (uint64_t e = rows->start[user]; e < rows->start[user + 1]; e++)
        if (!print_entry(state, user, e)) return false;
    return true;
}

static bool print_item(const struct state *state, uint32_t item) {
    const struct rs_sparse *columns = &state->matrix.columns;
    for (uint64_t e = columns->start[item]; e < columns->start[item + 1]; e++) {
        uint32_t user = columns->other[e];
        uint64_t entry = find_entry(&state->matrix.rows, user, item);
        if (entry == state->matrix.rows.start[user + 1])
            rs_die(EX_DATAERR, "%s: the file is damaged: its two forms differ",
                   state->matrix.file->name);
        if (!print_entry(state, user, entry)) return false;
    }
    return true;
}

static void print_ratings(const struct state *state, const struct asked *asked) {
    const struct rs_ids *users = &state->matrix.users.ids, *items = &state->matrix.items.ids;
    bool go_on = true;
    name_columns(state);
    for (size_t u = 0; go_on && u < asked->users.n; u++) {
        uint32_t user = find(state, users, asked->users.items[u], "user");
        if (asked->items.n == 0) go_on = print_user(state, user);
        for (size_t i = 0; go_on && i < asked->items.n; i++) {
            uint32_t item = find(state, items, asked->items.items[i], "item");
            uint64_t entry = find_entry(&state->matrix.rows, user, item);
            if (entry < state->matrix.rows.start[user + 1]) go_on = print_entry(state, user, entry);
        }
    }
    if (asked->users.n > 0) return;
    for (size_t i = 0; go_on && i < asked->items.n; i++)
        go_on = print_item(state, find(state, items, asked->items.items[i], "item"));
    if (asked->items.n > 0) return;
    for (size_t user = 0; go_on && user < users->n; user++)
        go_on = print_user(state, (uint32_t)user);
}

static void print_biases(const struct state *state, bool users) {
    const struct rs_side *side = users ? &state->matrix.users : &state->matrix.items;
    const struct rs_sparse *form = rs_matrix_form(&state->matrix, users);
    const struct rs_table_column *title = rs_table_title(&side->table);
    const char *names[] = {users ? "user" : "item", "n", "mean", "deviation", "bias", "title"};
    out_columns(state->out, names, title == NULL ? 5 : 6);
    bool go_on = true;
    for (size_t line = 0; go_on && line < side->ids.n; line++) {
        out_text(state->out, rs_ids_get(&side->ids, line));
        out_whole(state->out, form->start[line + 1] - form->start[line]);
        out_double(state->out, side->mean[line]);
        out_double(state->out, side->deviation[line]);
        out_double(state->out, side->bias[line]);
        if (title != NULL) out_table_cell(state->out, title, (uint32_t)line);
        go_on = out_end_row(state->out);
    }
}

void view_matrix(struct rs_file *file, const struct asked *asked, struct out *out) {
    struct rs_error err;
    struct state state = {.out = out};
    if (!rs_matrix_use(&state.matrix, file, false, &err)) rs_die_error(&err);
    state.title = rs_table_title(&state.matrix.items.table);
    if (asked->user_table) {
        view_table(&state.matrix.users.table, &state.matrix.users.ids, "user", out);
    } else if (asked->item_table) {
        view_table(&state.matrix.items.table, &state.matrix.items.ids, "item", out);
    } else if (asked->biases != BIASES_NONE) {
        print_biases(&state, asked->biases == BIASES_USERS);
    } else {
        print_ratings(&state, asked);
    }
    rs_matrix_close(&state.matrix);
}
