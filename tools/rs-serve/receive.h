/* What libmicrohttpd has received, as the handlers see it. */
#ifndef SERVE_RECEIVE_H
#define SERVE_RECEIVE_H

#include <microhttpd.h>

#include "connections.h"
#include "request.h"

/* Fills a request without a body. It borrows from the connection until that is answered. */
void receive_request(struct request *request, struct MHD_Connection *connection, const char *path,
                     const char *method, const char *version);

enum method receive_method(const char *name);

/* Whom it comes from, or NULL before that is known. */
struct connection *receive_from(struct MHD_Connection *connection);

#endif
