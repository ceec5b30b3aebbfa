#include "http.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "accept.h"
#include "api.h"
#include "base/memory.h"
#include "base/message.h"
#include "pool.h"
#include "queue.h"
#include "receive.h"

/* Of a connection, for a request's headers and the answer's. The library clears it for every
 * request, which costs as much as all else that it does if this is larger than need be. */
enum { CONNECTION_MEMORY = 16 * 1024 };

struct http {
    struct server *server;
    struct MHD_Daemon *daemon;
    struct connections *connections;
    struct acceptor *acceptor;
    struct pool *pool;
    struct http_limits limits;
    pthread_mutex_t lock;
    pthread_cond_t nobody_waits;
    size_t n_waiting; /* requests that are suspended */
    bool ending;      /* none is any more */
};

/* A request that lasts: it has or may have a body, or is computed. Others need no memory. */
struct exchange {
    struct task task; /* first, to be found by it */
    struct http *http;
    struct MHD_Connection *connection;
    char *body;
    size_t n, capacity;
    bool too_large;
    bool coded;                    /* in a way that hides where the body ends */
    struct submission *submission; /* while the journal has it */
    struct request request;        /* while it is computed */
    struct reply reply;            /* that was computed */
    atomic_bool accepted, computed;
    uint64_t begin;
    unsigned route;
};

/* What stands for the state of a request without a body. */
static char bodiless;

static void count(struct http *http, unsigned route, unsigned status, uint64_t begin) {
    metrics_request(&http->server->metrics, server_worker(http->server), route, status,
                    metrics_now() - begin);
}

/* Waiting: a suspended request leaves its thread to others until it is resumed */

/* False if the server is about to end and nobody may wait any more. */
static bool begin_to_wait(struct exchange *exchange) {
    struct http *http = exchange->http;
    pthread_mutex_lock(&http->lock);
    bool may = !http->ending;
    http->n_waiting += may;
    pthread_mutex_unlock(&http->lock);
    if (may) MHD_suspend_connection(exchange->connection);
    return may;
}

/* The exchange may be gone when this returns. */
static void end_to_wait(struct exchange *exchange) {
    struct http *http = exchange->http;
    MHD_resume_connection(exchange->connection);
    pthread_mutex_lock(&http->lock);
    http->n_waiting--;
    if (http->n_waiting == 0 && http->ending) pthread_cond_signal(&http->nobody_waits);
    pthread_mutex_unlock(&http->lock);
}

static void wait_no_more(struct http *http) {
    pthread_mutex_lock(&http->lock);
    http->ending = true;
    while (http->n_waiting > 0) pthread_cond_wait(&http->nobody_waits, &http->lock);
    pthread_mutex_unlock(&http->lock);
}

static void when_accepted(struct submission *submission) {
    struct exchange *exchange = submission->context;
    exchange->accepted = true;
    end_to_wait(exchange);
}

static void when_its_turn(struct task *task) {
    struct exchange *exchange = (struct exchange *)task;
    api_handle(exchange->http->server, &exchange->request, AT_LENGTH, &exchange->reply,
               &exchange->route);
    exchange->computed = true;
    end_to_wait(exchange);
}

/* Answers */

static enum MHD_Result finish(struct exchange *exchange, const struct request *request,
                              struct reply *reply) {
    count(exchange->http, exchange->route, reply->status, exchange->begin);
    return queue_reply(exchange->connection, request, reply);
}

/* Gives the reply, or has what it waits for done and is called again. */
static enum MHD_Result proceed(struct exchange *exchange, const struct request *request,
                               struct reply *reply) {
    struct http *http = exchange->http;
    if (!reply->later && reply->submission == NULL) return finish(exchange, request, reply);
    if (!begin_to_wait(exchange)) {
        reply_error(reply, request, MHD_HTTP_SERVICE_UNAVAILABLE, "the server is stopping");
        return finish(exchange, request, reply);
    }
    if (reply->later) {
        exchange->request = *request;
        exchange->task.run = when_its_turn;
        pool_give(http->pool, &exchange->task);
    } else {
        exchange->submission = reply->submission;
        exchange->submission->done = when_accepted;
        exchange->submission->context = exchange;
        journal_submit(http->server->journal, exchange->submission);
    }
    return MHD_YES;
}

static struct exchange *new_exchange(struct http *http, struct MHD_Connection *connection) {
    struct exchange *exchange = rs_calloc(1, sizeof *exchange);
    exchange->http = http;
    exchange->connection = connection;
    exchange->begin = metrics_now();
    for (exchange->route = 0; strcmp(api_route_name(exchange->route), "other") != 0;)
        exchange->route++;
    return exchange;
}

static enum MHD_Result answer_plain(struct http *http, struct MHD_Connection *connection,
                                    const char *path, const char *method, const char *version,
                                    void **state) {
    struct request request;
    struct reply reply = {0};
    uint64_t begin = metrics_now();
    unsigned route;
    receive_request(&request, connection, path, method, version);
    api_handle(http->server, &request, AT_ONCE, &reply, &route);
    if (reply.later) {
        struct exchange *exchange = new_exchange(http, connection);
        exchange->begin = begin;
        *state = exchange;
        return proceed(exchange, &request, &reply);
    }
    count(http, route, reply.status, begin);
    return queue_reply(connection, &request, &reply);
}

/* The whole body is there, or what was waited for. */
static enum MHD_Result answer_exchange(struct exchange *exchange, const char *path,
                                       const char *method, const char *version) {
    struct http *http = exchange->http;
    struct request request;
    struct reply reply = {0};
    if (exchange->computed) {
        reply = exchange->reply;
        exchange->reply = (struct reply){0};
        exchange->computed = false;
        return proceed(exchange, &exchange->request, &reply);
    }
    receive_request(&request, exchange->connection, path, method, version);
    request.body = exchange->body;
    request.body_length = exchange->n;
    if (exchange->accepted) {
        struct submission *submission = exchange->submission;
        exchange->submission = NULL;
        api_accepted(submission, &request, &reply);
    } else if (exchange->too_large) {
        reply_error(&reply, &request, MHD_HTTP_CONTENT_TOO_LARGE,
                    "the body has more than %zu bytes", http->limits.body);
    } else if (exchange->coded) {
        reply_error(&reply, &request, MHD_HTTP_NOT_IMPLEMENTED,
                    "a Transfer-Encoding other than chunked is not understood");
    } else {
        api_handle(http->server, &request, AT_ONCE, &reply, &exchange->route);
    }
    return proceed(exchange, &request, &reply);
}

static void take_body(struct exchange *exchange, const char *bytes, size_t n) {
    if (exchange->too_large || n > exchange->http->limits.body - exchange->n) {
        exchange->too_large = true;
        return;
    }
    rs_grow(&exchange->body, &exchange->capacity, exchange->n + n, 1);
    memcpy(exchange->body + exchange->n, bytes, n);
    exchange->n += n;
}

/* The callbacks of libmicrohttpd */

static enum MHD_Result begin_exchange(struct http *http, struct MHD_Connection *connection,
                                      const char *path, const char *method, const char *version,
                                      void **state) {
    uint64_t length = 0;
    struct exchange *exchange = new_exchange(http, connection);
    *state = exchange;
    const char *declared =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *coding =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING);
    exchange->too_large = declared != NULL && !request_number(declared, http->limits.body, &length);
    exchange->coded = coding != NULL && strcasecmp(coding, "chunked") != 0;
    if (!exchange->too_large && !exchange->coded) return MHD_YES;
    return answer_exchange(exchange, path, method, version); /* before any of it was sent */
}

static enum MHD_Result handle(void *data, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state) {
    struct http *http = data;
    if (*state == NULL) {
        struct connection *mine = receive_from(connection);
        if (mine != NULL) connection_begins(mine);
        bool plain = receive_method(method) == METHOD_GET;
        *state = &bodiless;
        return plain ? MHD_YES : begin_exchange(http, connection, path, method, version, state);
    }
    struct exchange *exchange = *state == &bodiless ? NULL : *state;
    if (*upload_size > 0) {
        if (exchange != NULL) take_body(exchange, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    return exchange == NULL ? answer_plain(http, connection, path, method, version, state)
                            : answer_exchange(exchange, path, method, version);
}

static void complete(void *data, struct MHD_Connection *connection, void **state,
                     enum MHD_RequestTerminationCode code) {
    struct connection *mine = receive_from(connection);
    struct exchange *exchange = *state == &bodiless ? NULL : *state;
    (void)data;
    (void)code;
    if (mine != NULL) connection_completes(mine);
    *state = NULL;
    if (exchange == NULL) return;
    if (exchange->submission != NULL) submission_free(exchange->submission);
    reply_free(&exchange->reply);
    free(exchange->body);
    free(exchange);
}

static void notify(void *data, struct MHD_Connection *connection, void **context,
                   enum MHD_ConnectionNotificationCode code) {
    struct http *http = data;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = connections_add(http->connections, info->connect_fd);
    } else if (*context != NULL) {
        connections_remove(http->connections, *context);
    }
}

/* Paths and arguments stay as they were sent: see request.h. */
static size_t leave_escaped(void *data, struct MHD_Connection *connection, char *text) {
    (void)data;
    (void)connection;
    return strlen(text);
}

static void log_line(void *data, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* What clients do wrong is no matter of ours, but for whoever looks closely. */
static void log_line(void *data, const char *format, va_list arguments) {
    char text[512];
    (void)data;
    vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = '\0';
    rs_note("%s", text);
}

/* Start and end */

/* The library deals them out to the threads of its pool by the number of the socket. */
static bool take(void *data, int socket, const struct sockaddr *address, socklen_t length) {
    struct http *http = data;
    return MHD_add_connection(http->daemon, socket, address, length) == MHD_YES;
}

/* One thread carries ten times as many answers as another one computes, and half as many of them
 * leave room for the system's share of the work and, on the same machine, for who asks. Each has an
 * equal part of the limit of connections, so that this has to be so many times what all may have:
 * the acceptor keeps to that. */
static struct MHD_Daemon *start_daemon(struct http *http) {
    const struct http_limits *limits = &http->limits;
    unsigned threads = (limits->threads + 1) / 2;
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
            MHD_USE_ITC | MHD_USE_ERROR_LOG | MHD_USE_TURBO,
        0, NULL, NULL, handle, http, MHD_OPTION_EXTERNAL_LOGGER, log_line, NULL,
        MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_CONNECTION_LIMIT,
        threads * limits->connections, MHD_OPTION_CONNECTION_TIMEOUT, limits->seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_UNESCAPE_CALLBACK,
        leave_escaped, NULL, MHD_OPTION_NOTIFY_COMPLETED, complete, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, notify, http, MHD_OPTION_END);
}

static void http_free(struct http *http) {
    pool_free(http->pool);
    connections_free(http->connections);
    pthread_mutex_destroy(&http->lock);
    pthread_cond_destroy(&http->nobody_waits);
    free(http);
}

struct http *http_start(struct server *server, int listening, const struct http_limits *limits,
                        struct rs_error *err) {
    struct http *http = rs_calloc(1, sizeof *http);
    http->server = server;
    http->limits = *limits;
    pthread_mutex_init(&http->lock, NULL);
    pthread_cond_init(&http->nobody_waits, NULL);
    http->connections = connections_new(limits->connections, limits->seconds, err);
    server->metrics.connections = http->connections;
    if (http->connections != NULL) http->pool = pool_new(limits->threads, err);
    if (http->pool != NULL) {
        http->daemon = start_daemon(http);
        if (http->daemon == NULL) rs_fail(err, EX_OSERR, "can't start the HTTP server");
    }
    if (http->daemon != NULL)
        http->acceptor = acceptor_start(listening, http->connections, take, http, err);
    if (http->acceptor != NULL) return http;
    if (http->daemon != NULL) MHD_stop_daemon(http->daemon);
    http_free(http);
    return NULL;
}

void http_stop(struct http *http, unsigned seconds) {
    acceptor_stop(http->acceptor);
    for (unsigned hundredths = 0;
         connections_busy(http->connections) > 0 && hundredths < 100 * seconds; hundredths++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    wait_no_more(http); /* the library does not end with requests that are suspended */
    MHD_stop_daemon(http->daemon);
    http_free(http);
}
