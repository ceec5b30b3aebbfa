/* What becomes of a request: an answer that others may share, an answer of its own, or the promise
 * of one when the journal has written or when somebody has the time.
 *
 * A finished answer (struct answer) is counted by its holders and never changes, so that the cache
 * and any number of connections send the same bytes. Errors are JSON with the reason, the code and
 * the id of the request. */
#ifndef SERVE_REPLY_H
#define SERVE_REPLY_H

#include <microhttpd.h>
#include <stdatomic.h>

#include "body.h"
#include "request.h"

enum { ETAG_LENGTH = 18 }; /* 16 hex digits in quotes */

struct answer {
    atomic_uint holders;
    struct MHD_Response *full, *unchanged; /* 200 and 304 */
    const char *bytes;                     /* of the full one, which owns them */
    size_t n;
    char etag[ETAG_LENGTH + 1];
};

struct reply {
    unsigned status;
    struct answer *answer;         /* held, or NULL */
    struct MHD_Response *response; /* owned where there is no answer, or NULL */
    struct submission *submission; /* not yet: owned, see journal.h */
    bool later;                    /* not yet: api.h */
};

/* An answer of the bytes, which it takes over and empties; held once. TYPE is its content type. */
struct answer *answer_make(struct body *body, const char *type);
void answer_hold(struct answer *answer);
void answer_release(struct answer *answer);

/* Gives an answer, whose hold goes over to the reply: 304 where the client has it already. */
void reply_answer(struct reply *reply, const struct request *request, struct answer *answer);

/* Gives a body of its own, not to be kept by anybody. Takes the bytes over. TYPE NULL: JSON. */
void reply_body(struct reply *reply, unsigned status, struct body *body, const char *type);

/* Gives an error. */
void reply_error(struct reply *reply, const struct request *request, unsigned status,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Lets go of everything. */
void reply_free(struct reply *reply);

/* An id for a request whose client gave none, different from all others. */
void reply_new_id(char id[MAX_REQUEST_ID + 1]);

#endif
