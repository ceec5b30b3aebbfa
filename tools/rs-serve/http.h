/* HTTP: carries requests to api.h and replies back, by libmicrohttpd with epoll.
 *
 * A few threads carry all connections and answer what is at hand: what the cache has, what the
 * model's ready lists hold. What has to be computed goes to a pool of threads, what is fed back to
 * the journal's; the request is suspended meanwhile, so that nobody waits for another's. */
#ifndef SERVE_HTTP_H
#define SERVE_HTTP_H

#include "base/error.h"
#include "connections.h"
#include "server.h"

struct http;

struct http_limits {
    unsigned threads;              /* that compute */
    unsigned connections, seconds; /* seconds: to complete a request */
    size_t body;                   /* bytes */
};

/* Begins to answer and takes the socket over. NULL after filling *err. */
struct http *http_start(struct server *server, int listening, const struct http_limits *limits,
                        struct rs_error *err);

/* Ends: takes no new connections, finishes what is in flight within SECONDS, closes the rest. */
void http_stop(struct http *http, unsigned seconds);

#endif
