#include "neighbours/knn.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/memory.h"
#include "neighbours/fold.h"
#include "neighbours/graph.h"
#include "neighbours/levels.h"

struct state {
    struct rs_graph graph;
    size_t k;
    double amplify, damping;
    const float *weight; /* of each neighbour, items only: the graph's similarities, or amplified */
    float *amplified;
    float *unsupported; /* by item: what it scores in ranking if nothing speaks for it */
    pthread_mutex_t lock;
    struct rs_fold_base *base; /* made when the first user is folded in */
    struct rs_levels rows;     /* users only: made when the first list is */
    atomic_bool has_rows;
};

struct vote {
    double weight, residual;
};

struct workspace {
    float *similarity;  /* user-based: of every user to the profile, 0 for no neighbour */
    uint32_t *position; /* item-based: of every item in the profile, from 1; 0: not in it */
    struct vote *votes; /* of those who may speak on one query */
    double *order;      /* scratch of the selection */
    size_t capacity;
    const uint32_t *neighbours; /* user-based: of the profile, by descending similarity */
    size_t n_neighbours;
    uint32_t *ascending; /* the same by index, once sorted */
    bool sorted;
    size_t ascending_capacity;
    struct rs_fold *fold; /* made when the thread folds its first user in */
};

static void *new_workspace(const struct rs_model *model) {
    const struct state *state = model->state;
    struct workspace *workspace = rs_calloc(1, sizeof *workspace);
    if (state->graph.users) {
        workspace->similarity = rs_calloc(state->graph.n_lines, sizeof *workspace->similarity);
    } else {
        workspace->position = rs_calloc(state->graph.n_lines, sizeof *workspace->position);
    }
    return workspace;
}

static void free_workspace(void *memory) {
    struct workspace *workspace = memory;
    free(workspace->similarity);
    free(workspace->position);
    free(workspace->votes);
    free(workspace->order);
    free(workspace->ascending);
    rs_fold_free(workspace->fold);
    free(workspace);
}

/* What a rating is measured from, and in what unit. */
struct centre {
    double value, spread;
};

static struct centre centre_of_query(const struct rs_model *model, bool users,
                                     const struct rs_profile *profile, uint32_t item) {
    const struct rs_matrix *matrix = model->matrix;
    switch (matrix->normalisation) {
    case RS_NORMALISE_MEAN:
    case RS_NORMALISE_Z_SCORE: {
        bool z = matrix->normalisation == RS_NORMALISE_Z_SCORE;
        if (users) return (struct centre){profile->mean, z ? profile->deviation : 1};
        return (struct centre){matrix->items.mean[item], z ? matrix->items.deviation[item] : 1};
    }
    case RS_NORMALISE_BASELINE:
        return (struct centre){matrix->mean + profile->bias + matrix->items.bias[item], 1};
    default:
        return (struct centre){0, 1};
    }
}

/* A neighbour's rating less its centre, in units of its spread. */
static double residual_of(const struct rs_matrix *matrix, const struct rs_side *side, uint32_t line,
                          double rating, double baseline) {
    switch (matrix->normalisation) {
    case RS_NORMALISE_MEAN:
        return rating - side->mean[line];
    case RS_NORMALISE_Z_SCORE:
        return (rating - side->mean[line]) /
               (side->deviation[line] > 0 ? side->deviation[line] : 1);
    case RS_NORMALISE_BASELINE:
        return rating - baseline;
    default:
        return rating;
    }
}

/* The K votes of greatest weight, ties by their order, moved to the front in their order. */
static size_t keep_nearest(struct workspace *workspace, size_t n, size_t k) {
    if (n <= k) return n;
    double *order = workspace->order;
    for (size_t v = 0; v < n; v++) order[v] = fabs(workspace->votes[v].weight);
    size_t low = 0, high = n - 1; /* Hoare's selection of the k-th greatest */
    while (low < high) {
        double pivot = order[low + (high - low) / 2];
        size_t i = low, j = high;
        while (i <= j) {
            while (order[i] > pivot) i++;
            while (order[j] < pivot) j--;
            if (i > j) break;
            double swap = order[i];
            order[i++] = order[j];
            order[j] = swap;
            if (j == 0) break;
            j--;
        }
        if (k - 1 <= j) {
            high = j;
        } else if (k - 1 >= i) {
            low = i;
        } else {
            break;
        }
    }
    double least = order[k - 1];
    size_t above = 0, kept = 0;
    for (size_t v = 0; v < n; v++) above += fabs(workspace->votes[v].weight) > least;
    size_t equal = k - above;
    for (size_t v = 0; v < n; v++) {
        double weight = fabs(workspace->votes[v].weight);
        if (weight < least || (weight == least && equal == 0)) continue;
        equal -= weight == least;
        workspace->votes[kept++] = workspace->votes[v];
    }
    return kept;
}

static double weight_of(const struct state *state, double similarity) {
    if (state->amplify == 1) return similarity;
    return copysign(pow(fabs(similarity), state->amplify), similarity);
}

static void make_room(struct workspace *workspace, size_t n) {
    if (n <= workspace->capacity) return;
    workspace->capacity = n + n / 2;
    workspace->votes = rs_realloc(workspace->votes, workspace->capacity, sizeof *workspace->votes);
    workspace->order = rs_realloc(workspace->order, workspace->capacity, sizeof *workspace->order);
}

static struct vote vote_of_user(const struct rs_model *model, const struct workspace *workspace,
                                uint32_t user, uint32_t item, float rating) {
    const struct rs_matrix *matrix = model->matrix;
    double baseline = matrix->mean + matrix->users.bias[user] + matrix->items.bias[item];
    return (struct vote){weight_of(model->state, (double)workspace->similarity[user]),
                         residual_of(matrix, &matrix->users, user, (double)rating, baseline)};
}

/* Where ITEM is in the row of USER; the row's end if it is not. */
static uint64_t find_rating(const struct rs_sparse *rows, uint32_t user, uint32_t item) {
    uint64_t from = rows->start[user], end = rows->start[user + 1], n = end - from;
    while (n > 1) { /* no branch that could be guessed wrong */
        uint64_t half = n / 2;
        from += rows->other[from + half] <= item ? half : 0;
        n -= half;
    }
    return n == 1 && rows->other[from] == item ? from : end;
}

static int ascending(const void *a, const void *b) {
    uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;
    return first < second ? -1 : first > second;
}

static void sort_neighbours(struct workspace *workspace) {
    size_t n = workspace->n_neighbours;
    if (workspace->sorted || n == 0) return;
    workspace->sorted = true;
    rs_grow(&workspace->ascending, &workspace->ascending_capacity, n, sizeof(uint32_t));
    for (size_t i = 0; i < n; i++) workspace->ascending[i] = workspace->neighbours[i];
    qsort(workspace->ascending, n, sizeof(uint32_t), ascending);
}

/* Votes in the order of the users' indices: of those who rated the item and are neighbours, or,
 * where that is less work, of the neighbours who rated it. */
static size_t votes_of_users(const struct rs_model *model, struct workspace *workspace,
                             uint32_t item) {
    enum { SEARCH = 60 /* how many raters are passed over in the time that one row is searched */ };
    const struct rs_sparse *columns = &model->matrix->columns, *rows = &model->matrix->rows;
    uint64_t begin = columns->start[item], end = columns->start[item + 1];
    size_t n = 0;
    if (end - begin < SEARCH * workspace->n_neighbours) {
        make_room(workspace, end - begin);
        for (uint64_t e = begin; e < end; e++) {
            uint32_t user = columns->other[e];
            if (workspace->similarity[user] != 0)
                workspace->votes[n++] =
                    vote_of_user(model, workspace, user, item, columns->rating[e]);
        }
        return n;
    }
    make_room(workspace, workspace->n_neighbours);
    sort_neighbours(workspace);
    for (size_t i = 0; i < workspace->n_neighbours; i++) {
        uint32_t user = workspace->ascending[i];
        uint64_t at = find_rating(rows, user, item);
        if (at < rows->start[user + 1] && workspace->similarity[user] != 0)
            workspace->votes[n++] = vote_of_user(model, workspace, user, item, rows->rating[at]);
    }
    return n;
}

static size_t votes_of_items(const struct rs_model *model, struct workspace *workspace,
                             const struct rs_profile *profile, uint32_t item) {
    const struct rs_matrix *matrix = model->matrix;
    const struct state *state = model->state;
    const struct rs_graph *graph = &state->graph;
    make_room(workspace, profile->n);
    size_t n = 0;
    for (uint64_t e = graph->start[item]; e < graph->start[item + 1] && n < state->k; e++) {
        uint32_t position = workspace->position[graph->other[e]];
        if (position == 0) continue;
        uint32_t other = graph->other[e];
        double baseline = matrix->mean + profile->bias + matrix->items.bias[other];
        workspace->votes[n++] =
            (struct vote){weight_of(state, (double)graph->similarity[e]),
                          residual_of(matrix, &matrix->items, other,
                                      (double)profile->rating[position - 1], baseline)};
    }
    return n;
}

static struct rs_fold *new_fold(const struct rs_model *model) {
    struct state *state = model->state;
    pthread_mutex_lock(&state->lock);
    if (state->base == NULL)
        state->base =
            rs_fold_base_new(model->matrix, json_object_get(state->graph.header, "parameters"));
    pthread_mutex_unlock(&state->lock);
    return rs_fold_new(state->base);
}

/* Puts the profile where votes look it up: its items, or its neighbours among the users. */
static void place_profile(const struct rs_model *model, struct workspace *workspace,
                          const struct rs_profile *profile) {
    const struct state *state = model->state;
    const struct rs_graph *graph = &state->graph;
    workspace->sorted = false;
    if (!graph->users) {
        for (size_t e = 0; e < profile->n; e++)
            workspace->position[profile->item[e]] = (uint32_t)e + 1;
    } else if (profile->user == RS_NONE || profile->changed) {
        if (workspace->fold == NULL) workspace->fold = new_fold(model);
        workspace->n_neighbours = rs_fold_neighbours(workspace->fold, profile,
                                                     workspace->similarity, &workspace->neighbours);
    } else {
        uint64_t begin = graph->start[profile->user];
        workspace->neighbours = graph->other + begin;
        workspace->n_neighbours = graph->start[profile->user + 1] - begin;
        for (size_t i = 0; i < workspace->n_neighbours; i++)
            workspace->similarity[workspace->neighbours[i]] = graph->similarity[begin + i];
    }
}

static void take_profile_away(const struct rs_model *model, struct workspace *workspace,
                              const struct rs_profile *profile) {
    if (!((const struct state *)model->state)->graph.users) {
        for (size_t e = 0; e < profile->n; e++) workspace->position[profile->item[e]] = 0;
    } else {
        for (size_t i = 0; i < workspace->n_neighbours; i++)
            workspace->similarity[workspace->neighbours[i]] = 0;
    }
}

/* Without a voice: the centre, by whatever name it goes. */
static struct rs_answer silent_answer(const struct rs_model *model, bool users,
                                      const struct rs_profile *profile, uint32_t item) {
    const struct rs_matrix *matrix = model->matrix;
    struct rs_answer answer = {.score = (float)matrix->mean, .source = RS_FROM_GLOBAL_MEAN};
    bool by_mean =
        matrix->normalisation == RS_NORMALISE_MEAN || matrix->normalisation == RS_NORMALISE_Z_SCORE;
    if (matrix->normalisation == RS_NORMALISE_BASELINE)
        return rs_baseline_answer(matrix, profile, item);
    if (by_mean && users && profile->n > 0) {
        answer = (struct rs_answer){.score = (float)profile->mean, .source = RS_FROM_USER_MEAN};
    } else if (by_mean && !users && item != RS_NONE) {
        answer = (struct rs_answer){.score = (float)matrix->items.mean[item],
                                    .source = RS_FROM_ITEM_MEAN};
    }
    return answer;
}

static struct rs_answer answer_one(const struct rs_model *model, struct workspace *workspace,
                                   const struct rs_profile *profile, uint32_t item) {
    const struct state *state = model->state;
    bool users = state->graph.users;
    size_t n = 0;
    if (item != RS_NONE)
        n = users ? votes_of_users(model, workspace, item)
                  : votes_of_items(model, workspace, profile, item);
    if (users) n = keep_nearest(workspace, n, state->k);
    double sum = 0, weights = 0;
    for (size_t v = 0; v < n; v++) {
        sum += workspace->votes[v].weight * workspace->votes[v].residual;
        weights += fabs(workspace->votes[v].weight);
    }
    if (!(weights > 0)) return silent_answer(model, users, profile, item);
    struct centre centre = centre_of_query(model, users, profile, item);
    double score = centre.value + centre.spread * sum / (state->damping + weights);
    return (struct rs_answer){
        .score = (float)score, .support = (float)weights, .source = RS_FROM_MODEL};
}

static void predict(const struct rs_model *model, void *memory, const struct rs_profile *profile,
                    const struct rs_query *query, struct rs_answer *answers) {
    place_profile(model, memory, profile);
    for (size_t q = 0; q < query->n; q++)
        answers[q] = answer_one(model, memory, profile, query->item[q]);
    take_profile_away(model, memory, profile);
}

/* In ranking a rating is worth itself, or on a scale with negative ratings its height above the
 * scale's foot, so that evidence is never negative. */
static float foot_of(const struct rs_matrix *matrix) {
    return matrix->scale.n > 0 && matrix->scale.min < 0 ? matrix->scale.min : 0;
}

/* Items without evidence come behind all others, by their popularity: from -1 to below 0. */
static float *rank_unsupported(const struct rs_matrix *matrix) {
    const uint64_t *start = matrix->columns.start;
    size_t n_items = matrix->columns.n_lines;
    float *scores = rs_aligned(n_items, sizeof *scores);
    for (size_t item = 0; item < n_items; item++)
        scores[item] =
            (float)(start[item + 1] - start[item]) / (float)(matrix->rows.n_lines + 1) - 1;
    return scores;
}

/* Asks for what is at FROM to END of two arrays before it is needed. */
static void fetch(const uint32_t *other, const float *value, uint64_t from, uint64_t end) {
    enum { CACHE_LINE = 16, MOST = 512 };
    if (end > from + MOST) end = from + MOST; /* by then the processor asks by itself */
    for (uint64_t e = from; e < end; e += CACHE_LINE) {
        __builtin_prefetch(other + e);
        __builtin_prefetch(value + e);
    }
}

static void add_line(float *restrict scores, const uint32_t *restrict other,
                     const float *restrict similarity, size_t n, float own) {
    for (size_t e = 0; e < n; e++) scores[other[e]] += own * similarity[e];
}

/* Keeps long rows densely, whose values count as they are. */
static const struct rs_levels *find_rows(const struct rs_model *model) {
    struct state *state = model->state;
    if (state->has_rows) return &state->rows;
    pthread_mutex_lock(&state->lock);
    if (!state->has_rows && foot_of(model->matrix) == 0)
        rs_levels_make(&state->rows, &model->matrix->rows, false);
    state->has_rows = true;
    pthread_mutex_unlock(&state->lock);
    return &state->rows;
}

/* Asks for a neighbour's ratings before they are needed. */
static void fetch_row(const struct rs_sparse *rows, const struct rs_levels *dense, uint32_t user) {
    uint32_t number = rs_levels_number(dense, user);
    if (number == RS_NONE) {
        fetch(rows->other, rows->rating, rows->start[user], rows->start[user + 1]);
    } else {
        rs_levels_fetch(dense, number);
    }
}

/* By the neighbours' ratings, one neighbour's after another: a few at once where they are dense. */
static void rank_by_users(const struct rs_model *model, struct workspace *workspace,
                          const struct rs_profile *profile, float *scores) {
    const struct rs_sparse *rows = &model->matrix->rows;
    const struct rs_levels *dense = find_rows(model);
    float foot = foot_of(model->matrix), few_weights[RS_LEVELS_FEW];
    uint32_t few[RS_LEVELS_FEW];
    size_t n_few = 0;
    place_profile(model, workspace, profile);
    for (size_t i = 0; i < workspace->n_neighbours; i++) {
        uint32_t other = workspace->neighbours[i], number = rs_levels_number(dense, other);
        float weight = (float)weight_of(model->state, (double)workspace->similarity[other]);
        if (i + RS_LEVELS_FEW < workspace->n_neighbours)
            fetch_row(rows, dense, workspace->neighbours[i + RS_LEVELS_FEW]);
        if (number != RS_NONE) {
            few_weights[n_few] = weight;
            few[n_few++] = number;
        }
        if (number == RS_NONE || n_few == RS_LEVELS_FEW) {
            rs_levels_weigh(dense, few, few_weights, n_few, scores);
            n_few = 0;
        }
        if (number != RS_NONE) continue;
        for (uint64_t e = rows->start[other]; e < rows->start[other + 1]; e++)
            scores[rows->other[e]] += weight * (rows->rating[e] - foot);
    }
    rs_levels_weigh(dense, few, few_weights, n_few, scores);
    take_profile_away(model, workspace, profile);
}

/* By the neighbours of what the user rated. */
static void rank_by_items(const struct rs_model *model, const struct rs_profile *profile,
                          float *scores) {
    enum { AHEAD = 8 };
    const struct state *state = model->state;
    const struct rs_graph *graph = &state->graph;
    float foot = foot_of(model->matrix);
    for (size_t r = 0; r < profile->n; r++) {
        float own = profile->rating[r] - foot;
        uint64_t begin = graph->start[profile->item[r]], end = graph->start[profile->item[r] + 1];
        if (r + AHEAD < profile->n) {
            uint32_t line = profile->item[r + AHEAD];
            fetch(graph->other, state->weight, graph->start[line], graph->start[line + 1]);
        }
        add_line(scores, graph->other + begin, state->weight + begin, end - begin, own);
    }
}

static const float *evidence(const struct rs_model *model, void *memory,
                             const struct rs_profile *profile, float *scores) {
    const struct state *state = model->state;
    if (state->graph.users) {
        rank_by_users(model, memory, profile, scores);
    } else {
        rank_by_items(model, profile, scores);
    }
    return state->unsupported;
}

static void close_state(struct rs_model *model) {
    struct state *state = model->state;
    if (state == NULL) return;
    rs_graph_close(&state->graph);
    rs_fold_base_free(state->base);
    rs_levels_free(&state->rows);
    pthread_mutex_destroy(&state->lock);
    free(state->unsupported);
    free(state->amplified);
    free(state);
}

static const struct rs_model_class knn = {.kind = "knn",
                                          .new_workspace = new_workspace,
                                          .free_workspace = free_workspace,
                                          .predict = predict,
                                          .evidence = evidence,
                                          .close = close_state};

const struct rs_graph *rs_knn_graph(const struct rs_model *model) {
    return model->class == &knn ? &((const struct state *)model->state)->graph : NULL;
}

/* A parameter of the graph's making, or what stands for it in graphs made elsewhere. */
static double parameter(const struct rs_graph *graph, const char *name, double otherwise) {
    const json_t *value = json_object_get(json_object_get(graph->header, "parameters"), name);
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

/* Makes the weights of items ready, once for all. */
static void weigh(struct state *state) {
    const struct rs_graph *graph = &state->graph;
    state->weight = graph->similarity;
    if (state->amplify == 1 || graph->users) return;
    size_t n = graph->start[graph->n_lines];
    state->amplified = rs_malloc(n, sizeof *state->amplified);
    for (size_t e = 0; e < n; e++)
        state->amplified[e] = (float)weight_of(state, (double)graph->similarity[e]);
    state->weight = state->amplified;
}

bool rs_knn_open(struct rs_model *model, struct rs_error *err) {
    struct state *state = rs_calloc(1, sizeof *state);
    struct rs_file *file = model->file;
    char *place = rs_strdup(file->name);
    model->file = NULL; /* the graph's from here on */
    model->state = state;
    pthread_mutex_init(&state->lock, NULL);
    bool ok = rs_graph_use(&state->graph, file, err);
    model->class = &knn;
    const struct rs_side *side = state->graph.users ? &model->matrix->users : &model->matrix->items;
    if (ok && state->graph.digest != side->digest)
        ok = rs_fail(err, EX_DATAERR, "%s: was made from another matrix: its %ss are not the same",
                     place, state->graph.users ? "user" : "item");
    free(place);
    if (!ok) return false;
    state->k = (size_t)parameter(&state->graph, "voters", 40);
    state->amplify = parameter(&state->graph, "amplify", 1);
    state->damping = parameter(&state->graph, "damping", 0);
    state->unsupported = rank_unsupported(model->matrix);
    weigh(state);
    return true;
}
