#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "factors/ease.h"
#include "factors/ease_rows.h"
#include "factors/factors.h"
#include "format/ids.h"
#include "linear/dense.h"

struct state {
    size_t m;
    const uint32_t *item; /* NULL: all */
    const float *weight, *residual, *spread, *shrunk;
    const uint64_t *start;
    const uint32_t *other;
    struct rs_preference preference;
    double power;
    bool same_users;
    uint32_t *number; /* of an item of the matrix among the m, or RS_NONE */
    float *by_user;   /* D: of each user of the matrix; form "users" only */
};

struct workspace {
    uint32_t *item; /* of the profile, those that are modelled */
    float *x;       /* its weighted preferences */
    size_t capacity, n;
    float *scores; /* of the m */
    float *z;      /* form "users": x L Y' */
};

static void *new_workspace(const struct rs_model *model) {
    const struct state *state = model->state;
    struct workspace *workspace = rs_calloc(1, sizeof *workspace);
    workspace->scores = rs_aligned(state->m, sizeof *workspace->scores);
    if (state->residual != NULL)
        workspace->z = rs_aligned(model->matrix->users.ids.n, sizeof *workspace->z);
    return workspace;
}

static void free_workspace(void *memory) {
    struct workspace *workspace = memory;
    free(workspace->item);
    free(workspace->x);
    free(workspace->scores);
    free(workspace->z);
    free(workspace);
}

/* Fills the workspace with the row of Y that the profile is. */
static void weigh(const struct rs_model *model, struct workspace *workspace,
                  const struct rs_profile *profile) {
    const struct state *state = model->state;
    size_t capacity = workspace->capacity;
    rs_grow(&workspace->item, &capacity, profile->n, sizeof *workspace->item);
    rs_grow(&workspace->x, &workspace->capacity, profile->n, sizeof *workspace->x);
    double weight = rs_ease_row_weight(model->matrix, state->power, profile->n);
    workspace->n = 0;
    for (size_t e = 0; e < profile->n; e++) {
        uint32_t number = state->number[profile->item[e]];
        if (number == RS_NONE) continue;
        workspace->item[workspace->n] = number;
        workspace->x[workspace->n++] =
            (float)(weight * (double)rs_preference_of(&state->preference, profile->rating[e]));
    }
}

static void rank_items(const struct state *state, const struct workspace *workspace) {
    float *scores = workspace->scores;
    memset(scores, 0, state->m * sizeof *scores);
    if (state->start == NULL) {
        rs_dense_gather(scores, workspace->n, workspace->item, workspace->x, state->weight,
                        state->m, state->m);
        return;
    }
    for (size_t e = 0; e < workspace->n; e++) {
        size_t i = workspace->item[e];
        for (uint64_t w = state->start[i]; w < state->start[i + 1]; w++)
            scores[state->other[w]] += workspace->x[e] * state->weight[w];
    }
}

/* scores = x P for a row that Y does not have: x L - (x L Y') F. */
static void fold(const struct rs_model *model, struct workspace *workspace) {
    const struct state *state = model->state;
    const struct rs_sparse *columns = &model->matrix->columns;
    size_t n_users = columns->n_others;
    float *scores = workspace->scores, *z = workspace->z;
    memset(scores, 0, state->m * sizeof *scores);
    memset(z, 0, n_users * sizeof *z);
    for (size_t e = 0; e < workspace->n; e++) {
        size_t number = workspace->item[e];
        size_t i = state->item == NULL ? number : state->item[number];
        float x = workspace->x[e] * state->shrunk[number];
        scores[number] = x;
        for (uint64_t c = columns->start[i]; c < columns->start[i + 1]; c++) {
            uint32_t u = columns->other[c];
            z[u] -=
                x * state->by_user[u] * rs_preference_of(&state->preference, columns->rating[c]);
        }
    }
    size_t padded = state->m / RS_DENSE_WIDTH * RS_DENSE_WIDTH;
    rs_dense_combine(scores, z, state->residual, state->m, padded, n_users);
    for (size_t u = 0; u < n_users; u++)
        for (size_t j = padded; j < state->m; j++)
            scores[j] += z[u] * state->residual[u * state->m + j];
}

static void rank_users(const struct rs_model *model, struct workspace *workspace,
                       const struct rs_profile *profile) {
    const struct state *state = model->state;
    float *scores = workspace->scores;
    if (profile->changed || profile->user == RS_NONE) {
        fold(model, workspace);
    } else {
        memcpy(scores, state->residual + profile->user * state->m, state->m * sizeof *scores);
    }
    for (size_t j = 0; j < state->m; j++) scores[j] = -scores[j] / state->spread[j];
    for (size_t e = 0; e < workspace->n; e++) scores[workspace->item[e]] += workspace->x[e];
}

/* Items that are not modelled come after all others, by how many rated them. */
static void spread_scores(const struct rs_model *model, const float *modelled, float *scores) {
    const struct state *state = model->state;
    const struct rs_sparse *columns = &model->matrix->columns;
    if (state->item == NULL) {
        memcpy(scores, modelled, state->m * sizeof *scores);
        return;
    }
    float least = 0;
    for (size_t j = 0; j < state->m; j++)
        if (modelled[j] < least) least = modelled[j];
    for (size_t i = 0; i < columns->n_lines; i++) {
        double rarity = 1 / (1 + (double)(columns->start[i + 1] - columns->start[i]));
        scores[i] = state->number[i] == RS_NONE ? (float)((double)least - rarity)
                                                : modelled[state->number[i]];
    }
}

static void rank(const struct rs_model *model, void *memory, const struct rs_profile *profile,
                 float *scores) {
    const struct state *state = model->state;
    struct workspace *workspace = memory;
    weigh(model, workspace, profile);
    if (workspace->n == 0) {
        rs_rank_popular(model->matrix, scores);
        return;
    }
    if (state->residual != NULL) {
        rank_users(model, workspace, profile);
    } else {
        rank_items(state, workspace);
    }
    spread_scores(model, workspace->scores, scores);
}

static void close_ease(struct rs_model *model) {
    struct state *state = model->state;
    free(state->number);
    free(state->by_user);
    free(state);
}

static const struct rs_model_class ease_class = {
    .kind = "ease",
    .new_workspace = new_workspace,
    .free_workspace = free_workspace,
    .rank = rank,
    .close = close_ease,
};

/* Opening */

static bool is_subset(const struct rs_model *model, const struct state *state) {
    if (rs_factors_trusted(model)) return true;
    for (size_t k = 0; state->item != NULL && k < state->m; k++) {
        if (state->item[k] >= model->matrix->items.ids.n) return false;
        if (k > 0 && state->item[k] <= state->item[k - 1]) return false;
    }
    return true;
}

static bool is_sparse(const struct rs_model *model, const struct state *state, size_t n) {
    if (rs_factors_trusted(model)) return true;
    if (state->start[0] != 0 || state->start[state->m] != n) return false;
    for (size_t i = 0; i < state->m; i++)
        if (state->start[i] > state->start[i + 1]) return false;
    for (size_t w = 0; w < n; w++)
        if (state->other[w] >= state->m) return false;
    return true;
}

static bool open_weights(const struct rs_model *model, struct state *state, const char *form,
                         struct rs_error *err) {
    size_t m = state->m, n_users = model->matrix->users.ids.n;
    if (strcmp(form, "items") == 0)
        return rs_factors_array(model, "weight", RS_F32, m * m, &state->weight, err);
    if (strcmp(form, "users") == 0)
        return rs_factors_array(model, "residual", RS_F32, n_users * m, &state->residual, err) &&
               rs_factors_array(model, "spread", RS_F32, m, &state->spread, err) &&
               rs_factors_array(model, "shrunk", RS_F32, m, &state->shrunk, err);
    const struct rs_array *other = rs_segment_find(&model->file->segments[0], "other");
    size_t n = other == NULL ? 0 : other->n_rows;
    if (!rs_factors_array(model, "start", RS_U64, m + 1, &state->start, err) ||
        !rs_factors_array(model, "other", RS_U32, n, &state->other, err) ||
        !rs_factors_array(model, "weight", RS_F32, n, &state->weight, err))
        return false;
    return is_sparse(model, state, n) ||
           rs_fail(err, EX_DATAERR, "%s: the file is damaged: its weights are inconsistent",
                   model->file->name);
}

static bool open_state(const struct rs_model *model, struct state *state, struct rs_error *err) {
    const json_t *header = model->file->segments[0].header;
    const char *form = json_string_value(json_object_get(header, "form"));
    double m;
    if (!rs_factors_number(model, "modelled_items", &m, err) ||
        !rs_factors_number(model, "power", &state->power, err))
        return false;
    if (form == NULL || m < 1 || m > (double)model->matrix->items.ids.n ||
        !rs_preference_from_json(&state->preference, json_object_get(header, "preference")))
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: its header is incomplete",
                       model->file->name);
    state->m = (size_t)m;
    if (state->m < model->matrix->items.ids.n &&
        !rs_factors_array(model, "item", RS_U32, state->m, &state->item, err))
        return false;
    if (!is_subset(model, state))
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: its items are inconsistent",
                       model->file->name);
    if (strcmp(form, "users") == 0 && !rs_factors_same_users(model))
        return rs_fail(err, EX_DATAERR,
                       "%s: was made from a matrix with other users (--form items does not mind)",
                       model->file->name);
    return open_weights(model, state, form, err);
}

static void number_state(const struct rs_model *model, struct state *state) {
    const struct rs_matrix *matrix = model->matrix;
    state->number = rs_ease_number_items(matrix, state->item, state->m);
    if (state->residual == NULL) return;
    size_t n_users = matrix->users.ids.n;
    state->by_user = rs_malloc(n_users, sizeof *state->by_user);
    for (size_t u = 0; u < n_users; u++)
        state->by_user[u] = (float)rs_ease_row_weight(
            matrix, state->power, matrix->rows.start[u + 1] - matrix->rows.start[u]);
}

bool rs_ease_open(struct rs_model *model, struct rs_error *err) {
    struct state *state = rs_calloc(1, sizeof *state);
    if (!open_state(model, state, err)) {
        free(state);
        return false;
    }
    number_state(model, state);
    model->state = state;
    model->class = &ease_class;
    return true;
}
