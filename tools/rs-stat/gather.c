#include "gather.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/pages.h"
#include "base/random.h"

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

/* From here on only buckets count, which take over what was counted. */
static void give_up_values(struct distribution *distribution) {
    distribution->fine = rs_calloc(FINE_BUCKETS, sizeof *distribution->fine);
    for (size_t s = 0; s < EXACT_SLOTS; s++)
        if (distribution->count[s] > 0)
            distribution->fine[fine_bucket(distribution->value[s])] += distribution->count[s];
}

static uint32_t slot_of(const struct distribution *distribution, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t slot = (bits * 2654435761u) >> 24;
    while (distribution->count[slot] > 0 && distribution->value[slot] != value)
        slot = (slot + 1) % EXACT_SLOTS;
    return slot;
}

/* Counts rows while their values are those of slots; returns how many. Neighbours count apart, so
 * that none waits for the one before. */
static size_t count_known(struct distribution *distribution, const float *ratings, size_t n) {
    enum { APART = 4 };
    uint32_t counts[APART][EXACT_SLOTS] = {{0}};
    size_t i = 0;
    for (; i < n; i++) {
        uint32_t slot = slot_of(distribution, ratings[i] + 0.0f); /* -0 is 0 */
        if (distribution->count[slot] == 0) break;
        counts[i % APART][slot]++;
    }
    for (size_t s = 0; s < EXACT_SLOTS; s++)
        for (size_t a = 0; a < APART; a++) distribution->count[s] += counts[a][s];
    return i;
}

/* The scale needs to see each value once. */
static void count_ratings(struct gathered *gathered, const float *ratings, size_t n) {
    struct distribution *distribution = &gathered->distribution;
    size_t i = 0;
    while (distribution->fine == NULL) {
        i += count_known(distribution, ratings + i, n - i);
        if (i == n) return;
        float rating = ratings[i++] + 0.0f;
        uint32_t slot = slot_of(distribution, rating);
        distribution->count[slot] = 1;
        distribution->value[slot] = rating;
        rs_scale_add(&gathered->scale, &rating, 1);
        if (++distribution->n_exact > EXACT_VALUES) give_up_values(distribution);
    }
    rs_scale_add(&gathered->scale, ratings + i, n - i);
    for (; i < n; i++) distribution->fine[fine_bucket(ratings[i] + 0.0f)]++;
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

/* The day of a time, made if it is new. */
static struct day *day_of(struct calendar *calendar, int64_t day) {
    if (calendar->latest != NULL && calendar->latest->day == day) return calendar->latest;
    if (2 * (calendar->n_days + 1) > calendar->n_slots) grow_days(calendar);
    calendar->latest = find_day(calendar->days, calendar->n_slots, day);
    calendar->n_days += calendar->latest->sums.n == 0;
    calendar->latest->day = day;
    return calendar->latest;
}

/* Rows of the same hour often follow one another: their sums stay in registers. */
static void count_times(struct calendar *calendar, const int64_t *times, const float *ratings,
                        size_t n) {
    for (size_t i = 0; i < n;) {
        if (times[i] == RS_NO_TIME) {
            calendar->missing++;
            i++;
            continue;
        }
        int64_t number = floor_divide(times[i], DAY_MS);
        int64_t hour = (times[i] - number * DAY_MS) / HOUR_MS;
        int64_t begin = number * DAY_MS + hour * HOUR_MS, first = times[i], last = times[i];
        struct day *day = day_of(calendar, number);
        struct sums of_hour = calendar->hours[hour], of_day = day->sums;
        do {
            sums_add(&of_hour, (double)ratings[i]);
            sums_add(&of_day, (double)ratings[i]);
            first = times[i] < first ? times[i] : first;
            last = times[i] > last ? times[i] : last;
            i++;
        } while (i < n && times[i] >= begin && times[i] - begin < HOUR_MS);
        calendar->hours[hour] = of_hour;
        day->sums = of_day;
        if (first < calendar->first) calendar->first = first;
        if (last > calendar->last) calendar->last = last;
    }
}

/* Pairs */

static bool is_kept(const struct held *held, size_t line) {
    return held->level == 0 || held->hash[line] >> (64 - held->level) == 0;
}

/* Puts those of N pairs whose line is kept behind the held ones, which may be the same memory.
 * Which lines are kept follows no order that a processor could guess: there is no branch. */
static void keep_some(struct held *held, const uint32_t *user, const uint32_t *item, size_t n) {
    const uint32_t *lines = held->by_user ? user : item;
    size_t kept = held->n;
    for (size_t i = 0; i < n; i++) {
        uint32_t u = user[i], t = item[i];
        bool keep = held->kept[lines[i]];
        held->user[kept] = u;
        held->item[kept] = t;
        kept += keep;
    }
    held->n = kept;
}

/* Keeps, of N pairs beside none or of the held ones, those of half as many lines as before. */
static void halve(struct held *held, const uint32_t *user, const uint32_t *item, size_t n) {
    held->level++;
    for (size_t l = 0; l < held->n_lines; l++) held->kept[l] = is_kept(held, l);
    held->n = 0;
    keep_some(held, user, item, n);
}

static void thin_out(struct held *held) {
    while (held->n > held->limit / SAMPLE_PART && held->level < 63)
        halve(held, held->user, held->item, held->n);
}

static void name_lines(struct held *held, const struct rs_ids *names) {
    if (held->n_lines == names->n) return;
    size_t kept_capacity = held->line_capacity;
    rs_grow(&held->hash, &held->line_capacity, names->n, sizeof *held->hash);
    if (held->line_capacity != kept_capacity)
        held->kept = rs_realloc(held->kept, held->line_capacity, sizeof *held->kept);
    for (; held->n_lines < names->n; held->n_lines++) {
        struct rs_id id = rs_ids_get(names, held->n_lines);
        held->hash[held->n_lines] = rs_random_hash(0, id.text, id.length, "", 0);
        held->kept[held->n_lines] = is_kept(held, held->n_lines);
    }
}

/* Room for N more pairs, and for the one that is written before it is known not to be kept. What is
 * not touched costs nothing, and pages that are copied cost twice: what is not small gets much. */
static void make_room(struct held *held, size_t n) {
    enum { SMALL = 1 << 16, MUCH = (1 << 20) + 2 * RS_BATCH_ROWS };
    size_t needed = held->n + n + 1;
    if (needed <= held->capacity) return;
    size_t capacity = needed > SMALL && needed < MUCH / 2 ? MUCH : 2 * needed;
    uint32_t **column[] = {&held->user, &held->item};
    for (int c = 0; c < 2; c++) {
        uint32_t *grown = rs_pages_new(capacity * sizeof *grown);
        if (held->n > 0) memcpy(grown, *column[c], held->n * sizeof *grown);
        rs_pages_free(*column[c], held->capacity * sizeof *grown);
        *column[c] = grown;
    }
    held->capacity = capacity;
}

/* While everything is held. */
static void hold_all(struct gathered *gathered, const struct rs_pairs *batch) {
    struct held *by_user = &gathered->by_user, *by_item = &gathered->by_item;
    make_room(by_user, batch->n);
    memcpy(by_user->user + by_user->n, batch->user, batch->n * sizeof *batch->user);
    memcpy(by_user->item + by_user->n, batch->item, batch->n * sizeof *batch->item);
    by_user->n += batch->n;
    if (by_user->n <= by_user->limit) return;
    make_room(by_item, by_user->n);
    halve(by_item, by_user->user, by_user->item, by_user->n);
    halve(by_user, by_user->user, by_user->item, by_user->n);
    thin_out(by_item);
    thin_out(by_user);
}

static void hold_some(struct held *held, const struct rs_pairs *batch) {
    make_room(held, batch->n);
    keep_some(held, batch->user, batch->item, batch->n);
    thin_out(held);
}

/* All of it */

void gathered_init(struct gathered *gathered, size_t limit) {
    *gathered = (struct gathered){.calendar = {.first = INT64_MAX, .last = INT64_MIN}};
    gathered->by_user = (struct held){.by_user = true, .limit = limit};
    gathered->by_item = (struct held){.by_user = false, .limit = limit};
}

static int compare_counts(const void *a, const void *b) {
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return first < second ? -1 : first > second;
}

static uint64_t *sorted_counts(const struct sums_list *list) {
    uint64_t *counts = rs_malloc(list->n, sizeof *counts);
    for (size_t l = 0; l < list->n; l++) counts[l] = list->all[l].n;
    qsort(counts, list->n, sizeof *counts, compare_counts);
    return counts;
}

void gathered_finish(struct gathered *gathered) {
    helper_stop(&gathered->helper);
    for (size_t u = 0; u < gathered->users.n; u++) {
        gathered->all.n += gathered->users.all[u].n;
        gathered->all.sum += gathered->users.all[u].sum;
        gathered->all.squares += gathered->users.all[u].squares;
    }
    gathered->user_counts = sorted_counts(&gathered->users);
    gathered->item_counts = sorted_counts(&gathered->items);
}

void gathered_free(struct gathered *gathered) {
    free(gathered->users.all);
    free(gathered->items.all);
    free(gathered->user_counts);
    free(gathered->item_counts);
    free(gathered->distribution.fine);
    free(gathered->calendar.days);
    for (size_t c = 0; c < gathered->n_contexts; c++) free(gathered->contexts[c].all);
    struct held *held[] = {&gathered->by_user, &gathered->by_item};
    for (int h = 0; h < 2; h++) {
        rs_pages_free(held[h]->user, held[h]->capacity * sizeof *held[h]->user);
        rs_pages_free(held[h]->item, held[h]->capacity * sizeof *held[h]->item);
        free(held[h]->hash);
        free(held[h]->kept);
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

/* A batch on its way in. */
struct intake {
    struct gathered *gathered;
    const struct rs_pairs *batch;
    const struct rs_ids *users, *items;
};

/* Two halves of about the same work, which share nothing. */
static void take_items(void *argument) {
    const struct intake *intake = argument;
    const struct rs_pairs *batch = intake->batch;
    sums_count(&intake->gathered->items, batch->item, batch->rating, batch->n);
    name_lines(&intake->gathered->by_user, intake->users);
    name_lines(&intake->gathered->by_item, intake->items);
    if (intake->gathered->by_user.level == 0) {
        hold_all(intake->gathered, batch);
    } else {
        hold_some(&intake->gathered->by_user, batch);
        hold_some(&intake->gathered->by_item, batch);
    }
}

static void take_users(const struct intake *intake) {
    struct gathered *gathered = intake->gathered;
    const struct rs_pairs *batch = intake->batch;
    sums_count(&gathered->users, batch->user, batch->rating, batch->n);
    count_ratings(gathered, batch->rating, batch->n);
    if (batch->time != NULL) {
        count_times(&gathered->calendar, batch->time, batch->rating, batch->n);
    } else {
        gathered->calendar.missing += batch->n;
    }
    count_contexts(gathered, batch);
}

void gathered_add(struct gathered *gathered, const struct rs_pairs *batch,
                  const struct rs_ids *users, const struct rs_ids *items) {
    enum { WORTH_A_THREAD = 8192 };
    sums_extend(&gathered->users, users->n);
    sums_extend(&gathered->items, items->n);
    gathered->any_time |= batch->time != NULL;
    struct intake intake = {gathered, batch, users, items};
    if (!gathered->helped && batch->n > WORTH_A_THREAD && omp_get_max_threads() > 1) {
        helper_start(&gathered->helper);
        gathered->helped = true;
    }
    helper_give(&gathered->helper, take_items, &intake);
    take_users(&intake);
    helper_wait(&gathered->helper);
}
