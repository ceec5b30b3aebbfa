#include "model/means.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

enum which { RANDOM, POPULAR, GLOBAL_MEAN, USER_MEAN, ITEM_MEAN, BASELINE, N_WHICH };

static const char *const names[N_WHICH] = {"random",    "popular",   "global-mean",
                                           "user-mean", "item-mean", "baseline"};

struct state {
    enum which which;
    uint64_t seed;
};

/* A stream of draws for this user and this item, whatever their numbers. */
static struct rs_random stream_of(const struct rs_model *model, const struct rs_profile *profile,
                                  uint32_t item) {
    const struct state *state = model->state;
    struct rs_id nobody = {"", 0};
    struct rs_id user =
        profile->user == RS_NONE ? nobody : rs_ids_get(&model->matrix->users.ids, profile->user);
    struct rs_id thing = item == RS_NONE ? nobody : rs_ids_get(&model->matrix->items.ids, item);
    uint64_t key = rs_random_hash(state->seed, user.text, user.length, thing.text, thing.length);
    return rs_random_stream(key, 0, 0, 0);
}

static double expected(const struct rs_model *model, const struct rs_profile *profile,
                       uint32_t item) {
    const struct rs_matrix *matrix = model->matrix;
    switch (((const struct state *)model->state)->which) {
    case RANDOM: {
        struct rs_random random = stream_of(model, profile, item);
        return matrix->mean + matrix->deviation * rs_random_normal(&random);
    }
    case USER_MEAN:
        return profile->mean;
    case ITEM_MEAN:
        return matrix->items.mean[item];
    default:
        return matrix->mean;
    }
}

static void predict(const struct rs_model *model, void *workspace, const struct rs_profile *profile,
                    const struct rs_query *query, struct rs_answer *answers) {
    (void)workspace;
    const struct state *state = model->state;
    for (size_t q = 0; q < query->n; q++) {
        uint32_t item = query->item[q];
        if (state->which == BASELINE) {
            answers[q] = rs_baseline_answer(model->matrix, profile, item);
            if (answers[q].source == RS_FROM_BASELINE) answers[q].source = RS_FROM_MODEL;
            continue;
        }
        bool silent = (state->which == USER_MEAN && profile->n == 0) ||
                      (state->which == ITEM_MEAN && item == RS_NONE);
        answers[q] = (struct rs_answer){.source = RS_FROM_NOTHING};
        if (silent) continue;
        answers[q] = (struct rs_answer){.score = (float)expected(model, profile, item),
                                        .source = RS_FROM_MODEL};
    }
}

static void rank(const struct rs_model *model, void *workspace, const struct rs_profile *profile,
                 float *scores) {
    (void)workspace;
    const struct rs_matrix *matrix = model->matrix;
    const struct state *state = model->state;
    if (state->which == POPULAR) {
        rs_rank_popular(matrix, scores);
        return;
    }
    for (uint32_t item = 0; item < matrix->columns.n_lines; item++) {
        switch (state->which) {
        case RANDOM: {
            struct rs_random random = stream_of(model, profile, item);
            scores[item] = (float)rs_random_uniform(&random);
            break;
        }
        case ITEM_MEAN:
            scores[item] = (float)matrix->items.mean[item];
            break;
        case BASELINE:
            scores[item] = (float)matrix->items.bias[item];
            break;
        default:
            scores[item] = 0; /* the same for all: every order is as good */
        }
    }
}

static void close_state(struct rs_model *model) {
    free(model->state);
}

static const struct rs_model_class predicting = {
    .kind = "means", .predict = predict, .rank = rank, .close = close_state};
static const struct rs_model_class ranking = {.kind = "means", .rank = rank, .close = close_state};

bool rs_means_open(struct rs_model *model, const char *name, uint64_t seed) {
    for (int which = 0; which < N_WHICH; which++) {
        if (strcmp(name, names[which]) != 0) continue;
        struct state *state = rs_calloc(1, sizeof *state);
        *state = (struct state){(enum which)which, seed};
        model->state = state;
        model->class = which == POPULAR ? &ranking : &predicting;
        return true;
    }
    return false;
}
