#include "model/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/memory.h"

static const char *const source_names[RS_N_SOURCES] = {
    [RS_FROM_MODEL] = NULL,
    [RS_FROM_BASELINE] = "baseline",
    [RS_FROM_ITEM_BIAS] = "item-bias",
    [RS_FROM_USER_BIAS] = "user-bias",
    [RS_FROM_GLOBAL_MEAN] = "global-mean",
    [RS_FROM_USER_MEAN] = "user-mean",
    [RS_FROM_ITEM_MEAN] = "item-mean",
    [RS_FROM_POPULARITY] = "popular",
};

json_t *rs_sources_json(const char *name) {
    json_t *sources = json_array();
    json_array_append_new(sources, json_string_nocheck(name));
    for (int s = 1; s < RS_N_SOURCES; s++)
        json_array_append_new(sources, json_string(source_names[s]));
    return sources;
}

/* Profiles */

struct rs_profile rs_profile_of(const struct rs_matrix *matrix, uint32_t user) {
    struct rs_profile profile = {
        .user = user, .mean = matrix->mean, .deviation = matrix->deviation};
    if (user == RS_NONE) return profile;
    uint64_t begin = matrix->rows.start[user];
    profile.n = matrix->rows.start[user + 1] - begin;
    profile.item = matrix->rows.other + begin;
    profile.rating = matrix->rows.rating + begin;
    profile.time = matrix->time == NULL ? NULL : matrix->time + begin;
    profile.mean = matrix->users.mean[user];
    profile.deviation = matrix->users.deviation[user];
    profile.bias = matrix->users.bias[user];
    return profile;
}

struct rs_profile rs_profile_from(const struct rs_matrix *matrix, uint32_t user, size_t n,
                                  const uint32_t *item, const float *rating) {
    struct rs_profile profile = {.user = user,
                                 .changed = true,
                                 .n = n,
                                 .item = item,
                                 .rating = rating,
                                 .mean = matrix->mean,
                                 .deviation = matrix->deviation};
    if (n == 0) return profile;
    double sum = 0, residuals = 0, squares = 0;
    for (size_t e = 0; e < n; e++) {
        sum += (double)rating[e];
        residuals += (double)rating[e] - matrix->mean - matrix->items.bias[item[e]];
    }
    profile.mean = sum / (double)n;
    for (size_t e = 0; e < n; e++) {
        double difference = (double)rating[e] - profile.mean;
        squares += difference * difference;
    }
    if (squares > 0) profile.deviation = sqrt(squares / (double)n);
    const json_t *parameters = json_object_get(matrix->header, "parameters");
    double damping = json_number_value(json_object_get(parameters, "user-damping"));
    profile.bias = residuals / (damping + (double)n);
    return profile;
}

struct rs_answer rs_baseline_answer(const struct rs_matrix *matrix,
                                    const struct rs_profile *profile, uint32_t item) {
    struct rs_answer answer = {.source = RS_FROM_BASELINE};
    if (profile->n == 0) answer.source = RS_FROM_ITEM_BIAS;
    if (item == RS_NONE) answer.source = profile->n == 0 ? RS_FROM_GLOBAL_MEAN : RS_FROM_USER_BIAS;
    double score = matrix->mean + profile->bias;
    if (item != RS_NONE) score += matrix->items.bias[item];
    answer.score = (float)score;
    return answer;
}

void rs_model_close(struct rs_model *model) {
    if (model == NULL) return;
    if (model->class != NULL && model->class->close != NULL) model->class->close(model);
    rs_file_close(model->file);
    free(model->name);
    free(model);
}

/* Answering */

void *rs_model_workspace(const struct rs_model *model) {
    return model->class->new_workspace == NULL ? NULL : model->class->new_workspace(model);
}

void rs_model_free_workspace(const struct rs_model *model, void *workspace) {
    if (model->class->free_workspace != NULL) model->class->free_workspace(workspace);
}

bool rs_model_predicts(const struct rs_model *model) {
    return model->class->predict != NULL;
}

void rs_model_predict(const struct rs_model *model, void *workspace,
                      const struct rs_profile *profile, const struct rs_query *query,
                      struct rs_answer *answers) {
    if (model->class->predict != NULL) {
        model->class->predict(model, workspace, profile, query, answers);
    } else {
        for (size_t q = 0; q < query->n; q++) answers[q].source = RS_FROM_NOTHING;
    }
    for (size_t q = 0; q < query->n; q++)
        if (answers[q].source == RS_FROM_NOTHING)
            answers[q] = rs_baseline_answer(model->matrix, profile, query->item[q]);
}

/* Ranks by expected rating, in pieces so that nothing the size of the catalogue is held. */
static void rank_by_prediction(const struct rs_model *model, void *workspace,
                               const struct rs_profile *profile, float *scores) {
    enum { PIECE = 512 };
    uint32_t items[PIECE];
    struct rs_answer answers[PIECE];
    uint32_t n_items = (uint32_t)model->matrix->columns.n_lines;
    for (uint32_t from = 0; from < n_items; from += PIECE) {
        struct rs_query query = {.n = n_items - from < PIECE ? n_items - from : PIECE,
                                 .item = items};
        for (uint32_t q = 0; q < query.n; q++) items[q] = from + q;
        rs_model_predict(model, workspace, profile, &query, answers);
        for (uint32_t q = 0; q < query.n; q++) scores[from + q] = answers[q].score;
    }
}

/* No more users than a line has a number. */
RS_CLONES static void count(const uint64_t *restrict start, size_t n, float *restrict scores) {
    for (size_t i = 0; i < n; i++) scores[i] = (float)(uint32_t)(start[i + 1] - start[i]);
}

void rs_rank_popular(const struct rs_matrix *matrix, float *scores) {
    count(matrix->columns.start, matrix->columns.n_lines, scores);
}

RS_CLONES void rs_model_stand_in(float *scores, const float *instead, size_t n) {
    for (size_t i = 0; i < n; i++) scores[i] = scores[i] == 0 ? instead[i] : scores[i];
}

void rs_model_rank(const struct rs_model *model, void *workspace, const struct rs_profile *profile,
                   float *scores) {
    if (model->class->rank != NULL) {
        model->class->rank(model, workspace, profile, scores);
    } else if (model->class->evidence != NULL) {
        size_t n_items = model->matrix->columns.n_lines;
        memset(scores, 0, n_items * sizeof *scores);
        rs_model_stand_in(scores, model->class->evidence(model, workspace, profile, scores),
                          n_items);
    } else {
        rank_by_prediction(model, workspace, profile, scores);
    }
}
