/* What the server counts (metrics.h), as text for Prometheus. */
#ifndef SERVE_PROMETHEUS_H
#define SERVE_PROMETHEUS_H

#include "body.h"
#include "server.h"

/* SNAPSHOT is the model in use, pinned. ROUTE_NAME gives the name of a route by its number; NULL
 * behind the last. */
void prometheus_print(struct server *server, const struct snapshot *snapshot,
                      const char *(*route_name)(unsigned route), struct body *body);

#endif
