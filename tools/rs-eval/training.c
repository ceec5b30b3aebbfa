#include "training.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "format/pairs.h"

static bool take_training(struct ratings *ratings, const struct piece *piece,
                          struct rs_error *err) {
    struct training *training = ratings->taker;
    size_t from = training->user.n, n = from + piece->n;
    if (n >= RS_NONE)
        return rs_fail(err, EX_DATAERR, "%s: more than 2^32 - 2 ratings", ratings->path);
    u32_extend(&training->user, n, 0);
    u32_extend(&training->item, n, 0);
    f64_extend(&training->rating, n, 0);
    memcpy(training->user.v + from, piece->user, piece->n * sizeof *piece->user);
    memcpy(training->item.v + from, piece->item, piece->n * sizeof *piece->item);
    memcpy(training->rating.v + from, piece->rating, piece->n * sizeof *piece->rating);
    if (piece->time != NULL) {
        i64_extend(&training->time, n, RS_NO_TIME);
        memcpy(training->time.v + from, piece->time, piece->n * sizeof *piece->time);
    }
    return true;
}

bool training_read(struct training *training, struct evidence *evidence, const char *path,
                   const struct text_options *options, struct rs_error *err) {
    struct ratings ratings = {.path = path, .take = take_training, .taker = training};
    if (!input_ratings(evidence, &ratings, options, err)) return false;
    training->given = true;
    for (size_t f = 0; f < evidence->n_folds; f++) {
        struct facts *facts = &evidence->folds[f]->facts;
        if (facts->scale.n == 0) facts->scale = ratings.scale;
    }
    return true;
}

void training_free(struct training *training) {
    free(training->user.v);
    free(training->item.v);
    free(training->rating.v);
    free(training->time.v);
    free(training->start);
    *training = (struct training){0};
}

void fold_rows_of(const struct fold *fold, uint32_t user, size_t *begin, size_t *end) {
    size_t low = 0, high = fold->n_lists;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (fold->user.v[fold->start[middle]] < user) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < fold->n_lists && fold->user.v[fold->start[low]] == user;
    *begin = found ? fold->start[low] : 0;
    *end = found ? fold->start[low + 1] : 0;
}

void profile_read(struct profile *profile, const struct training *training, const struct fold *fold,
                  uint32_t user) {
    size_t row, end, n_most;
    fold_rows_of(fold, user, &row, &end);
    size_t from = training->given ? training->start[user] : row;
    size_t to = training->given ? training->start[user + 1] : end;
    const uint32_t *item = training->given ? training->item.v : fold->item.v;
    const double *rating = training->given ? training->rating.v : fold->rating.v;
    n_most = to - from;
    rs_grow(&profile->item, &profile->item_capacity, n_most, sizeof *profile->item);
    rs_grow(&profile->rating, &profile->rating_capacity, n_most, sizeof *profile->rating);
    profile->n = 0;
    for (size_t i = from; i < to; i++) {
        if (training->given) {
            while (row < end && fold->item.v[row] < item[i]) row++;
            if (row < end && fold->item.v[row] == item[i]) continue;
        }
        profile->item[profile->n] = item[i];
        profile->rating[profile->n++] = rating[i];
    }
}

void profile_free(struct profile *profile) {
    free(profile->item);
    free(profile->rating);
    *profile = (struct profile){0};
}

/* The share of training ratings that are later than the median of the test set: what a model could
 * not have known if it had been trained before (Ji et al.: A critical study on data leakage in
 * recommender system offline evaluation. ACM TOIS 2023). -1 where times are not known. */

static int compare_times(const void *a, const void *b) {
    int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;
    return first < second ? -1 : first > second;
}

static double leak_of(const struct training *training, const struct fold *fold,
                      const bool *is_test) {
    if (training->time.v == NULL || fold->time.v == NULL) return -1;
    int64_t *times = rs_malloc(fold->n, sizeof *times);
    size_t n = 0, later = 0, known = 0;
    for (size_t i = 0; i < fold->n; i++)
        if (fold->time.v[i] != RS_NO_TIME) times[n++] = fold->time.v[i];
    qsort(times, n, sizeof *times, compare_times);
    for (size_t i = 0; n > 0 && i < training->time.n; i++) {
        if (is_test[i] || training->time.v[i] == RS_NO_TIME) continue;
        known++;
        later += training->time.v[i] > times[n / 2];
    }
    free(times);
    return known == 0 ? -1 : (double)later / (double)known;
}

/* Which training ratings are test pairs of the fold. */
static bool *find_test_pairs(const struct training *training, const struct fold *fold) {
    bool *is_test = rs_calloc(training->user.n, sizeof *is_test);
    for (size_t l = 0; l < fold->n_lists; l++) {
        size_t row = fold->start[l], end = fold->start[l + 1];
        uint32_t user = fold->user.v[row];
        for (size_t i = training->start[user]; i < training->start[user + 1]; i++) {
            while (row < end && fold->item.v[row] < training->item.v[i]) row++;
            is_test[i] = row < end && fold->item.v[row] == training->item.v[i];
        }
    }
    return is_test;
}

static void fill(struct u32_column *column, const uint32_t *counts) {
    for (size_t i = 0; i < column->n; i++)
        if (column->v[i] == RS_NONE) column->v[i] = counts[i];
}

static void tell_fold(const struct training *training, const struct evidence *evidence,
                      struct fold *fold) {
    bool *is_test = find_test_pairs(training, fold);
    uint32_t *by_user = rs_calloc(evidence->n_users, sizeof *by_user);
    uint32_t *by_item = rs_calloc(evidence->n_items, sizeof *by_item);
    int64_t n = 0, n_users = 0, n_items = 0;
    for (size_t i = 0; i < training->user.n; i++) {
        if (is_test[i]) continue;
        n++;
        n_users += by_user[training->user.v[i]]++ == 0;
        n_items += by_item[training->item.v[i]]++ == 0;
    }
    fill(&fold->user_count, by_user);
    fill(&fold->item_count, by_item);
    struct facts *facts = &fold->facts;
    if (facts->train_ratings >= 0 && facts->train_ratings != n)
        rs_warn("--train leaves %lld ratings beside the test pairs%s%s, the models were trained on "
                "%lld",
                (long long)n, fold->label[0] == '\0' ? "" : " of fold ", fold->label,
                (long long)facts->train_ratings);
    if (facts->train_ratings < 0) facts->train_ratings = n;
    if (facts->train_users < 0) facts->train_users = n_users;
    if (facts->catalogue < 0) facts->catalogue = n_items;
    if (facts->leak < 0) facts->leak = leak_of(training, fold, is_test);
    free(is_test);
    free(by_user);
    free(by_item);
}

void training_arrange(struct training *training, struct evidence *evidence) {
    if (!training->given) return;
    size_t n = training->user.n;
    uint32_t *order = evidence_sort(evidence, &training->user, &training->item);
    f64_permute(&training->rating, order, n);
    if (training->time.v != NULL) i64_extend(&training->time, n, RS_NO_TIME);
    i64_permute(&training->time, order, n);
    free(order);
    training->start = rs_calloc(evidence->n_users + 1, sizeof *training->start);
    for (size_t i = 0; i < n; i++) training->start[training->user.v[i] + 1]++;
    for (size_t u = 0; u < evidence->n_users; u++) training->start[u + 1] += training->start[u];
    for (size_t f = 0; f < evidence->n_folds; f++)
        tell_fold(training, evidence, evidence->folds[f]);
}
