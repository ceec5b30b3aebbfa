/* Lists of items: for a user, for a session, what is popular, what is new, neighbours. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/topk.h"
#include "call.h"
#include "describe.h"
#include "events.h"
#include "reasons.h"
#include "situation.h"

enum { N_REASONS = 2 };

/* Which items may be in a list: NULL for all. False after a 400. */
static bool find_allowed(struct call *call, struct bench *bench, const uint8_t **allowed) {
    const struct rs_matrix *matrix = call->snapshot->matrix;
    *allowed = NULL;
    if (call->parameters.category.length == 0) return true;
    size_t n_items = matrix->items.ids.n;
    if (bench->allowed == NULL) bench->allowed = rs_malloc(n_items, 1);
    describe_in_category(&matrix->items.table, n_items, call->parameters.category, bench->allowed);
    *allowed = bench->allowed;
    return true;
}

static void print_entry(struct body *body, const struct rs_matrix *matrix, uint32_t item,
                        float score, const char *source) {
    body_text(body, "{\"Id\":");
    body_string(body, rs_ids_get(&matrix->items.ids, item));
    body_text(body, ",\"Score\":");
    body_float(body, score);
    describe_title(body, matrix, item);
    if (source == NULL) return;
    body_text(body, ",\"Source\":");
    body_string(body, (struct rs_id){source, strlen(source)});
}

/* The entries of a list from OFFSET on, each with its reasons and by how much the situation moved
 * it (LIFTS of all items, or NULL). */
static void print_list(struct call *call, struct bench *bench, const struct rs_profile *profile,
                       const struct rs_listed *entries, size_t n, enum rs_source source,
                       const float *lifts) {
    struct snapshot *snapshot = call->snapshot;
    uint32_t *items = rs_malloc(n, sizeof *items);
    struct reason *reasons = rs_malloc(n * N_REASONS, sizeof *reasons);
    size_t *n_reasons = rs_calloc(n, sizeof *n_reasons);
    for (size_t i = 0; i < n; i++) items[i] = entries[i].item;
    if (source == RS_FROM_MODEL)
        reasons_find(snapshot, bench, profile, items, n, N_REASONS, reasons, n_reasons);
    body_text(&call->body, "[");
    for (size_t i = 0; i < n; i++) {
        if (i > 0) body_text(&call->body, ",\n");
        print_entry(&call->body, snapshot->matrix, entries[i].item, entries[i].score,
                    snapshot_source(snapshot, snapshot->folder->rank, source));
        if (lifts != NULL && lifts[items[i]] != 0) {
            body_text(&call->body, ",\"Moved\":");
            body_float(&call->body, lifts[items[i]]);
        }
        if (snapshot->neighbours[0] != NULL && source == RS_FROM_MODEL) {
            body_text(&call->body, ",\"Because\":");
            reasons_print(&call->body, snapshot, profile, reasons + i * N_REASONS, n_reasons[i]);
        }
        body_text(&call->body, "}");
    }
    body_text(&call->body, "]\n");
    free(items);
    free(reasons);
    free(n_reasons);
}

static void popular_list(struct call *call, struct bench *bench, const struct rs_profile *profile);

/* What a situation does to a list. */
struct move {
    const struct rs_context_model *context;
    const struct rs_situation *situation;
    size_t n_items;
    float *lifts;
};

static void move_scores(void *data, const struct rs_profile *profile, enum rs_source source,
                        float *scores) {
    const struct move *move = data;
    if (source != RS_FROM_MODEL) return;
    rs_context_lifts(move->context, move->situation, profile, move->lifts);
    rs_context_rank(profile, move->n_items, move->lifts, scores);
}

static void model_list(struct call *call, struct bench *bench, const struct rs_profile *profile,
                       struct rs_wish *wish) {
    const struct parameters *parameters = &call->parameters;
    const struct snapshot *snapshot = call->snapshot;
    struct move move = {.context = snapshot->context,
                        .situation = &call->situation.is,
                        .n_items = snapshot->matrix->items.ids.n};
    if (move.context != NULL && rs_situation_ranks(move.context, move.situation)) {
        if (bench->lifts == NULL) bench->lifts = rs_aligned(move.n_items, sizeof *bench->lifts);
        move.lifts = bench->lifts;
        wish->adjust = move_scores;
        wish->data = &move;
    }
    struct rs_best best = {.entries = rs_malloc(wish->n, sizeof(struct rs_listed))};
    rs_listing_fill(bench->listing, profile, wish, &best);
    size_t skipped = parameters->offset < best.n ? parameters->offset : best.n;
    print_list(call, bench, profile, best.entries + skipped, best.n - skipped, best.source,
               move.lifts);
    free(best.entries);
}

static void popular_list(struct call *call, struct bench *bench, const struct rs_profile *profile);

/* A list, with the situation around it where that was asked for. */
static bool recommend(struct call *call, const struct rs_profile *profile) {
    const struct parameters *parameters = &call->parameters;
    struct bench *bench = snapshot_bench(call->snapshot, call->worker);
    struct rs_wish wish = {.n = parameters->offset + parameters->n,
                           .without = parameters->excluded,
                           .n_without = parameters->n_excluded};
    if (!find_allowed(call, bench, &wish.allowed)) return false;
    if (call->situation.asked) {
        if (profile->n == 0 && call->snapshot->context != NULL)
            situation_note(call, "what is popular is the same in every situation");
        body_text(&call->body, "{");
        situation_print(call);
        body_text(&call->body, ",\n\"Items\":");
    }
    if (profile->n == 0) {
        popular_list(call, bench, profile);
    } else {
        model_list(call, bench, profile, &wish);
    }
    if (call->situation.asked) body_text(&call->body, "}\n");
    return true;
}

bool recommend_user(struct call *call) {
    struct profile_room room = {0};
    bool known;
    struct rs_profile profile =
        users_profile(call->server->users, call->snapshot, call->ids[0], &room, &known);
    bool ok = recommend(call, &profile);
    profile_room_free(&room);
    return ok;
}

/* Anonymous ratings */

static int compare_submitted(const void *a, const void *b) {
    const struct rs_listed *first = a, *second = b;
    return first->item < second->item ? -1 : first->item > second->item;
}

/* The ratings of the submission that the model knows the items of, each item's last, by item.
 * Returns their number. */
static size_t take_ratings(const struct snapshot *snapshot, const struct submission *submission,
                           struct rs_listed *ratings) {
    size_t n = 0, kept = 0;
    for (size_t i = submission->n; i > 0; i--) { /* the last first: the sort is stable for few */
        const struct event *event = &submission->events[i - 1].event;
        uint32_t item = rs_ids_find(&snapshot->matrix->items.ids, event->item);
        if (item == RS_NONE) continue;
        bool given = false;
        for (size_t r = 0; r < n && !given; r++) given = ratings[r].item == item;
        if (!given)
            ratings[n++] = (struct rs_listed){snapshot_rating(snapshot, event->value), item};
    }
    qsort(ratings, n, sizeof *ratings, compare_submitted);
    kept = n;
    return kept;
}

bool recommend_session(struct call *call) {
    struct submission *submission = rs_calloc(1, sizeof *submission);
    struct event_rules rules = {.anonymous = true, .refuse_unknown = call->server->refuse_unknown};
    struct rs_error err;
    bool ok = events_parse(submission, call->request, call->snapshot, &rules, &err);
    if (!ok) {
        call_fail(call, MHD_HTTP_BAD_REQUEST, "%s", err.text);
    } else {
        struct rs_listed *ratings = rs_malloc(submission->n, sizeof *ratings);
        size_t n = take_ratings(call->snapshot, submission, ratings);
        uint32_t *item = rs_malloc(n, sizeof *item);
        float *rating = rs_malloc(n, sizeof *rating);
        for (size_t i = 0; i < n; i++) {
            item[i] = ratings[i].item;
            rating[i] = ratings[i].score;
        }
        struct rs_profile profile =
            rs_profile_from(call->snapshot->matrix, RS_NONE, n, item, rating);
        ok = recommend(call, &profile);
        free(ratings);
        free(item);
        free(rating);
    }
    submission_free(submission);
    return ok;
}

/* Without a model: counts */

static bool is_listed(const uint32_t *sorted, size_t n, uint32_t item) {
    size_t from = 0, to = n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (sorted[middle] < item) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from < n && sorted[from] == item;
}

/* Whether an item may be in a list that no model made. */
static bool may_list(const struct call *call, const struct rs_profile *profile,
                     const uint8_t *allowed, uint32_t item) {
    const struct parameters *parameters = &call->parameters;
    return (allowed == NULL || allowed[item]) &&
           !is_listed(parameters->excluded, parameters->n_excluded, item) &&
           !is_listed(profile->item, profile->n, item);
}

static void popular_list(struct call *call, struct bench *bench, const struct rs_profile *profile) {
    const struct parameters *parameters = &call->parameters;
    size_t n_items = call->snapshot->matrix->items.ids.n, n = 0;
    size_t wanted = parameters->offset + parameters->n;
    const uint8_t *allowed;
    if (!find_allowed(call, bench, &allowed)) return;
    uint64_t *keys = rs_malloc(n_items, sizeof *keys);
    for (uint32_t item = 0; item < n_items; item++)
        if (may_list(call, profile, allowed, item))
            keys[n++] = rs_topk_key((float)snapshot_popularity(call->snapshot, item), item);
    rs_topk_partition(keys, n, wanted);
    if (n > wanted) n = wanted;
    rs_topk_sort(keys, n);
    size_t skipped = parameters->offset < n ? parameters->offset : n;
    struct rs_listed *entries = rs_malloc(n, sizeof *entries);
    for (size_t k = 0; k < n; k++)
        entries[k] = (struct rs_listed){rs_topk_value(keys[k]), rs_topk_index(keys[k])};
    print_list(call, bench, profile, entries + skipped, n - skipped, RS_FROM_POPULARITY, NULL);
    free(entries);
    free(keys);
}

/* The profile of the user whose rated items are to be left out. */
static struct rs_profile left_out(struct call *call, struct profile_room *room) {
    bool known;
    if (call->parameters.user.length == 0) return rs_profile_of(call->snapshot->matrix, RS_NONE);
    return users_profile(call->server->users, call->snapshot, call->parameters.user, room, &known);
}

bool recommend_popular(struct call *call) {
    struct profile_room room = {0};
    struct rs_profile profile = left_out(call, &room);
    popular_list(call, snapshot_bench(call->snapshot, call->worker), &profile);
    profile_room_free(&room);
    return true;
}

bool recommend_latest(struct call *call) {
    const struct parameters *parameters = &call->parameters;
    struct bench *bench = snapshot_bench(call->snapshot, call->worker);
    const struct arrival *latest = snapshot_latest(call->snapshot);
    const struct rs_matrix *matrix = call->snapshot->matrix;
    const uint8_t *allowed;
    if (latest == NULL)
        return call_fail(call, MHD_HTTP_NOT_FOUND, "the model's ratings have no times");
    if (!find_allowed(call, bench, &allowed)) return false;
    struct profile_room room = {0};
    struct rs_profile profile = left_out(call, &room);
    size_t n = 0;
    body_text(&call->body, "[");
    for (size_t i = 0; i < matrix->items.ids.n && n < parameters->offset + parameters->n; i++) {
        if (!may_list(call, &profile, allowed, latest[i].item) || n++ < parameters->offset)
            continue;
        if (n > parameters->offset + 1) body_text(&call->body, ",\n");
        print_entry(&call->body, matrix, latest[i].item,
                    (float)(matrix->columns.start[latest[i].item + 1] -
                            matrix->columns.start[latest[i].item]),
                    "latest");
        body_text(&call->body, ",\"Timestamp\":");
        body_time(&call->body, latest[i].time);
        body_text(&call->body, "}");
    }
    body_text(&call->body, "]\n");
    profile_room_free(&room);
    return true;
}

/* Neighbours */

static bool neighbours(struct call *call, bool users, uint32_t line) {
    const struct parameters *parameters = &call->parameters;
    const struct rs_graph *graph = call->snapshot->neighbours[users];
    const struct rs_matrix *matrix = call->snapshot->matrix;
    struct bench *bench = snapshot_bench(call->snapshot, call->worker);
    const uint8_t *allowed;
    if (graph == NULL)
        return call_fail(call, MHD_HTTP_NOT_FOUND, "the model has no neighbours of %s",
                         users ? "users" : "items");
    if (!find_allowed(call, bench, &allowed)) return false;
    struct profile_room room = {0};
    struct rs_profile profile = left_out(call, &room);
    uint64_t n = 0;
    body_text(&call->body, "[");
    for (uint64_t at = graph->start[line]; at < graph->start[line + 1]; at++) {
        if (!users && !may_list(call, &profile, allowed, graph->other[at])) continue;
        if (n++ < parameters->offset) continue;
        if (n > parameters->offset + parameters->n) break;
        if (n > parameters->offset + 1) body_text(&call->body, ",\n");
        if (users) {
            body_text(&call->body, "{\"Id\":");
            body_string(&call->body, rs_ids_get(&matrix->users.ids, graph->other[at]));
            body_text(&call->body, ",\"Score\":");
            body_float(&call->body, graph->similarity[at]);
        } else {
            print_entry(&call->body, matrix, graph->other[at], graph->similarity[at], NULL);
        }
        body_text(&call->body, "}");
    }
    body_text(&call->body, "]\n");
    profile_room_free(&room);
    return true;
}

bool neighbours_item(struct call *call) {
    uint32_t item = call_item(call, call->ids[0]);
    return item != RS_NONE && neighbours(call, false, item);
}

bool neighbours_user(struct call *call) {
    uint32_t user = rs_ids_find(&call->snapshot->matrix->users.ids, call->ids[0]);
    if (user == RS_NONE)
        return call_fail(call, MHD_HTTP_NOT_FOUND, "the model does not know the user");
    return neighbours(call, true, user);
}
