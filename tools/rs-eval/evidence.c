#include "evidence.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const char *const task_names[] = {"predict", "rank", "top", NULL};

void evidence_init(struct evidence *evidence) {
    *evidence = (struct evidence){0};
    rs_dict_init(&evidence->users);
    rs_dict_init(&evidence->items);
}

static void free_facts(struct facts *facts) {
    free(facts->train_digest);
    free(facts->role);
    free(facts->test_digest);
    json_decref(facts->split);
    json_decref(facts->pruned);
}

static void free_fold(struct fold *fold) {
    free(fold->label);
    free(fold->user.v);
    free(fold->item.v);
    free(fold->rating.v);
    free(fold->time.v);
    free(fold->user_count.v);
    free(fold->item_count.v);
    free(fold->candidates.v);
    free(fold->slots.v);
    free(fold->start);
    free_facts(&fold->facts);
    free(fold);
}

static void free_answers(struct answers *answers) {
    free(answers->train_digest);
    free(answers->listed.v);
    free(answers->score.v);
    free(answers->deviation.v);
    free(answers->source.v);
    free(answers->above.v);
    free(answers->tied.v);
    free(answers->lists.user.v);
    free(answers->lists.item.v);
    free(answers->lists.rank.v);
    free(answers->lists.score.v);
    free(answers->lists.start);
    free(answers);
}

void evidence_free(struct evidence *evidence) {
    for (size_t m = 0; m < evidence->n_models; m++) {
        struct model *model = evidence->models[m];
        for (size_t a = 0; a < model->n_answers; a++) free_answers(model->answers[a]);
        free(model->answers);
        free(model->name);
        free(model);
    }
    for (size_t f = 0; f < evidence->n_folds; f++) free_fold(evidence->folds[f]);
    free(evidence->folds);
    free(evidence->models);
    rs_table_free(&evidence->user_table);
    rs_table_free(&evidence->item_table);
    for (int t = 0; t < 4; t++) rs_table_free(&evidence->kept_tables[t / 2][t % 2]);
    rs_dict_free(&evidence->users);
    rs_dict_free(&evidence->items);
    free(evidence->sorted_users);
    free(evidence->sorted_items);
    free(evidence->user_position);
    free(evidence->item_position);
    *evidence = (struct evidence){0};
}

struct model *evidence_model(struct evidence *evidence, const char *name) {
    for (size_t m = 0; m < evidence->n_models; m++)
        if (strcmp(evidence->models[m]->name, name) == 0) return evidence->models[m];
    struct model *model = rs_calloc(1, sizeof *model);
    model->name = rs_strdup(name);
    evidence->models =
        rs_realloc(evidence->models, evidence->n_models + 1, sizeof *evidence->models);
    return evidence->models[evidence->n_models++] = model;
}

struct fold *evidence_fold(struct evidence *evidence, const char *label) {
    for (size_t f = 0; f < evidence->n_folds; f++)
        if (strcmp(evidence->folds[f]->label, label) == 0) return evidence->folds[f];
    struct fold *fold = rs_calloc(1, sizeof *fold);
    fold->label = rs_strdup(label);
    fold->facts =
        (struct facts){.catalogue = -1, .train_users = -1, .train_ratings = -1, .leak = -1};
    evidence->folds = rs_realloc(evidence->folds, evidence->n_folds + 1, sizeof *evidence->folds);
    return evidence->folds[evidence->n_folds++] = fold;
}

const char *evidence_fold_of(const struct evidence *evidence, const char *digest) {
    for (size_t m = 0; digest != NULL && m < evidence->n_models; m++) {
        const struct model *model = evidence->models[m];
        for (size_t a = 0; a < model->n_answers; a++) {
            const char *known = model->answers[a]->train_digest;
            if (known != NULL && strcmp(known, digest) == 0) return model->answers[a]->fold->label;
        }
    }
    return evidence->n_folds == 1 ? evidence->folds[0]->label : "";
}

struct answers *model_answers(const struct model *model, const struct fold *fold) {
    for (size_t a = 0; a < model->n_answers; a++)
        if (model->answers[a]->fold == fold) return model->answers[a];
    return NULL;
}

struct answers *evidence_answers(struct evidence *evidence, const char *model_name,
                                 const char *label) {
    struct model *model = evidence_model(evidence, model_name);
    struct fold *fold = evidence_fold(evidence, label);
    struct answers *answers = model_answers(model, fold);
    if (answers != NULL) return answers;
    answers = rs_calloc(1, sizeof *answers);
    answers->model = model;
    answers->fold = fold;
    answers->deepest = UINT32_MAX;
    answers->lists.catalogue = -1;
    for (int task = 0; task < N_TASKS; task++) answers->promised[task] = -1;
    model->answers = rs_realloc(model->answers, model->n_answers + 1, sizeof *model->answers);
    return model->answers[model->n_answers++] = answers;
}

int64_t answers_catalogue(const struct answers *answers) {
    return answers->lists.catalogue >= 0 ? answers->lists.catalogue
                                         : answers->fold->facts.catalogue;
}

void fold_candidates(const struct fold *fold, struct candidates *all) {
    for (size_t l = 0; l < fold->n_lists; l++) {
        uint32_t candidates = fold->candidates.v[fold->user.v[fold->start[l]]];
        if (candidates == RS_NONE) continue;
        if (candidates < all->least) all->least = candidates;
        if (candidates > all->most) all->most = candidates;
        all->sum += candidates;
        all->n++;
    }
}

static bool take_count(int64_t *known, int64_t fresh) {
    if (fresh < 0) return true;
    bool agrees = *known < 0 || *known == fresh;
    if (*known < 0) *known = fresh;
    return agrees;
}

/* Keeps the first text. */
static void take_text(char **known, char **fresh) {
    if (*known != NULL) return;
    *known = *fresh;
    *fresh = NULL;
}

/* False if two inputs differ in what makes their figures incomparable. */
static bool check_facts(struct fold *fold, const char *file, const struct facts *fresh,
                        struct rs_error *err) {
    const struct facts *known = &fold->facts;
    if (known->ranked && fresh->ranked && known->catalogue != fresh->catalogue)
        return rs_fail(err, EX_DATAERR,
                       "%s: ranks %lld items, %s %lld: figures over different catalogues can't be "
                       "compared",
                       file, (long long)fresh->catalogue, fold->facts_file,
                       (long long)known->catalogue);
    if (fold->facts_file != NULL && known->implicit != fresh->implicit)
        return rs_fail(err, EX_DATAERR,
                       "%s: holds %s feedback, %s does not: they can't be compared", file,
                       fresh->implicit ? "implicit" : "explicit", fold->facts_file);
    return true;
}

bool evidence_facts(struct fold *fold, const char *file, struct facts *fresh,
                    struct rs_error *err) {
    struct facts *known = &fold->facts;
    if (!check_facts(fold, file, fresh, err)) {
        free_facts(fresh);
        return false;
    }
    if (fold->facts_file == NULL) fold->facts_file = file;
    known->implicit = fresh->implicit;
    if (known->scale.n == 0) known->scale = fresh->scale;
    if (known->leak < 0) known->leak = fresh->leak;
    fold->counts_differ |= known->train_digest != NULL && fresh->train_digest != NULL &&
                           strcmp(known->train_digest, fresh->train_digest) != 0;
    take_count(&known->catalogue, fresh->catalogue);
    if (fresh->ranked) known->catalogue = fresh->catalogue;
    known->ranked |= fresh->ranked;
    fold->counts_differ |= !take_count(&known->train_users, fresh->train_users);
    fold->counts_differ |= !take_count(&known->train_ratings, fresh->train_ratings);
    take_text(&known->train_digest, &fresh->train_digest);
    take_text(&known->role, &fresh->role);
    take_text(&known->test_digest, &fresh->test_digest);
    if (known->split == NULL) known->split = json_incref(fresh->split);
    if (known->pruned == NULL) known->pruned = json_incref(fresh->pruned);
    free_facts(fresh);
    return true;
}

struct rs_id evidence_user(const struct evidence *evidence, uint32_t position) {
    return rs_ids_get(&evidence->users.ids, evidence->sorted_users[position]);
}

struct rs_id evidence_item(const struct evidence *evidence, uint32_t position) {
    return rs_ids_get(&evidence->items.ids, evidence->sorted_items[position]);
}
