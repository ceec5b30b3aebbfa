#include "neighbours/shortlist.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/topk.h"

enum { FIRST_CAPACITY = 16, SLACK = 32 };

static size_t limit_of(size_t k, size_t n_candidates) {
    return k >= n_candidates || k + k / 2 + SLACK >= n_candidates ? n_candidates
                                                                  : k + k / 2 + SLACK;
}

void rs_shortlists_make(struct rs_shortlists *shortlists, size_t n, size_t k, size_t n_candidates,
                        float more_than, size_t n_thresholds) {
    shortlists->n = n;
    shortlists->k = k;
    shortlists->limit = limit_of(k, n_candidates);
    shortlists->lists = rs_calloc(n, sizeof *shortlists->lists);
    shortlists->threshold = rs_malloc(n_thresholds, sizeof *shortlists->threshold);
    for (size_t i = 0; i < n; i++) shortlists->threshold[i] = nextafterf(more_than, INFINITY);
    for (size_t i = n; i < n_thresholds; i++) shortlists->threshold[i] = INFINITY;
    for (size_t i = 0; i < RS_SHORTLIST_LOCKS; i++) pthread_mutex_init(&shortlists->locks[i], NULL);
}

static uint64_t least(const uint64_t *keys, size_t n) {
    uint64_t key = UINT64_MAX;
    for (size_t i = 0; i < n; i++) key = keys[i] < key ? keys[i] : key;
    return key;
}

/* Makes room for one more: by growing, or by dropping all but the K best. */
static void make_room(struct rs_shortlists *shortlists, size_t index) {
    struct rs_shortlist *list = &shortlists->lists[index];
    if (list->capacity < shortlists->limit) {
        size_t capacity = list->capacity == 0 ? FIRST_CAPACITY : 2 * (size_t)list->capacity;
        if (capacity > shortlists->limit) capacity = shortlists->limit;
        list->keys = rs_realloc(list->keys, capacity, sizeof *list->keys);
        list->capacity = (uint32_t)capacity;
        return;
    }
    rs_topk_partition(list->keys, list->n, shortlists->k);
    list->n = (uint32_t)shortlists->k;
    shortlists->threshold[index] = rs_topk_value(least(list->keys, list->n));
}

static void take(struct rs_shortlists *shortlists, const struct rs_offer *offer) {
    struct rs_shortlist *list = &shortlists->lists[offer->list];
    if (offer->value < shortlists->threshold[offer->list]) return;
    if (list->n == list->capacity) make_room(shortlists, offer->list);
    list->keys[list->n++] = rs_topk_key(offer->value, offer->index);
}

static void hand_over(struct rs_offers *offers, size_t lock) {
    struct rs_shortlists *shortlists = offers->shortlists;
    pthread_mutex_lock(&shortlists->locks[lock]);
    for (size_t i = 0; i < offers->n[lock]; i++) take(shortlists, &offers->batch[lock][i]);
    pthread_mutex_unlock(&shortlists->locks[lock]);
    offers->n[lock] = 0;
}

/* Lists that share a cache line share a lock. */
static size_t lock_of(size_t list) {
    return list / 32 % RS_SHORTLIST_LOCKS;
}

void rs_offers_add(struct rs_offers *offers, size_t list, float value, uint32_t index) {
    size_t lock = lock_of(list);
    offers->batch[lock][offers->n[lock]++] = (struct rs_offer){(uint32_t)list, index, value};
    if (offers->n[lock] == RS_SHORTLIST_BATCH) hand_over(offers, lock);
}

void rs_offers_flush(struct rs_offers *offers) {
    for (size_t lock = 0; lock < RS_SHORTLIST_LOCKS; lock++) hand_over(offers, lock);
}

void rs_shortlists_finish(struct rs_shortlists *shortlists, size_t index) {
    struct rs_shortlist *list = &shortlists->lists[index];
    rs_topk_partition(list->keys, list->n, shortlists->k);
    if (list->n > shortlists->k) list->n = (uint32_t)shortlists->k;
    rs_topk_sort(list->keys, list->n);
}

void rs_shortlists_free(struct rs_shortlists *shortlists) {
    for (size_t i = 0; i < shortlists->n; i++) free(shortlists->lists[i].keys);
    for (size_t i = 0; i < RS_SHORTLIST_LOCKS; i++) pthread_mutex_destroy(&shortlists->locks[i]);
    free(shortlists->lists);
    free(shortlists->threshold);
}

size_t rs_shortlists_bytes(size_t n, size_t k, size_t n_candidates) {
    size_t a_list = sizeof(struct rs_shortlist) + sizeof(float);
    return n * (a_list + (limit_of(k, n_candidates) + 2) * sizeof(uint64_t));
}
