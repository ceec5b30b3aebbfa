#include "cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/memory.h"

enum {
    N_SHARDS = 32,
    FIRST_SLOTS = 64,
    OVERHEAD =
        1024 /* of an answer besides its bytes: two responses with their headers, the entry */
};

struct entry {
    uint64_t hash;
    struct entry *next;          /* of the same slot */
    struct entry *newer, *older; /* by last use; of those with an answer */
    struct answer *answer;       /* NULL: being computed */
    size_t bytes, key_length;
    char key[];
};

struct shard {
    pthread_mutex_t lock;
    pthread_cond_t done; /* something that was being computed is there, or has failed */
    struct entry **slots;
    size_t n_slots, n;
    struct entry *newest, *oldest;
    size_t bytes, limit, n_answers;
    uint64_t n_evicted;
} __attribute__((aligned(64)));

struct cache {
    struct shard shards[N_SHARDS];
};

struct cache *cache_new(size_t bytes) {
    struct cache *cache = rs_aligned(1, sizeof *cache);
    for (size_t s = 0; s < N_SHARDS; s++) {
        cache->shards[s] = (struct shard){.limit = bytes / N_SHARDS,
                                          .slots = rs_calloc(FIRST_SLOTS, sizeof(struct entry *)),
                                          .n_slots = FIRST_SLOTS};
        pthread_mutex_init(&cache->shards[s].lock, NULL);
        pthread_cond_init(&cache->shards[s].done, NULL);
    }
    return cache;
}

static struct entry **place(struct shard *shard, uint64_t hash, const void *key, size_t n) {
    struct entry **at = &shard->slots[hash / N_SHARDS % shard->n_slots];
    while (*at != NULL &&
           ((*at)->hash != hash || (*at)->key_length != n || memcmp((*at)->key, key, n) != 0))
        at = &(*at)->next;
    return at;
}

static void grow(struct shard *shard) {
    if (shard->n < shard->n_slots) return;
    size_t n_slots = 2 * shard->n_slots;
    struct entry **slots = rs_calloc(n_slots, sizeof *slots);
    for (size_t s = 0; s < shard->n_slots; s++) {
        for (struct entry *entry = shard->slots[s], *next; entry != NULL; entry = next) {
            next = entry->next;
            struct entry **to = &slots[entry->hash / N_SHARDS % n_slots];
            entry->next = *to;
            *to = entry;
        }
    }
    free(shard->slots);
    shard->slots = slots;
    shard->n_slots = n_slots;
}

static void unlink_use(struct shard *shard, struct entry *entry) {
    *(entry->newer == NULL ? &shard->newest : &entry->newer->older) = entry->older;
    *(entry->older == NULL ? &shard->oldest : &entry->older->newer) = entry->newer;
}

static void use(struct shard *shard, struct entry *entry) {
    entry->newer = NULL;
    entry->older = shard->newest;
    *(shard->newest == NULL ? &shard->oldest : &shard->newest->newer) = entry;
    shard->newest = entry;
}

/* Takes an entry out of the table and frees it; its answer lives while others hold it. */
static void drop(struct shard *shard, struct entry *entry) {
    struct entry **at = place(shard, entry->hash, entry->key, entry->key_length);
    *at = entry->next;
    shard->n--;
    if (entry->answer != NULL) {
        unlink_use(shard, entry);
        shard->bytes -= entry->bytes;
        shard->n_answers--;
        answer_release(entry->answer);
    }
    free(entry);
}

static void begin(struct shard *shard, uint64_t hash, const void *key, size_t n) {
    grow(shard);
    struct entry *entry = rs_malloc(1, sizeof *entry + n);
    *entry = (struct entry){.hash = hash, .key_length = n};
    memcpy(entry->key, key, n);
    struct entry **at = &shard->slots[hash / N_SHARDS % shard->n_slots];
    entry->next = *at;
    *at = entry;
    shard->n++;
}

enum cache_found cache_get(struct cache *cache, const void *key, size_t n, bool waits,
                           struct answer **answer) {
    uint64_t hash = XXH3_64bits(key, n);
    struct shard *shard = &cache->shards[hash % N_SHARDS];
    enum cache_found found = CACHE_HIT;
    *answer = NULL;
    pthread_mutex_lock(&shard->lock);
    struct entry *entry = *place(shard, hash, key, n);
    while (waits && entry != NULL && entry->answer == NULL) {
        found = CACHE_JOINED;
        pthread_cond_wait(&shard->done, &shard->lock);
        entry = *place(shard, hash, key, n);
    }
    if (entry != NULL && entry->answer == NULL) {
        found = CACHE_BUSY;
    } else if (entry != NULL) {
        *answer = entry->answer;
        answer_hold(*answer);
        unlink_use(shard, entry);
        use(shard, entry);
    } else {
        found = CACHE_MISS;
        begin(shard, hash, key, n);
    }
    pthread_mutex_unlock(&shard->lock);
    return found;
}

void cache_put(struct cache *cache, const void *key, size_t n, struct answer *answer) {
    uint64_t hash = XXH3_64bits(key, n);
    struct shard *shard = &cache->shards[hash % N_SHARDS];
    pthread_mutex_lock(&shard->lock);
    struct entry *entry = *place(shard, hash, key, n);
    if (answer == NULL) {
        drop(shard, entry);
    } else {
        answer_hold(answer);
        entry->answer = answer;
        entry->bytes = answer->n + n + OVERHEAD;
        use(shard, entry);
        shard->bytes += entry->bytes;
        shard->n_answers++;
        while (shard->bytes > shard->limit && shard->oldest != NULL) {
            shard->n_evicted++;
            drop(shard, shard->oldest);
        }
    }
    pthread_cond_broadcast(&shard->done);
    pthread_mutex_unlock(&shard->lock);
}

void cache_size(const struct cache *cache, size_t *bytes, size_t *answers, uint64_t *evicted) {
    *bytes = *answers = 0;
    *evicted = 0;
    for (size_t s = 0; s < N_SHARDS; s++) {
        struct shard *shard = (struct shard *)(uintptr_t)&cache->shards[s];
        pthread_mutex_lock(&shard->lock);
        *bytes += shard->bytes;
        *answers += shard->n_answers;
        *evicted += shard->n_evicted;
        pthread_mutex_unlock(&shard->lock);
    }
}

void cache_free(struct cache *cache) {
    for (size_t s = 0; s < N_SHARDS; s++) {
        struct shard *shard = &cache->shards[s];
        for (size_t k = 0; k < shard->n_slots; k++)
            while (shard->slots[k] != NULL) drop(shard, shard->slots[k]);
        free(shard->slots);
        pthread_mutex_destroy(&shard->lock);
        pthread_cond_destroy(&shard->done);
    }
    free(cache);
}
