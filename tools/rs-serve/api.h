/* The answers to requests, whatever carried them: no HTTP here but its status codes.
 *
 * api_handle finds the route, checks key, method and parameters, and answers from the cache or by
 * the route's function (call.h). It touches no socket and no file, so that the fuzzer can call it.
 */
#ifndef SERVE_API_H
#define SERVE_API_H

#include "reply.h"
#include "request.h"
#include "server.h"

/* How long the caller can be away. */
enum patience {
    AT_ONCE,  /* some twenty microseconds: it has others to serve */
    AT_LENGTH /* as long as it takes, be it for another thread that computes the same */
};

/* Answers. The reply begins as zeros; where it ends with a submission, that is to be given to the
 * journal, and api_accepted called when it is done; where it is to come later, this is to be called
 * again AT_LENGTH. *ROUTE numbers the route for the metrics. */
void api_handle(struct server *server, const struct request *request, enum patience patience,
                struct reply *reply, unsigned *route);

/* Answers what the journal has done with. Frees the submission. */
void api_accepted(struct submission *submission, const struct request *request,
                  struct reply *reply);

/* "GET /api/recommend/{}"; NULL behind the last. */
const char *api_route_name(unsigned route);

#endif
