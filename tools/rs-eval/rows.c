/* Groups of test pairs: see grouping.h. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "format/pairs.h"
#include "grouping.h"

/* A segment of the rows for which BELONGS says so. */
static void add_rows(const struct source *source, char *name,
                     bool (*belongs)(const struct source *, const struct fold *, size_t row,
                                     const void *what),
                     const void *what) {
    const struct evidence *evidence = source->evidence;
    struct segment *segment = segments_add(source->segments, name, false);
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
    segment->users = rs_realloc(segment->users, segment->n_users, sizeof *segment->users);
    free(has);
}

static bool in_category(const struct source *source, const struct fold *fold, size_t row,
                        const void *what) {
    uint32_t code = *(const uint32_t *)what;
    const struct categories *categories = source->categories;
    return categories->bits[fold->item.v[row] * categories->words + code / 64] >> (code % 64) & 1;
}

void group_by_category(const struct source *source, const char *kind) {
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

void group_by_popularity(const struct source *source) {
    static const char *const labels[] = {"tail", "middle", "head"};
    add_row_quantiles(source, "popularity", false, 3, labels);
}

void group_by_time(const struct source *source) {
    add_row_quantiles(source, "time", true, 4, NULL);
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

void group_by_hour(const struct source *source) {
    static const char *const labels[] = {"hour:00-05", "hour:06-11", "hour:12-17", "hour:18-23"};
    for (int h = 0; h < 4; h++) add_rows(source, rs_strdup(labels[h]), in_hours, &h);
}

void group_by_weekday(const struct source *source) {
    static const char *const labels[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    for (int d = 0; d < 7; d++)
        add_rows(source, rs_format("weekday:%s", labels[d]), on_weekday, &d);
}

/* Unknown users and items */

enum cold { WARM, COLD_USER, COLD_ITEM, COLD_BOTH };

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
    case COLD_BOTH:
        return user && item;
    case WARM:
        break;
    }
    return !user && !item;
}

void group_by_warmth(const struct source *source) {
    const struct evidence *evidence = source->evidence;
    uint64_t users = 0, items = 0, both = 0;
    enum cold warm = WARM, cold_user = COLD_USER, cold_item = COLD_ITEM, cold_both = COLD_BOTH;
    for (size_t f = 0; f < evidence->n_folds; f++) {
        const struct fold *fold = evidence->folds[f];
        for (size_t i = 0; i < fold->n; i++) {
            users += is_cold(source, fold, i, &cold_user);
            items += is_cold(source, fold, i, &cold_item);
            both += is_cold(source, fold, i, &cold_both);
        }
    }
    source->segments->n_cold_users = users;
    source->segments->n_cold_items = items;
    if (users == 0 && items == 0) return;
    add_rows(source, rs_strdup("warm"), is_cold, &warm);
    if (users > 0) add_rows(source, rs_strdup("cold-users"), is_cold, &cold_user);
    if (items > 0) add_rows(source, rs_strdup("cold-items"), is_cold, &cold_item);
    if (both > 0) add_rows(source, rs_strdup("cold-both"), is_cold, &cold_both);
}
