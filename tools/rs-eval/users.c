/* Groups of users: see grouping.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "grouping.h"

static bool in_a_fold(const struct evidence *evidence, uint32_t user) {
    for (size_t f = 0; f < evidence->n_folds; f++) {
        size_t begin, end;
        fold_rows_of(evidence->folds[f], user, &begin, &end);
        if (begin < end) return true;
    }
    return false;
}

/* Groups of users by a number each, NAN where it is not known */

static int compare_doubles(const void *a, const void *b) {
    double first = *(const double *)a, second = *(const double *)b;
    return first < second ? -1 : first > second;
}

/* Users whose number is in (above, up_to]. */
static void add_users_between(const struct source *source, char *name, const double *number,
                              double above, double up_to) {
    size_t n_users = source->evidence->n_users;
    struct segment *segment = segments_add(source->segments, name, true);
    segment->users = rs_malloc(n_users, sizeof *segment->users);
    for (uint32_t u = 0; u < n_users; u++)
        if (number[u] > above && number[u] <= up_to) segment->users[segment->n_users++] = u;
    segment->users = rs_realloc(segment->users, segment->n_users, sizeof *segment->users);
}

/* Cuts the users into N groups as equal as their numbers allow; equal numbers stay together. LABELS
 * names the groups; NULL names them by the smallest and largest number in each. */
static void add_quantiles(const struct source *source, const char *kind, const double *number,
                          size_t n_groups, const char *const *labels) {
    size_t n_users = source->evidence->n_users, n = 0;
    double *sorted = rs_malloc(n_users, sizeof *sorted);
    for (size_t u = 0; u < n_users; u++)
        if (!isnan(number[u])) sorted[n++] = number[u];
    qsort(sorted, n, sizeof *sorted, compare_doubles);
    size_t begin = 0;
    for (size_t g = 0; g < n_groups && begin < n; g++) {
        size_t end = (g + 1) * n / n_groups;
        if (end <= begin) continue;
        while (end < n && sorted[end] == sorted[end - 1]) end++;
        char *name = labels != NULL
                         ? rs_format("%s:%s", kind, labels[g])
                         : rs_format("%s:%.6g-%.6g", kind, sorted[begin], sorted[end - 1]);
        add_users_between(source, name, number, begin == 0 ? -HUGE_VAL : sorted[begin - 1],
                          sorted[end - 1]);
        begin = end;
    }
    free(sorted);
}

static double *unknown_numbers(size_t n) {
    double *number = rs_malloc(n, sizeof *number);
    for (size_t i = 0; i < n; i++) number[i] = NAN;
    return number;
}

/* Training ratings of a user, the mean over the folds where there are test pairs of theirs. */
void group_by_activity(const struct source *source) {
    const struct evidence *evidence = source->evidence;
    double *number = unknown_numbers(evidence->n_users);
    for (uint32_t u = 0; u < evidence->n_users; u++) {
        double sum = 0, n = 0;
        for (size_t f = 0; f < evidence->n_folds; f++) {
            const struct fold *fold = evidence->folds[f];
            size_t begin, end;
            fold_rows_of(fold, u, &begin, &end);
            if (begin == end || fold->user_count.v[u] == RS_NONE) continue;
            sum += fold->user_count.v[u];
            n++;
        }
        if (sum > 0) number[u] = nearbyint(sum / n);
    }
    add_quantiles(source, "activity", number, 4, NULL);
    free(number);
}

enum habit { HABIT_MEAN, HABIT_SPREAD, HABIT_TASTE };

/* A figure of a user's profile, the mean over the folds. */
static void by_profile(const struct source *source, const char *kind, enum habit habit,
                       const char *const labels[3]) {
    const struct evidence *evidence = source->evidence;
    double *number = unknown_numbers(evidence->n_users);
    struct profile profile = {0};
    for (uint32_t u = 0; u < evidence->n_users; u++) {
        double total = 0, n_folds = 0;
        for (size_t f = 0; f < evidence->n_folds; f++) {
            const struct fold *fold = evidence->folds[f];
            size_t begin, end;
            fold_rows_of(fold, u, &begin, &end);
            if (begin == end) continue;
            profile_read(&profile, source->training, fold, u);
            double sum = 0, squares = 0, n = (double)profile.n;
            for (size_t i = 0; i < profile.n; i++) {
                uint32_t count = fold->item_count.v[profile.item[i]];
                double value = habit == HABIT_TASTE ? (count == RS_NONE ? 0 : (double)count)
                                                    : profile.rating[i];
                sum += value;
                squares += value * value;
            }
            if (profile.n == 0) continue;
            double variance = squares / n - sum / n * sum / n;
            total += habit == HABIT_SPREAD ? sqrt(variance > 0 ? variance : 0) : sum / n;
            n_folds++;
        }
        if (n_folds > 0) number[u] = total / n_folds;
    }
    add_quantiles(source, kind, number, 3, labels);
    profile_free(&profile);
    free(number);
}

void group_by_taste(const struct source *source) {
    static const char *const labels[] = {"niche", "middle", "mainstream"};
    by_profile(source, "taste", HABIT_TASTE, labels);
}

void group_by_habit(const struct source *source) {
    static const char *const labels[] = {"harsh", "middle", "generous"};
    by_profile(source, "habit", HABIT_MEAN, labels);
}

void group_by_spread(const struct source *source) {
    static const char *const labels[] = {"narrow", "middle", "wide"};
    by_profile(source, "spread", HABIT_SPREAD, labels);
}

/* Groups of users by a column of their table */

static void by_user_category(const struct source *source, const char *kind,
                             const struct rs_table_column *column) {
    const struct evidence *evidence = source->evidence;
    for (uint32_t c = 0; c < column->text.n; c++) {
        struct rs_id text = rs_ids_get(&column->text, c);
        struct segment *segment = segments_add(
            source->segments, rs_format("%s:%.*s", kind, (int)text.length, text.text), true);
        segment->users = rs_malloc(evidence->n_users, sizeof *segment->users);
        for (uint32_t u = 0; u < evidence->n_users; u++) {
            size_t row = evidence->sorted_users[u];
            size_t from = column->kind == RS_SET ? column->start[row] : row;
            size_t to = column->kind == RS_SET ? column->start[row + 1] : row + 1;
            bool is = false;
            for (size_t k = from; k < to; k++) is |= column->code[k] == c;
            if (is) segment->users[segment->n_users++] = u;
        }
        segment->users = rs_realloc(segment->users, segment->n_users, sizeof *segment->users);
    }
}

enum { FEW_NUMBERS = 8 };

/* Each number by itself if there are few (age groups), else quarters. */
static void by_user_number(const struct source *source, const char *kind,
                           const struct rs_table_column *column) {
    const struct evidence *evidence = source->evidence;
    double *number = unknown_numbers(evidence->n_users), seen[FEW_NUMBERS + 1];
    size_t n_seen = 0;
    for (uint32_t u = 0; u < evidence->n_users; u++) {
        double value = column->number[evidence->sorted_users[u]];
        if (isnan(value) || !in_a_fold(evidence, u)) continue;
        number[u] = value;
        size_t k = 0;
        while (k < n_seen && seen[k] != value) k++;
        if (k == n_seen && n_seen <= FEW_NUMBERS) seen[n_seen++] = value;
    }
    if (n_seen > FEW_NUMBERS) {
        add_quantiles(source, kind, number, 4, NULL);
    } else {
        qsort(seen, n_seen, sizeof *seen, compare_doubles);
        for (size_t k = 0; k < n_seen; k++)
            add_users_between(source, rs_format("%s:%.6g", kind, seen[k]), number,
                              k == 0 ? -HUGE_VAL : seen[k - 1], seen[k]);
    }
    free(number);
}

void group_by_user(const struct source *source) {
    for (uint32_t u = 0; u < source->evidence->n_users; u++) {
        if (!in_a_fold(source->evidence, u)) continue;
        struct rs_id id = evidence_user(source->evidence, u);
        struct segment *segment =
            segments_add(source->segments, rs_format("user:%.*s", (int)id.length, id.text), true);
        segment->users = rs_malloc(1, sizeof *segment->users);
        segment->users[segment->n_users++] = u;
    }
}

void group_by_user_column(const struct source *source, const char *kind,
                          const struct rs_table_column *column) {
    if (column->kind == RS_NUMBER) {
        by_user_number(source, kind, column);
    } else {
        by_user_category(source, kind, column);
    }
}
