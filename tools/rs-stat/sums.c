#include "sums.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/when.h"

enum { DAY_MS = 86400000, HOUR_MS = 3600000 };

static void sums_add(struct sums *sums, double rating) {
    sums->n++;
    sums->sum += rating;
    sums->squares += rating * rating;
}

void sums_join(struct sums *to, const struct sums *from) {
    to->n += from->n;
    to->sum += from->sum;
    to->squares += from->squares;
}

double sums_mean(const struct sums *sums) {
    return sums->n > 0 ? sums->sum / (double)sums->n : NAN;
}

double sums_deviation(const struct sums *sums) {
    if (sums->n == 0) return NAN;
    double mean = sums_mean(sums), variance = sums->squares / (double)sums->n - mean * mean;
    return variance > 0 ? sqrt(variance) : 0;
}

static void sums_extend(struct sums_list *list, size_t n) {
    if (n <= list->n) return;
    rs_grow(&list->all, &list->capacity, n, sizeof *list->all);
    memset(list->all + list->n, 0, (n - list->n) * sizeof *list->all);
    list->n = n;
}

/* Rows of the same line often follow one another: their sums stay in registers. */
static void sums_count(struct sums_list *list, const uint32_t *lines, const float *ratings,
                       size_t n) {
    for (size_t i = 0; i < n;) {
        uint32_t line = lines[i];
        struct sums sums = list->all[line];
        do sums_add(&sums, (double)ratings[i]);
        while (++i < n && lines[i] == line);
        list->all[line] = sums;
    }
}

static void join_lists(struct sums_list *to, const struct sums_list *from) {
    sums_extend(to, from->n);
    for (size_t l = 0; l < from->n; l++) sums_join(&to->all[l], &from->all[l]);
}

/* Times */

static struct month *find_month(struct month *months, size_t n_slots, int64_t month) {
    size_t slot = (size_t)((uint64_t)month * 0x9e3779b97f4a7c15u >> 32) & (n_slots - 1);
    while (months[slot].sums.n > 0 && months[slot].month != month)
        slot = (slot + 1) & (n_slots - 1);
    return &months[slot];
}

static void grow_months(struct calendar *calendar) {
    size_t n_slots = calendar->n_slots > 0 ? 2 * calendar->n_slots : 1024;
    struct month *months = rs_calloc(n_slots, sizeof *months);
    for (size_t s = 0; s < calendar->n_slots; s++)
        if (calendar->months[s].sums.n > 0)
            *find_month(months, n_slots, calendar->months[s].month) = calendar->months[s];
    free(calendar->months);
    calendar->months = months;
    calendar->n_slots = n_slots;
}

/* The month of that number, made if it is new, for ratings to be added. */
static struct month *month_of(struct calendar *calendar, int64_t number) {
    if (2 * (calendar->n_months + 1) > calendar->n_slots) grow_months(calendar);
    struct month *month = find_month(calendar->months, calendar->n_slots, number);
    calendar->n_months += month->sums.n == 0;
    month->month = number;
    return month;
}

static int64_t floor_divide(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

static void count_run(struct calendar *calendar, int64_t day, int64_t hour,
                      const struct sums *run) {
    int64_t weekday = day + 3 - 7 * floor_divide(day + 3, 7); /* 1970-01-01 was a Thursday */
    sums_join(&calendar->hours[hour], run);
    sums_join(&calendar->weekdays[weekday], run);
    sums_join(&month_of(calendar, rs_when_month(day))->sums, run);
}

/* Rows of the same hour often follow one another: they are summed up first. */
static void count_times(struct calendar *calendar, const int64_t *times, const float *ratings,
                        size_t n) {
    for (size_t i = 0; i < n;) {
        if (times[i] == RS_NO_TIME) {
            calendar->missing++;
            i++;
            continue;
        }
        int64_t day = floor_divide(times[i], DAY_MS);
        int64_t hour = (times[i] - day * DAY_MS) / HOUR_MS;
        int64_t begin = day * DAY_MS + hour * HOUR_MS, first = times[i], last = times[i];
        struct sums run = {0};
        do {
            sums_add(&run, (double)ratings[i]);
            first = times[i] < first ? times[i] : first;
            last = times[i] > last ? times[i] : last;
            i++;
        } while (i < n && times[i] >= begin && times[i] - begin < HOUR_MS);
        count_run(calendar, day, hour, &run);
        if (first < calendar->first) calendar->first = first;
        if (last > calendar->last) calendar->last = last;
    }
}

static void join_calendars(struct calendar *to, const struct calendar *from) {
    to->missing += from->missing;
    if (from->first < to->first) to->first = from->first;
    if (from->last > to->last) to->last = from->last;
    for (int h = 0; h < 24; h++) sums_join(&to->hours[h], &from->hours[h]);
    for (int w = 0; w < 7; w++) sums_join(&to->weekdays[w], &from->weekdays[w]);
    for (size_t s = 0; s < from->n_slots; s++)
        if (from->months[s].sums.n > 0)
            sums_join(&month_of(to, from->months[s].month)->sums, &from->months[s].sums);
}

/* All of it */

void tally_init(struct tally *tally) {
    *tally = (struct tally){.calendar = {.first = INT64_MAX, .last = INT64_MIN}};
}

void tally_free(struct tally *tally) {
    free(tally->users.all);
    free(tally->items.all);
    free(tally->calendar.months);
    for (size_t c = 0; c < tally->n_contexts; c++) free(tally->contexts[c].all);
}

static void count_contexts(struct tally *tally, const struct rs_pairs *batch) {
    for (size_t c = 0; c < RS_MAX_CONTEXTS && batch->context[c] != NULL; c++) {
        if (c >= tally->n_contexts) tally->n_contexts = c + 1;
        uint32_t largest = 0;
        for (size_t i = 0; i < batch->n; i++)
            largest = batch->context[c][i] > largest ? batch->context[c][i] : largest;
        sums_extend(&tally->contexts[c], (size_t)largest + 1);
        sums_count(&tally->contexts[c], batch->context[c], batch->rating, batch->n);
    }
}

void tally_add(struct tally *tally, const struct rs_pairs *batch, size_t n_users, size_t n_items) {
    sums_extend(&tally->users, n_users);
    sums_extend(&tally->items, n_items);
    sums_count(&tally->users, batch->user, batch->rating, batch->n);
    sums_count(&tally->items, batch->item, batch->rating, batch->n);
    if (batch->time != NULL) {
        count_times(&tally->calendar, batch->time, batch->rating, batch->n);
    } else {
        tally->calendar.missing += batch->n;
    }
    count_contexts(tally, batch);
}

void tally_join(struct tally *to, const struct tally *from) {
    join_lists(&to->users, &from->users);
    join_lists(&to->items, &from->items);
    join_calendars(&to->calendar, &from->calendar);
    if (to->n_contexts < from->n_contexts) to->n_contexts = from->n_contexts;
    for (size_t c = 0; c < from->n_contexts; c++) join_lists(&to->contexts[c], &from->contexts[c]);
}
