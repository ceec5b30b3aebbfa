#include "segments.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "memory.h"
#include "options.h"
#include "pairs.h"

/* The data that segments are made of. */
struct source {
    const struct evidence *evidence;
    const struct training *training;
    const struct categories *categories;
    struct segments *segments;
};

static void leave_out(struct segments *segments, char *line) {
    rs_grow(&segments->left_out, &segments->left_out_capacity, segments->n_left_out + 1,
            sizeof *segments->left_out);
    segments->left_out[segments->n_left_out++] = line;
}

static struct segment *add(struct segments *segments, char *name, bool of_users) {
    rs_grow(&segments->all, &segments->capacity, segments->n + 1, sizeof *segments->all);
    struct segment *segment = &segments->all[segments->n++];
    *segment = (struct segment){.name = name, .of_users = of_users};
    return segment;
}

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
    struct segment *segment = add(source->segments, name, true);
    segment->users = rs_malloc(n_users, sizeof *segment->users);
    for (uint32_t u = 0; u < n_users; u++)
        if (number[u] > above && number[u] <= up_to) segment->users[segment->n_users++] = u;
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
static void by_activity(const struct source *source) {
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

static void by_taste(const struct source *source) {
    static const char *const labels[] = {"niche", "middle", "mainstream"};
    by_profile(source, "taste", HABIT_TASTE, labels);
}

static void by_habit(const struct source *source) {
    static const char *const labels[] = {"harsh", "middle", "generous"};
    by_profile(source, "habit", HABIT_MEAN, labels);
}

static void by_spread(const struct source *source) {
    static const char *const labels[] = {"narrow", "middle", "wide"};
    by_profile(source, "spread", HABIT_SPREAD, labels);
}

/* Groups of users by a column of their table */

static void by_user_category(const struct source *source, const char *kind,
                             const struct rs_table_column *column) {
    const struct evidence *evidence = source->evidence;
    for (uint32_t c = 0; c < column->text.n; c++) {
        struct rs_id text = rs_ids_get(&column->text, c);
        struct segment *segment =
            add(source->segments, rs_format("%s:%.*s", kind, (int)text.length, text.text), true);
        segment->users = rs_malloc(evidence->n_users, sizeof *segment->users);
        for (uint32_t u = 0; u < evidence->n_users; u++) {
            size_t row = evidence->sorted_users[u];
            size_t from = column->kind == RS_SET ? column->start[row] : row;
            size_t to = column->kind == RS_SET ? column->start[row + 1] : row + 1;
            bool is = false;
            for (size_t k = from; k < to; k++) is |= column->code[k] == c;
            if (is) segment->users[segment->n_users++] = u;
        }
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

/* Groups of rows */

/* A segment of the rows for which BELONGS says so. */
static void add_rows(const struct source *source, char *name,
                     bool (*belongs)(const struct source *, const struct fold *, size_t row,
                                     const void *what),
                     const void *what) {
    const struct evidence *evidence = source->evidence;
    struct segment *segment = add(source->segments, name, false);
    bool *has = rs_calloc(evidence->n_users, sizeof *has);
    segment->rows = rs_calloc(evidence->n_folds, sizeof *segment->rows);
    for (size_t f = 0; f < evidence->n_folds; f++) {
        const struct fold *fold = evidence->folds[f];
        segment->rows[f] = rs_calloc(fold->n, 1);
        for (size_t i = 0; i < fold->n; i++) {
            if (!belongs(source, fold, i, what)) continue;
            segment->rows[f][i] = 1;
            has[fold->user.v[i]] = true;
        }
    }
    segment->users = rs_malloc(evidence->n_users, sizeof *segment->users);
    for (uint32_t u = 0; u < evidence->n_users; u++)
        if (has[u]) segment->users[segment->n_users++] = u;
    free(has);
}

static bool in_category(const struct source *source, const struct fold *fold, size_t row,
                        const void *what) {
    uint32_t code = *(const uint32_t *)what;
    const struct categories *categories = source->categories;
    return categories->bits[fold->item.v[row] * categories->words + code / 64] >> (code % 64) & 1;
}

static void by_category(const struct source *source, const char *kind) {
    const struct rs_ids *texts = &source->categories->column->text;
    for (uint32_t c = 0; c < texts->n; c++) {
        struct rs_id text = rs_ids_get(texts, c);
        add_rows(source, rs_format("%s:%.*s", kind, (int)text.length, text.text), in_category, &c);
    }
}

struct range {
    int64_t above, up_to;
};

static bool in_popularity(const struct source *source, const struct fold *fold, size_t row,
                          const void *what) {
    const struct range *range = what;
    uint32_t count = fold->item_count.v[fold->item.v[row]];
    (void)source;
    return count != RS_NONE && count > range->above && count <= range->up_to;
}

static bool in_time(const struct source *source, const struct fold *fold, size_t row,
                    const void *what) {
    const struct range *range = what;
    (void)source;
    return fold->time.v != NULL && fold->time.v[row] != RS_NO_TIME &&
           fold->time.v[row] > range->above && fold->time.v[row] <= range->up_to;
}

static int compare_int64(const void *a, const void *b) {
    int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;
    return first < second ? -1 : first > second;
}

/* The popularity or the time of every row that has one, sorted. */
static int64_t *sorted_rows(const struct source *source, bool times, size_t *n) {
    const struct evidence *evidence = source->evidence;
    size_t n_rows = 0;
    for (size_t f = 0; f < evidence->n_folds; f++) n_rows += evidence->folds[f]->n;
    int64_t *sorted = rs_malloc(n_rows, sizeof *sorted);
    *n = 0;
    for (size_t f = 0; f < evidence->n_folds; f++) {
        const struct fold *fold = evidence->folds[f];
        for (size_t i = 0; i < fold->n; i++) {
            uint32_t count = fold->item_count.v[fold->item.v[i]];
            if (times && fold->time.v != NULL && fold->time.v[i] != RS_NO_TIME)
                sorted[(*n)++] = fold->time.v[i];
            if (!times && count != RS_NONE && count > 0) sorted[(*n)++] = count;
        }
    }
    qsort(sorted, *n, sizeof *sorted, compare_int64);
    return sorted;
}

static void format_day(int64_t milliseconds, char out[16]) {
    time_t seconds = (time_t)(milliseconds / 1000);
    struct tm day;
    gmtime_r(&seconds, &day);
    strftime(out, 16, "%Y-%m-%d", &day);
}

/* Groups of rows as equal as ties allow. LABELS NULL: named by their first and last day. */
static void add_row_quantiles(const struct source *source, const char *kind, bool times,
                              size_t n_groups, const char *const *labels) {
    size_t n, begin = 0;
    int64_t *sorted = sorted_rows(source, times, &n);
    for (size_t g = 0; g < n_groups && begin < n; g++) {
        size_t end = (g + 1) * n / n_groups;
        if (end <= begin) continue;
        while (end < n && sorted[end] == sorted[end - 1]) end++;
        struct range range = {begin == 0 ? INT64_MIN : sorted[begin - 1], sorted[end - 1]};
        if (!times && begin == 0) range.above = 0; /* unknown items are apart */
        char first[16], last[16];
        format_day(sorted[begin], first);
        format_day(sorted[end - 1], last);
        add_rows(source,
                 labels != NULL ? rs_format("%s:%s", kind, labels[g])
                                : rs_format("%s:%s..%s", kind, first, last),
                 times ? in_time : in_popularity, &range);
        begin = end;
    }
    free(sorted);
}

static void by_popularity(const struct source *source) {
    static const char *const labels[] = {"tail", "middle", "head"};
    add_row_quantiles(source, "popularity", false, 3, labels);
}

static int64_t floor_divide(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

static int64_t floor_modulo(int64_t a, int64_t b) {
    return a - floor_divide(a, b) * b;
}

enum { HOUR = 3600000, DAY = 86400000 };

static bool in_hours(const struct source *source, const struct fold *fold, size_t row,
                     const void *what) {
    (void)source;
    if (fold->time.v == NULL || fold->time.v[row] == RS_NO_TIME) return false;
    return floor_modulo(fold->time.v[row], DAY) / (6 * HOUR) == *(const int *)what;
}

static bool on_weekday(const struct source *source, const struct fold *fold, size_t row,
                       const void *what) {
    (void)source;
    if (fold->time.v == NULL || fold->time.v[row] == RS_NO_TIME) return false;
    /* 1970-01-01 was a Thursday, number 3 from Monday. */
    return floor_modulo(floor_divide(fold->time.v[row], DAY) + 3, 7) == *(const int *)what;
}

static void by_hour(const struct source *source) {
    static const char *const labels[] = {"hour:00-05", "hour:06-11", "hour:12-17", "hour:18-23"};
    for (int h = 0; h < 4; h++) add_rows(source, rs_strdup(labels[h]), in_hours, &h);
}

static void by_weekday(const struct source *source) {
    static const char *const labels[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    for (int d = 0; d < 7; d++)
        add_rows(source, rs_format("weekday:%s", labels[d]), on_weekday, &d);
}

/* Unknown users and items */

enum cold { WARM, COLD_USER, COLD_ITEM };

static bool is_cold(const struct source *source, const struct fold *fold, size_t row,
                    const void *what) {
    bool user = fold->user_count.v[fold->user.v[row]] == 0;
    bool item = fold->item_count.v[fold->item.v[row]] == 0;
    (void)source;
    switch (*(const enum cold *)what) {
    case COLD_USER:
        return user;
    case COLD_ITEM:
        return item;
    case WARM:
        break;
    }
    return !user && !item;
}

static void by_warmth(const struct source *source) {
    const struct evidence *evidence = source->evidence;
    uint64_t users = 0, items = 0;
    enum cold warm = WARM, cold_user = COLD_USER, cold_item = COLD_ITEM;
    for (size_t f = 0; f < evidence->n_folds; f++) {
        const struct fold *fold = evidence->folds[f];
        for (size_t i = 0; i < fold->n; i++) {
            users += is_cold(source, fold, i, &cold_user);
            items += is_cold(source, fold, i, &cold_item);
        }
    }
    source->segments->n_cold_users = users;
    source->segments->n_cold_items = items;
    if (users == 0 && items == 0) return;
    add_rows(source, rs_strdup("warm"), is_cold, &warm);
    if (users > 0) add_rows(source, rs_strdup("cold-users"), is_cold, &cold_user);
    if (items > 0) add_rows(source, rs_strdup("cold-items"), is_cold, &cold_item);
}

/* What a segmentation needs, and how it is made. */

static bool has_times(const struct evidence *evidence) {
    for (size_t f = 0; f < evidence->n_folds; f++)
        if (evidence->folds[f]->time.v != NULL) return true;
    return false;
}

static bool has_counts(const struct evidence *evidence, bool users) {
    for (size_t f = 0; f < evidence->n_folds; f++) {
        const struct fold *fold = evidence->folds[f];
        uint32_t at = users ? fold->user.v[0] : fold->item.v[0];
        if (fold->n > 0 && (users ? fold->user_count : fold->item_count).v[at] != RS_NONE)
            return true;
    }
    return false;
}

static const struct {
    const char *name;
    void (*make)(const struct source *);
    enum { NEEDS_COUNTS_OF_USERS, NEEDS_COUNTS_OF_ITEMS, NEEDS_TRAINING, NEEDS_TIMES } needs;
} known[] = {
    {"activity", by_activity, NEEDS_COUNTS_OF_USERS},
    {"taste", by_taste, NEEDS_COUNTS_OF_ITEMS},
    {"habit", by_habit, NEEDS_TRAINING},
    {"spread", by_spread, NEEDS_TRAINING},
    {"popularity", by_popularity, NEEDS_COUNTS_OF_ITEMS},
    {"hour", by_hour, NEEDS_TIMES},
    {"weekday", by_weekday, NEEDS_TIMES},
};

static bool make_known(const struct source *source, const char *name) {
    static const char *const reasons[] = {"the training ratings of users are not known",
                                          "the training ratings of items are not known",
                                          "it needs the training ratings: --train",
                                          "the test ratings have no times"};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        if (strcmp(known[k].name, name) != 0) continue;
        const bool there[] = {has_counts(source->evidence, true),
                              has_counts(source->evidence, false), source->training->given,
                              has_times(source->evidence)};
        if (there[known[k].needs]) {
            known[k].make(source);
        } else {
            leave_out(source->segments, rs_format("%s: %s", name, reasons[known[k].needs]));
        }
        return true;
    }
    return false;
}

/* A column of the users' or items' table; "genre" is also what the items' categories are called. */
static void make_of_column(const struct source *source, const char *name) {
    const struct rs_table_column *column = rs_table_find(&source->evidence->user_table, name);
    if (column != NULL && column->kind == RS_NUMBER) {
        by_user_number(source, name, column);
    } else if (column != NULL && column->kind != RS_TEXT) {
        by_user_category(source, name, column);
    } else if (source->categories->column != NULL &&
               (strcmp(name, "genre") == 0 ||
                strcmp(name, source->categories->column->name) == 0)) {
        by_category(source, name);
    } else {
        leave_out(source->segments, rs_format("%s: no side table has categories or numbers of that "
                                              "name",
                                              name));
    }
}

static void make(const struct source *source, const char *name) {
    if (strcmp(name, "time") == 0 && has_times(source->evidence)) {
        add_row_quantiles(source, "time", true, 4, NULL);
    } else if (strcmp(name, "time") == 0) {
        leave_out(source->segments, rs_strdup("time: the test ratings have no times"));
    } else if (!make_known(source, name)) {
        make_of_column(source, name);
    }
}

struct segments segments_make(const struct evidence *evidence, const struct training *training,
                              const struct categories *categories, const char *list) {
    struct segments segments = {.asked = list != NULL};
    struct source source = {evidence, training, categories, &segments};
    by_warmth(&source);
    while (list != NULL && *list != '\0') {
        size_t length = strcspn(list, ",");
        char *name = rs_strndup(list, length);
        if (length == 0) rs_usage_error("--segments: names a segment without a name");
        make(&source, name);
        free(name);
        list += length;
        if (*list == ',') list++;
    }
    return segments;
}

void segments_free(struct segments *segments, size_t n_folds) {
    for (size_t s = 0; s < segments->n; s++) {
        struct segment *segment = &segments->all[s];
        free(segment->name);
        free(segment->users);
        for (size_t f = 0; segment->rows != NULL && f < n_folds; f++) free(segment->rows[f]);
        free(segment->rows);
    }
    for (size_t i = 0; i < segments->n_left_out; i++) free(segments->left_out[i]);
    free(segments->left_out);
    free(segments->all);
    *segments = (struct segments){0};
}
