#include "held.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/pages.h"
#include "base/random.h"

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

void held_name(struct held *held, const struct rs_ids *names) {
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
static void hold_all(struct held *by_user, struct held *by_item, const struct rs_pairs *batch) {
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

void held_add(struct held *by_user, struct held *by_item, const struct rs_pairs *batch) {
    if (by_user->level == 0) {
        hold_all(by_user, by_item, batch);
        return;
    }
    hold_some(by_user, batch);
    hold_some(by_item, batch);
}

void held_free(struct held *held) {
    rs_pages_free(held->user, held->capacity * sizeof *held->user);
    rs_pages_free(held->item, held->capacity * sizeof *held->item);
    free(held->hash);
    free(held->kept);
}
