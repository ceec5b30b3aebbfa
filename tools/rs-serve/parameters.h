/* The parameters of lists: n, offset, category, exclude, user-id, cursor, q, at, context, mmr.
 *
 * Parameters that a route does not take are read over, as clients of other servers send them. */
#ifndef SERVE_PARAMETERS_H
#define SERVE_PARAMETERS_H

#include "call.h"

enum {
    TAKES_PAGE = 1,                 /* n, offset */
    TAKES_CATEGORY = 2,             /* category */
    TAKES_EXCLUDE = 4,              /* exclude: ids separated by commas; may be given again */
    TAKES_USER = 8,                 /* user-id */
    TAKES_CURSOR = 16,              /* n, cursor */
    TAKES_QUERY = 32,               /* q */
    TAKES_RANKING_CONTEXT = 64,     /* at, context: for a list */
    TAKES_PREDICTING_CONTEXT = 128, /* the same for an expected rating */
    TAKES_MMR = 256,                /* mmr */
};

/* Reads what the route takes into call->parameters; false after a 400. */
bool parameters_read(struct call *call, unsigned takes);

/* Writes what was read as bytes that differ where the parameters do. Returns their number. */
size_t parameters_key(const struct call *call, unsigned takes, char *key);

#endif
