#include "hybrid/blend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "format/writer.h"

const char *const rs_task_names[] = {"predict", "rank", NULL};
static const char *const basis_names[] = {"constant", "bilinear", "cells", NULL};
static const size_t basis_sizes[] = {1, 4, 9};

/* Where a count lies between two knots, on a logarithmic axis. */
static double between(double count, double low, double high) {
    double x = (log1p(count) - log1p(low)) / (log1p(high) - log1p(low));
    return x > 0 ? (x < 1 ? x : 1) : 0; /* also for equal knots: 0/0 is not > 0 */
}

size_t rs_basis_functions(enum rs_basis basis, const double knots[4], double n_user, double n_item,
                          double functions[RS_BASIS_MAX]) {
    if (basis == RS_BASIS_CONSTANT) {
        functions[0] = 1;
    } else if (basis == RS_BASIS_BILINEAR) {
        double x = between(n_user, knots[0], knots[1]), y = between(n_item, knots[2], knots[3]);
        functions[0] = (1 - x) * (1 - y);
        functions[1] = x * (1 - y);
        functions[2] = (1 - x) * y;
        functions[3] = x * y;
    } else {
        size_t u = (size_t)(n_user >= knots[0]) + (size_t)(n_user >= knots[1]);
        size_t i = (size_t)(n_item >= knots[2]) + (size_t)(n_item >= knots[3]);
        for (size_t c = 0; c < 9; c++) functions[c] = c == 3 * i + u;
    }
    return basis_sizes[basis];
}

void rs_blend_write(FILE *file, const struct rs_blend *blend, json_t *header) {
    json_t *parents = json_array();
    for (size_t m = 0; m < blend->n_parents; m++)
        json_array_append_new(parents, json_string_nocheck(blend->parents[m]));
    json_object_set_new(header, "task", json_string(rs_task_names[blend->task]));
    json_object_set_new(header, "basis", json_string(basis_names[blend->basis]));
    json_object_set_new(header, "parents", parents);
    struct rs_writer writer;
    rs_writer_init(&writer, file);
    rs_writer_begin(&writer, "blend", header);
    rs_writer_f64(&writer, "knots", blend->knots, 4);
    rs_writer_array(
        &writer, "weights",
        (struct rs_array){RS_F64, blend->n_parents, blend->n_functions, blend->weights});
    rs_writer_f64(&writer, "support_weights", blend->support_weights, blend->n_parents);
    rs_writer_f64(&writer, "support_scale", blend->support_scale, blend->n_parents);
    rs_writer_f64(&writer, "offsets", blend->offsets, blend->n_functions);
    rs_writer_end(&writer, NULL);
}

/* Reading */

static int find_word(const char *const *words, const char *word) {
    for (int w = 0; word != NULL && words[w] != NULL; w++)
        if (strcmp(words[w], word) == 0) return w;
    return -1;
}

static const struct rs_segment *find_task(const struct rs_file *file, enum rs_task task) {
    for (size_t s = 0; s < file->n_segments; s++) {
        const char *word = json_string_value(json_object_get(file->segments[s].header, "task"));
        if (find_word(rs_task_names, word) == (int)task) return &file->segments[s];
    }
    return NULL;
}

static bool all_finite(const double *values, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i])) return false;
    return true;
}

static bool open_arrays(struct rs_blend *blend, const char *place, const struct rs_segment *segment,
                        struct rs_error *err) {
    size_t n = blend->n_parents, c = blend->n_functions;
    const double *knots;
    if (!rs_segment_array(place, segment, "knots", RS_F64, 4, &knots, err) ||
        !rs_segment_array(place, segment, "weights", RS_F64, n * c, &blend->weights, err) ||
        !rs_segment_array(place, segment, "support_weights", RS_F64, n, &blend->support_weights,
                          err) ||
        !rs_segment_array(place, segment, "support_scale", RS_F64, n, &blend->support_scale, err) ||
        !rs_segment_array(place, segment, "offsets", RS_F64, c, &blend->offsets, err))
        return false;
    memcpy(blend->knots, knots, sizeof blend->knots);
    bool sound = all_finite(knots, 4) && all_finite(blend->weights, n * c) &&
                 all_finite(blend->support_weights, n) && all_finite(blend->offsets, c) &&
                 all_finite(blend->support_scale, n);
    for (size_t m = 0; sound && m < n; m++) sound = blend->support_scale[m] > 0;
    return sound ||
           rs_fail(err, EX_DATAERR, "%s: the file is damaged: a weight is no number", place);
}

static bool open_segment(struct rs_blend *blend, const char *place,
                         const struct rs_segment *segment, struct rs_error *err) {
    const json_t *parents = json_object_get(segment->header, "parents");
    int basis =
        find_word(basis_names, json_string_value(json_object_get(segment->header, "basis")));
    size_t n = json_array_size(parents);
    if (basis < 0 || n == 0 || n > RS_MAX_PARENTS)
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: its header is incomplete", place);
    blend->basis = (enum rs_basis)basis;
    blend->n_functions = basis_sizes[basis];
    blend->parents = rs_calloc(n, sizeof *blend->parents);
    for (size_t m = 0; m < n; m++) {
        const char *name = json_string_value(json_array_get(parents, m));
        if (name == NULL)
            return rs_fail(err, EX_DATAERR, "%s: the file is damaged: a parent has no name", place);
        blend->parents[m] = rs_strdup(name);
        blend->n_parents = m + 1;
    }
    return open_arrays(blend, place, segment, err);
}

static void free_blend(struct rs_blend *blend) {
    for (size_t m = 0; m < blend->n_parents; m++) free(blend->parents[m]);
    free(blend->parents);
}

/* The model */

/* A blend for one task, and the open models its parents are. */
struct part {
    bool there;
    struct rs_blend blend;
    const struct rs_model *parents[RS_MAX_PARENTS];
};

struct state {
    struct part parts[RS_N_TASKS];
};

struct workspace {
    void *of_parent[RS_N_TASKS][RS_MAX_PARENTS];
    const struct state *state;
    struct rs_answer *answers; /* n_parents x n */
    size_t capacity;
    float *scores; /* of one parent, for all items */
};

static void *new_workspace(const struct rs_model *model) {
    struct workspace *workspace = rs_calloc(1, sizeof *workspace);
    workspace->state = model->state;
    workspace->scores = rs_aligned(model->matrix->columns.n_lines, sizeof *workspace->scores);
    for (int t = 0; t < RS_N_TASKS; t++) {
        const struct part *part = &workspace->state->parts[t];
        for (size_t m = 0; part->there && m < part->blend.n_parents; m++)
            workspace->of_parent[t][m] = rs_model_workspace(part->parents[m]);
    }
    return workspace;
}

static void free_workspace(void *memory) {
    struct workspace *workspace = memory;
    for (int t = 0; t < RS_N_TASKS; t++) {
        const struct part *part = &workspace->state->parts[t];
        for (size_t m = 0; part->there && m < part->blend.n_parents; m++)
            rs_model_free_workspace(part->parents[m], workspace->of_parent[t][m]);
    }
    free(workspace->answers);
    free(workspace->scores);
    free(workspace);
}

static double count_of(const struct rs_matrix *matrix, uint32_t item) {
    if (item == RS_NONE) return 0;
    return (double)(matrix->columns.start[item + 1] - matrix->columns.start[item]);
}

/* Combines the parents' answers to query q, N apart. */
static struct rs_answer combine(const struct rs_blend *blend, const struct rs_matrix *matrix,
                                const struct rs_profile *profile, uint32_t item,
                                const struct rs_answer *answers, size_t n) {
    struct rs_answer answer = rs_baseline_answer(matrix, profile, item);
    double functions[RS_BASIS_MAX], base = (double)answer.score, score = base, support = 0;
    double variance = 0, certain = 0;
    rs_basis_functions(blend->basis, blend->knots, (double)profile->n, count_of(matrix, item),
                       functions);
    for (size_t c = 0; c < blend->n_functions; c++) score += blend->offsets[c] * functions[c];
    for (size_t m = 0; m < blend->n_parents; m++) {
        const struct rs_answer *parent = &answers[m * n];
        const double *weights = &blend->weights[m * blend->n_functions];
        double weight = 0, known = (double)parent->support;
        for (size_t c = 0; c < blend->n_functions; c++) weight += weights[c] * functions[c];
        weight += blend->support_weights[m] * known / (known + blend->support_scale[m]);
        score += weight * ((double)parent->score - base);
        support += parent->source == RS_FROM_MODEL;
        if (parent->deviation > 0) {
            variance += weight * (double)parent->deviation;
            certain += weight;
        }
    }
    answer.score = (float)score;
    answer.support = (float)support;
    if (support > 0) answer.source = RS_FROM_MODEL;
    answer.deviation = certain > 0 ? (float)(variance / certain) : 0;
    return answer;
}

static void predict(const struct rs_model *model, void *memory, const struct rs_profile *profile,
                    const struct rs_query *query, struct rs_answer *answers) {
    struct workspace *workspace = memory;
    const struct part *part = &workspace->state->parts[RS_TO_PREDICT];
    size_t n = part->blend.n_parents;
    rs_grow(&workspace->answers, &workspace->capacity, n * query->n, sizeof *workspace->answers);
    for (size_t m = 0; m < n; m++)
        rs_model_predict(part->parents[m], workspace->of_parent[RS_TO_PREDICT][m], profile, query,
                         workspace->answers + m * query->n);
    for (size_t q = 0; q < query->n; q++)
        answers[q] = combine(&part->blend, model->matrix, profile, query->item[q],
                             workspace->answers + q, query->n);
}

RS_CLONES static void add_weighted(float *restrict scores, float weight, const float *restrict more,
                                   size_t n) {
    for (size_t i = 0; i < n; i++) scores[i] += weight * more[i];
}

static void rank(const struct rs_model *model, void *memory, const struct rs_profile *profile,
                 float *scores) {
    struct workspace *workspace = memory;
    const struct part *part = &workspace->state->parts[RS_TO_RANK];
    const struct rs_blend *blend = &part->blend;
    size_t n_items = model->matrix->columns.n_lines;
    memset(scores, 0, n_items * sizeof *scores);
    for (size_t m = 0; m < blend->n_parents; m++) {
        const double *weights = &blend->weights[m * blend->n_functions];
        double any = 0;
        for (size_t c = 0; c < blend->n_functions; c++) any += fabs(weights[c]);
        if (any == 0) continue;
        rs_model_rank(part->parents[m], workspace->of_parent[RS_TO_RANK][m], profile,
                      workspace->scores);
        rs_standardise(workspace->scores, n_items, profile);
        if (blend->basis == RS_BASIS_CONSTANT) {
            add_weighted(scores, (float)weights[0], workspace->scores, n_items);
            continue;
        }
        for (size_t i = 0; i < n_items; i++) {
            double functions[RS_BASIS_MAX], weight = 0;
            rs_basis_functions(blend->basis, blend->knots, (double)profile->n,
                               count_of(model->matrix, (uint32_t)i), functions);
            for (size_t c = 0; c < blend->n_functions; c++) weight += weights[c] * functions[c];
            scores[i] += (float)weight * workspace->scores[i];
        }
    }
}

/* Standardising: every score of every parent, so it is worth its own asinh, in single precision and
 * without branches, for a processor to work on several at once. */

/* Eight lanes in two halves, each a vector that the compiler leaves in a register. */
enum { HALF = 4, LANES = 2 * HALF };
typedef double half __attribute__((vector_size(8 * HALF)));
typedef float narrow __attribute__((vector_size(4 * HALF), aligned(4)));

static double add_up(const half *first, const half *second) {
    double sum = 0;
    for (size_t j = 0; j < HALF; j++) sum += (*first)[j];
    for (size_t j = 0; j < HALF; j++) sum += (*second)[j];
    return sum;
}

/* The sums of the scores and of their squares about CENTRE: of the first N / LANES * LANES by
 * lanes, in an order that no processor changes. */
RS_CLONES static void sum_scores(const float *scores, size_t n, double centre, double *sum,
                                 double *squares) {
    half first_sums = {0}, second_sums = {0}, first_squares = {0}, second_squares = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        half first = __builtin_convertvector(*(const narrow *)(scores + i), half) - centre;
        half second = __builtin_convertvector(*(const narrow *)(scores + i + HALF), half) - centre;
        first_sums += first;
        second_sums += second;
        first_squares += first * first;
        second_squares += second * second;
    }
    *sum = add_up(&first_sums, &second_sums);
    *squares = add_up(&first_squares, &second_squares);
    for (; i < n; i++) {
        double score = (double)scores[i] - centre;
        *sum += score;
        *squares += score * score;
    }
}

/* log x for x >= 1: x = 2^e m with m from sqrt(1/2) to sqrt(2), and log m = 2 artanh s with s =
 * (m - 1) / (m + 1), s^2 <= 0.03; the polynomial is off by 1e-9 parts at most. */
static inline float log_from_one(float x) {
    const uint32_t root_half = 0x3f3504f3;
    uint32_t bits, above;
    float m;
    memcpy(&bits, &x, sizeof bits);
    above = (bits - root_half) >> 23;
    bits -= above << 23;
    memcpy(&m, &bits, sizeof m);
    float s = (m - 1) / (m + 1), t = s * s;
    float series = 1 + t * (0.33333389f + t * (0.19988673f + t * 0.14938047f));
    return (float)(int32_t)above * 0.69314718f + 2 * s * series;
}

/* CHOSEN ? A : B, without a branch that would keep the compiler from working on several at once. */
static inline float choose(bool chosen, float a, float b) {
    uint32_t mask = -(uint32_t)chosen, first, second;
    float value;
    memcpy(&first, &a, sizeof first);
    memcpy(&second, &b, sizeof second);
    second = (first & mask) | (second & ~mask);
    memcpy(&value, &second, sizeof value);
    return value;
}

/* asinh z = sign z log(|z| + sqrt(z^2 + 1)), of which REACH is what the logarithm is of; nearer to
 * 0 than 3/4, where that loses digits, z (1 + z^2 P(z^2)) with the polynomial P that is off by 1e-8
 * parts of asinh at most. */
static inline float reach_of(float z) {
    return fabsf(z) + sqrtf(z * z + 1);
}

static inline float asinh_of(float z, float reach) {
    float a = fabsf(z), t = a * a, far = log_from_one(reach);
    float p =
        -0.16666573f +
        t * (0.07496705f +
             t * (-0.044245206f + t * (0.028093778f + t * (-0.015250088f + t * 0.0046284278f))));
    float near = a + a * (t * p);
    return copysignf(choose(a < 0.75f, near, far), z);
}

/* In two steps, some scores at a time: what is long in coming keeps less waiting behind it. */
RS_CLONES static void squash(float *restrict scores, size_t n, double mean, float scale) {
    enum { SOME = 256 };
    float reach[SOME];
    for (size_t from = 0; from < n; from += SOME) {
        size_t some = n - from < SOME ? n - from : SOME;
        float *z = scores + from;
        for (size_t i = 0; i < some; i++) {
            z[i] = (float)((double)z[i] - mean) * scale;
            reach[i] = reach_of(z[i]);
        }
        for (size_t i = 0; i < some; i++) z[i] = asinh_of(z[i], reach[i]);
    }
}

void rs_standardise(float *scores, size_t n_items, const struct rs_profile *profile) {
    double sum, squares;
    size_t n = n_items - profile->n;
    sum_scores(scores, n_items, 0, &sum, &squares);
    for (size_t e = 0; e < profile->n; e++) sum -= (double)scores[profile->item[e]];
    double mean = n > 0 ? sum / (double)n : 0;
    sum_scores(scores, n_items, mean, &sum, &squares);
    for (size_t e = 0; e < profile->n; e++) {
        double difference = (double)scores[profile->item[e]] - mean;
        squares -= difference * difference;
    }
    double deviation = n > 0 && squares > 0 ? sqrt(squares / (double)n) : 0;
    if (deviation > 1e-9 * (1 + fabs(mean))) {
        squash(scores, n_items, mean, (float)(1 / deviation));
    } else {
        memset(scores, 0, n_items * sizeof *scores);
    }
}

static void close_state(struct rs_model *model) {
    struct state *state = model->state;
    for (int t = 0; state != NULL && t < RS_N_TASKS; t++) free_blend(&state->parts[t].blend);
    free(state);
}

/* By what the file has: to predict, to rank, or both. */
#define BLEND_CLASS(predicting, ranking)                                                           \
    {                                                                                              \
        .kind = "blend", .new_workspace = new_workspace, .free_workspace = free_workspace,         \
        .predict = predicting, .rank = ranking, .close = close_state                               \
    }
static const struct rs_model_class classes[2][2] = {
    {BLEND_CLASS(NULL, NULL), BLEND_CLASS(NULL, rank)},
    {BLEND_CLASS(predict, NULL), BLEND_CLASS(predict, rank)},
};

static bool find_parents(struct part *part, const char *place, struct rs_model *const *models,
                         size_t n, struct rs_error *err) {
    for (size_t m = 0; m < part->blend.n_parents; m++) {
        const char *name = part->blend.parents[m];
        for (size_t i = 0; i < n && part->parents[m] == NULL; i++)
            if (strcmp(models[i]->name, name) == 0) part->parents[m] = models[i];
        if (part->parents[m] == NULL)
            return rs_fail(err, EX_USAGE,
                           "%s: blends a model '%s' that is not given (--model %s=FILE)", place,
                           name, name);
    }
    return true;
}

struct rs_model *rs_blend_open(const char *name, struct rs_file *file,
                               const struct rs_matrix *matrix, struct rs_model *const *parents,
                               size_t n, enum rs_task task, struct rs_error *err) {
    struct rs_model *model = rs_calloc(1, sizeof *model);
    struct state *state = rs_calloc(1, sizeof *state);
    *model = (struct rs_model){.class = &classes[0][0],
                               .name = rs_strdup(name),
                               .matrix = matrix,
                               .file = file,
                               .state = state};
    bool ok = true;
    for (int t = 0; ok && t < RS_N_TASKS; t++) {
        const struct rs_segment *segment = find_task(file, (enum rs_task)t);
        bool wanted = task == RS_N_TASKS || (int)task == t || find_task(file, task) == NULL;
        if (segment == NULL || !wanted) continue;
        struct part *part = &state->parts[t];
        part->there = true;
        part->blend.task = (enum rs_task)t;
        ok = open_segment(&part->blend, file->name, segment, err) &&
             find_parents(part, file->name, parents, n, err);
    }
    model->class = &classes[state->parts[RS_TO_PREDICT].there][state->parts[RS_TO_RANK].there];
    if (ok && model->class == &classes[0][0])
        ok = rs_fail(err, EX_DATAERR, "%s: is no blend", file->name);
    if (ok) return model;
    rs_model_close(model);
    return NULL;
}
