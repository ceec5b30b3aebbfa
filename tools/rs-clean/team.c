#include "team.h"

#include <omp.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "parse.h"

enum { MOST_THREADS = 32 }; /* more would only wait for the one that takes */

/* Blocks are read one after another into the slots of a ring, parsed by whoever read them, and
 * taken in their order by whichever thread finds the next one ready: it goes on for as long as
 * there is one, while the others read and parse. */

enum state { FREE, BUSY, READY };

struct slot {
    enum state state;
    struct rs_text_buffer buffer;
    struct rows rows;
    bool failed; /* reading did, with this error */
    struct rs_error error;
};

struct team {
    struct rs_text *text;
    const struct row_rules *rules;
    team_take *take;
    void *context;
    pthread_mutex_t reading, lock;
    pthread_cond_t changed;
    bool at_end; /* under `reading` */
    uint64_t n_read;
    /* Under `lock`: */
    struct slot *slots;
    size_t n_slots;
    uint64_t n_taken;
    bool taking, failed;
    struct rs_error *err;
};

/* Claims the next slot and reads a block into it; NULL when there is nothing more to do. */
static struct slot *read_next(struct team *team, struct rs_block *block, bool *first) {
    struct slot *slot = NULL;
    pthread_mutex_lock(&team->reading);
    if (!team->at_end) {
        slot = &team->slots[team->n_read % team->n_slots];
        pthread_mutex_lock(&team->lock);
        while (slot->state != FREE && !team->failed) pthread_cond_wait(&team->changed, &team->lock);
        if (team->failed) slot = NULL;
        if (slot != NULL) slot->state = BUSY;
        pthread_mutex_unlock(&team->lock);
    }
    if (slot != NULL) {
        slot->failed =
            !rs_text_next_into(team->text, team->rules->form, &slot->buffer, block, &slot->error);
        *first = team->n_read++ == 0;
        if (slot->failed || block->length == 0) team->at_end = true;
        if (slot->failed) block->length = 0;
    }
    pthread_mutex_unlock(&team->reading);
    return slot;
}

/* Takes what is ready and next. Called and left with the lock held. */
static void take_ready(struct team *team) {
    if (team->taking) return;
    team->taking = true;
    struct slot *slot;
    while (slot = &team->slots[team->n_taken % team->n_slots], slot->state == READY) {
        bool failed = team->failed;
        pthread_mutex_unlock(&team->lock);
        if (!failed && slot->failed) {
            *team->err = slot->error;
            failed = true;
        } else if (!failed) {
            failed = !team->take(team->context, &slot->rows, team->err);
        }
        pthread_mutex_lock(&team->lock);
        team->failed = failed;
        slot->state = FREE;
        team->n_taken++;
        pthread_cond_broadcast(&team->changed);
    }
    team->taking = false;
}

static void work(struct team *team) {
    struct rs_cutter *cutter = rs_cutter_new(team->rules->form);
    struct rs_block block = {0};
    struct slot *slot;
    bool first;
    while ((slot = read_next(team, &block, &first)) != NULL) {
        parse_block(&slot->rows, cutter, block, team->rules, first && team->rules->form->header);
        pthread_mutex_lock(&team->lock);
        slot->state = READY;
        take_ready(team);
        pthread_mutex_unlock(&team->lock);
    }
    rs_cutter_free(cutter);
}

bool team_read(struct rs_text *text, const struct row_rules *rules, team_take *take, void *context,
               struct rs_error *err) {
    struct rs_error error = {0};
    int n_threads = omp_get_max_threads() < MOST_THREADS ? omp_get_max_threads() : MOST_THREADS;
    struct team team = {.text = text,
                        .rules = rules,
                        .take = take,
                        .context = context,
                        .n_slots = n_threads == 1 ? 1 : 2 * (size_t)n_threads + 1,
                        .err = &error};
    team.slots = rs_calloc(team.n_slots, sizeof *team.slots);
    pthread_mutex_init(&team.reading, NULL);
    pthread_mutex_init(&team.lock, NULL);
    pthread_cond_init(&team.changed, NULL);
#pragma omp parallel default(none) shared(team) num_threads(n_threads)
    work(&team);
    for (size_t i = 0; i < team.n_slots; i++) {
        free(team.slots[i].buffer.bytes);
        rows_free(&team.slots[i].rows);
    }
    free(team.slots);
    pthread_mutex_destroy(&team.reading);
    pthread_mutex_destroy(&team.lock);
    pthread_cond_destroy(&team.changed);
    if (team.failed && err != NULL) *err = error;
    return !team.failed;
}
