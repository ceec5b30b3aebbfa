#include "describe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/when.h"
#include "density.h"
#include "measures/significance.h"
#include "skew.h"
#include "sort.h"

#define COLUMNS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void put(struct figure *figure, const char *label, double value) {
    figure_row(figure, label, strlen(label), &value);
}

/* Summary */

/* The share of the ratings' variance that lies between the means of lines. */
static double between(const struct sums_list *list, const struct sums *all) {
    double mean = sums_mean(all), total = all->squares - all->sum * mean, sum = 0;
    for (size_t l = 0; l < list->n; l++) {
        if (list->all[l].n == 0) continue;
        double difference = sums_mean(&list->all[l]) - mean;
        sum += (double)list->all[l].n * difference * difference;
    }
    return total > 0 ? sum / total : NAN;
}

static void put_side(struct figure *figure, const uint64_t *counts, size_t n,
                     const char *const names[4]) {
    size_t once = 0;
    while (once < n && counts[once] == 1) once++;
    struct tail tail = skew_tail(counts, n);
    put(figure, names[0], skew_gini(counts, n));
    put(figure, names[1], n > 0 ? (double)once / (double)n : NAN);
    put(figure, names[2], tail.exponent);
    put(figure, names[3], isnan(tail.exponent) ? NAN : (double)tail.from);
}

void describe_summary(struct figures *figures, const struct gathered *gathered,
                      const struct subject *subject) {
    static const char *const of_users[] = {"gini_users", "users_with_one", "tail_exponent_users",
                                           "tail_from_users"};
    static const char *const of_items[] = {"gini_items", "items_with_one", "tail_exponent_items",
                                           "tail_from_items"};
    struct figure *figure =
        figures_add(figures, "summary", "the ratings as a whole", "of", COLUMNS("value"));
    const struct sums *all = &gathered->all;
    double n = (double)all->n, users = (double)gathered->tally.users.n,
           items = (double)gathered->tally.items.n;
    double deviation = sums_deviation(all);
    put(figure, "ratings", n);
    put(figure, "users", users);
    put(figure, "items", items);
    put(figure, "sparsity", n > 0 ? 1 - n / (users * items) : NAN);
    put(figure, "ratings_per_user", n > 0 ? n / users : NAN);
    put(figure, "ratings_per_item", n > 0 ? n / items : NAN);
    put(figure, "implicit", subject->implicit);
    put(figure, "mean", sums_mean(all));
    put(figure, "variance", deviation * deviation);
    put(figure, "deviation", deviation);
    put(figure, "variance_between_users", between(&gathered->tally.users, all));
    put(figure, "variance_between_items", between(&gathered->tally.items, all));
    put(figure, "minimum", n > 0 ? (double)gathered->distribution.scale.min : NAN);
    put(figure, "maximum", n > 0 ? (double)gathered->distribution.scale.max : NAN);
    put(figure, "step",
        n > 0 && !subject->implicit ? rs_scale_step(&gathered->distribution.scale) : NAN);
    put_side(figure, gathered->user_counts, gathered->tally.users.n, of_users);
    put_side(figure, gathered->item_counts, gathered->tally.items.n, of_items);
}

/* The distribution of ratings */

struct value_count {
    float value;
    uint64_t n;
};

static int compare_values(const void *a, const void *b) {
    float first = ((const struct value_count *)a)->value;
    float second = ((const struct value_count *)b)->value;
    return first < second ? -1 : first > second;
}

static void exact_values(struct figures *figures, const struct gathered *gathered) {
    const struct distribution *distribution = &gathered->distribution;
    struct value_count sorted[EXACT_SLOTS];
    size_t n = 0;
    for (size_t s = 0; s < EXACT_SLOTS; s++)
        if (distribution->count[s] > 0)
            sorted[n++] = (struct value_count){distribution->value[s], distribution->count[s]};
    qsort(sorted, n, sizeof *sorted, compare_values);
    struct figure *figure = figures_add(figures, "rating", "how often each rating was given", NULL,
                                        COLUMNS("low", "high", "n", "share"));
    for (size_t i = 0; i < n; i++) {
        double count = (double)sorted[i].n, value = (double)sorted[i].value;
        figure_row(figure, NULL, 0,
                   (double[]){value, value, count, count / (double)gathered->all.n});
    }
}

/* 50 bins of equal width; of equal ratio where the largest is over 100 times the least, which must
 * be above 0. */
static void binned_values(struct figures *figures, const struct gathered *gathered) {
    enum { BINS = 50 };
    double low = (double)gathered->distribution.scale.min,
           high = (double)gathered->distribution.scale.max;
    bool ratios = low > 0 && high > 100 * low;
    double from = ratios ? log(low) : low, to = ratios ? log(high) : high;
    double counts[BINS] = {0};
    for (uint32_t b = 0; b < FINE_BUCKETS; b++) {
        if (gathered->distribution.fine[b] == 0) continue;
        double value = fmin(fmax(fine_value(b), low), high);
        double position = ((ratios ? log(value) : value) - from) / (to - from) * BINS;
        int bin = position >= BINS ? BINS - 1 : position > 0 ? (int)position : 0;
        counts[bin] += (double)gathered->distribution.fine[b];
    }
    struct figure *figure =
        figures_add(figures, "rating",
                    ratios ? "ratings in 50 bins of equal ratio, whose bounds are true to 1 %"
                           : "ratings in 50 bins of equal width, whose bounds are true to 1 %",
                    NULL, COLUMNS("low", "high", "n", "share"));
    for (int b = 0; b < BINS; b++) {
        double begin = from + (to - from) * b / BINS, end = from + (to - from) * (b + 1) / BINS;
        figure_row(figure, NULL, 0,
                   (double[]){ratios ? exp(begin) : begin, ratios ? exp(end) : end, counts[b],
                              counts[b] / (double)gathered->all.n});
    }
}

void describe_ratings(struct figures *figures, const struct gathered *gathered) {
    if (gathered->distribution.n_exact <= EXACT_VALUES) {
        exact_values(figures, gathered);
    } else {
        binned_values(figures, gathered);
    }
}

/* Activity and popularity */

enum measure { COUNT, MEAN, DEVIATION, N_MEASURES };

static double *sorted_measures(const struct sums_list *list, enum measure measure, size_t *n) {
    double *values = rs_malloc(list->n, sizeof *values);
    *n = 0;
    for (size_t l = 0; l < list->n; l++) {
        const struct sums *sums = &list->all[l];
        if (sums->n == 0) continue;
        values[(*n)++] = measure == COUNT  ? (double)sums->n
                         : measure == MEAN ? sums_mean(sums)
                                           : sums_deviation(sums);
    }
    sort_doubles(values, *n);
    return values;
}

static void describe_quantiles(struct figures *figures, const struct gathered *gathered) {
    static const double at[] = {0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1};
    enum { N_AT = sizeof at / sizeof *at };
    const struct sums_list *sides[] = {&gathered->tally.users, &gathered->tally.items};
    double rows[N_AT][1 + 2 * N_MEASURES];
#pragma omp parallel for schedule(dynamic)
    for (int job = 0; job < 2 * N_MEASURES; job++) {
        {
            int side = job / N_MEASURES, m = job % N_MEASURES;
            size_t n;
            double *values = sorted_measures(sides[side], (enum measure)m, &n);
            for (int q = 0; q < N_AT; q++) {
                rows[q][1 + side * N_MEASURES + m] = n > 0 ? rs_quantile(values, n, at[q]) : NAN;
            }
            free(values);
        }
    }
    struct figure *figure = figures_add(
        figures, "quantiles",
        "ratings, mean and standard deviation of a user, of an item: below each lies the share q",
        NULL,
        COLUMNS("q", "user_n", "user_mean", "user_deviation", "item_n", "item_mean",
                "item_deviation"));
    for (int q = 0; q < N_AT; q++) {
        rows[q][0] = at[q];
        figure_row(figure, NULL, 0, rows[q]);
    }
}

/* Lines by their number of ratings, in ranges that double. */
static void describe_counts(struct figures *figures, const uint64_t *counts, size_t n,
                            const char *name, const char *says) {
    size_t i = 0;
    double total = 0, below = 0;
    for (size_t l = 0; l < n; l++) total += (double)counts[l];
    struct figure *figure = figures_add(figures, name, says, NULL,
                                        COLUMNS("low", "high", "n", "share", "ratings_share"));
    for (uint64_t low = 1; i < n; low *= 2) {
        size_t begin = i;
        double ratings = 0;
        while (i < n && counts[i] < 2 * low) ratings += (double)counts[i++];
        below += ratings;
        if (i == begin && below == 0) continue;
        double lines = (double)(i - begin);
        figure_row(figure, NULL, 0,
                   (double[]){(double)low, (double)(2 * low - 1), lines, lines / (double)n,
                              ratings / total});
    }
}

/* The number of ratings by rank, at ranks in geometric steps, and the share of all ratings up to
 * it. */
static void describe_ranks(struct figures *figures, const uint64_t *counts, size_t n,
                           const char *name, const char *says) {
    size_t next = 1;
    double total = 0, sum = 0;
    for (size_t l = 0; l < n; l++) total += (double)counts[l];
    struct figure *figure = figures_add(figures, name, says, NULL,
                                        COLUMNS("rank", "n", "lines_share", "ratings_share"));
    figure->too_long = true;
    for (size_t rank = 1; rank <= n; rank++) {
        double count = (double)counts[n - rank];
        sum += count;
        if (rank < next && rank < n) continue;
        figure_row(figure, NULL, 0,
                   (double[]){(double)rank, count, (double)rank / (double)n, sum / total});
        next = rank + 1 + rank / 25;
    }
}

void describe_activity(struct figures *figures, const struct gathered *gathered) {
    describe_quantiles(figures, gathered);
    describe_counts(figures, gathered->user_counts, gathered->tally.users.n, "user_counts",
                    "users by the number of their ratings");
    describe_counts(figures, gathered->item_counts, gathered->tally.items.n, "item_counts",
                    "items by the number of their ratings");
    describe_ranks(figures, gathered->user_counts, gathered->tally.users.n, "user_ranks",
                   "ratings of a user, most first");
    describe_ranks(figures, gathered->item_counts, gathered->tally.items.n, "item_ranks",
                   "ratings of an item, most first");
}

/* Time */

static void put_sums(struct figure *figure, const char *label, const struct sums *sums,
                     double total) {
    figure_row(figure, label, strlen(label),
               (double[]){(double)sums->n, (double)sums->n / total, sums_mean(sums),
                          sums_deviation(sums)});
}

static int compare_months(const void *a, const void *b) {
    int64_t first = ((const struct month *)a)->month, second = ((const struct month *)b)->month;
    return first < second ? -1 : first > second;
}

static void describe_months(struct figures *figures, const struct calendar *calendar,
                            double total) {
    struct month *months = rs_malloc(calendar->n_months, sizeof *months);
    size_t n = 0;
    for (size_t s = 0; s < calendar->n_slots; s++)
        if (calendar->months[s].sums.n > 0) months[n++] = calendar->months[s];
    qsort(months, n, sizeof *months, compare_months);
    struct figure *figure = figures_add(figures, "month", "ratings by month", "month",
                                        COLUMNS("n", "share", "mean", "deviation"));
    for (size_t m = 0; m < n; m++) {
        char label[20];
        rs_when_print_month(label, months[m].month);
        put_sums(figure, label, &months[m].sums, total);
    }
    free(months);
}

void describe_times(struct figures *figures, const struct gathered *gathered) {
    static const char *const weekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    const struct calendar *calendar = &gathered->tally.calendar;
    if (calendar->n_months == 0) {
        figures_leave_out(figures, "time", rs_strdup("no rating has a time"));
        return;
    }
    double total = (double)(gathered->all.n - calendar->missing);
    struct figure *figure = figures_add(figures, "span", "the first and the last rating (UTC)",
                                        "which", COLUMNS("when"));
    put(figure, "first", (double)calendar->first);
    put(figure, "last", (double)calendar->last);
    figure = figures_add(figures, "hour", "ratings by hour of the day (UTC)", "hour",
                         COLUMNS("n", "share", "mean", "deviation"));
    for (int h = 0; h < 24; h++) {
        char label[16];
        snprintf(label, sizeof label, "%02d", h);
        put_sums(figure, label, &calendar->hours[h], total);
    }
    figure = figures_add(figures, "weekday", "ratings by day of the week (UTC)", "weekday",
                         COLUMNS("n", "share", "mean", "deviation"));
    for (int w = 0; w < 7; w++) put_sums(figure, weekdays[w], &calendar->weekdays[w], total);
    describe_months(figures, calendar, total);
}

/* Pairs */

static const char *const density_says[] = {
    "pairs of users who rated the same item, of items that the same user rated",
    "what is left when users and items with fewer than k ratings are taken away until none is"};

static void put_overlap(struct figure *figure, const char *label, const struct held *held,
                        const struct overlap *overlap) {
    figure_row(figure, label, strlen(label),
               (double[]){(double)held->n_lines, (double)overlap->examined, overlap->share,
                          overlap->error, overlap->exact});
}

static void describe_cores(struct figures *figures, const struct incidence *incidence) {
    static const uint32_t k[] = {1, 2, 5, 10, 20};
    enum { N_K = sizeof k / sizeof *k };
    struct core cores[N_K];
    incidence_cores(incidence, k, N_K, cores);
    struct figure *figure = figures_add(
        figures, "min_count", density_says[1], NULL,
        COLUMNS("k", "users", "items", "pairs", "users_share", "items_share", "pairs_share"));
    for (int i = 0; i < N_K; i++) {
        double lines = (double)cores[i].lines, others = (double)cores[i].others;
        double pairs = (double)cores[i].pairs;
        figure_row(figure, NULL, 0,
                   (double[]){k[i], lines, others, pairs, lines / (double)incidence->n_lines,
                              others / (double)incidence->n_others,
                              pairs / (double)incidence->n_pairs});
    }
}

void describe_density(struct figures *figures, const struct gathered *gathered, uint64_t steps) {
    if (gathered->all.n == 0) return;
    bool exact = gathered->by_user.level == 0; /* then one incidence tells of both sides */
    struct incidence by_user, by_item;
    struct overlap of_users, of_items;
    if (exact) {
        by_user = incidence_make(&gathered->by_user, gathered->tally.items.n);
        by_item = incidence_turned(&by_user);
    }
#pragma omp parallel sections
    {
#pragma omp section
        {
            if (!exact) by_user = incidence_make(&gathered->by_user, gathered->tally.items.n);
            size_t n_users = exact ? by_user.n_lines : gathered->by_user.n_lines;
            of_users = incidence_overlap(&by_user, gathered->by_user.hash, n_users, steps);
        }
#pragma omp section
        {
            if (!exact) by_item = incidence_make(&gathered->by_item, gathered->tally.users.n);
            size_t n_items = exact ? by_item.n_lines : gathered->by_item.n_lines;
            of_items = incidence_overlap(&by_item, gathered->by_item.hash, n_items, steps);
        }
    }
    struct figure *figure =
        figures_add(figures, "repeated", "ratings of a user and item that occur more than once",
                    "of", COLUMNS("share", "n", "exact"));
    double repeated = (double)by_user.n_repeated, held = (double)gathered->by_user.n;
    figure_row(figure, "ratings", 7,
               (double[]){held > 0 ? repeated / held : NAN, exact ? repeated : NAN, exact});
    figure = figures_add(figures, "co_rating", density_says[0], "side",
                         COLUMNS("lines", "examined", "share", "error", "exact"));
    put_overlap(figure, "users", &gathered->by_user, &of_users);
    put_overlap(figure, "items", &gathered->by_item, &of_items);
    if (exact) {
        describe_cores(figures, &by_user);
    } else {
        figures_leave_out(figures, "min_count",
                          rs_format("there are more than %zu ratings; --exact takes more",
                                    gathered->by_user.limit));
    }
    incidence_free(&by_user);
    if (!exact) incidence_free(&by_item);
}
