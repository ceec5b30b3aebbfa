#include "reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

#include "base/memory.h"
#include "base/message.h"
#include "journal.h"

static struct MHD_Response *response_of(const char *bytes, size_t n, bool owned, const char *type) {
    struct MHD_Response *response = MHD_create_response_from_buffer(
        n, (void *)(uintptr_t)bytes, owned ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    if (response == NULL) rs_die(EX_OSERR, "out of memory");
    if (type != NULL) MHD_add_response_header(response, "Content-Type", type);
    return response;
}

/* The page may load its own script and style and talk to its own server, and nothing else. */
static void guard_page(struct MHD_Response *response, const char *type) {
    if (strncmp(type, "text/", 5) != 0) return;
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (strncmp(type, "text/html", 9) != 0) return;
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, "Content-Security-Policy",
                            "default-src 'none'; script-src 'self'; style-src 'self'; "
                            "connect-src 'self'; img-src data:; base-uri 'none'; "
                            "form-action 'none'; frame-ancestors 'none'");
}

struct answer *answer_make(struct body *body, const char *type) {
    struct answer *answer = rs_malloc(1, sizeof *answer);
    atomic_init(&answer->holders, 1);
    if (body->bytes == NULL) body->bytes = rs_malloc(1, 1);
    answer->bytes = body->bytes;
    answer->n = body->n;
    snprintf(answer->etag, sizeof answer->etag, "\"%016llx\"",
             (unsigned long long)XXH3_64bits(body->bytes, body->n));
    answer->full = response_of(body->bytes, body->n, true, type);
    answer->unchanged = response_of("", 0, false, NULL);
    struct MHD_Response *both[] = {answer->full, answer->unchanged};
    for (int r = 0; r < 2; r++) {
        MHD_add_response_header(both[r], "ETag", answer->etag);
        MHD_add_response_header(both[r], "Cache-Control", "private, no-cache");
    }
    guard_page(answer->full, type);
    *body = (struct body){0};
    return answer;
}

void answer_hold(struct answer *answer) {
    atomic_fetch_add_explicit(&answer->holders, 1, memory_order_relaxed);
}

void answer_release(struct answer *answer) {
    if (answer == NULL || atomic_fetch_sub_explicit(&answer->holders, 1, memory_order_acq_rel) != 1)
        return;
    MHD_destroy_response(answer->full);
    MHD_destroy_response(answer->unchanged);
    free(answer);
}

/* True if the list of a client's If-None-Match has the tag, strong or weak. */
static bool has_already(const char *list, const char *etag) {
    return list != NULL && (strstr(list, etag) != NULL || strcmp(list, "*") == 0);
}

void reply_answer(struct reply *reply, const struct request *request, struct answer *answer) {
    bool unchanged = has_already(request->if_none_match, answer->etag);
    reply->status = unchanged ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK;
    reply->answer = answer;
}

void reply_body(struct reply *reply, unsigned status, struct body *body, const char *type) {
    if (body->bytes == NULL) body->bytes = rs_malloc(1, 1);
    reply->status = status;
    reply->response =
        response_of(body->bytes, body->n, true, type == NULL ? "application/json" : type);
    MHD_add_response_header(reply->response, "Cache-Control", "no-store");
    *body = (struct body){0};
}

void reply_new_id(char id[MAX_REQUEST_ID + 1]) {
    static _Thread_local uint64_t first, next;
    if (first == 0 && getrandom(&first, sizeof first, 0) != sizeof first) first = 1;
    snprintf(id, MAX_REQUEST_ID + 1, "%016llx", (unsigned long long)(first + next++));
}

void reply_error(struct reply *reply, const struct request *request, unsigned status,
                 const char *format, ...) {
    char text[512], own[MAX_REQUEST_ID + 1];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *id = request->id;
    if (*id == '\0') {
        reply_new_id(own);
        id = own;
    }
    if ((size_t)length >= sizeof text) length = sizeof text - 1;
    struct body body = {0};
    body_text(&body, "{\"error\":");
    body_string(&body, (struct rs_id){text, (size_t)length});
    body_format(&body, ",\"code\":%u,\"request_id\":\"%s\"}\n", status, id);
    reply_free(reply);
    reply_body(reply, status, &body, NULL);
    MHD_add_response_header(reply->response, "X-Request-ID", id);
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE || status == MHD_HTTP_TOO_MANY_REQUESTS)
        MHD_add_response_header(reply->response, "Retry-After", "1");
    if (status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(reply->response, "WWW-Authenticate", "X-API-Key");
}

void reply_free(struct reply *reply) {
    answer_release(reply->answer);
    if (reply->response != NULL) MHD_destroy_response(reply->response);
    if (reply->submission != NULL) submission_free(reply->submission);
    *reply = (struct reply){0};
}
