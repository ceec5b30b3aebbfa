/* HTTP: carries requests to api.h and replies back, by libmicrohttpd with epoll and a pool of
 * threads.
 *
 * A request that waits for the journal is suspended, so that its thread serves others meanwhile. */
#ifndef SERVE_HTTP_H
#define SERVE_HTTP_H

#include "base/error.h"
#include "connections.h"
#include "server.h"

struct http;

struct http_limits {
    unsigned threads, connections, seconds; /* seconds: to complete a request */
    size_t body;                            /* bytes */
};

/* A socket that listens at HOST:PORT or [HOST]:PORT; -1 after filling *err. Port 0 is any that is
 * free. *local tells whether only this machine can reach it. */
int http_listen(const char *address, bool *local, struct rs_error *err);

/* "http://127.0.0.1:8087/" of a listening socket, and its port. The caller frees it. */
char *http_address(int listening, unsigned *port);

/* Begins to answer and takes the socket over. NULL after filling *err. */
struct http *http_start(struct server *server, int listening, const struct http_limits *limits,
                        struct rs_error *err);

/* Ends: takes no new connections, finishes what is in flight within SECONDS, closes the rest. */
void http_stop(struct http *http, unsigned seconds);

#endif
