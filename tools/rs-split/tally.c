/* What is told about a split: sizes, strangers in the test, and how much the training knows of the
 * test's future. */
#include <stdlib.h>

#include "base/memory.h"
#include "split.h"

enum { FIRST_SLOTS = 1024, MS_PER_HOUR = 3600000 };

static struct hour *find_slot(struct hour *hours, size_t n_slots, int64_t hour) {
    size_t at = ((uint64_t)hour * 0x9e3779b97f4a7c15u) >> 32 & (n_slots - 1);
    while (hours[at].n[0] + hours[at].n[1] > 0 && hours[at].hour != hour)
        at = (at + 1) & (n_slots - 1);
    return &hours[at];
}

static void make_slots(struct tally *tally) {
    if (2 * (tally->n_hours + 1) <= tally->n_slots) return;
    size_t n_slots = tally->n_slots == 0 ? FIRST_SLOTS : 2 * tally->n_slots;
    struct hour *hours = rs_calloc(n_slots, sizeof *hours);
    for (size_t s = 0; s < tally->n_slots; s++)
        if (tally->hours[s].n[0] + tally->hours[s].n[1] > 0)
            *find_slot(hours, n_slots, tally->hours[s].hour) = tally->hours[s];
    free(tally->hours);
    tally->hours = hours;
    tally->n_slots = n_slots;
}

static void count_time(struct tally *tally, int64_t time, int role) {
    int64_t hour = time / MS_PER_HOUR - (time % MS_PER_HOUR < 0);
    make_slots(tally);
    struct hour *slot = find_slot(tally->hours, tally->n_slots, hour);
    tally->n_hours += slot->n[0] + slot->n[1] == 0;
    slot->hour = hour;
    slot->n[role]++;
    tally->n_timed[role]++;
}

static void make_counts(uint64_t *counts[2], size_t *n, size_t n_names) {
    if (n_names <= *n) return;
    size_t larger = *n == 0 ? FIRST_SLOTS : *n;
    while (larger < n_names) larger *= 2;
    for (int role = 0; role < 2; role++) {
        counts[role] = rs_realloc(counts[role], larger, sizeof *counts[role]);
        for (size_t i = *n; i < larger; i++) counts[role][i] = 0;
    }
    *n = larger;
}

void tally_batch(struct tally *tally, const struct rs_pairs_reader *reader,
                 const struct rs_pairs *batch, const uint8_t *roles) {
    make_counts(tally->users, &tally->n_users, reader->users.ids.n);
    make_counts(tally->items, &tally->n_items, reader->items.ids.n);
    for (size_t i = 0; i < batch->n; i++) {
        uint8_t role = roles[i];
        tally->n[role]++;
        if (role == ROLE_LEFT_OUT) continue;
        tally->users[role][batch->user[i]]++;
        tally->items[role][batch->item[i]]++;
        if (batch->time != NULL && batch->time[i] != RS_NO_TIME)
            count_time(tally, batch->time[i], role);
    }
}

/* Test ratings whose user, or item, has none in training. */
static uint64_t strangers(uint64_t *counts[2], size_t n) {
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        if (counts[ROLE_TRAIN][i] == 0) sum += counts[ROLE_TEST][i];
    return sum;
}

static int compare_hours(const void *a, const void *b) {
    const struct hour *first = a, *second = b;
    return first->hour < second->hour ? -1 : first->hour > second->hour;
}

/* The shares of training ratings given in a later hour than the first and the median test rating.
 */
static void add_leaks(struct tally *tally, json_t *counts) {
    size_t n = 0;
    for (size_t s = 0; s < tally->n_slots; s++)
        if (tally->hours[s].n[0] + tally->hours[s].n[1] > 0) tally->hours[n++] = tally->hours[s];
    qsort(tally->hours, n, sizeof *tally->hours, compare_hours);
    uint64_t test = 0, train = 0, after_first = 0, after_median = 0;
    for (size_t h = 0; h < n; h++) {
        bool first = test == 0, median = 2 * test < tally->n_timed[ROLE_TEST];
        test += tally->hours[h].n[ROLE_TEST];
        train += tally->hours[h].n[ROLE_TRAIN];
        if (first && test > 0) after_first = tally->n_timed[ROLE_TRAIN] - train;
        if (median && 2 * test >= tally->n_timed[ROLE_TEST])
            after_median = tally->n_timed[ROLE_TRAIN] - train;
    }
    double whole = (double)tally->n_timed[ROLE_TRAIN];
    json_object_set_new(counts, "train_after_first_test", json_real((double)after_first / whole));
    json_object_set_new(counts, "train_after_median_test", json_real((double)after_median / whole));
}

json_t *tally_finish(struct tally *tally) {
    json_t *counts =
        json_pack("{s:I, s:I, s:I, s:I, s:I}", "train", (json_int_t)tally->n[ROLE_TRAIN], "test",
                  (json_int_t)tally->n[ROLE_TEST], "left_out", (json_int_t)tally->n[ROLE_LEFT_OUT],
                  "test_of_new_users", (json_int_t)strangers(tally->users, tally->n_users),
                  "test_of_new_items", (json_int_t)strangers(tally->items, tally->n_items));
    if (tally->n_timed[ROLE_TRAIN] > 0 && tally->n_timed[ROLE_TEST] > 0) add_leaks(tally, counts);
    for (int role = 0; role < 2; role++) {
        free(tally->users[role]);
        free(tally->items[role]);
    }
    free(tally->hours);
    *tally = (struct tally){0};
    return counts;
}
