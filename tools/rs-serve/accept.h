/* Takes connections, one thread for all workers.
 *
 * Left to themselves, the workers that wait on one listening socket share its connections by
 * chance: who wakes first takes all that are there, and the others stay idle. */
#ifndef SERVE_ACCEPT_H
#define SERVE_ACCEPT_H

#include <sys/socket.h>

#include "base/error.h"
#include "connections.h"

struct acceptor;

/* What to do with a socket that somebody has connected to, which passes over. False if that fails.
 */
typedef bool accept_function(void *data, int socket, const struct sockaddr *address,
                             socklen_t length);

/* Begins to take connections at LISTENING, as many as there is room for among CONNECTIONS. NULL
 * after filling *err. */
struct acceptor *acceptor_start(int listening, struct connections *connections,
                                accept_function *take, void *data, struct rs_error *err);

/* Takes no more and closes the listening socket. */
void acceptor_stop(struct acceptor *acceptor);

#endif
