/* A second thread that does half of the work and sleeps between its parts, unlike a team of OpenMP,
 * whose threads stay awake and take the processor from others where there are more of them than
 * processors. */
#ifndef HELPER_H
#define HELPER_H

#include <pthread.h>
#include <stdbool.h>

struct helper {
    bool running; /* false: helper_give does the work itself */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t turned;
    void (*work)(void *); /* to be done; NULL when it is */
    void *what;
    bool leave;
};

/* Starts the thread; where there can be none, helper_give does the work itself. */
void helper_start(struct helper *helper);

/* Lets it do WORK(WHAT). Not again before helper_wait, which returns when it is done. */
void helper_give(struct helper *helper, void (*work)(void *), void *what);
void helper_wait(struct helper *helper);

/* Ends the thread, if there is one. */
void helper_stop(struct helper *helper);

#endif
