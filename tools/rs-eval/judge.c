#include "judge.h"

#include <math.h>

#include "memory.h"

/* The figures of a tally, for requests that FROM can answer (any of the model's folds if NULL). */
static void add_figures(struct results *results, const struct tally *tally,
                        const struct requests *requests, const struct model *model,
                        const char *fold) {
    for (size_t r = 0; r < requests->n; r++) {
        struct figure figure = tally_figure(tally, requests, r, NULL, 0);
        if (figure.n == 0) continue;
        results_add(results, (struct result){.model = model,
                                             .fold = fold,
                                             .segment = "all",
                                             .request = r,
                                             .value = figure.value,
                                             .n = figure.n,
                                             .low = NAN,
                                             .high = NAN});
    }
}

static bool judge_model(const struct evidence *evidence, const struct model *model,
                        const struct requests *requests, const struct rules *rules,
                        struct results *results, struct rs_error *err) {
    struct tally all = tally_new(evidence, requests), one = tally_new(evidence, requests);
    struct results folds = {0};
    bool ok = true;
    for (size_t a = 0; ok && a < model->n_answers; a++) {
        const struct answers *answers = model->answers[a];
        tally_clear(&one);
        ok = tally_add(&one, answers, requests, rules, NULL, err);
        tally_join(&all, &one);
        if (answers->fold->label[0] == '\0') continue;
        tally_close(&one, requests);
        add_figures(&folds, &one, requests, model, answers->fold->label);
    }
    tally_close(&all, requests);
    if (ok) add_figures(results, &all, requests, model, "all");
    for (size_t i = 0; ok && i < folds.n; i++) results_add(results, folds.all[i]);
    results_free(&folds);
    tally_free(&all);
    tally_free(&one);
    return ok;
}

bool judge_models(const struct evidence *evidence, const struct requests *requests,
                  const struct rules *rules, struct results *results, struct rs_error *err) {
    for (size_t m = 0; m < evidence->n_models; m++)
        if (!judge_model(evidence, evidence->models[m], requests, rules, results, err))
            return false;
    return true;
}
