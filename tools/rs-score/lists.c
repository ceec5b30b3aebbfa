/* Lists the best items for users. */
#include <stdlib.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/progress.h"
#include "lister.h"
#include "names.h"
#include "program/output.h"
#include "score.h"

/* Whom to list for: lines of the matrix, or names that it does not know. */
struct audience {
    struct rs_dict names;
    uint32_t *line;    /* by name */
    uint32_t from, to; /* the names that are listed for here */
};

static void name_all(struct audience *audience, const struct rs_ids *users) {
    for (size_t u = 0; u < users->n; u++) rs_dict_add(&audience->names, rs_ids_get(users, u));
}

/* Empty lines are passed over; a repeated id is listed once. */
static void read_names(struct audience *audience, const char *path) {
    struct names names;
    struct rs_id name;
    names_open(&names, path);
    while (names_next(&names, &name))
        if (name.length > 0) rs_dict_add(&audience->names, name);
    names_close(&names);
    if (audience->names.ids.n == 0) rs_die(EX_DATAERR, "%s: names no user", path);
}

/* A user's list. */
struct list {
    struct rs_best best;
    uint32_t n_known; /* ratings of the user */
};

static void list_all(const struct scoring *scoring, const struct audience *audience, size_t n,
                     struct list *lists) {
    const struct rs_ids *names = &audience->names.ids;
    uint32_t done = 0;
    rs_progress_start("listed for", "users", audience->to - audience->from);
#pragma omp parallel
    {
        struct lister *lister = lister_new(scoring, n);
        struct profile_room room = {0};
#pragma omp for schedule(dynamic, 8)
        for (uint32_t user = audience->from; user < audience->to; user++) {
            struct rs_profile profile = profiles_get(scoring->profiles, rs_ids_get(names, user),
                                                     audience->line[user], &room);
            lists[user - audience->from].n_known = (uint32_t)profile.n;
            lister_fill(lister, &profile, &lists[user - audience->from].best);
            rs_progress_count(&done);
        }
        profile_room_free(&room);
        lister_free(lister);
    }
    rs_progress_end();
}

static void write_list(struct rs_pairs_writer *writer, const struct scoring *scoring, uint32_t user,
                       const struct list *list) {
    const uint64_t *start = scoring->matrix->columns.start;
    for (size_t k = 0; k < list->best.n; k++) {
        const struct rs_listed *entry = &list->best.entries[k];
        struct rs_pairs *batch = rs_pairs_room(writer);
        size_t at = batch->n++;
        batch->user[at] = user;
        batch->item[at] = entry->item;
        batch->score[at] = entry->score;
        batch->rank[at] = (uint32_t)k + 1;
        batch->source[at] = (uint8_t)list->best.source;
        batch->user_count[at] = list->n_known;
        batch->item_count[at] = (uint32_t)(start[entry->item + 1] - start[entry->item]);
    }
}

static void write_lists(struct scoring *scoring, const struct audience *audience,
                        const struct list *lists, size_t n) {
    const struct rs_matrix *matrix = scoring->matrix;
    struct rs_pairs_form form = {.kind = "scores",
                                 .columns =
                                     RS_SCORE | RS_RANK | RS_SOURCE | RS_USER_COUNT | RS_ITEM_COUNT,
                                 .users = &audience->names.ids,
                                 .items = &matrix->items.ids,
                                 .item_table = &matrix->items.table};
    json_object_set_new(scoring->header, "task", json_string("top"));
    struct rs_output output = rs_output_open(scoring->output, true);
    struct rs_pairs_writer *writer = rs_pairs_write(output.file, &form, scoring->header);
    size_t n_short = 0;
    for (uint32_t user = audience->from; user < audience->to; user++) {
        const struct list *list = &lists[user - audience->from];
        n_short += list->best.n < n;
        write_list(writer, scoring, user, list);
    }
    rs_pairs_finish(writer, json_pack("{s:I}", "short_lists", (json_int_t)n_short));
    rs_output_commit(&output);
    if (n_short > 0)
        rs_warn("%zu user%s fewer than %zu items left that they have not rated", n_short,
                n_short == 1 ? " has" : "s have", n);
}

/* A list costs as much as its user has rated, and a look at every item. */
static void take_part(struct audience *audience, const struct scoring *scoring) {
    size_t n = audience->names.ids.n, from, to;
    uint64_t *cost = rs_malloc(n, sizeof *cost);
    for (size_t u = 0; u < n; u++) {
        uint32_t line = audience->line[u];
        cost[u] = 1 + scoring->matrix->n_ratings / (scoring->matrix->users.ids.n + 1) +
                  (line == RS_NONE ? 0 : rs_profile_of(scoring->matrix, line).n);
    }
    rs_part_cut(scoring->part, cost, n, &from, &to);
    audience->from = (uint32_t)from;
    audience->to = (uint32_t)to;
    free(cost);
}

void score_lists(struct scoring *scoring, const char *users_path, size_t n) {
    const struct rs_matrix *matrix = scoring->matrix;
    struct audience audience;
    rs_dict_init(&audience.names);
    bool given = scoring->profiles->users.ids.n > 0, everybody = users_path == NULL && !given;
    if (users_path != NULL) {
        read_names(&audience, users_path);
    } else {
        name_all(&audience, given ? &scoring->profiles->users.ids : &matrix->users.ids);
    }
    uint32_t n_users = (uint32_t)audience.names.ids.n;
    audience.line = rs_malloc(n_users, sizeof *audience.line);
    for (uint32_t u = 0; u < n_users; u++)
        audience.line[u] =
            everybody ? u : rs_ids_find(&matrix->users.ids, rs_ids_get(&audience.names.ids, u));
    take_part(&audience, scoring);
    size_t n_lists = audience.to - audience.from;
    struct rs_listed *entries = rs_malloc(n_lists * n, sizeof *entries);
    struct list *lists = rs_calloc(n_lists, sizeof *lists);
    for (size_t l = 0; l < n_lists; l++) lists[l].best.entries = entries + l * n;
    list_all(scoring, &audience, n, lists);
    write_lists(scoring, &audience, lists, n);
    rs_note("lists of %zu for %zu users by %s", n, n_lists, scoring->model->name);
    free(entries);
    free(lists);
    free(audience.line);
    rs_dict_free(&audience.names);
}
