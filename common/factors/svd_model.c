/* Answering from a file of svd.h. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "factors/factors.h"
#include "factors/svd.h"
#include "linear/dense.h"

static void *new_workspace(const struct rs_model *model) {
    const struct rs_svd *svd = model->state;
    return rs_aligned(svd->stride, sizeof(float));
}

/* The row of X V that the profile is: stored, or made. */
static const float *find_user(const struct rs_model *model, float *room,
                              const struct rs_profile *profile) {
    const struct rs_svd *svd = model->state;
    if (!profile->changed && profile->user != RS_NONE && svd->user_vector != NULL)
        return svd->user_vector + profile->user * svd->stride;
    memset(room, 0, svd->stride * sizeof *room);
    for (size_t e = 0; e < profile->n; e++) {
        float x = (float)rs_svd_value(svd, profile->item[e], profile->bias, profile->rating[e]);
        rs_dense_gather(room, 1, &profile->item[e], &x, svd->item_vector, svd->stride, svd->stride);
    }
    return room;
}

static void rank(const struct rs_model *model, void *workspace, const struct rs_profile *profile,
                 float *scores) {
    const struct rs_svd *svd = model->state;
    if (profile->n == 0) {
        rs_rank_popular(model->matrix, scores);
        return;
    }
    const float *vector = find_user(model, workspace, profile);
    rs_dense_dots(scores, model->matrix->items.ids.n, svd->item_vector, svd->stride, vector,
                  svd->stride);
}

/* Baseline + x V V', for residuals. */
static void predict(const struct rs_model *model, void *workspace, const struct rs_profile *profile,
                    const struct rs_query *query, struct rs_answer *answers) {
    const struct rs_svd *svd = model->state;
    const float *vector = profile->n == 0 ? NULL : find_user(model, workspace, profile);
    for (size_t q = 0; q < query->n; q++) {
        uint32_t item = query->item[q];
        answers[q] = rs_baseline_answer(model->matrix, profile, item);
        if (vector == NULL || item == RS_NONE) continue;
        answers[q].score +=
            rs_dense_dot(svd->item_vector + item * svd->stride, vector, svd->stride);
        answers[q].source = RS_FROM_MODEL;
        answers[q].support = (float)profile->n;
    }
}

static void close_svd(struct rs_model *model) {
    free(model->state);
}

static const struct rs_model_class preference_class = {
    .kind = "svd",
    .new_workspace = new_workspace,
    .free_workspace = free,
    .rank = rank,
    .close = close_svd,
};

static const struct rs_model_class residual_class = {
    .kind = "svd",
    .new_workspace = new_workspace,
    .free_workspace = free,
    .predict = predict,
    .close = close_svd,
};

bool rs_svd_open(struct rs_model *model, struct rs_error *err) {
    const json_t *header = model->file->segments[0].header;
    const char *values = json_string_value(json_object_get(header, "values"));
    struct rs_svd *svd = rs_calloc(1, sizeof *svd);
    double factors = 0;
    bool ok = rs_factors_number(model, "factors", &factors, err);
    if (ok && (!(factors >= 1 && factors <= RS_DENSE_MAX) || values == NULL ||
               !rs_preference_from_json(&svd->preference, json_object_get(header, "preference"))))
        ok = rs_fail(err, EX_DATAERR, "%s: the file is damaged: its header makes no sense",
                     model->file->name);
    if (ok) {
        svd->matrix = model->matrix;
        svd->factors = (size_t)factors;
        svd->stride = rs_dense_padded(svd->factors);
        svd->options.values = strcmp(values, rs_svd_values_names[RS_SVD_RESIDUAL]) == 0
                                  ? RS_SVD_RESIDUAL
                                  : RS_SVD_PREFERENCE;
        ok = rs_factors_floats(model, "item_vector", model->matrix->items.ids.n * svd->stride,
                               &svd->item_vector, err) &&
             (!rs_factors_same_users(model) ||
              rs_factors_floats(model, "user_vector", model->matrix->users.ids.n * svd->stride,
                                &svd->user_vector, err));
    }
    if (!ok) {
        free(svd);
        return false;
    }
    model->state = svd;
    model->class = svd->options.values == RS_SVD_RESIDUAL ? &residual_class : &preference_class;
    return true;
}
