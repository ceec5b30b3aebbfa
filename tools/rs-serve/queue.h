/* Gives replies to libmicrohttpd, and words those that it makes itself.
 *
 * What it can't read as HTTP, or has no room for, the library answers without asking anybody, with
 * a page of HTML, and then closes the connection; there is no option to say otherwise. A client
 * that gets JSON from everything else should get it then too: this program has a function of the
 * name that the library calls for its own answers. */
#ifndef SERVE_QUEUE_H
#define SERVE_QUEUE_H

#include <microhttpd.h>

#include "reply.h"
#include "request.h"

/* Queues a reply and frees it. */
enum MHD_Result queue_reply(struct MHD_Connection *connection, const struct request *request,
                            struct reply *reply);

#endif
