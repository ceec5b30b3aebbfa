#include "fold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "topk.h"

struct rs_fold {
    const struct rs_matrix *matrix;
    struct rs_similarity how;
    double min_similarity;
    size_t k;
    struct rs_sums *sums; /* of every user with the profile */
    double *squares;      /* of every user's values, NaN until needed */
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
    fold->sums = rs_calloc(n, sizeof *fold->sums);
    fold->squares = rs_malloc(n, sizeof *fold->squares);
    for (size_t u = 0; u < n; u++) fold->squares[u] = NAN;
    fold->keys = rs_malloc(n, sizeof *fold->keys);
    fold->users = rs_malloc(n, sizeof *fold->users);
    return fold;
}

void rs_fold_free(struct rs_fold *fold) {
    if (fold == NULL) return;
    free(fold->sums);
    free(fold->squares);
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

static struct rs_line_sums line_of(struct rs_fold *fold, uint32_t user) {
    const struct rs_sparse *rows = &fold->matrix->rows;
    uint64_t begin = rows->start[user], end = rows->start[user + 1];
    if (isnan(fold->squares[user])) {
        double squares = 0;
        for (uint64_t e = begin; e < end; e++) {
            double value = rs_similarity_value(&fold->how, fold->matrix, true, user, rows->other[e],
                                               rows->rating[e]);
            squares += value * value;
        }
        fold->squares[user] = squares;
    }
    return (struct rs_line_sums){(double)(end - begin), fold->squares[user]};
}

/* Adds the products of the profile's values with every user's; returns the profile's own sums. */
static struct rs_line_sums add_products(struct rs_fold *fold, const struct rs_profile *profile) {
    const struct rs_sparse *columns = &fold->matrix->columns;
    struct rs_line_sums own = {(double)profile->n, 0};
    memset(fold->sums, 0, fold->matrix->rows.n_lines * sizeof *fold->sums);
    for (size_t e = 0; e < profile->n; e++) {
        uint32_t item = profile->item[e];
        double x = value_in_profile(fold, profile, e);
        own.xx += x * x;
        for (uint64_t f = columns->start[item]; f < columns->start[item + 1]; f++) {
            uint32_t user = columns->other[f];
            struct rs_sums *sums = &fold->sums[user];
            double y =
                rs_similarity_value(&fold->how, fold->matrix, true, user, item, columns->rating[f]);
            sums->n += 1;
            sums->x += x;
            sums->y += y;
            sums->xx += x * x;
            sums->yy += y * y;
            sums->xy += x * y;
        }
    }
    return own;
}

size_t rs_fold_neighbours(struct rs_fold *fold, const struct rs_profile *profile, float *similarity,
                          const uint32_t **users) {
    struct rs_line_sums own = add_products(fold, profile);
    size_t n = 0, n_users = fold->matrix->rows.n_lines;
    for (uint32_t user = 0; user < n_users; user++) {
        if (fold->sums[user].n < 1 || user == profile->user) continue;
        struct rs_line_sums line = line_of(fold, user);
        double value;
        if (rs_similarity_of(&fold->how, &own, &line, &fold->sums[user], &value) &&
            (double)(float)value > fold->min_similarity)
            fold->keys[n++] = rs_topk_key((float)value, user);
    }
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
