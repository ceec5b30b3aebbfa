#include "gather.h"

#include <omp.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "sort.h"

/* Shared by the two threads. */
struct work {
    struct gathered *gathered;
    const struct source *source;
    pthread_mutex_t mutex;
    pthread_cond_t turned;
    uint64_t turn;          /* the number of the batch to be read next */
    bool over, failed, big; /* big: batches are worth a thread */
    struct rs_error err;
    pthread_mutex_t holding; /* of what is held, and the distribution */
    struct tally odd;        /* of odd batches; even ones go to gathered->tally */
    uint64_t first;          /* batch of the second thread */
};

/* Reads a batch; false at the end. The other thread is counting, and has the names of its lines. */
static bool read_batch(struct work *work, struct taken *taken) {
    enum { WORTH_A_THREAD = 8192 };
    const struct source *source = work->source;
    if (work->over) return false;
    work->failed = !source->next(source->what, taken, &work->over, &work->err);
    work->over |= work->failed;
    if (work->over) return false;
    work->big |= taken->batch.n > WORTH_A_THREAD;
    pthread_mutex_lock(&work->holding);
    held_name(&work->gathered->by_user, source->users);
    held_name(&work->gathered->by_item, source->items);
    pthread_mutex_unlock(&work->holding);
    return true;
}

/* Waits for the turn to read batch NUMBER, which then is the next one's; false at the end. */
static bool take_turn(struct work *work, uint64_t number, struct taken *taken, size_t *n_users,
                      size_t *n_items) {
    pthread_mutex_lock(&work->mutex);
    while (work->turn != number) pthread_cond_wait(&work->turned, &work->mutex);
    bool more = read_batch(work, taken);
    *n_users = work->source->users->n;
    *n_items = work->source->items->n;
    work->turn++;
    pthread_cond_signal(&work->turned);
    pthread_mutex_unlock(&work->mutex);
    return more;
}

static bool do_batch(struct work *work, uint64_t number) {
    struct gathered *gathered = work->gathered;
    struct taken taken = {.made = NULL};
    size_t n_users, n_items;
    bool more = take_turn(work, number, &taken, &n_users, &n_items);
    if (more) {
        pthread_mutex_lock(&work->holding);
        held_add(&gathered->by_user, &gathered->by_item, &taken.batch);
        distribution_add(&gathered->distribution, taken.batch.rating, taken.batch.n);
        pthread_mutex_unlock(&work->holding);
        tally_add(number % 2 == 0 ? &gathered->tally : &work->odd, &taken.batch, n_users, n_items);
    }
    rs_segment_clear(&taken.arrays);
    free(taken.made);
    return more;
}

static void *help(void *argument) {
    struct work *work = argument;
    for (uint64_t number = work->first; do_batch(work, number); number += 2) continue;
    return NULL;
}

/* Does all batches, every second one once there is a second thread. */
static void do_batches(struct work *work) {
    pthread_t thread;
    bool helped = false;
    uint64_t number = 0;
    while (do_batch(work, number)) {
        number += helped ? 2 : 1;
        if (helped || !work->big || omp_get_max_threads() == 1) continue;
        work->first = number + 1;
        helped = pthread_create(&thread, NULL, help, work) == 0;
    }
    if (helped) pthread_join(thread, NULL);
}

static uint64_t *sorted_counts(const struct sums_list *list) {
    uint64_t *counts = rs_malloc(list->n, sizeof *counts);
    for (size_t l = 0; l < list->n; l++) counts[l] = list->all[l].n;
    sort_numbers(counts, list->n);
    return counts;
}

bool gather_source(struct gathered *gathered, const struct source *source, size_t limit,
                   struct rs_error *err) {
    *gathered = (struct gathered){.by_user = {.by_user = true, .limit = limit},
                                  .by_item = {.by_user = false, .limit = limit}};
    struct work work = {.gathered = gathered, .source = source};
    tally_init(&gathered->tally);
    tally_init(&work.odd);
    pthread_mutex_init(&work.mutex, NULL);
    pthread_mutex_init(&work.holding, NULL);
    pthread_cond_init(&work.turned, NULL);
    do_batches(&work);
    pthread_cond_destroy(&work.turned);
    pthread_mutex_destroy(&work.holding);
    pthread_mutex_destroy(&work.mutex);
    tally_join(&gathered->tally, &work.odd);
    tally_free(&work.odd);
    for (size_t u = 0; u < gathered->tally.users.n; u++)
        sums_join(&gathered->all, &gathered->tally.users.all[u]);
    gathered->user_counts = sorted_counts(&gathered->tally.users);
    gathered->item_counts = sorted_counts(&gathered->tally.items);
    *err = work.err;
    return !work.failed;
}

void gathered_free(struct gathered *gathered) {
    tally_free(&gathered->tally);
    free(gathered->user_counts);
    free(gathered->item_counts);
    distribution_free(&gathered->distribution);
    held_free(&gathered->by_user);
    held_free(&gathered->by_item);
}
