#include "shortlist.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "topk.h"

enum { FIRST_CAPACITY = 16, SLACK = 32 };

static size_t limit_of(size_t k, size_t n_candidates) {
    return k >= n_candidates || k + k / 2 + SLACK >= n_candidates ? n_candidates
                                                                  : k + k / 2 + SLACK;
}

void rs_shortlists_make(struct rs_shortlists *shortlists, size_t n, size_t k, size_t n_candidates,
                        float more_than, size_t n_thresholds) {
    *shortlists = (struct rs_shortlists){.n = n, .k = k, .limit = limit_of(k, n_candidates)};
    shortlists->lists = rs_calloc(n, sizeof *shortlists->lists);
    shortlists->threshold = rs_malloc(n_thresholds, sizeof *shortlists->threshold);
    for (size_t i = 0; i < n; i++) shortlists->threshold[i] = nextafterf(more_than, INFINITY);
    for (size_t i = n; i < n_thresholds; i++) shortlists->threshold[i] = INFINITY;
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

void rs_shortlists_offer(struct rs_shortlists *shortlists, size_t index, float value,
                         uint32_t candidate) {
    struct rs_shortlist *list = &shortlists->lists[index];
    while (__atomic_test_and_set(&list->lock, __ATOMIC_ACQUIRE)) {
    }
    if (value >= shortlists->threshold[index]) {
        if (list->n == list->capacity) make_room(shortlists, index);
        list->keys[list->n++] = rs_topk_key(value, candidate);
    }
    __atomic_clear(&list->lock, __ATOMIC_RELEASE);
}

void rs_shortlists_finish(struct rs_shortlists *shortlists, size_t index) {
    struct rs_shortlist *list = &shortlists->lists[index];
    rs_topk_partition(list->keys, list->n, shortlists->k);
    if (list->n > shortlists->k) list->n = (uint32_t)shortlists->k;
    rs_topk_sort(list->keys, list->n);
}

void rs_shortlists_free(struct rs_shortlists *shortlists) {
    for (size_t i = 0; i < shortlists->n; i++) free(shortlists->lists[i].keys);
    free(shortlists->lists);
    free(shortlists->threshold);
    *shortlists = (struct rs_shortlists){0};
}

size_t rs_shortlists_bytes(size_t n, size_t k, size_t n_candidates) {
    size_t a_list = sizeof(struct rs_shortlist) + sizeof(float);
    return n * (a_list + (limit_of(k, n_candidates) + 2) * sizeof(uint64_t));
}
