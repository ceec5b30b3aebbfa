/* Fuzzes rs-serve's handlers in process: whatever comes, there is one answer with a code that fits,
 * its errors are JSON with a reason, and nothing that was refused counts.
 *
 * The first byte chooses method and headers, the text up to a line end is path and arguments, the
 * rest the body. The model folder is named by RS_FUZZ_MODEL. Links with what of tools/rs-serve/
 * touches no socket, librs.a and libmicrohttpd. */
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/rs-serve/api.h"
#include "../../tools/rs-serve/page.h"
#include "base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct server server;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t done = PTHREAD_COND_INITIALIZER;

static void require(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

static void begin(void) {
    struct rs_error err;
    const char *model = getenv("RS_FUZZ_MODEL");
    require(model != NULL, "RS_FUZZ_MODEL names a model folder");
    server.max_n = 1000;
    if (server_open(&server, model, NULL, 1 << 20, 1 << 20, &err)) return;
    fprintf(stderr, "%s\n", err.text);
    exit(1);
}

static void when_done(struct submission *submission) {
    pthread_mutex_lock(&lock);
    *(bool *)submission->context = true;
    pthread_cond_signal(&done);
    pthread_mutex_unlock(&lock);
}

/* Cuts path?name=value&name=value in place. */
static void cut_url(struct request *request, char *url) {
    request->path = url;
    char *rest = strchr(url, '?');
    if (rest != NULL) *rest++ = '\0';
    for (char *part; rest != NULL && (part = strsep(&rest, "&")) != NULL;) {
        char *value = strchr(part, '=');
        if (value != NULL) *value++ = '\0';
        if (request->n_arguments == MAX_ARGUMENTS) {
            request->too_long = true;
            break;
        }
        request->arguments[request->n_arguments++] = (struct argument){part, value};
    }
}

static void check_error(struct reply *reply) {
    const char *id = MHD_get_response_header(reply->response, "X-Request-ID");
    const char *type = MHD_get_response_header(reply->response, "Content-Type");
    require(id != NULL && *id != '\0', "an error has a request id");
    require(type != NULL && strcmp(type, "application/json") == 0, "an error is JSON");
    require(reply->status < 500 || reply->status == 503, "no request is our fault");
}

static void check_answer(struct reply *reply) {
    const struct answer *answer = reply->answer;
    const char *type = MHD_get_response_header(answer->full, "Content-Type");
    require(reply->status == 200 || reply->status == 304, "an answer is 200 or 304");
    if (strcmp(type, "application/json") != 0 || reply->status != 200) return;
    json_t *json = json_loadb(answer->bytes, answer->n, JSON_REJECT_DUPLICATES, NULL);
    require(json != NULL, "an answer is JSON");
    json_decref(json);
}

static void handle(const struct request *request) {
    struct reply reply = {0};
    unsigned route;
    bool accepted = false;
    uint64_t before = users_changes(server.users);
    api_handle(&server, request, AT_ONCE, &reply, &route);
    if (reply.later) {
        require(reply.answer == NULL && reply.response == NULL, "what comes later is not there");
        reply = (struct reply){0};
        api_handle(&server, request, AT_LENGTH, &reply, &route);
        require(!reply.later, "what has its time is answered");
    }
    require(api_route_name(route) != NULL, "the route has a name");
    if (reply.submission != NULL) {
        struct submission *submission = reply.submission;
        reply.submission = NULL;
        submission->done = when_done;
        submission->context = &accepted;
        journal_submit(server.journal, submission);
        pthread_mutex_lock(&lock);
        while (!accepted) pthread_cond_wait(&done, &lock);
        pthread_mutex_unlock(&lock);
        api_accepted(submission, request, &reply);
        require(reply.status == 200, "what is taken is accepted");
    } else {
        require(users_changes(server.users) == before, "what is not taken does not count");
    }
    require((reply.answer != NULL) != (reply.response != NULL), "there is one answer");
    if (reply.answer != NULL) {
        check_answer(&reply);
    } else if (reply.status >= 400) {
        check_error(&reply);
    }
    reply_free(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const enum method methods[] = {METHOD_GET,    METHOD_GET, METHOD_POST, METHOD_PUT,
                                          METHOD_DELETE, METHOD_GET, METHOD_POST, METHOD_OTHER};
    if (size == 0) return 0;
    if (server.users == NULL) begin();
    struct request request = {.method = methods[data[0] & 7], .host = "localhost"};
    if ((data[0] & 8) == 0) request.content_type = "application/json; charset=utf-8";
    if ((data[0] & 16) != 0) request.if_none_match = "\"0123456789abcdef\"";
    const uint8_t *end = memchr(data + 1, '\n', size - 1);
    size_t n = end == NULL ? size - 1 : (size_t)(end - data) - 1;
    char *url = rs_strndup((const char *)data + 1, n);
    if ((data[0] & 32) != 0) request_take_id(&request, url);
    cut_url(&request, url);
    size_t length = end == NULL ? 0 : size - n - 2;
    char *body = rs_malloc(length, 1);
    if (length > 0) memcpy(body, end + 1, length);
    request.body = body;
    request.body_length = length;
    handle(&request);
    free(body);
    free(url);
    return 0;
}
