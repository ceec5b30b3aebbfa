/* Feedback: what users say comes in here and goes to the journal. */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "base/memory.h"
#include "call.h"
#include "events.h"

static bool take(struct call *call, bool adds) {
    struct submission *submission = rs_calloc(1, sizeof *submission);
    struct event_rules rules = {.adds = adds, .refuse_unknown = call->server->refuse_unknown};
    struct rs_error err;
    if (!events_parse(submission, call->request, call->snapshot, &rules, &err)) {
        submission_free(submission);
        return call_fail(call, MHD_HTTP_BAD_REQUEST, "%s", err.text);
    }
    call->reply->submission = submission;
    return true;
}

/* A count is added to the one before; a rating replaces it in any case. */
bool feedback_post(struct call *call) {
    return take(call, true);
}

bool feedback_put(struct call *call) {
    return take(call, false);
}

/* The strings of a removal live with the submission. */
static struct rs_id copy_id(struct submission *submission, size_t *used, struct rs_id id) {
    char *to = submission->memory + *used;
    memcpy(to, id.text, id.length);
    *used += id.length;
    return (struct rs_id){to, id.length};
}

bool feedback_delete(struct call *call) {
    float value;
    struct submission *submission = rs_calloc(1, sizeof *submission);
    size_t used = 0;
    submission->memory = rs_malloc(call->ids[0].length + call->ids[1].length, 1);
    struct rs_id user = copy_id(submission, &used, call->ids[0]);
    struct rs_id item = copy_id(submission, &used, call->ids[1]);
    if (users_value(call->server->users, call->snapshot, user, item, &value))
        events_add_removal(submission, user, item);
    call->reply->submission = submission;
    return true;
}

struct gathering {
    struct submission *submission;
    size_t used, capacity;
    size_t *lengths, n, n_capacity;
};

static void gather_item(void *data, const struct said *said) {
    struct gathering *gathering = data;
    rs_grow(&gathering->submission->memory, &gathering->capacity,
            gathering->used + said->item.length, 1);
    rs_grow(&gathering->lengths, &gathering->n_capacity, gathering->n + 1,
            sizeof *gathering->lengths);
    gathering->lengths[gathering->n++] = said->item.length;
    copy_id(gathering->submission, &gathering->used, said->item);
}

bool feedback_delete_all(struct call *call) {
    struct gathering gathering = {.submission = rs_calloc(1, sizeof *gathering.submission)};
    struct submission *submission = gathering.submission;
    rs_grow(&submission->memory, &gathering.capacity, call->ids[0].length, 1);
    struct rs_id user = copy_id(submission, &gathering.used, call->ids[0]);
    users_visit(call->server->users, call->snapshot, user, gather_item, &gathering);
    user.text = submission->memory; /* which may have moved */
    const char *at = submission->memory + user.length;
    for (size_t i = 0; i < gathering.n; i++) {
        events_add_removal(submission, user, (struct rs_id){at, gathering.lengths[i]});
        at += gathering.lengths[i];
    }
    free(gathering.lengths);
    call->reply->submission = submission;
    return true;
}

void api_accepted(struct submission *submission, const struct request *request,
                  struct reply *reply) {
    if (submission->failed) {
        reply_error(reply, request, MHD_HTTP_SERVICE_UNAVAILABLE,
                    "the journal can't be written: nothing was accepted");
    } else {
        struct body body = {0};
        body_format(&body, "{\"RowAffected\":%zu,\"Repeated\":%zu,\"UnknownItems\":%zu}\n",
                    submission->n_new, submission->n - submission->n_new, submission->n_unknown);
        reply_body(reply, MHD_HTTP_OK, &body, NULL);
    }
    submission_free(submission);
}
