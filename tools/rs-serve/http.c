#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "accept.h"
#include "api.h"
#include "base/memory.h"
#include "base/message.h"

enum { CONNECTION_MEMORY = 32 * 1024, BACKLOG = 1024 };

struct http {
    struct server *server;
    struct MHD_Daemon *daemon;
    struct connections *connections;
    struct acceptor *acceptor;
    struct http_limits limits;
};

/* A request that has or may have a body; one without needs no memory. */
struct exchange {
    struct http *http;
    struct MHD_Connection *connection;
    char *body;
    size_t n, capacity;
    bool too_large;
    bool coded;           /* in a way that hides where the body ends */
    atomic_bool accepted; /* by the journal */
    struct submission *submission;
    uint64_t begin;
    unsigned route;
};

/* What stands for the state of a request without a body. */
static char bodiless;

/* Requests */

/* What is taken from a connection into a request, and its length so far. */
struct taking {
    struct request *request;
    size_t length;
};

static enum MHD_Result add_argument(void *data, enum MHD_ValueKind kind, const char *name,
                                    const char *value) {
    struct taking *taking = data;
    struct request *request = taking->request;
    (void)kind;
    taking->length += strlen(name) + (value == NULL ? 0 : strlen(value)) + 2;
    if (request->n_arguments == MAX_ARGUMENTS) {
        request->too_long = true;
        return MHD_NO;
    }
    request->arguments[request->n_arguments++] = (struct argument){name, value};
    return MHD_YES;
}

static enum MHD_Result add_header(void *data, enum MHD_ValueKind kind, const char *name,
                                  const char *value) {
    struct taking *taking = data;
    struct request *request = taking->request;
    (void)kind;
    taking->length += strlen(name) + strlen(": \r\n");
    if (value == NULL) return MHD_YES;
    taking->length += strlen(value);
    switch (name[0] | 0x20) {
    case 'x':
        if (strcasecmp(name, "X-API-Key") == 0) request->key = value;
        if (strcasecmp(name, "X-Request-ID") == 0) request_take_id(request, value);
        break;
    case 'i':
        if (strcasecmp(name, "If-None-Match") == 0) request->if_none_match = value;
        break;
    case 'c':
        if (strcasecmp(name, "Content-Type") == 0) request->content_type = value;
        break;
    case 'h':
        if (strcasecmp(name, "Host") == 0) request->host = value;
        break;
    default:
        break;
    }
    return MHD_YES;
}

static enum method method_of(const char *name) {
    if (strcmp(name, "GET") == 0 || strcmp(name, "HEAD") == 0) return METHOD_GET;
    if (strcmp(name, "POST") == 0) return METHOD_POST;
    if (strcmp(name, "PUT") == 0) return METHOD_PUT;
    return strcmp(name, "DELETE") == 0 ? METHOD_DELETE : METHOD_OTHER;
}

static void read_request(struct request *request, struct MHD_Connection *connection,
                         const char *path, const char *method, const char *version) {
    request->method = method_of(method);
    request->path = path;
    request->n_arguments = 0;
    request->too_long = false;
    request->key = request->if_none_match = request->content_type = request->host = NULL;
    request->body = NULL;
    request->body_length = 0;
    request->id[0] = '\0';
    struct taking arguments = {request, strlen(path)}, headers = {request, 0};
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_argument, &arguments);
    MHD_get_connection_values(connection, MHD_HEADER_KIND, add_header, &headers);
    if (arguments.length > MAX_PATH) request->too_long = true;
    request->too_much = headers.length > MAX_HEADERS;
    request->lacks_host = request->host == NULL && strcmp(version, MHD_HTTP_VERSION_1_1) == 0;
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

static enum MHD_Result queue(struct MHD_Connection *connection, const struct request *request,
                             struct reply *reply) {
    enum MHD_Result result;
    if (reply->answer != NULL && request->id[0] != '\0') {
        struct MHD_Response *copy = copy_with_id(reply->answer, reply->status, request->id);
        result = MHD_queue_response(connection, reply->status, copy);
        MHD_destroy_response(copy);
    } else if (reply->answer != NULL) {
        result = MHD_queue_response(connection, reply->status,
                                    reply->status == MHD_HTTP_OK ? reply->answer->full
                                                                 : reply->answer->unchanged);
    } else {
        if (MHD_get_response_header(reply->response, "X-Request-ID") == NULL) {
            char id[MAX_REQUEST_ID + 1];
            if (request->id[0] == '\0') reply_new_id(id);
            MHD_add_response_header(reply->response, "X-Request-ID",
                                    request->id[0] == '\0' ? id : request->id);
        }
        result = MHD_queue_response(connection, reply->status, reply->response);
    }
    reply_free(reply);
    return result;
}

static void count(struct http *http, unsigned route, unsigned status, uint64_t begin) {
    metrics_request(&http->server->metrics, server_worker(http->server), route, status,
                    metrics_now() - begin);
}

static void when_accepted(struct submission *submission) {
    struct exchange *exchange = submission->context;
    exchange->accepted = true;
    MHD_resume_connection(exchange->connection);
}

static enum MHD_Result answer_plain(struct http *http, struct MHD_Connection *connection,
                                    const char *path, const char *method, const char *version) {
    struct request request;
    struct reply reply = {0};
    uint64_t begin = metrics_now();
    unsigned route;
    read_request(&request, connection, path, method, version);
    api_handle(http->server, &request, &reply, &route);
    count(http, route, reply.status, begin);
    return queue(connection, &request, &reply);
}

/* The whole body is there: answers, or waits for the journal and is called again. */
static enum MHD_Result answer_exchange(struct exchange *exchange, const char *path,
                                       const char *method, const char *version) {
    struct http *http = exchange->http;
    struct request request;
    struct reply reply = {0};
    read_request(&request, exchange->connection, path, method, version);
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
        api_handle(http->server, &request, &reply, &exchange->route);
    }
    if (reply.submission != NULL) {
        exchange->submission = reply.submission;
        exchange->submission->done = when_accepted;
        exchange->submission->context = exchange;
        MHD_suspend_connection(exchange->connection);
        journal_submit(http->server->journal, exchange->submission);
        return MHD_YES;
    }
    count(http, exchange->route, reply.status, exchange->begin);
    return queue(exchange->connection, &request, &reply);
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

static struct connection *connection_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

static enum MHD_Result begin_exchange(struct http *http, struct MHD_Connection *connection,
                                      const char *path, const char *method, const char *version,
                                      void **state) {
    uint64_t length = 0;
    struct exchange *exchange = rs_calloc(1, sizeof *exchange);
    exchange->http = http;
    exchange->connection = connection;
    exchange->begin = metrics_now();
    for (exchange->route = 0; strcmp(api_route_name(exchange->route), "other") != 0;)
        exchange->route++;
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
        struct connection *mine = connection_of(connection);
        if (mine != NULL) connection_begins(mine);
        bool plain = method_of(method) == METHOD_GET;
        *state = &bodiless;
        return plain ? MHD_YES : begin_exchange(http, connection, path, method, version, state);
    }
    struct exchange *exchange = *state == &bodiless ? NULL : *state;
    if (*upload_size > 0) {
        if (exchange != NULL) take_body(exchange, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    return exchange == NULL ? answer_plain(http, connection, path, method, version)
                            : answer_exchange(exchange, path, method, version);
}

static void complete(void *data, struct MHD_Connection *connection, void **state,
                     enum MHD_RequestTerminationCode code) {
    struct connection *mine = connection_of(connection);
    struct exchange *exchange = *state == &bodiless ? NULL : *state;
    (void)data;
    (void)code;
    if (mine != NULL) connection_completes(mine);
    *state = NULL;
    if (exchange == NULL) return;
    if (exchange->submission != NULL) submission_free(exchange->submission);
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

static bool is_loopback(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)address;
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *v6 = (const void *)address;
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static int listen_at(const struct addrinfo *address) {
    int one = 1;
    int listening = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    if (listening < 0) return -1;
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listening, address->ai_addr, address->ai_addrlen) == 0 &&
        listen(listening, BACKLOG) == 0)
        return listening;
    int cause = errno;
    close(listening);
    errno = cause;
    return -1;
}

int http_listen(const char *address, bool *local, struct rs_error *err) {
    const char *colon = strrchr(address, ':');
    bool bracketed = *address == '[' && colon != NULL && colon > address && colon[-1] == ']';
    if (colon == NULL || colon == address || colon[1] == '\0' ||
        (!bracketed && memchr(address, ':', (size_t)(colon - address)) != NULL)) {
        rs_fail(err, EX_USAGE, "'%s' is not HOST:PORT or [HOST]:PORT", address);
        return -1;
    }
    char *host = bracketed ? rs_strndup(address + 1, (size_t)(colon - address) - 2)
                           : rs_strndup(address, (size_t)(colon - address));
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int listening = -1, code = getaddrinfo(host, colon + 1, &hints, &found);
    if (code != 0) {
        rs_fail(err, EX_NOHOST, "%s: %s", address, gai_strerror(code));
    } else if ((listening = listen_at(found)) < 0) {
        rs_fail_errno(err, errno == EADDRINUSE ? EX_TEMPFAIL : EX_UNAVAILABLE, "can't listen at %s",
                      address);
    } else {
        *local = is_loopback(found->ai_addr);
    }
    if (found != NULL) freeaddrinfo(found);
    free(host);
    return listening;
}

char *http_address(int listening, unsigned *port) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char host[INET6_ADDRSTRLEN] = "", service[16] = "0";
    getsockname(listening, (struct sockaddr *)&address, &length);
    getnameinfo((struct sockaddr *)&address, length, host, sizeof host, service, sizeof service,
                NI_NUMERICHOST | NI_NUMERICSERV);
    *port = (unsigned)strtoul(service, NULL, 10);
    bool v6 = address.ss_family == AF_INET6;
    return rs_format("http://%s%s%s:%s/", v6 ? "[" : "", host, v6 ? "]" : "", service);
}

/* The library deals them out to the threads of its pool by the number of the socket. */
static bool take(void *data, int socket, const struct sockaddr *address, socklen_t length) {
    struct http *http = data;
    return MHD_add_connection(http->daemon, socket, address, length) == MHD_YES;
}

/* Each thread of the pool has an equal part of the limit, so that this has to be so many times what
 * all may have: the acceptor keeps to that. */
static struct MHD_Daemon *start_daemon(struct http *http) {
    const struct http_limits *limits = &http->limits;
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
            MHD_USE_ITC | MHD_USE_ERROR_LOG | MHD_USE_TURBO,
        0, NULL, NULL, handle, http, MHD_OPTION_EXTERNAL_LOGGER, log_line, NULL,
        MHD_OPTION_THREAD_POOL_SIZE, limits->threads, MHD_OPTION_CONNECTION_LIMIT,
        limits->threads * limits->connections, MHD_OPTION_CONNECTION_TIMEOUT, limits->seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_UNESCAPE_CALLBACK,
        leave_escaped, NULL, MHD_OPTION_NOTIFY_COMPLETED, complete, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, notify, http, MHD_OPTION_END);
}

struct http *http_start(struct server *server, int listening, const struct http_limits *limits,
                        struct rs_error *err) {
    struct http *http = rs_calloc(1, sizeof *http);
    http->server = server;
    http->limits = *limits;
    http->connections = connections_new(limits->connections, limits->seconds, err);
    server->metrics.connections = http->connections;
    if (http->connections != NULL) {
        http->daemon = start_daemon(http);
        if (http->daemon == NULL) rs_fail(err, EX_OSERR, "can't start the HTTP server");
    }
    if (http->daemon != NULL)
        http->acceptor = acceptor_start(listening, http->connections, take, http, err);
    if (http->acceptor != NULL) return http;
    if (http->daemon != NULL) MHD_stop_daemon(http->daemon);
    connections_free(http->connections);
    free(http);
    return NULL;
}

void http_stop(struct http *http, unsigned seconds) {
    acceptor_stop(http->acceptor);
    for (unsigned tenths = 0; connections_busy(http->connections) > 0 && tenths < 100 * seconds;
         tenths++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    /* Whatever waits for the journal is answered before the daemon is taken apart. */
    journal_drain(http->server->journal);
    MHD_stop_daemon(http->daemon);
    connections_free(http->connections);
    free(http);
}
