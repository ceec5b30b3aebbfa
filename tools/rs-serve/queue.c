#include "queue.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "receive.h"

typedef enum MHD_Result queue_function(struct MHD_Connection *connection, unsigned int status,
                                       struct MHD_Response *response);

/* The function of libmicrohttpd, which this program's hides: the next of its name, or where the
 * library is linked into the program, under another one (pipelines/package/static). */
static queue_function *library_queue;
extern queue_function library_queue_response __attribute__((weak));

static void find_library_queue(void) {
    library_queue = library_queue_response;
    if (library_queue != NULL) return;
    void *next = dlsym(RTLD_NEXT, "MHD_queue_response");
    memcpy(&library_queue, &next, sizeof library_queue);
}

static enum MHD_Result queue(struct MHD_Connection *connection, unsigned status,
                             struct MHD_Response *response) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_library_queue);
    return library_queue(connection, status, response);
}

/* The shared answer with the client's own id of the request on it. */
static struct MHD_Response *copy_with_id(const struct answer *answer, unsigned status,
                                         const char *id) {
    bool full = status == MHD_HTTP_OK;
    struct MHD_Response *from = full ? answer->full : answer->unchanged;
    struct MHD_Response *copy = MHD_create_response_from_buffer(
        full ? answer->n : 0, (void *)(uintptr_t)answer->bytes, MHD_RESPMEM_MUST_COPY);
    static const char *const names[] = {"Content-Type", "ETag", "Cache-Control"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = MHD_get_response_header(from, names[i]);
        if (value != NULL) MHD_add_response_header(copy, names[i], value);
    }
    MHD_add_response_header(copy, "X-Request-ID", id);
    return copy;
}

enum MHD_Result queue_reply(struct MHD_Connection *connection, const struct request *request,
                            struct reply *reply) {
    enum MHD_Result result;
    if (reply->answer != NULL && request->id[0] != '\0') {
        struct MHD_Response *copy = copy_with_id(reply->answer, reply->status, request->id);
        result = queue(connection, reply->status, copy);
        MHD_destroy_response(copy);
    } else if (reply->answer != NULL) {
        result =
            queue(connection, reply->status,
                  reply->status == MHD_HTTP_OK ? reply->answer->full : reply->answer->unchanged);
    } else {
        if (MHD_get_response_header(reply->response, "X-Request-ID") == NULL) {
            char id[MAX_REQUEST_ID + 1];
            if (request->id[0] == '\0') reply_new_id(id);
            MHD_add_response_header(reply->response, "X-Request-ID",
                                    request->id[0] == '\0' ? id : request->id);
        }
        result = queue(connection, reply->status, reply->response);
    }
    reply_free(reply);
    return result;
}

/* The library's own answers */

static void word(struct reply *reply, unsigned status) {
    static const struct request nothing_known;
    switch (status) {
    case MHD_HTTP_URI_TOO_LONG:
        reply_error(reply, &nothing_known, status, "the URL has more than %d bytes", MAX_PATH);
        break;
    case MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE:
        reply_error(reply, &nothing_known, status,
                    "the headers have more than %d bytes or are too many", MAX_HEADERS);
        break;
    case MHD_HTTP_CONTENT_TOO_LARGE:
        reply_error(reply, &nothing_known, status, "the body is too large");
        break;
    case MHD_HTTP_BAD_REQUEST:
        reply_error(reply, &nothing_known, status, "the request is not HTTP");
        break;
    case MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED:
        reply_error(reply, &nothing_known, status, "the version of HTTP is not 1.0 or 1.1");
        break;
    default:
        reply_error(reply, &nothing_known, status, "the request can't be answered");
        break;
    }
}

/* Only the library comes here: this program has the function of the same name by its address. Its
 * calls reach this one as those of any symbol do that a program defines as well; where it was
 * linked so that they do not, clients get its own pages. */
enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned int status,
                                   struct MHD_Response *response) {
    struct connection *from = receive_from(connection);
    struct reply reply = {0};
    (void)response;
    if (from != NULL) connection_malformed(from);
    word(&reply, status);
    enum MHD_Result result = queue(connection, status, reply.response);
    reply_free(&reply);
    return result;
}
