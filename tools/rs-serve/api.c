#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "call.h"
#include "parameters.h"
#include "prometheus.h"

enum { QUICK_BODY = 4096 }; /* bytes that are parsed at once */

/* What an answer takes where none is kept: LONG grows with the model, or with a user's ratings. */
enum work { QUICK, LONG };

struct route {
    const char *name; /* method and path, {} for an id */
    enum method method;
    enum access access;
    enum scope scope;
    route_function *answer;
    enum work work;
    unsigned parameters; /* that it takes: parameters.h */
};

static route_function serve_metrics; /* which names all of them */

static const struct route routes[] = {
    {"GET /api/recommend/{}", METHOD_GET, ACCESS_READ, SCOPE_USER, recommend_user, QUICK,
     TAKES_PAGE | TAKES_CATEGORY | TAKES_EXCLUDE | TAKES_RANKING_CONTEXT | TAKES_MMR},
    {"POST /api/session/recommend", METHOD_POST, ACCESS_READ, SCOPE_LIVE, recommend_session, LONG,
     TAKES_PAGE | TAKES_CATEGORY | TAKES_EXCLUDE | TAKES_RANKING_CONTEXT | TAKES_MMR},
    {"GET /api/item/{}/neighbors", METHOD_GET, ACCESS_READ, SCOPE_MODEL, neighbours_item, QUICK,
     TAKES_PAGE | TAKES_CATEGORY | TAKES_USER},
    {"GET /api/user/{}/neighbors", METHOD_GET, ACCESS_READ, SCOPE_MODEL, neighbours_user, QUICK,
     TAKES_PAGE},
    {"GET /api/popular", METHOD_GET, ACCESS_READ, SCOPE_ALL, recommend_popular, LONG,
     TAKES_PAGE | TAKES_CATEGORY | TAKES_EXCLUDE | TAKES_USER},
    {"GET /api/latest", METHOD_GET, ACCESS_READ, SCOPE_MODEL, recommend_latest, LONG,
     TAKES_PAGE | TAKES_CATEGORY | TAKES_EXCLUDE | TAKES_USER},
    {"GET /api/item/{}", METHOD_GET, ACCESS_READ, SCOPE_ALL, lookup_item, QUICK, 0},
    {"GET /api/items", METHOD_GET, ACCESS_READ, SCOPE_MODEL, lookup_items, LONG,
     TAKES_CURSOR | TAKES_QUERY},
    {"GET /api/user/{}", METHOD_GET, ACCESS_READ, SCOPE_USER, lookup_user, QUICK, 0},
    {"GET /api/users", METHOD_GET, ACCESS_READ, SCOPE_MODEL, lookup_users, LONG, TAKES_CURSOR},
    {"GET /api/predict/{}/{}", METHOD_GET, ACCESS_READ, SCOPE_USER, predict_rating, LONG,
     TAKES_PREDICTING_CONTEXT},
    {"GET /api/explain/{}/{}", METHOD_GET, ACCESS_READ, SCOPE_USER, explain_rating, LONG,
     TAKES_PAGE | TAKES_PREDICTING_CONTEXT},
    {"POST /api/feedback", METHOD_POST, ACCESS_WRITE, SCOPE_LIVE, feedback_post, QUICK, 0},
    {"PUT /api/feedback", METHOD_PUT, ACCESS_WRITE, SCOPE_LIVE, feedback_put, QUICK, 0},
    {"DELETE /api/feedback/{}/{}", METHOD_DELETE, ACCESS_WRITE, SCOPE_LIVE, feedback_delete, QUICK,
     0},
    {"GET /api/user/{}/feedback", METHOD_GET, ACCESS_READ, SCOPE_USER, lookup_feedback, LONG,
     TAKES_PAGE},
    {"DELETE /api/user/{}/feedback", METHOD_DELETE, ACCESS_WRITE, SCOPE_LIVE, feedback_delete_all,
     LONG, 0},
    {"DELETE /api/user/{}/feedback/{}", METHOD_DELETE, ACCESS_WRITE, SCOPE_LIVE, feedback_delete,
     QUICK, 0},
    {"GET /api/model", METHOD_GET, ACCESS_READ, SCOPE_MODEL, serve_model, QUICK, 0},
    {"GET /api/health/live", METHOD_GET, ACCESS_FREE, SCOPE_LIVE, serve_live, QUICK, 0},
    {"GET /api/health/ready", METHOD_GET, ACCESS_FREE, SCOPE_LIVE, serve_ready, QUICK, 0},
    {"GET /metrics", METHOD_GET, ACCESS_READ, SCOPE_LIVE, serve_metrics, LONG, 0},
    {"GET /api/openapi.json", METHOD_GET, ACCESS_FREE, SCOPE_MODEL, serve_openapi, QUICK, 0},
    {"GET /", METHOD_GET, ACCESS_FREE, SCOPE_MODEL, serve_page, QUICK, 0},
    {"GET /page.js", METHOD_GET, ACCESS_FREE, SCOPE_MODEL, serve_script, QUICK, 0},
    {"GET /page.css", METHOD_GET, ACCESS_FREE, SCOPE_MODEL, serve_style, QUICK, 0},
};
enum { N_ROUTES = sizeof routes / sizeof *routes };

const char *api_route_name(unsigned route) {
    return route < N_ROUTES ? routes[route].name : route == N_ROUTES ? "other" : NULL;
}

static bool serve_metrics(struct call *call) {
    prometheus_print(call->server, call->snapshot, api_route_name, &call->body);
    call->type = "text/plain; version=0.0.4; charset=utf-8";
    return true;
}

/* Finding the route */

struct part {
    const char *text;
    size_t length;
};

/* Cuts a path at its slashes; one at the end counts for nothing. Returns MAX_PARTS + 1 if there are
 * too many. */
static size_t cut_path(const char *path, struct part parts[MAX_PARTS]) {
    size_t n = 0;
    while (*path == '/') {
        size_t length = strcspn(++path, "/");
        if (length == 0 && path[length] == '\0') break;
        if (n == MAX_PARTS) return MAX_PARTS + 1;
        parts[n++] = (struct part){path, length};
        path += length;
    }
    return *path == '\0' ? n : MAX_PARTS + 1;
}

/* True if the parts are a path like the route's; ids gets the numbers of those that are ids. */
static bool is_like(const struct route *route, const struct part *parts, size_t n, size_t ids[2]) {
    const char *pattern = strchr(route->name, '/');
    size_t n_ids = 0;
    for (size_t p = 0; p < n; p++) {
        size_t length = *pattern == '/' ? strcspn(pattern + 1, "/") : 0;
        if (length == 0) return false;
        if (length == 2 && pattern[1] == '{') {
            ids[n_ids++] = p;
        } else if (length != parts[p].length || memcmp(pattern + 1, parts[p].text, length) != 0) {
            return false;
        }
        pattern += 1 + length;
    }
    return *pattern == '\0' || strcmp(pattern, "/") == 0;
}

/* The route, or NULL after 404 or 405. */
static const struct route *find_route(struct call *call) {
    struct part parts[MAX_PARTS];
    size_t n = cut_path(call->request->path, parts), ids[2] = {0, 0};
    unsigned allowed = 0;
    for (size_t r = 0; r < N_ROUTES && n <= MAX_PARTS; r++) {
        if (!is_like(&routes[r], parts, n, ids)) continue;
        allowed |= routes[r].method;
        if (routes[r].method != call->request->method) continue;
        for (const char *at = routes[r].name; (at = strchr(at, '{')) != NULL; at++) {
            const struct part *part = &parts[ids[call->n_ids]];
            const char *wrong = request_decode(part->text, part->length, call->memory[call->n_ids],
                                               &call->ids[call->n_ids]);
            call->n_ids++;
            if (wrong == NULL) continue;
            call_fail(call, MHD_HTTP_BAD_REQUEST, "an id in the path %s", wrong);
            return NULL;
        }
        return &routes[r];
    }
    if (allowed == 0) {
        call_fail(call, MHD_HTTP_NOT_FOUND, "there is no such resource");
        return NULL;
    }
    char methods[32] = "";
    for (size_t r = 0; r < 4; r++)
        if (allowed >> r & 1)
            snprintf(methods + strlen(methods), sizeof methods - strlen(methods), "%s%s",
                     *methods == '\0' ? "" : ", ",
                     (const char *const[]){"GET, HEAD", "POST", "PUT", "DELETE"}[r]);
    call_fail(call, MHD_HTTP_METHOD_NOT_ALLOWED, "this resource takes %s", methods);
    MHD_add_response_header(call->reply->response, "Allow", methods);
    return NULL;
}

/* Who may */

static bool is_local_name(const char *host) {
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n = strlen(names[i]);
        if (strncasecmp(host, names[i], n) == 0 && (host[n] == '\0' || host[n] == ':')) return true;
    }
    return false;
}

/* Without keys the server trusts its machine, and a page of somebody else's in a browser there is
 * no part of it: it would come under its own name, which it made point here. */
static bool may(struct call *call, const struct route *route) {
    const struct server *server = call->server;
    const struct request *request = call->request;
    if (server->keys.required) {
        enum access access = keys_access(&server->keys, request->key);
        if (route->access <= access) return true;
        if (access == ACCESS_FREE)
            return call_fail(call, MHD_HTTP_UNAUTHORIZED, "%s",
                             request->key == NULL ? "the header X-API-Key is missing"
                                                  : "the key in X-API-Key is not known");
        return call_fail(call, MHD_HTTP_FORBIDDEN, "the key in X-API-Key may not write");
    }
    if (server->only_local && request->host != NULL && !is_local_name(request->host))
        return call_fail(call, MHD_HTTP_FORBIDDEN, "Host is no name of this machine");
    return true;
}

static bool is_json(const char *type) {
    static const char json[] = "application/json";
    if (type == NULL || strncasecmp(type, json, sizeof json - 1) != 0) return false;
    char next = type[sizeof json - 1];
    return next == '\0' || next == ';' || next == ' ';
}

/* Answering */

/* Everything that the answer depends on. Returns the length. */
static size_t make_key(const struct call *call, const struct route *route,
                       char key[MAX_KEY_BYTES]) {
    struct {
        uint64_t route, generation, version, changes;
    } head = {(uint64_t)(route - routes), call->snapshot->generation, 0, 0};
    bool nothing_known = route->scope == SCOPE_USER && call->standing.n_rated == 0;
    if (route->scope == SCOPE_USER) head.version = call->standing.version;
    if (route->scope == SCOPE_ALL || nothing_known)
        head.changes = users_changes(call->server->users);
    memcpy(key, &head, sizeof head);
    size_t n = sizeof head;
    for (size_t i = 0; i < call->n_ids; i++) {
        memcpy(key + n, &call->ids[i].length, sizeof(size_t));
        n += sizeof(size_t);
        memcpy(key + n, call->ids[i].text, call->ids[i].length);
        n += call->ids[i].length;
    }
    return n + parameters_key(call, route->parameters, key + n);
}

static enum work work_of(const struct call *call, const struct route *route) {
    bool looks_through = call->parameters.category.length > 0 || call->parameters.user.length > 0 ||
                         call->parameters.mmr < 1 || call->request->body_length > QUICK_BODY;
    return looks_through ? LONG : route->work;
}

static bool make_answer(struct call *call, const struct route *route) {
    if (call->patience == AT_ONCE && work_of(call, route) == LONG) return call_later(call);
    return route->answer(call);
}

static void answer_cached(struct call *call, const struct route *route) {
    char key[MAX_KEY_BYTES];
    size_t n = make_key(call, route, key);
    struct answer *answer;
    enum cache_found found =
        cache_get(call->server->cache, key, n, call->patience == AT_LENGTH, &answer);
    if (found == CACHE_BUSY) call_later(call);
    if (found == CACHE_MISS) {
        answer =
            make_answer(call, route)
                ? answer_make(&call->body, call->type == NULL ? "application/json" : call->type)
                : NULL;
        cache_put(call->server->cache, key, n, answer);
    }
    if (!call->reply->later) metrics_cache(&call->server->metrics, call->worker, found);
    if (answer != NULL) reply_answer(call->reply, call->request, answer);
}

static void answer(struct call *call, const struct route *route) {
    if (route->scope == SCOPE_USER)
        call->standing = users_standing(call->server->users, call->snapshot, call->ids[0]);
    if (!parameters_read(call, route->parameters)) return;
    /* What depends on another user's ratings too is not worth keeping. */
    if (route->scope != SCOPE_LIVE && call->parameters.user.length == 0) {
        answer_cached(call, route);
        return;
    }
    if (make_answer(call, route) && call->reply->submission == NULL)
        reply_body(call->reply, MHD_HTTP_OK, &call->body, call->type);
}

void api_handle(struct server *server, const struct request *request, enum patience patience,
                struct reply *reply, unsigned *route_number) {
    struct call call;
    call.patience = patience;
    call.server = server;
    call.request = request;
    call.reply = reply;
    call.n_ids = 0;
    call.standing = (struct standing){0};
    call.body = (struct body){0};
    call.type = NULL;
    *route_number = N_ROUTES;
    if (request->too_long) {
        reply_error(reply, request, MHD_HTTP_URI_TOO_LONG,
                    "the URL has more than %d bytes or %d parameters", MAX_PATH, MAX_ARGUMENTS);
        return;
    }
    if (request->too_much) {
        reply_error(reply, request, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE,
                    "the headers have more than %d bytes", MAX_HEADERS);
        return;
    }
    if (request->lacks_host) {
        reply_error(reply, request, MHD_HTTP_BAD_REQUEST, "the header Host is missing");
        return;
    }
    const struct route *route = find_route(&call);
    if (route == NULL) return;
    *route_number = (unsigned)(route - routes);
    if (!may(&call, route)) return;
    if ((request->method == METHOD_POST || request->method == METHOD_PUT) &&
        !is_json(request->content_type)) {
        reply_error(reply, request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
                    "Content-Type is not application/json");
        return;
    }
    call.worker = server_worker(server);
    call.snapshot = current_pin(&server->current, call.worker);
    answer(&call, route);
    current_unpin(&server->current, call.worker);
    free(call.body.bytes);
}
