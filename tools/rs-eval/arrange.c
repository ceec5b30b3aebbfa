/* Checks that the evidence is complete and sorts it: see evidence.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "evidence.h"
#include "format/pairs.h"

/* Completeness */

static void name_of(struct rs_id id, char *out, size_t size) {
    snprintf(out, size, "'%.*s'", id.length < 40 ? (int)id.length : 40, id.text);
}

static bool check_rows(const struct evidence *evidence, const struct answers *answers, int task,
                       struct rs_error *err) {
    const struct fold *fold = answers->fold;
    const char *file = answers->file[task];
    int64_t promised = answers->promised[task];
    size_t n = answers->n_rows[task];
    if (promised >= 0 && (uint64_t)promised != n)
        return rs_fail(err, EX_DATAERR,
                       "%s: holds %zu of the %lld test pairs that its header speaks "
                       "of: a part is missing",
                       file, n, (long long)promised);
    if (fold->n == 0) return rs_fail(err, EX_DATAERR, "%s: holds no test pair", file);
    if (n == fold->n) return true;
    size_t row = 0;
    while (row < fold->n &&
           (task == TASK_PREDICT ? row < answers->score.n && !isnan(answers->score.v[row])
                                 : row < answers->tied.n && answers->tied.v[row] != RS_NONE))
        row++;
    char user[64], item[64];
    name_of(rs_ids_get(&evidence->users.ids, fold->user.v[row]), user, sizeof user);
    name_of(rs_ids_get(&evidence->items.ids, fold->item.v[row]), item, sizeof item);
    return rs_fail(err, EX_DATAERR,
                   "%s: answers %zu of the %zu test pairs of %s, the first it lacks "
                   "is user %s, item %s: figures over different test sets can't be "
                   "compared",
                   file, n, fold->n, fold->file, user, item);
}

/* Every model that does a task must do it for the same folds. */
static bool check_folds(const struct evidence *evidence, int task, struct rs_error *err) {
    for (size_t f = 0; f < evidence->n_folds; f++) {
        const struct fold *fold = evidence->folds[f];
        const struct answers *with = NULL;
        const struct model *without = NULL;
        for (size_t m = 0; m < evidence->n_models; m++) {
            const struct model *model = evidence->models[m];
            const struct answers *answers = model_answers(model, fold);
            bool does = false;
            for (size_t a = 0; a < model->n_answers; a++)
                does |= model->answers[a]->file[task] != NULL;
            if (!does) continue;
            if (answers != NULL && answers->file[task] != NULL) {
                with = answers;
            } else {
                without = model;
            }
        }
        if (with == NULL || without == NULL) continue;
        const char *label = fold->label[0] == '\0' ? "the undivided test set" : fold->label;
        return rs_fail(err, EX_DATAERR,
                       "%s: brings fold %s (%s), for which there is nothing of "
                       "model %s: figures over different test sets can't be "
                       "compared",
                       with->file[task], label, task_names[task], without->name);
    }
    return true;
}

/* Test sets are all named, or there is one without a name. */
static bool check_labels(const struct evidence *evidence, struct rs_error *err) {
    const struct fold *nameless = NULL;
    for (size_t f = 0; f < evidence->n_folds; f++)
        if (evidence->folds[f]->label[0] == '\0') nameless = evidence->folds[f];
    if (nameless == NULL || evidence->n_folds == 1) return true;
    const char *file = nameless->file;
    for (size_t m = 0; file == NULL && m < evidence->n_models; m++) {
        const struct answers *answers = model_answers(evidence->models[m], nameless);
        for (int task = 0; answers != NULL && file == NULL && task < N_TASKS; task++)
            file = answers->file[task];
    }
    return rs_fail(err, EX_DATAERR,
                   "%s: does not say to which of the %zu folds of the other files it belongs: "
                   "MODEL:FOLD=FILE names it",
                   file, evidence->n_folds - 1);
}

static bool check_all(const struct evidence *evidence, struct rs_error *err) {
    if (!check_labels(evidence, err)) return false;
    for (size_t m = 0; m < evidence->n_models; m++) {
        const struct model *model = evidence->models[m];
        for (size_t a = 0; a < model->n_answers; a++)
            for (int task = 0; task < TASK_TOP; task++)
                if (model->answers[a]->file[task] != NULL &&
                    !check_rows(evidence, model->answers[a], task, err))
                    return false;
    }
    for (int task = 0; task < N_TASKS; task++)
        if (!check_folds(evidence, task, err)) return false;
    return true;
}

/* Sorting */

/* POSITION[number] = place in the order of the ids. */
static uint32_t *positions(const uint32_t *sorted, size_t n) {
    uint32_t *position = rs_malloc(n, sizeof *position);
    for (size_t k = 0; k < n; k++) position[sorted[k]] = (uint32_t)k;
    return position;
}

static void translate(struct u32_column *column, const uint32_t *position) {
    for (size_t i = 0; i < column->n; i++) column->v[i] = position[column->v[i]];
}

/* Sorts ORDER, stably, by keys[order[k]] < n_keys. */
static void counting_sort(uint32_t *order, size_t n, const uint32_t *keys, size_t n_keys) {
    size_t *start = rs_calloc(n_keys + 1, sizeof *start);
    uint32_t *sorted = rs_malloc(n, sizeof *sorted);
    for (size_t k = 0; k < n; k++) start[keys[k] + 1]++;
    for (size_t key = 0; key < n_keys; key++) start[key + 1] += start[key];
    for (size_t k = 0; k < n; k++) sorted[start[keys[order[k]]]++] = order[k];
    memcpy(order, sorted, n * sizeof *order);
    free(sorted);
    free(start);
}

static uint32_t *identity(size_t n) {
    uint32_t *order = rs_malloc(n, sizeof *order);
    for (size_t k = 0; k < n; k++) order[k] = (uint32_t)k;
    return order;
}

/* Where each user's rows begin; *n_lists + 1 elements. */
static size_t *find_starts(const uint32_t *user, size_t n, size_t *n_lists) {
    *n_lists = 0;
    for (size_t i = 0; i < n; i++) *n_lists += i == 0 || user[i] != user[i - 1];
    size_t *start = rs_malloc(*n_lists + 1, sizeof *start), l = 0;
    for (size_t i = 0; i < n; i++)
        if (i == 0 || user[i] != user[i - 1]) start[l++] = i;
    start[l] = n;
    return start;
}

uint32_t *evidence_sort(const struct evidence *evidence, struct u32_column *user,
                        struct u32_column *item) {
    size_t n = user->n;
    translate(user, evidence->user_position);
    translate(item, evidence->item_position);
    uint32_t *order = identity(n);
    counting_sort(order, n, item->v, evidence->n_items);
    counting_sort(order, n, user->v, evidence->n_users);
    u32_permute(user, order, n);
    u32_permute(item, order, n);
    return order;
}

static bool sort_fold(struct evidence *evidence, struct fold *fold, struct rs_error *err) {
    uint32_t *order = evidence_sort(evidence, &fold->user, &fold->item);
    f64_permute(&fold->rating, order, fold->n);
    if (fold->time.v != NULL) i64_extend(&fold->time, fold->n, RS_NO_TIME);
    i64_permute(&fold->time, order, fold->n);
    for (size_t m = 0; m < evidence->n_models; m++) {
        struct answers *answers = model_answers(evidence->models[m], fold);
        if (answers == NULL) continue;
        f64_permute(&answers->score, order, fold->n);
        if (answers->deviation.v != NULL) f64_extend(&answers->deviation, fold->n, 0);
        f64_permute(&answers->deviation, order, fold->n);
        u8_permute(&answers->source, order, fold->n);
        u32_permute(&answers->above, order, fold->n);
        u32_permute(&answers->tied, order, fold->n);
    }
    free(order);
    for (size_t i = 1; i < fold->n; i++) {
        if (fold->user.v[i] != fold->user.v[i - 1] || fold->item.v[i] != fold->item.v[i - 1])
            continue;
        char user[64], item[64];
        name_of(evidence_user(evidence, fold->user.v[i]), user, sizeof user);
        name_of(evidence_item(evidence, fold->item.v[i]), item, sizeof item);
        return rs_fail(err, EX_DATAERR,
                       "%s: user %s, item %s is there twice: 'rs-clean --dedupe' "
                       "keeps one rating of a pair",
                       fold->file, user, item);
    }
    fold->start = find_starts(fold->user.v, fold->n, &fold->n_lists);
    return true;
}

static void sort_counts(struct evidence *evidence, struct fold *fold) {
    u32_extend(&fold->user_count, evidence->n_users, RS_NONE);
    u32_permute(&fold->user_count, evidence->sorted_users, evidence->n_users);
    u32_extend(&fold->candidates, evidence->n_users, RS_NONE);
    u32_permute(&fold->candidates, evidence->sorted_users, evidence->n_users);
    u32_extend(&fold->item_count, evidence->n_items, RS_NONE);
    u32_permute(&fold->item_count, evidence->sorted_items, evidence->n_items);
}

static bool damaged_list(const struct evidence *evidence, const struct answers *answers, size_t i,
                         const char *why, struct rs_error *err) {
    char user[64];
    name_of(evidence_user(evidence, answers->lists.user.v[i]), user, sizeof user);
    return rs_fail(err, EX_DATAERR, "%s: the list of user %s %s", answers->file[TASK_TOP], user,
                   why);
}

static bool sort_lists(struct evidence *evidence, struct answers *answers, struct rs_error *err) {
    struct lists *lists = &answers->lists;
    translate(&lists->user, evidence->user_position);
    translate(&lists->item, evidence->item_position);
    lists->longest = 0;
    for (size_t i = 0; i < lists->n; i++) {
        uint32_t rank = lists->rank.v[i];
        if (rank == 0) return damaged_list(evidence, answers, i, "has a rank of 0", err);
        if (rank > lists->n)
            return damaged_list(evidence, answers, i, "has a rank beyond its end", err);
        if (rank > lists->longest) lists->longest = rank;
    }
    uint32_t *order = identity(lists->n);
    counting_sort(order, lists->n, lists->rank.v, (size_t)lists->longest + 1);
    counting_sort(order, lists->n, lists->user.v, evidence->n_users);
    u32_permute(&lists->user, order, lists->n);
    u32_permute(&lists->item, order, lists->n);
    u32_permute(&lists->rank, order, lists->n);
    if (lists->score.v != NULL) f64_extend(&lists->score, lists->n, NAN);
    f64_permute(&lists->score, order, lists->n);
    free(order);
    lists->start = find_starts(lists->user.v, lists->n, &lists->n_lists);
    size_t *seen = rs_calloc(evidence->n_items, sizeof *seen);
    bool ok = true;
    for (size_t l = 0; ok && l < lists->n_lists; l++)
        for (size_t i = lists->start[l]; ok && i < lists->start[l + 1]; i++) {
            if (i > lists->start[l] && lists->rank.v[i] == lists->rank.v[i - 1])
                ok = damaged_list(evidence, answers, i,
                                  "has several items of one rank: where files hold the lists of "
                                  "several folds, MODEL:FOLD=FILE keeps them apart",
                                  err);
            else if (lists->rank.v[i] != i - lists->start[l] + 1)
                ok = damaged_list(evidence, answers, i, "has a gap in its ranks", err);
            else if (seen[lists->item.v[i]] == l + 1)
                ok = damaged_list(evidence, answers, i, "holds an item twice", err);
            seen[lists->item.v[i]] = l + 1;
        }
    free(seen);
    return ok;
}

/* Ranks of test pairs, taken from the lists. Items of equal score are tied. */

/* above and tied of every entry of list l, at the index of its item. */
static void rank_list(const struct lists *lists, size_t l, uint32_t *above, uint32_t *tied) {
    size_t begin = lists->start[l], end = lists->start[l + 1];
    for (size_t i = begin; i < end;) {
        size_t next = i + 1;
        while (lists->score.v != NULL && next < end && lists->score.v[next] == lists->score.v[i])
            next++;
        for (size_t j = i; j < next; j++) {
            above[lists->item.v[j]] = (uint32_t)(i - begin);
            tied[lists->item.v[j]] = (uint32_t)(next - i);
        }
        i = next;
    }
}

static void rank_by_lists(const struct evidence *evidence, struct answers *answers) {
    const struct fold *fold = answers->fold;
    const struct lists *lists = &answers->lists;
    uint32_t *above = rs_calloc(evidence->n_items, sizeof *above);
    uint32_t *tied = rs_calloc(evidence->n_items, sizeof *tied);
    u32_extend(&answers->above, fold->n, 0);
    u32_extend(&answers->tied, fold->n, 0);
    u32_extend(&answers->listed, fold->n_lists, 0);
    size_t l = 0;
    for (size_t t = 0; t < fold->n_lists; t++) {
        uint32_t user = fold->user.v[fold->start[t]];
        while (l < lists->n_lists && lists->user.v[lists->start[l]] < user) l++;
        if (l == lists->n_lists || lists->user.v[lists->start[l]] != user) continue;
        answers->listed.v[t] = (uint32_t)(lists->start[l + 1] - lists->start[l]);
        rank_list(lists, l, above, tied);
        for (size_t row = fold->start[t]; row < fold->start[t + 1]; row++) {
            answers->above.v[row] = above[fold->item.v[row]];
            answers->tied.v[row] = tied[fold->item.v[row]];
        }
        for (size_t i = lists->start[l]; i < lists->start[l + 1]; i++) tied[lists->item.v[i]] = 0;
    }
    answers->deepest = lists->longest;
    free(above);
    free(tied);
}

static int compare_folds(const void *a, const void *b) {
    const char *first = (*(struct fold *const *)a)->label,
               *second = (*(struct fold *const *)b)->label;
    return rs_id_compare((struct rs_id){first, strlen(first)},
                         (struct rs_id){second, strlen(second)});
}

static int compare_answers(const void *a, const void *b) {
    return compare_folds(&(*(struct answers *const *)a)->fold,
                         &(*(struct answers *const *)b)->fold);
}

bool evidence_arrange(struct evidence *evidence, struct rs_error *err) {
    if (!check_all(evidence, err)) return false;
    evidence->n_users = evidence->users.ids.n;
    evidence->n_items = evidence->items.ids.n;
    evidence->sorted_users = rs_ids_sorted(&evidence->users.ids);
    evidence->sorted_items = rs_ids_sorted(&evidence->items.ids);
    evidence->user_position = positions(evidence->sorted_users, evidence->n_users);
    evidence->item_position = positions(evidence->sorted_items, evidence->n_items);
    bool ok = true;
    for (size_t f = 0; ok && f < evidence->n_folds; f++) {
        sort_counts(evidence, evidence->folds[f]);
        ok = sort_fold(evidence, evidence->folds[f], err);
    }
    for (size_t m = 0; ok && m < evidence->n_models; m++) {
        struct model *model = evidence->models[m];
        for (size_t a = 0; ok && a < model->n_answers; a++) {
            struct answers *answers = model->answers[a];
            if (answers->file[TASK_TOP] == NULL) continue;
            ok = sort_lists(evidence, answers, err);
            if (ok && answers->file[TASK_RANK] == NULL && answers->fold->n > 0)
                rank_by_lists(evidence, answers);
        }
        qsort(model->answers, model->n_answers, sizeof(struct answers *), compare_answers);
    }
    qsort(evidence->folds, evidence->n_folds, sizeof *evidence->folds, compare_folds);
    evidence->user_table = rs_table_align(&evidence->read_tables[0], &evidence->users.ids);
    evidence->item_table = rs_table_align(&evidence->read_tables[1], &evidence->items.ids);
    return ok;
}
