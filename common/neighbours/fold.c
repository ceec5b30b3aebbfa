#include "neighbours/fold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/topk.h"

struct rs_fold {
    const struct rs_matrix *matrix;
    struct rs_similarity how;
    double min_similarity;
    size_t k;
    struct rs_line_facts facts; /* of every user, and of the profile behind them */
    double *product;            /* with every user: the sum where one is enough, else NULL */
    struct rs_sums *sums;       /* with every RS_PAIRS users: where more are needed */
    uint64_t *keys;
    uint32_t *users;
};

static int word_of(const char *const *words, const json_t *word, int otherwise) {
    for (int w = 0; json_is_string(word) && words[w] != NULL; w++)
        if (strcmp(words[w], json_string_value(word)) == 0) return w;
    return otherwise;
}

static double number_of(const json_t *parameters, const char *name, double otherwise) {
    const json_t *value = json_object_get(parameters, name);
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

static size_t n_blocks(size_t n) {
    return n / RS_PAIRS + 1;
}

/* What a user's rating of an item counts; lists are made by the cosine, which takes it as it is. */
static inline double value_in_matrix(const struct rs_fold *fold, uint32_t user, uint32_t item,
                                     float rating) {
    return fold->how.metric == RS_COSINE
               ? (double)rating
               : rs_similarity_value(&fold->how, fold->matrix, true, user, item, rating);
}

/* Entries and norms of every user's values. These are centred already, so that no mean is left. */
static void describe_users(struct rs_fold *fold) {
    const struct rs_sparse *rows = &fold->matrix->rows;
    size_t room = n_blocks(rows->n_lines) * RS_PAIRS;
    fold->facts =
        (struct rs_line_facts){rs_calloc(room, sizeof(double)), rs_calloc(room, sizeof(double)),
                               rs_calloc(room, sizeof(double))};
    for (uint32_t u = 0; u < rows->n_lines; u++) {
        double squares = 0;
        for (uint64_t e = rows->start[u]; e < rows->start[u + 1]; e++) {
            double value = value_in_matrix(fold, u, rows->other[e], rows->rating[e]);
            squares += value * value;
        }
        fold->facts.n[u] = (double)(rows->start[u + 1] - rows->start[u]);
        fold->facts.root[u] = sqrt(squares);
    }
}

/* Whether one sum says who is a neighbour. What is not above 0 never is, so that it need not tell
 * none from 0. */
static bool needs_one_sum(const struct rs_fold *fold) {
    unsigned needs = rs_similarity_needs(&fold->how);
    return (needs == 1u << RS_SUM_XY || needs == 1u << RS_SUM_N) && fold->how.shrink == 0 &&
           fold->how.min_support <= 1 && fold->min_similarity >= 0;
}

struct rs_fold *rs_fold_new(const struct rs_matrix *matrix, const json_t *parameters) {
    struct rs_fold *fold = rs_calloc(1, sizeof *fold);
    size_t n = matrix->rows.n_lines;
    fold->matrix = matrix;
    fold->how.metric = (enum rs_metric)word_of(
        rs_metric_names, json_object_get(parameters, "metric"), RS_PEARSON_BASELINE);
    fold->how.over =
        (enum rs_over)word_of(rs_over_names, json_object_get(parameters, "over"), RS_CO_RATED);
    fold->how.shrink = number_of(parameters, "shrink", -1);
    if (fold->how.shrink < 0) fold->how.shrink = rs_similarity_default_shrink(fold->how.metric);
    fold->how.min_support = (uint32_t)number_of(parameters, "min-support", 1);
    fold->min_similarity = number_of(parameters, "min-similarity", 0);
    fold->k = (size_t)number_of(parameters, "neighbours", UINT32_MAX);
    if (needs_one_sum(fold)) {
        fold->product = rs_aligned(n, sizeof *fold->product);
    } else {
        fold->sums = rs_calloc(n_blocks(n), sizeof *fold->sums);
    }
    describe_users(fold);
    fold->keys = rs_malloc(n, sizeof *fold->keys);
    fold->users = rs_malloc(n, sizeof *fold->users);
    return fold;
}

void rs_fold_free(struct rs_fold *fold) {
    if (fold == NULL) return;
    free(fold->product);
    free(fold->sums);
    free(fold->facts.n);
    free(fold->facts.root);
    free(fold->facts.mean);
    free(fold->keys);
    free(fold->users);
    free(fold);
}

/* What rs_similarity_value is for lines of the matrix. */
static double value_in_profile(const struct rs_fold *fold, const struct rs_profile *profile,
                               size_t e) {
    const struct rs_matrix *matrix = fold->matrix;
    double rating = (double)profile->rating[e];
    switch (fold->how.metric) {
    case RS_ADJUSTED_COSINE:
        return rating - matrix->items.mean[profile->item[e]];
    case RS_PEARSON:
        return rating - profile->mean;
    case RS_PEARSON_BASELINE:
        return rating - (matrix->mean + profile->bias + matrix->items.bias[profile->item[e]]);
    case RS_MSD:
        return rating - matrix->mean;
    case RS_JACCARD:
        return 1;
    case RS_COSINE:
        break;
    }
    return rating;
}

/* Notes what the profile is, whatever it is compared with. */
static void describe_profile(struct rs_fold *fold, const struct rs_profile *profile) {
    size_t n_users = fold->matrix->rows.n_lines;
    double squares = 0;
    for (size_t e = 0; e < profile->n; e++) {
        double x = value_in_profile(fold, profile, e);
        squares += x * x;
    }
    fold->facts.n[n_users] = (double)profile->n;
    fold->facts.root[n_users] = sqrt(squares);
}

/* Adds the products of the profile's values with every user's: those of one item after another. */
static void add_products(struct rs_fold *fold, const struct rs_profile *profile) {
    const struct rs_sparse *columns = &fold->matrix->columns;
    double *restrict product = fold->product;
    memset(product, 0, fold->matrix->rows.n_lines * sizeof *product);
    for (size_t e = 0; e < profile->n; e++) {
        uint32_t item = profile->item[e];
        const uint32_t *restrict user = columns->other + columns->start[item];
        const float *restrict rating = columns->rating + columns->start[item];
        size_t n = columns->start[item + 1] - columns->start[item];
        double x = value_in_profile(fold, profile, e);
        for (size_t i = 0; i < n; i++)
            product[user[i]] += x * value_in_matrix(fold, user[i], item, rating[i]);
    }
}

/* Fills the keys of neighbours and returns their number, as keys_by_sums does. */
static size_t keys_by_product(struct rs_fold *fold, const struct rs_profile *profile) {
    size_t n = 0, n_users = fold->matrix->rows.n_lines;
    add_products(fold, profile);
    for (size_t user = 0; user < n_users; user++) {
        if (!(fold->product[user] > 0) || user == profile->user) continue;
        float value =
            rs_similarity_of_product(&fold->how, fold->product[user], &fold->facts, n_users, user);
        if (value != RS_NO_SIMILARITY && (double)value > fold->min_similarity)
            fold->keys[n++] = rs_topk_key(value, (uint32_t)user);
    }
    return n;
}

static void add_sums(struct rs_fold *fold, const struct rs_profile *profile) {
    const struct rs_sparse *columns = &fold->matrix->columns;
    memset(fold->sums, 0, n_blocks(fold->matrix->rows.n_lines) * sizeof *fold->sums);
    for (size_t e = 0; e < profile->n; e++) {
        uint32_t item = profile->item[e];
        double x = value_in_profile(fold, profile, e);
        for (uint64_t f = columns->start[item]; f < columns->start[item + 1]; f++) {
            uint32_t user = columns->other[f];
            double y = value_in_matrix(fold, user, item, columns->rating[f]);
            const double products[RS_N_SUMS] = {
                [RS_SUM_N] = 1,      [RS_SUM_X] = x,      [RS_SUM_Y] = y,
                [RS_SUM_XX] = x * x, [RS_SUM_YY] = y * y, [RS_SUM_XY] = x * y};
            for (int s = 0; s < RS_N_SUMS; s++)
                fold->sums[user / RS_PAIRS].sum[s][user % RS_PAIRS] += products[s];
        }
    }
}

static size_t keys_by_sums(struct rs_fold *fold, const struct rs_profile *profile) {
    size_t n = 0, n_users = fold->matrix->rows.n_lines;
    add_sums(fold, profile);
    for (size_t from = 0; from < n_users; from += RS_PAIRS) {
        const struct rs_sums *sums = &fold->sums[from / RS_PAIRS];
        float values[RS_PAIRS];
        rs_similarity_of(&fold->how, sums, 1, &fold->facts, n_users, from, values);
        for (size_t i = 0; i < RS_PAIRS && from + i < n_users; i++) {
            if (sums->sum[RS_SUM_N][i] < 1 || from + i == profile->user) continue;
            if (values[i] != RS_NO_SIMILARITY && (double)values[i] > fold->min_similarity)
                fold->keys[n++] = rs_topk_key(values[i], (uint32_t)(from + i));
        }
    }
    return n;
}

size_t rs_fold_neighbours(struct rs_fold *fold, const struct rs_profile *profile, float *similarity,
                          const uint32_t **users) {
    describe_profile(fold, profile);
    size_t n = fold->product != NULL ? keys_by_product(fold, profile) : keys_by_sums(fold, profile);
    rs_topk_partition(fold->keys, n, fold->k);
    if (n > fold->k) n = fold->k;
    rs_topk_sort(fold->keys, n);
    for (size_t i = 0; i < n; i++) {
        fold->users[i] = rs_topk_index(fold->keys[i]);
        similarity[fold->users[i]] = rs_topk_value(fold->keys[i]);
    }
    *users = fold->users;
    return n;
}
