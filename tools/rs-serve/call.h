/* One request on its way through a route. */
#ifndef SERVE_CALL_H
#define SERVE_CALL_H

#include "api.h"
#include "body.h"
#include "context/effects.h"
#include "reply.h"
#include "request.h"
#include "server.h"

enum { MAX_GIVEN = 16, MAX_NOTES = MAX_GIVEN + 3, MAX_NOTE = 200 };
enum { MAX_PARTS = 8, MAX_EXCLUDED = 512, MAX_OFFSET = 10000, MAX_KEY_BYTES = 3 * MAX_PATH };

/* The parameters of a list. */
struct parameters {
    uint64_t n, offset, cursor;
    double mmr;            /* lambda of common/neighbours/mmr.h: 1 is the model's order */
    struct rs_id category; /* length 0: none */
    struct rs_id user;     /* whose rated items are left out; length 0: nobody's */
    struct rs_id query;
    size_t n_excluded;
    uint32_t excluded[MAX_EXCLUDED]; /* RS_NONE for items that the model does not know */
};

/* In which situation the request is answered: situation.h. */
struct situation {
    struct rs_situation is;
    bool asked; /* the request says something of it */
    size_t n_given, n_notes;
    char notes[MAX_NOTES][MAX_NOTE];
};

struct call {
    struct server *server;
    const struct request *request;
    enum patience patience;
    struct reply *reply;
    unsigned worker;
    struct snapshot *snapshot; /* pinned */
    struct rs_id ids[2];       /* from the path */
    size_t n_ids;
    struct standing standing; /* of the user in the path, if there is one */
    struct parameters parameters;
    struct situation situation; /* where the route takes it */
    struct body body;           /* what the route writes */
    const char *type;           /* of the body; NULL: JSON */
    char memory[5][MAX_ID];
};

/* What the answer of a route depends on besides the request. */
enum scope {
    SCOPE_LIVE,  /* on everything: never cached */
    SCOPE_MODEL, /* on the model */
    SCOPE_USER,  /* and on what the user in the path has said */
    SCOPE_ALL,   /* and on what anybody has said */
};

/* Writes call->body, or gives an error and returns false. */
typedef bool route_function(struct call *call);

route_function recommend_user, recommend_session, recommend_popular, recommend_latest;
route_function neighbours_item, neighbours_user;
route_function lookup_item, lookup_user, lookup_items, lookup_users, lookup_feedback;
route_function predict_rating, explain_rating;
route_function feedback_post, feedback_put, feedback_delete, feedback_delete_all;
route_function serve_live, serve_ready, serve_openapi;
route_function serve_model, serve_page, serve_script, serve_style;

/* Fails a call: false, so that it can be returned. */
bool call_fail(struct call *call, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts a call off until there is time for it: false, so that it can be returned. */
bool call_later(struct call *call);

/* The line of an item in the model, or RS_NONE after a 404. */
uint32_t call_item(struct call *call, struct rs_id id);

#endif
