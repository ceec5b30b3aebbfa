#include "pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t given; /* a task, or the word to end */
    struct task *first, **end;
    bool ending;
    unsigned n_threads, n_idle;
    pthread_t threads[];
};

/* The next task, or NULL when there are none and none will come. */
static struct task *next(struct pool *pool) {
    pthread_mutex_lock(&pool->lock);
    while (pool->first == NULL && !pool->ending) {
        pool->n_idle++;
        pthread_cond_wait(&pool->given, &pool->lock);
        pool->n_idle--;
    }
    struct task *task = pool->first;
    if (task != NULL) pool->first = task->next;
    if (pool->first == NULL) pool->end = &pool->first;
    pthread_mutex_unlock(&pool->lock);
    return task;
}

static void *work(void *data) {
    for (struct task *task; (task = next(data)) != NULL;) task->run(task);
    return NULL;
}

struct pool *pool_new(unsigned threads, struct rs_error *err) {
    struct pool *pool = rs_calloc(1, sizeof *pool + threads * sizeof *pool->threads);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->given, NULL);
    pool->end = &pool->first;
    while (pool->n_threads < threads) {
        errno = pthread_create(&pool->threads[pool->n_threads], NULL, work, pool);
        if (errno != 0) {
            rs_fail_errno(err, EX_OSERR, "can't start a thread");
            pool_free(pool);
            return NULL;
        }
        pool->n_threads++;
    }
    return pool;
}

void pool_free(struct pool *pool) {
    if (pool == NULL) return;
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_cond_broadcast(&pool->given);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned t = 0; t < pool->n_threads; t++) pthread_join(pool->threads[t], NULL);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->given);
    free(pool);
}

void pool_give(struct pool *pool, struct task *task) {
    task->next = NULL;
    pthread_mutex_lock(&pool->lock);
    *pool->end = task;
    pool->end = &task->next;
    bool wake = pool->n_idle > 0;
    pthread_mutex_unlock(&pool->lock);
    if (wake) pthread_cond_signal(&pool->given);
}
