#include "neighbours/fold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/selection.h"
#include "base/topk.h"
#include "neighbours/levels.h"

struct rs_fold_base {
    const struct rs_matrix *matrix;
    struct rs_similarity how;
    double min_similarity;
    size_t k;
    bool one_sum;               /* says who is a neighbour */
    struct rs_line_facts facts; /* of every user */
    struct rs_levels columns;   /* where one sum is enough */
};

struct rs_fold {
    const struct rs_fold_base *base;
    struct rs_line_fact fact; /* of the profile */
    double *product;          /* with every user: the sum where one is enough, else NULL */
    struct rs_sums *sums;     /* with every RS_PAIRS users: where more are needed */
    struct rs_levels_term *terms;
    size_t term_capacity;
    struct rs_selection *selection;
    float *similarity; /* to every user, for the selection */
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
static inline double value_in_matrix(const struct rs_fold_base *base, uint32_t user, uint32_t item,
                                     float rating) {
    return base->how.metric == RS_COSINE
               ? (double)rating
               : rs_similarity_value(&base->how, base->matrix, true, user, item, rating);
}

static struct rs_line_facts new_facts(size_t n_users) {
    size_t room = n_blocks(n_users) * RS_PAIRS;
    return (struct rs_line_facts){rs_calloc(room, sizeof(double)), rs_calloc(room, sizeof(double)),
                                  rs_calloc(room, sizeof(double))};
}

static void free_facts(struct rs_line_facts *facts) {
    free(facts->n);
    free(facts->root);
    free(facts->mean);
}

/* Entries and norms of every user's values. These are centred already, so that no mean is left. */
static void describe_users(struct rs_fold_base *base) {
    const struct rs_sparse *rows = &base->matrix->rows;
    base->facts = new_facts(rows->n_lines);
    for (uint32_t u = 0; u < rows->n_lines; u++) {
        double squares = 0;
        for (uint64_t e = rows->start[u]; e < rows->start[u + 1]; e++) {
            double value = value_in_matrix(base, u, rows->other[e], rows->rating[e]);
            squares += value * value;
        }
        base->facts.n[u] = (double)(rows->start[u + 1] - rows->start[u]);
        base->facts.root[u] = sqrt(squares);
    }
}

/* Whether one sum says who is a neighbour. What is not above 0 never is, so that it need not tell
 * none from 0. */
static bool needs_one_sum(const struct rs_fold_base *base) {
    unsigned needs = rs_similarity_needs(&base->how);
    return (needs == 1u << RS_SUM_XY || needs == 1u << RS_SUM_N) && base->how.shrink == 0 &&
           base->how.min_support <= 1 && base->min_similarity >= 0;
}

struct rs_fold_base *rs_fold_base_new(const struct rs_matrix *matrix, const json_t *parameters) {
    struct rs_fold_base *base = rs_calloc(1, sizeof *base);
    base->matrix = matrix;
    base->how.metric = (enum rs_metric)word_of(
        rs_metric_names, json_object_get(parameters, "metric"), RS_PEARSON_BASELINE);
    base->how.over =
        (enum rs_over)word_of(rs_over_names, json_object_get(parameters, "over"), RS_CO_RATED);
    base->how.shrink = number_of(parameters, "shrink", -1);
    if (base->how.shrink < 0) base->how.shrink = rs_similarity_default_shrink(base->how.metric);
    base->how.min_support = (uint32_t)number_of(parameters, "min-support", 1);
    base->min_similarity = number_of(parameters, "min-similarity", 0);
    base->k = (size_t)number_of(parameters, "neighbours", UINT32_MAX);
    base->one_sum = needs_one_sum(base);
    if (base->one_sum && (base->how.metric == RS_COSINE || base->how.metric == RS_JACCARD))
        rs_levels_make(&base->columns, &matrix->columns, base->how.metric == RS_JACCARD);
    describe_users(base);
    return base;
}

void rs_fold_base_free(struct rs_fold_base *base) {
    if (base == NULL) return;
    rs_levels_free(&base->columns);
    free_facts(&base->facts);
    free(base);
}

struct rs_fold *rs_fold_new(const struct rs_fold_base *base) {
    struct rs_fold *fold = rs_calloc(1, sizeof *fold);
    size_t n = base->matrix->rows.n_lines;
    fold->base = base;
    if (base->one_sum) {
        fold->product = rs_aligned(n, sizeof *fold->product);
    } else {
        fold->sums = rs_calloc(n_blocks(n), sizeof *fold->sums);
    }
    fold->selection = rs_selection_new(n);
    fold->similarity = rs_selection_values(fold->selection);
    fold->users = rs_malloc(n, sizeof *fold->users);
    return fold;
}

void rs_fold_free(struct rs_fold *fold) {
    if (fold == NULL) return;
    free(fold->product);
    free(fold->sums);
    free(fold->terms);
    rs_selection_free(fold->selection);
    free(fold->similarity);
    free(fold->users);
    free(fold);
}

/* What rs_similarity_value is for lines of the matrix. */
static double value_in_profile(const struct rs_fold_base *base, const struct rs_profile *profile,
                               size_t e) {
    const struct rs_matrix *matrix = base->matrix;
    double rating = (double)profile->rating[e];
    switch (base->how.metric) {
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
    double squares = 0;
    for (size_t e = 0; e < profile->n; e++) {
        double x = value_in_profile(fold->base, profile, e);
        squares += x * x;
    }
    fold->fact = (struct rs_line_fact){.n = (double)profile->n, .root = sqrt(squares)};
}

/* Asks for the beginning of an item's column before it is needed: columns lie all over the file. */
static void fetch(const struct rs_sparse *columns, uint32_t item) {
    enum { CACHE_LINE = 16, MOST = 256 };
    uint64_t from = columns->start[item], end = columns->start[item + 1];
    if (end > from + MOST) end = from + MOST; /* by then the processor asks by itself */
    for (uint64_t e = from; e < end; e += CACHE_LINE) {
        __builtin_prefetch(columns->other + e);
        __builtin_prefetch(columns->rating + e);
    }
}

/* Adds the products of one of the profile's values, X, with every user's. */
static void add_column(const struct rs_fold_base *base, uint32_t item, double x,
                       double *restrict product) {
    const struct rs_sparse *columns = &base->matrix->columns;
    const uint32_t *restrict user = columns->other + columns->start[item];
    const float *restrict rating = columns->rating + columns->start[item];
    size_t n = columns->start[item + 1] - columns->start[item];
    if (base->how.metric == RS_COSINE) {
        for (size_t i = 0; i < n; i++) product[user[i]] += x * (double)rating[i];
    } else {
        for (size_t i = 0; i < n; i++)
            product[user[i]] += x * value_in_matrix(base, user[i], item, rating[i]);
    }
}

/* Adds the products of the profile's values with every user's: those of one item after another, and
 * where they are exact those of the columns that are kept, all together. */
static void add_products(struct rs_fold *fold, const struct rs_profile *profile) {
    enum { AHEAD = 4 };
    const struct rs_fold_base *base = fold->base;
    const struct rs_levels *columns = &base->columns;
    size_t n_terms = 0;
    memset(fold->product, 0, base->matrix->rows.n_lines * sizeof *fold->product);
    rs_grow(&fold->terms, &fold->term_capacity, profile->n, sizeof *fold->terms);
    for (size_t e = 0; e < profile->n; e++) {
        uint32_t item = profile->item[e];
        struct rs_levels_term *term = &fold->terms[n_terms];
        double x = value_in_profile(base, profile, e);
        if (e + AHEAD < profile->n &&
            rs_levels_number(columns, profile->item[e + AHEAD]) == RS_NONE)
            fetch(&base->matrix->columns, profile->item[e + AHEAD]);
        term->number = rs_levels_number(columns, item);
        if (term->number != RS_NONE && rs_levels_of(columns, x, &term->level)) {
            n_terms++;
        } else {
            add_column(base, item, x, fold->product);
        }
    }
    rs_levels_add(columns, fold->terms, n_terms, fold->product);
}

/* Fills the similarity to every user. */
static void compare_by_product(struct rs_fold *fold, const struct rs_profile *profile) {
    size_t n_users = fold->base->matrix->rows.n_lines;
    add_products(fold, profile);
    rs_similarity_of_products(&fold->base->how, fold->product, &fold->fact, &fold->base->facts,
                              n_users, fold->similarity);
}

static void add_sums(struct rs_fold *fold, const struct rs_profile *profile) {
    const struct rs_fold_base *base = fold->base;
    const struct rs_sparse *columns = &base->matrix->columns;
    memset(fold->sums, 0, n_blocks(base->matrix->rows.n_lines) * sizeof *fold->sums);
    for (size_t e = 0; e < profile->n; e++) {
        uint32_t item = profile->item[e];
        double x = value_in_profile(base, profile, e);
        for (uint64_t f = columns->start[item]; f < columns->start[item + 1]; f++) {
            uint32_t user = columns->other[f];
            double y = value_in_matrix(base, user, item, columns->rating[f]);
            const double products[RS_N_SUMS] = {
                [RS_SUM_N] = 1,      [RS_SUM_X] = x,      [RS_SUM_Y] = y,
                [RS_SUM_XX] = x * x, [RS_SUM_YY] = y * y, [RS_SUM_XY] = x * y};
            for (int s = 0; s < RS_N_SUMS; s++)
                fold->sums[user / RS_PAIRS].sum[s][user % RS_PAIRS] += products[s];
        }
    }
}

/* The same where more is summed. */
static void compare_by_sums(struct rs_fold *fold, const struct rs_profile *profile) {
    size_t n_users = fold->base->matrix->rows.n_lines;
    add_sums(fold, profile);
    for (size_t from = 0; from < n_users; from += RS_PAIRS) {
        const struct rs_sums *sums = &fold->sums[from / RS_PAIRS];
        float values[RS_PAIRS];
        rs_similarity_of(&fold->base->how, sums, 1, &fold->fact, &fold->base->facts, from, values);
        for (size_t i = 0; i < RS_PAIRS && from + i < n_users; i++)
            fold->similarity[from + i] = sums->sum[RS_SUM_N][i] < 1 ? RS_NO_SIMILARITY : values[i];
    }
}

/* The greatest float that is no greater than the least similarity, and above RS_NO_SIMILARITY. */
static float floor_of(const struct rs_fold_base *base) {
    float floor = (float)fmax(base->min_similarity, -2);
    return (double)floor > base->min_similarity ? nextafterf(floor, -INFINITY) : floor;
}

size_t rs_fold_neighbours(struct rs_fold *fold, const struct rs_profile *profile, float *similarity,
                          const uint32_t **users) {
    const struct rs_fold_base *base = fold->base;
    const uint64_t *keys;
    describe_profile(fold, profile);
    if (base->one_sum) {
        compare_by_product(fold, profile);
    } else {
        compare_by_sums(fold, profile);
    }
    if (profile->user != RS_NONE) fold->similarity[profile->user] = RS_NO_SIMILARITY;
    size_t n = rs_selection_find(fold->selection, fold->similarity, base->k, floor_of(base), &keys);
    for (size_t i = 0; i < n; i++) {
        fold->users[i] = rs_topk_index(keys[i]);
        similarity[fold->users[i]] = rs_topk_value(keys[i]);
    }
    *users = fold->users;
    return n;
}
