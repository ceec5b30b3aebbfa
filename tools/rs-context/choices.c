#include "choices.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/message.h"
#include "factors/svd.h"
#include "format/pairs.h"
#include "hybrid/blend.h"
#include "linear/dense.h"
#include "part.h"

enum { SVD_FACTORS = 32 };

static void allocate(struct choices *choices, size_t n) {
    choices->n = 0;
    choices->rating = rs_malloc(n, sizeof *choices->rating);
    choices->other = rs_malloc(n * N_ITEMS, sizeof *choices->other);
    choices->score = rs_malloc(n * N_ITEMS, sizeof *choices->score);
}

void choices_free(struct choices *choices) {
    free(choices->rating);
    free(choices->other);
    free(choices->score);
}

/* Of what could be listed, the tenth that scores best is what lists are made of. */
enum { HEAD_SHARE = 10, HEAD_LEAST = 20 };

static size_t head_of(size_t n) {
    size_t head = n / HEAD_SHARE;
    return head > HEAD_LEAST ? head : n < HEAD_LEAST ? n : HEAD_LEAST;
}

/* An item and its score. */
struct drawn {
    uint32_t user, item;
    float score;
    bool sampled;
};

/* By user, those chosen before those sampled, the best first. */
static int by_score(const void *a, const void *b) {
    const struct drawn *one = a, *two = b;
    if (one->user != two->user) return one->user < two->user ? -1 : 1;
    if (one->sampled != two->sampled) return one->sampled ? 1 : -1;
    if (one->score != two->score) return one->score > two->score ? -1 : 1;
    return one->item < two->item ? -1 : one->item > two->item;
}

/* Takes a choice in if the item is among what lists are made of, of which HEAD are given. */
static void add_choice(struct choices *choices, const struct data *data, const struct drawn *chosen,
                       const struct drawn *head, size_t n_head) {
    size_t rating = data_find(data, chosen->user, chosen->item), at = choices->n * N_ITEMS;
    if (rating == SIZE_MAX || n_head == 0 || choices->n == MAX_CHOICES ||
        chosen->score < head[n_head - 1].score)
        return;
    choices->rating[choices->n] = (uint32_t)rating;
    choices->other[at] = chosen->item;
    choices->score[at] = chosen->score;
    for (size_t k = 0; k < N_OTHERS; k++) {
        const struct drawn *other = &head[(k * n_head / N_OTHERS + choices->n * 7919) % n_head];
        choices->other[at + 1 + k] = other->item;
        choices->score[at + 1 + k] = other->score;
    }
    choices->n++;
}

/* Made by us */

/* The scores of a user by singular vectors, as rs_standardise makes them. */
static void score_user(const struct rs_svd *svd, const struct rs_matrix *matrix, uint32_t user,
                       float *scores) {
    const struct rs_profile profile = rs_profile_of(matrix, user);
    const float *taste = svd->user_vector + user * svd->stride;
    size_t n_items = matrix->items.ids.n;
    for (size_t i = 0; i < n_items; i++)
        scores[i] = rs_dense_dot(taste, svd->item_vector + i * svd->stride, svd->stride);
    rs_standardise(scores, n_items, &profile);
}

/* What the user has not rated, best first; returns how many there are. */
static size_t list_others(const struct data *data, uint32_t user, const float *scores,
                          struct drawn *others) {
    size_t n = 0;
    uint64_t r = data->matrix->rows.start[user], end = data->matrix->rows.start[user + 1];
    for (uint32_t i = 0; i < data->n_items; i++) {
        while (r < end && data->item[r] < i) r++;
        if (r < end && data->item[r] == i) continue;
        others[n++] = (struct drawn){user, i, scores[i], true};
    }
    qsort(others, n, sizeof *others, by_score);
    return n;
}

/* The ratings of the first fold are chosen, of as many users, evenly, as there is room for. */
void choices_draw(struct choices *choices, const struct data *data, uint64_t seed) {
    uint8_t *left_out = rs_malloc(data->n, 1);
    size_t n_left = 0;
    for (size_t r = 0; r < data->n; r++) {
        left_out[r] = part_fold(data, r, seed) == 0;
        n_left += left_out[r];
    }
    struct rs_error err;
    struct rs_svd svd;
    struct part part;
    const struct rs_svd_options options = {
        .values = RS_SVD_PREFERENCE, .factors = SVD_FACTORS, .seed = seed};
    part_make(&part, data, left_out);
    if (!rs_svd_fit(&svd, &part.matrix, &options, &err)) rs_die_error(&err);
    float *scores = rs_malloc(data->n_items, sizeof *scores);
    struct drawn *others = rs_malloc(data->n_items, sizeof *others);
    size_t every = n_left / (2 * MAX_CHOICES) + 1;
    allocate(choices, MAX_CHOICES);
    for (uint32_t u = 0; u < data->n_users; u += (uint32_t)every) {
        score_user(&svd, &part.matrix, u, scores);
        size_t head = head_of(list_others(data, u, scores, others));
        for (uint64_t r = data->matrix->rows.start[u]; r < data->matrix->rows.start[u + 1]; r++) {
            struct drawn chosen = {u, data->item[r], scores[data->item[r]], false};
            if (left_out[r]) add_choice(choices, data, &chosen, others, head);
        }
    }
    rs_svd_free(&svd);
    part_free(&part);
    free(others);
    free(scores);
    free(left_out);
}

/* Read */

/* All rows whose user and item the matrix knows. */
static struct drawn *read_drawn(const struct data *data, const char *path, size_t *n) {
    struct rs_error err;
    struct rs_pairs_reader reader;
    struct rs_pairs *batch;
    struct drawn *rows = NULL;
    size_t capacity = 0;
    const char *const paths[] = {path};
    *n = 0;
    if (!rs_pairs_open(&reader, paths, 1, "scores", &err)) rs_die_error(&err);
    while (true) {
        if (!rs_pairs_next(&reader, &batch, &err)) rs_die_error(&err);
        if (batch == NULL) break;
        if (batch->sampled == NULL || batch->score == NULL)
            rs_die(EX_DATAERR, "%s: holds no drawn candidates (rs-score --rank --draw)", path);
        rs_grow(&rows, &capacity, *n + batch->n, sizeof *rows);
        for (size_t i = 0; i < batch->n; i++) {
            struct drawn row = {rs_ids_find(&data->matrix->users.ids,
                                            rs_ids_get(&reader.users.ids, batch->user[i])),
                                rs_ids_find(&data->matrix->items.ids,
                                            rs_ids_get(&reader.items.ids, batch->item[i])),
                                batch->score[i], batch->sampled[i] != 0};
            if (row.user != RS_NONE && row.item != RS_NONE) rows[(*n)++] = row;
        }
    }
    rs_pairs_close(&reader);
    return rows;
}

/* The choices of one user: N rows, those that are not sampled first. */
static void add_user(struct choices *choices, const struct data *data, const struct drawn *rows,
                     size_t n) {
    size_t n_chosen = 0;
    while (n_chosen < n && !rows[n_chosen].sampled) n_chosen++;
    for (size_t c = 0; c < n_chosen; c++)
        add_choice(choices, data, &rows[c], rows + n_chosen, head_of(n - n_chosen));
}

void choices_read(struct choices *choices, const struct data *data, const char *path) {
    size_t n;
    struct drawn *rows = read_drawn(data, path, &n);
    qsort(rows, n, sizeof *rows, by_score);
    allocate(choices, MAX_CHOICES);
    for (size_t begin = 0, end; begin < n; begin = end) {
        end = begin;
        while (end < n && rows[end].user == rows[begin].user) end++;
        add_user(choices, data, rows + begin, end - begin);
    }
    free(rows);
    if (choices->n == 0)
        rs_die(EX_DATAERR, "%s: scores none of the ratings of %s", path, data->matrix->file->name);
}
