/* Who is connected, and for how long without finishing a request.
 *
 * A connection has a time to complete a request, counted from its beginning or from the end of the
 * one before: whoever trickles a header, sends half a body, reads slowly or just stays is shut
 * down by a thread that looks once a second. */
#ifndef SERVE_CONNECTIONS_H
#define SERVE_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct connections;
struct connection;

/* For at most LIMIT at once; SECONDS each has. NULL after filling *err. */
struct connections *connections_new(size_t limit, unsigned seconds, struct rs_error *err);
void connections_free(struct connections *connections);

/* Waits until there is room for another one, and keeps it for that until connections_add, or
 * connections_forgo if nothing comes of it. False once the door is closed. */
bool connections_await(struct connections *connections);
void connections_forgo(struct connections *connections);

/* Closes the door: nobody is waited for any more. */
void connections_close(struct connections *connections);

/* A connection on a socket begins, for which room was kept, and ends. */
struct connection *connections_add(struct connections *connections, int socket);
void connections_remove(struct connections *connections, struct connection *connection);

/* A request begins and is complete. */
void connection_begins(struct connection *connection);
void connection_completes(struct connection *connection);

/* Connections with a request that is not complete; all; those that were shut down so far. */
size_t connections_busy(struct connections *connections);
size_t connections_open(struct connections *connections);
uint64_t connections_late(struct connections *connections);

/* What came was no HTTP; and how often that was. */
void connection_malformed(struct connection *connection);
uint64_t connections_malformed(struct connections *connections);

#endif
