#include "context/situated.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "context/effects.h"
#include "format/pairs.h"

struct state {
    const struct rs_model *base;
    const struct rs_context_model *context;
    struct rs_situation situation;
};

struct workspace {
    const struct rs_model *base;
    void *of_base;
    float *lifts;
};

static void *new_workspace(const struct rs_model *model) {
    const struct state *state = model->state;
    struct workspace *workspace = rs_calloc(1, sizeof *workspace);
    workspace->base = state->base;
    workspace->of_base = rs_model_workspace(state->base);
    workspace->lifts = rs_aligned(model->matrix->items.ids.n, sizeof *workspace->lifts);
    return workspace;
}

static void free_workspace(void *memory) {
    struct workspace *workspace = memory;
    rs_model_free_workspace(workspace->base, workspace->of_base);
    free(workspace->lifts);
    free(workspace);
}

static void predict(const struct rs_model *model, void *memory, const struct rs_profile *profile,
                    const struct rs_query *query, struct rs_answer *answers) {
    const struct state *state = model->state;
    struct workspace *workspace = memory;
    rs_model_predict(state->base, workspace->of_base, profile, query, answers);
    for (size_t q = 0; q < query->n; q++) {
        struct rs_situation situation = state->situation;
        rs_situation_fill(state->context, profile->user,
                          query->time == NULL ? RS_NO_TIME : query->time[q], &situation);
        if (rs_situation_predicts(state->context, &situation))
            answers[q].score +=
                (float)rs_context_shift(state->context, &situation, profile, query->item[q],
                                        (double)answers[q].score);
    }
}

static void rank(const struct rs_model *model, void *memory, const struct rs_profile *profile,
                 float *scores) {
    const struct state *state = model->state;
    struct workspace *workspace = memory;
    struct rs_situation situation = state->situation;
    rs_model_rank(state->base, workspace->of_base, profile, scores);
    rs_situation_fill(state->context, profile->user, RS_NO_TIME, &situation);
    if (!rs_situation_ranks(state->context, &situation)) return;
    rs_context_lifts(state->context, &situation, profile, workspace->lifts);
    rs_context_rank(profile, model->matrix->items.ids.n, workspace->lifts, scores);
}

static void close_state(struct rs_model *model) {
    free(model->state);
}

static const struct rs_model_class classes[2] = {
    {.kind = "context",
     .new_workspace = new_workspace,
     .free_workspace = free_workspace,
     .rank = rank,
     .close = close_state},
    {.kind = "context",
     .new_workspace = new_workspace,
     .free_workspace = free_workspace,
     .predict = predict,
     .rank = rank,
     .close = close_state},
};

struct rs_model *rs_context_wrap(const struct rs_model *base,
                                 const struct rs_context_model *context,
                                 const struct rs_situation *situation) {
    struct rs_model *model = rs_calloc(1, sizeof *model);
    struct state *state = rs_calloc(1, sizeof *state);
    *state = (struct state){base, context, *situation};
    *model = (struct rs_model){.class = &classes[rs_model_predicts(base)],
                               .name = rs_strdup(base->name),
                               .matrix = base->matrix,
                               .state = state};
    return model;
}
