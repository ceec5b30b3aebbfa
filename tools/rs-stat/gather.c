#include "gather.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "random.h"

enum { DAY_MS = 86400000, HOUR_MS = 3600000 };

void sums_add(struct sums *sums, double rating) {
    sums->n++;
    sums->sum += rating;
    sums->squares += rating * rating;
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

static void sums_count(struct sums_list *list, const uint32_t *lines, const float *ratings,
                       size_t n) {
    for (size_t i = 0; i < n; i++) sums_add(&list->all[lines[i]], (double)ratings[i]);
}

/* The distribution */

/* Bits of a float in an order that is that of its value, upper half. */
static uint32_t fine_bucket(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
    return bits >> 16;
}

double fine_value(uint32_t bucket) {
    uint32_t bits = bucket << 16 | 0x8000u;
    bits = bits & 0x80000000u ? bits & 0x7fffffffu : ~bits;
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static void count_exact(struct distribution *distribution, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t slot = (bits * 2654435761u) >> 24;
    while (distribution->count[slot] > 0 && distribution->value[slot] != value)
        slot = (slot + 1) % EXACT_SLOTS;
    if (distribution->count[slot] == 0) {
        if (++distribution->n_exact > EXACT_VALUES) return;
        distribution->value[slot] = value;
    }
    distribution->count[slot]++;
}

static void count_ratings(struct gathered *gathered, const float *ratings, size_t n) {
    struct distribution *distribution = &gathered->distribution;
    for (size_t i = 0; i < n; i++) {
        float rating = ratings[i] + 0.0f; /* -0 is 0 */
        sums_add(&gathered->all, (double)rating);
        distribution->fine[fine_bucket(rating)]++;
        if (distribution->n_exact <= EXACT_VALUES) count_exact(distribution, rating);
    }
    rs_scale_add(&gathered->scale, ratings, n);
}

/* Times */

static struct day *find_day(struct day *days, size_t n_slots, int64_t day) {
    size_t slot = (size_t)((uint64_t)day * 0x9e3779b97f4a7c15u >> 32) & (n_slots - 1);
    while (days[slot].sums.n > 0 && days[slot].day != day) slot = (slot + 1) & (n_slots - 1);
    return &days[slot];
}

static void grow_days(struct calendar *calendar) {
    size_t n_slots = calendar->n_slots > 0 ? 2 * calendar->n_slots : 1024;
    struct day *days = rs_calloc(n_slots, sizeof *days);
    for (size_t s = 0; s < calendar->n_slots; s++)
        if (calendar->days[s].sums.n > 0)
            *find_day(days, n_slots, calendar->days[s].day) = calendar->days[s];
    free(calendar->days);
    calendar->days = days;
    calendar->n_slots = n_slots;
}

static int64_t floor_divide(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

static void count_times(struct calendar *calendar, const int64_t *times, const float *ratings,
                        size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (times[i] == RS_NO_TIME) {
            calendar->missing++;
            continue;
        }
        if (times[i] < calendar->first) calendar->first = times[i];
        if (times[i] > calendar->last) calendar->last = times[i];
        int64_t day = floor_divide(times[i], DAY_MS);
        sums_add(&calendar->hours[(times[i] - day * DAY_MS) / HOUR_MS], (double)ratings[i]);
        if (2 * (calendar->n_days + 1) > calendar->n_slots) grow_days(calendar);
        struct day *found = find_day(calendar->days, calendar->n_slots, day);
        calendar->n_days += found->sums.n == 0;
        found->day = day;
        sums_add(&found->sums, (double)ratings[i]);
    }
}

/* Pairs */

static bool is_held(const struct held *held, uint32_t line) {
    return held->level == 0 || held->hash[line] >> (64 - held->level) == 0;
}

/* Lets half of the lines go, as often as it takes. */
static void thin_out(struct held *held) {
    while (held->n > held->limit && held->level < 63) {
        held->level++;
        const uint32_t *lines = held->by_user ? held->user : held->item;
        size_t kept = 0;
        for (size_t i = 0; i < held->n; i++) {
            if (!is_held(held, lines[i])) continue;
            held->user[kept] = held->user[i];
            held->item[kept++] = held->item[i];
        }
        held->n = kept;
    }
}

static void hold(struct held *held, const struct rs_pairs *batch, const struct rs_ids *names) {
    rs_grow(&held->hash, &held->line_capacity, names->n, sizeof *held->hash);
    for (; held->n_lines < names->n; held->n_lines++) {
        struct rs_id id = rs_ids_get(names, held->n_lines);
        held->hash[held->n_lines] = rs_random_hash(0, id.text, id.length, "", 0);
    }
    if (held->n + batch->n > held->capacity) {
        held->capacity = 2 * (held->n + batch->n);
        held->user = rs_realloc(held->user, held->capacity, sizeof *held->user);
        held->item = rs_realloc(held->item, held->capacity, sizeof *held->item);
    }
    const uint32_t *lines = held->by_user ? batch->user : batch->item;
    size_t n = held->n;
    for (size_t i = 0; i < batch->n; i++) {
        held->user[n] = batch->user[i];
        held->item[n] = batch->item[i];
        n += is_held(held, lines[i]);
    }
    held->n = n;
    thin_out(held);
}

/* All of it */

void gathered_init(struct gathered *gathered, size_t limit) {
    *gathered = (struct gathered){.calendar = {.first = INT64_MAX, .last = INT64_MIN}};
    gathered->distribution.fine = rs_calloc(FINE_BUCKETS, sizeof *gathered->distribution.fine);
    gathered->by_user = (struct held){.by_user = true, .limit = limit};
    gathered->by_item = (struct held){.by_user = false, .limit = limit};
}

void gathered_free(struct gathered *gathered) {
    free(gathered->users.all);
    free(gathered->items.all);
    free(gathered->distribution.fine);
    free(gathered->calendar.days);
    for (size_t c = 0; c < gathered->n_contexts; c++) free(gathered->contexts[c].all);
    struct held *held[] = {&gathered->by_user, &gathered->by_item};
    for (int h = 0; h < 2; h++) {
        free(held[h]->user);
        free(held[h]->item);
        free(held[h]->hash);
    }
}

static void count_contexts(struct gathered *gathered, const struct rs_pairs *batch) {
    for (size_t c = 0; c < RS_MAX_CONTEXTS && batch->context[c] != NULL; c++) {
        if (c >= gathered->n_contexts) gathered->n_contexts = c + 1;
        uint32_t largest = 0;
        for (size_t i = 0; i < batch->n; i++)
            largest = batch->context[c][i] > largest ? batch->context[c][i] : largest;
        sums_extend(&gathered->contexts[c], (size_t)largest + 1);
        sums_count(&gathered->contexts[c], batch->context[c], batch->rating, batch->n);
    }
}

void gathered_add(struct gathered *gathered, const struct rs_pairs *batch,
                  const struct rs_ids *users, const struct rs_ids *items) {
    sums_extend(&gathered->users, users->n);
    sums_extend(&gathered->items, items->n);
    gathered->any_time |= batch->time != NULL;
#pragma omp parallel sections
    {
#pragma omp section
        sums_count(&gathered->users, batch->user, batch->rating, batch->n);
#pragma omp section
        sums_count(&gathered->items, batch->item, batch->rating, batch->n);
#pragma omp section
        count_ratings(gathered, batch->rating, batch->n);
#pragma omp section
        {
            if (batch->time != NULL) {
                count_times(&gathered->calendar, batch->time, batch->rating, batch->n);
            } else {
                gathered->calendar.missing += batch->n;
            }
            count_contexts(gathered, batch);
        }
#pragma omp section
        hold(&gathered->by_user, batch, users);
#pragma omp section
        hold(&gathered->by_item, batch, items);
    }
}
