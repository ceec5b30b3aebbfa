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

static void name_everybody(struct audience *audience, const struct rs_matrix *matrix) {
    for (size_t u = 0; u < matrix->users.ids.n; u++)
        rs_dict_add(&audience->names, rs_ids_get(&matrix->users.ids, u));
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

/* The candidates are all items of the matrix that the user has not rated. Somebody of whom nothing
 * is known gets what is popular. */
static size_t list_user(const struct scoring *scoring, uint32_t line, void *workspace,
                        float *scores, uint64_t *keys, size_t n, struct entry *list) {
    const struct rs_matrix *matrix = scoring->matrix;
    struct rs_profile profile = rs_profile_of(matrix, line);
    if (profile.n == 0) {
        for (size_t i = 0; i < matrix->items.ids.n; i++)
            scores[i] = (float)(matrix->columns.start[i + 1] - matrix->columns.start[i]);
    } else {
        rs_model_rank(scoring->model, workspace, &profile, scores);
        for (size_t e = 0; e < profile.n; e++) scores[profile.item[e]] = -INFINITY;
    }
    return select_best(scores, matrix->items.ids.n, n, keys, list);
}

static void write_lists(struct scoring *scoring, const struct audience *audience,
                        const struct entry *lists, const size_t *lengths, size_t n) {
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
        uint32_t line = audience->line[user];
        n_short += lengths[user] < n;
        for (size_t k = 0; k < lengths[user]; k++) {
            const struct entry *entry = &lists[user * n + k];
            struct rs_pairs *batch = rs_pairs_room(writer);
            const uint64_t *start = matrix->columns.start + entry->item;
            size_t at = batch->n++;
            if (!isfinite(entry->score))
                rs_die(EX_SOFTWARE, "model %s gave a score that is no number",
                       scoring->model->name);
            batch->user[at] = user;
            batch->item[at] = entry->item;
            batch->score[at] = entry->score;
            batch->rank[at] = (uint32_t)k + 1;
            batch->source[at] = line == RS_NONE ? RS_FROM_POPULARITY : RS_FROM_MODEL;
            batch->user_count[at] = line == RS_NONE ? 0 : (uint32_t)rs_profile_of(matrix, line).n;
            batch->item_count[at] = (uint32_t)(start[1] - start[0]);
        }
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
    if (users_path == NULL) {
        name_everybody(&audience, matrix);
    } else {
        read_names(&audience, users_path);
    }
    uint32_t n_users = (uint32_t)audience.names.ids.n, done = 0;
    audience.line = rs_malloc(n_users, sizeof *audience.line);
    struct entry *lists = rs_malloc(n_users * n, sizeof *lists);
    size_t *lengths = rs_calloc(n_users, sizeof *lengths);
    for (uint32_t u = 0; u < n_users; u++)
        audience.line[u] = rs_ids_find(&matrix->users.ids, rs_ids_get(&audience.names.ids, u));
    rs_progress_start("listed for", "users", n_users);
#pragma omp parallel
    {
        void *workspace = rs_model_workspace(scoring->model);
        float *scores = rs_aligned(matrix->items.ids.n, sizeof *scores);
        uint64_t *keys = rs_malloc(matrix->items.ids.n, sizeof *keys);
#pragma omp for schedule(dynamic, 8)
        for (uint32_t user = 0; user < n_users; user++) {
            lengths[user] = list_user(scoring, audience.line[user], workspace, scores, keys, n,
                                      lists + user * n);
#pragma omp critical
            rs_progress_at(++done);
        }
        free(scores);
        free(keys);
        rs_model_free_workspace(scoring->model, workspace);
    }
    rs_progress_end();
    write_lists(scoring, &audience, lists, lengths, n);
    rs_note("lists of %zu for %u users by %s", n, n_users, scoring->model->name);
    free(lists);
    free(lengths);
    free(audience.line);
    rs_dict_free(&audience.names);
}
