#include "values.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

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
void distribution_add(struct distribution *distribution, const float *ratings, size_t n) {
    size_t i = 0;
    while (distribution->fine == NULL) {
        i += count_known(distribution, ratings + i, n - i);
        if (i == n) return;
        float rating = ratings[i++] + 0.0f;
        uint32_t slot = slot_of(distribution, rating);
        distribution->count[slot] = 1;
        distribution->value[slot] = rating;
        rs_scale_add(&distribution->scale, &rating, 1);
        if (++distribution->n_exact > EXACT_VALUES) give_up_values(distribution);
    }
    rs_scale_add(&distribution->scale, ratings + i, n - i);
    for (; i < n; i++) distribution->fine[fine_bucket(ratings[i] + 0.0f)]++;
}

void distribution_free(struct distribution *distribution) {
    free(distribution->fine);
}
