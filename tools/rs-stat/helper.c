#include "helper.h"

#include <stddef.h>

static void *help(void *argument) {
    struct helper *helper = argument;
    pthread_mutex_lock(&helper->mutex);
    for (;;) {
        while (helper->work == NULL && !helper->leave)
            pthread_cond_wait(&helper->turned, &helper->mutex);
        if (helper->work == NULL) break;
        void (*work)(void *) = helper->work;
        pthread_mutex_unlock(&helper->mutex);
        work(helper->what);
        pthread_mutex_lock(&helper->mutex);
        helper->work = NULL;
        pthread_cond_signal(&helper->turned);
    }
    pthread_mutex_unlock(&helper->mutex);
    return NULL;
}

void helper_start(struct helper *helper) {
    *helper = (struct helper){.running = false};
    pthread_mutex_init(&helper->mutex, NULL);
    pthread_cond_init(&helper->turned, NULL);
    helper->running = pthread_create(&helper->thread, NULL, help, helper) == 0;
}

void helper_give(struct helper *helper, void (*work)(void *), void *what) {
    if (!helper->running) {
        work(what);
        return;
    }
    pthread_mutex_lock(&helper->mutex);
    helper->what = what;
    helper->work = work;
    pthread_cond_signal(&helper->turned);
    pthread_mutex_unlock(&helper->mutex);
}

void helper_wait(struct helper *helper) {
    if (!helper->running) return;
    pthread_mutex_lock(&helper->mutex);
    while (helper->work != NULL) pthread_cond_wait(&helper->turned, &helper->mutex);
    pthread_mutex_unlock(&helper->mutex);
}

void helper_stop(struct helper *helper) {
    if (!helper->running) return;
    pthread_mutex_lock(&helper->mutex);
    helper->leave = true;
    pthread_cond_signal(&helper->turned);
    pthread_mutex_unlock(&helper->mutex);
    pthread_join(helper->thread, NULL);
    pthread_mutex_destroy(&helper->mutex);
    pthread_cond_destroy(&helper->turned);
    helper->running = false;
}
