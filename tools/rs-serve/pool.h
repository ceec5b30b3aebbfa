/* Threads for what takes longer than those of the connections may be away: lists that are computed,
 * long bodies. Tasks begin in the order in which they came. */
#ifndef SERVE_POOL_H
#define SERVE_POOL_H

#include "base/error.h"

struct pool;

/* What is to be done, a part of what it works on: it stays its owner's, who may free it from within
 * run. */
struct task {
    void (*run)(struct task *task);
    struct task *next;
};

/* NULL after filling *err. */
struct pool *pool_new(unsigned threads, struct rs_error *err);

/* Does all that has come, ends the threads and frees the pool. Nobody may give any more. */
void pool_free(struct pool *pool);

/* Runs a task in one of the threads, perhaps before this returns. */
void pool_give(struct pool *pool, struct task *task);

#endif
