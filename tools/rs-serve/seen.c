#include "seen.h"

#include <stdlib.h>

#include "base/memory.h"

enum { FIRST_SLOTS = 1024 };

/* What a removed id leaves, so that those behind it are found. */
static const XXH128_hash_t gone = {1, 0};

static XXH128_hash_t hash_of(struct rs_id id) {
    XXH128_hash_t hash = XXH3_128bits(id.text, id.length);
    hash.high64 |= 1; /* neither free nor gone */
    return hash;
}

static XXH128_hash_t *find(const struct seen_table *table, XXH128_hash_t hash) {
    if (table->n_slots == 0) return NULL;
    size_t at = hash.low64 % table->n_slots;
    while (table->slots[at].low64 != 0 || table->slots[at].high64 != 0) {
        if (XXH128_isEqual(table->slots[at], hash)) return &table->slots[at];
        at = (at + 1) % table->n_slots;
    }
    return NULL;
}

static void insert(struct seen_table *table, XXH128_hash_t hash) {
    size_t at = hash.low64 % table->n_slots;
    while (table->slots[at].low64 != 0 || table->slots[at].high64 != 0)
        at = (at + 1) % table->n_slots;
    table->slots[at] = hash;
    table->n++;
}

static void grow(struct seen_table *table) {
    if (2 * (table->n + 1) <= table->n_slots) return;
    struct seen_table larger = {.n_slots = table->n_slots == 0 ? FIRST_SLOTS : 2 * table->n_slots};
    larger.slots = rs_calloc(larger.n_slots, sizeof *larger.slots);
    for (size_t s = 0; s < table->n_slots; s++)
        if (table->slots[s].high64 != 0) insert(&larger, table->slots[s]);
    free(table->slots);
    *table = larger;
}

bool seen_add(struct seen *seen, struct rs_id id) {
    XXH128_hash_t hash = hash_of(id);
    if (find(&seen->recent, hash) != NULL || find(&seen->before, hash) != NULL) return false;
    if (seen->recent.n >= SEEN_RECENT) {
        free(seen->before.slots);
        seen->before = seen->recent;
        seen->recent = (struct seen_table){0};
    }
    grow(&seen->recent);
    insert(&seen->recent, hash);
    return true;
}

void seen_remove(struct seen *seen, struct rs_id id) {
    struct seen_table *tables[] = {&seen->recent, &seen->before};
    for (int t = 0; t < 2; t++) {
        XXH128_hash_t *slot = find(tables[t], hash_of(id));
        if (slot != NULL) *slot = gone;
    }
}

void seen_free(struct seen *seen) {
    free(seen->recent.slots);
    free(seen->before.slots);
    *seen = (struct seen){0};
}
