/* Feedback as clients send it: a JSON array of events, checked before anything of it counts.
 *
 *     [{"FeedbackType": "rating", "UserId": "42", "ItemId": "7", "Value": 4.5,
 *       "Timestamp": "2024-05-01T12:00:00Z", "EventId": "a1b2"}, …]
 *
 * FeedbackType, Comment and whatever else a client sends is read over. Value may lack where the
 * model is of implicit feedback, and is 1 then; Timestamp may lack and is now. An array is taken as
 * a whole or refused as a whole, with the number of the event that is wrong. */
#ifndef SERVE_EVENTS_H
#define SERVE_EVENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "journal.h"
#include "reply.h"
#include "snapshot.h"

enum { MAX_EVENTS = 10000, MAX_EVENT_ID = 256, MAX_FUTURE_MS = 5 * 60 * 1000 };

struct event_rules {
    bool adds;           /* counts are added to those before, and do not replace them */
    bool anonymous;      /* no UserId */
    bool refuse_unknown; /* items that the model does not know */
};

/* Fills the submission from a request's body. False after filling *err with the reason. */
bool events_parse(struct submission *submission, const struct request *request,
                  const struct snapshot *snapshot, const struct event_rules *rules,
                  struct rs_error *err);

/* Adds the removal of what a user said of an item. The strings must live as long. */
void events_add_removal(struct submission *submission, struct rs_id user, struct rs_id item);

#endif
