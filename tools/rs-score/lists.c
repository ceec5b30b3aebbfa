/* Lists the best items for users. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "message.h"
#include "output.h"
#include "progress.h"
#include "score.h"
#include "topk.h"

/* Whom to list for: lines of the matrix, or names that it does not know. */
struct audience {
    struct rs_dict names;
    uint32_t *line; /* by name */
};

struct entry {
    float score;
    uint32_t item;
};

static void name_all(struct audience *audience, const struct rs_ids *users) {
    for (size_t u = 0; u < users->n; u++) rs_dict_add(&audience->names, rs_ids_get(users, u));
}

/* One id a line; a repeated one is listed once. */
static void read_names(struct audience *audience, const char *path) {
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (file == NULL) {
        struct rs_error err;
        rs_fail_errno(&err, rs_open_code(errno), "%s", path);
        rs_die_error(&err);
    }
    char *text = NULL;
    size_t size = 0;
    ssize_t length;
    for (size_t line = 1; (length = getline(&text, &size, file)) >= 0; line++) {
        while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r')) length--;
        if (length > RS_ID_MAX)
            rs_die(EX_DATAERR, "%s:%zu: an id of more than %d bytes", path, line, RS_ID_MAX);
        if (length > 0) rs_dict_add(&audience->names, (struct rs_id){text, (size_t)length});
    }
    if (ferror(file)) rs_die(EX_IOERR, "%s: %s", path, strerror(errno));
    free(text);
    if (file != stdin) fclose(file);
    if (audience->names.ids.n == 0) rs_die(EX_DATAERR, "%s: names no user", path);
}

/* Puts the first N of the items with a finite score into LIST, in order; returns how many there
 * are. KEYS has room for all items. */
static size_t select_best(const float *scores, size_t n_items, size_t n, uint64_t *keys,
                          struct entry *list) {
    size_t n_keys = 0;
    for (uint32_t item = 0; item < n_items; item++)
        if (!isinf(scores[item])) keys[n_keys++] = rs_topk_key(scores[item], item);
    rs_topk_partition(keys, n_keys, n);
    if (n_keys > n) n_keys = n;
    rs_topk_sort(keys, n_keys);
    for (size_t k = 0; k < n_keys; k++)
        list[k] = (struct entry){rs_topk_value(keys[k]), rs_topk_index(keys[k])};
    return n_keys;
}

/* What one thread works with. */
struct bench {
    void *workspace;
    float *scores; /* of all items */
    uint64_t *keys;
    struct profile_room room;
};

/* A user's list: length entries, at most as many as were asked for. */
struct list {
    struct entry *entries;
    size_t length;
    uint32_t n_known; /* ratings of the user */
};

/* The candidates are all items of the matrix that the user has not rated. Somebody of whom nothing
 * is known gets what is popular. */
static void list_user(const struct scoring *scoring, const struct rs_profile *profile,
                      struct bench *bench, size_t n, struct list *list) {
    const struct rs_matrix *matrix = scoring->matrix;
    float *scores = bench->scores;
    list->n_known = (uint32_t)profile->n;
    if (profile->n == 0) {
        for (size_t i = 0; i < matrix->items.ids.n; i++)
            scores[i] = (float)(matrix->columns.start[i + 1] - matrix->columns.start[i]);
    } else {
        rs_model_rank(scoring->model, bench->workspace, profile, scores);
        for (size_t e = 0; e < profile->n; e++) scores[profile->item[e]] = -INFINITY;
    }
    list->length = select_best(scores, matrix->items.ids.n, n, bench->keys, list->entries);
}

static void list_all(const struct scoring *scoring, const struct audience *audience, size_t n,
                     struct list *lists) {
    const struct rs_ids *names = &audience->names.ids;
    size_t n_items = scoring->matrix->items.ids.n;
    uint32_t n_users = (uint32_t)names->n, done = 0;
    rs_progress_start("listed for", "users", n_users);
#pragma omp parallel
    {
        struct bench bench = {.workspace = rs_model_workspace(scoring->model),
                              .scores = rs_aligned(n_items, sizeof(float)),
                              .keys = rs_malloc(n_items, sizeof(uint64_t))};
#pragma omp for schedule(dynamic, 8)
        for (uint32_t user = 0; user < n_users; user++) {
            struct rs_profile profile = profiles_get(scoring->profiles, rs_ids_get(names, user),
                                                     audience->line[user], &bench.room);
            list_user(scoring, &profile, &bench, n, &lists[user]);
#pragma omp critical
            rs_progress_at(++done);
        }
        free(bench.scores);
        free(bench.keys);
        profile_room_free(&bench.room);
        rs_model_free_workspace(scoring->model, bench.workspace);
    }
    rs_progress_end();
}

static void write_list(struct rs_pairs_writer *writer, const struct scoring *scoring, uint32_t user,
                       const struct list *list) {
    const uint64_t *start = scoring->matrix->columns.start;
    for (size_t k = 0; k < list->length; k++) {
        const struct entry *entry = &list->entries[k];
        struct rs_pairs *batch = rs_pairs_room(writer);
        size_t at = batch->n++;
        if (!isfinite(entry->score))
            rs_die(EX_SOFTWARE, "model %s gave a score that is no number", scoring->model->name);
        batch->user[at] = user;
        batch->item[at] = entry->item;
        batch->score[at] = entry->score;
        batch->rank[at] = (uint32_t)k + 1;
        batch->source[at] = list->n_known == 0 ? RS_FROM_POPULARITY : RS_FROM_MODEL;
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
    for (uint32_t user = 0; user < audience->names.ids.n; user++) {
        n_short += lists[user].length < n;
        write_list(writer, scoring, user, &lists[user]);
    }
    rs_pairs_finish(writer, json_pack("{s:I}", "short_lists", (json_int_t)n_short));
    rs_output_commit(&output);
    if (n_short > 0)
        rs_warn("%zu user%s fewer than %zu items left that they have not rated", n_short,
                n_short == 1 ? " has" : "s have", n);
}

void score_lists(struct scoring *scoring, const char *users_path, size_t n) {
    const struct rs_matrix *matrix = scoring->matrix;
    struct audience audience;
    rs_dict_init(&audience.names);
    if (users_path != NULL) {
        read_names(&audience, users_path);
    } else {
        bool given = scoring->profiles->users.ids.n > 0;
        name_all(&audience, given ? &scoring->profiles->users.ids : &matrix->users.ids);
    }
    uint32_t n_users = (uint32_t)audience.names.ids.n;
    audience.line = rs_malloc(n_users, sizeof *audience.line);
    struct entry *entries = rs_malloc(n_users * n, sizeof *entries);
    struct list *lists = rs_calloc(n_users, sizeof *lists);
    for (uint32_t u = 0; u < n_users; u++) {
        audience.line[u] = rs_ids_find(&matrix->users.ids, rs_ids_get(&audience.names.ids, u));
        lists[u].entries = entries + u * n;
    }
    list_all(scoring, &audience, n, lists);
    write_lists(scoring, &audience, lists, n);
    rs_note("lists of %zu for %u users by %s", n, n_users, scoring->model->name);
    free(entries);
    free(lists);
    free(audience.line);
    rs_dict_free(&audience.names);
}
