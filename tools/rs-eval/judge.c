#include "judge.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "listing.h"

static size_t fold_number(const struct evidence *evidence, const struct fold *fold) {
    size_t f = 0;
    while (evidence->folds[f] != fold) f++;
    return f;
}

/* Figures of one fold. */
static void add_fold(const struct judge *judge, size_t model, size_t fold,
                     const struct tally *tally, struct results *results) {
    for (size_t r = 0; r < judge->requests->n; r++) {
        struct figure figure = tally_figure(tally, judge->requests, r, NULL, 0);
        if (figure.n == 0) continue;
        results_add(results, (struct result){.model = (uint32_t)model,
                                             .fold = (uint32_t)fold + 1,
                                             .request = (uint32_t)r,
                                             .value = figure.value,
                                             .n = figure.n,
                                             .low = NAN,
                                             .high = NAN});
    }
}

/* Measures of all lists together: of each fold, and their mean for fold "all". */
static void add_exposure(const struct judge *judge, size_t m, const struct shelf *shelves,
                         struct results *results) {
    const struct evidence *evidence = judge->evidence;
    const struct model *model = evidence->models[m];
    for (size_t r = 0; r < judge->requests->n; r++) {
        const struct request *request = &judge->requests->all[r];
        if (measures[request->measure].basis != BASIS_EXPOSURE) continue;
        struct figure all = {0};
        double n_folds = 0;
        for (size_t a = 0; a < model->n_answers; a++) {
            const struct answers *answers = model->answers[a];
            const struct shelf *shelf = &shelves[fold_number(evidence, answers->fold)];
            if (!listing_possible(shelf, answers, request)) continue;
            struct figure figure = listing_exposure(evidence, answers, request);
            if (figure.n == 0) continue;
            all.value += figure.value;
            all.n += figure.n;
            n_folds++;
            if (answers->fold->label[0] != '\0')
                results_add(results, (struct result){
                                         .model = (uint32_t)m,
                                         .fold = (uint32_t)fold_number(evidence, answers->fold) + 1,
                                         .request = (uint32_t)r,
                                         .value = figure.value,
                                         .n = figure.n,
                                         .low = NAN,
                                         .high = NAN});
        }
        if (n_folds > 0)
            results_add(results, (struct result){.model = (uint32_t)m,
                                                 .request = (uint32_t)r,
                                                 .value = all.value / n_folds,
                                                 .n = all.n,
                                                 .low = NAN,
                                                 .high = NAN});
    }
}

/* The means of the folds' figures, from those of each fold's own tally. */
struct means {
    struct figure *sums; /* by request */
    double n_folds;
};

static void add_to_means(const struct judge *judge, const struct tally *fold, struct means *means) {
    means->n_folds++;
    for (size_t r = 0; r < judge->requests->n; r++) {
        struct figure figure = tally_figure(fold, judge->requests, r, NULL, 0);
        means->sums[r].value += figure.value;
        means->sums[r].n += figure.n;
    }
}

static void add_means(const struct judge *judge, size_t m, const struct means *means,
                      struct results *results) {
    for (size_t r = 0; r < judge->requests->n; r++) {
        if (!tally_is_mean_of_folds(judge->requests->all[r].measure) || means->sums[r].n == 0)
            continue;
        results_add(results, (struct result){.model = (uint32_t)m,
                                             .request = (uint32_t)r,
                                             .value = means->sums[r].value / means->n_folds,
                                             .n = means->sums[r].n,
                                             .low = NAN,
                                             .high = NAN});
    }
}

/* Tallies a model over all folds and adds the figures of each. */
static bool tally_model(const struct judge *judge, size_t m, const struct shelf *shelves,
                        struct tally *all, struct results *results, struct rs_error *err) {
    const struct model *model = judge->evidence->models[m];
    struct tally one = tally_new(judge->evidence, judge->requests);
    struct means means = {rs_calloc(judge->requests->n, sizeof *means.sums), 0};
    bool ok = true;
    for (size_t a = 0; ok && a < model->n_answers; a++) {
        const struct answers *answers = model->answers[a];
        const struct shelf *shelf = &shelves[fold_number(judge->evidence, answers->fold)];
        tally_clear(&one);
        ok = tally_add(&one, answers, judge->requests, judge->rules, NULL, err);
        listing_add(&one, judge->evidence, shelf, answers, judge->requests);
        tally_join(all, &one);
        tally_close(&one, judge->requests);
        if (answers->file[TASK_PREDICT] != NULL) add_to_means(judge, &one, &means);
        if (answers->fold->label[0] != '\0')
            add_fold(judge, m, fold_number(judge->evidence, answers->fold), &one, results);
    }
    tally_close(all, judge->requests);
    add_means(judge, m, &means, results);
    free(means.sums);
    tally_free(&one);
    return ok;
}

/* The users of whom anything is known: those the bootstrap draws from. */
static uint32_t *active_users(const struct judge *judge, const struct tally *tallies, size_t *n) {
    size_t n_users = judge->evidence->n_users;
    uint32_t *users = rs_malloc(n_users, sizeof *users);
    *n = 0;
    for (uint32_t u = 0; u < n_users; u++) {
        bool active = false;
        for (size_t m = 0; m < judge->evidence->n_models && !active; m++)
            for (size_t r = 0; r < judge->requests->n && !active; r++)
                active = tallies[m].count[r * n_users + u] > 0;
        if (active) users[(*n)++] = u;
    }
    return users;
}

static void judge_panel(const struct judge *judge, size_t segment, const struct tally *tallies,
                        const uint32_t *users, size_t n_users, struct results *results) {
    struct panel panel = {judge->evidence, (uint32_t)segment, tallies, users, n_users};
    if (n_users > 0) panel_judge(&panel, judge->requests, judge->settings, results);
}

/* Tallies the rows of a segment anew. Lists of recommendations are of no rows. */
static bool judge_rows(const struct judge *judge, size_t s, struct results *results,
                       struct rs_error *err) {
    const struct evidence *evidence = judge->evidence;
    const struct segment *segment = &judge->segments->all[s];
    struct tally *tallies = rs_calloc(evidence->n_models, sizeof *tallies);
    bool ok = true;
    for (size_t m = 0; m < evidence->n_models; m++) {
        const struct model *model = evidence->models[m];
        tallies[m] = tally_new(evidence, judge->requests);
        for (size_t a = 0; ok && a < model->n_answers; a++) {
            const struct answers *answers = model->answers[a];
            const uint8_t *rows = segment->rows[fold_number(evidence, answers->fold)];
            ok = tally_add(&tallies[m], answers, judge->requests, judge->rules, rows, err);
        }
        tally_close(&tallies[m], judge->requests);
    }
    if (ok) judge_panel(judge, s + 1, tallies, segment->users, segment->n_users, results);
    for (size_t m = 0; m < evidence->n_models; m++) tally_free(&tallies[m]);
    free(tallies);
    return ok;
}

/* A thread takes a segment at a time. */
static bool judge_segments(const struct judge *judge, const struct tally *tallies,
                           struct results *results, struct rs_error *err) {
    size_t n = judge->segments->n;
    struct results *parts = rs_calloc(n, sizeof *parts);
    bool ok = true;
#pragma omp parallel for schedule(dynamic, 1) reduction(&& : ok)
    for (size_t s = 0; s < n; s++) {
        const struct segment *segment = &judge->segments->all[s];
        if (segment->of_users) {
            judge_panel(judge, s + 1, tallies, segment->users, segment->n_users, &parts[s]);
        } else {
            ok = ok && judge_rows(judge, s, &parts[s], err);
        }
    }
    for (size_t s = 0; s < n; s++) {
        results_join(results, &parts[s]);
        results_free(&parts[s]);
    }
    free(parts);
    return ok;
}

bool judge_all(const struct judge *judge, struct results *results, struct rs_error *err) {
    const struct evidence *evidence = judge->evidence;
    struct shelf *shelves = rs_calloc(evidence->n_folds, sizeof *shelves);
    for (size_t f = 0; f < evidence->n_folds; f++)
        shelves[f] = shelf_open(evidence, evidence->folds[f], judge->training, judge->categories,
                                judge->similarity, judge->reference);
    struct tally *tallies = rs_calloc(evidence->n_models, sizeof *tallies);
    bool ok = true;
    for (size_t m = 0; m < evidence->n_models; m++) {
        tallies[m] = tally_new(evidence, judge->requests);
        ok = ok && tally_model(judge, m, shelves, &tallies[m], results, err);
        if (ok) add_exposure(judge, m, shelves, results);
    }
    if (ok) {
        size_t n_users;
        uint32_t *users = active_users(judge, tallies, &n_users);
        judge_panel(judge, WHOLE, tallies, users, n_users, results);
        free(users);
        ok = judge_segments(judge, tallies, results, err);
        panel_correct(judge->requests, results);
    }
    for (size_t m = 0; m < evidence->n_models; m++) tally_free(&tallies[m]);
    for (size_t f = 0; f < evidence->n_folds; f++) shelf_free(&shelves[f]);
    free(tallies);
    free(shelves);
    return ok;
}
