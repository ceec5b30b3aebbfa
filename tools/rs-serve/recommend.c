/* Lists of items: for a user, for a session, what is popular, what is new, neighbours. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "call.h"
#include "describe.h"
#include "events.h"
#include "reasons.h"
#include "situation.h"

enum { N_REASONS = 2, QUICK_LIST = 25 /* entries that are written at once */ };

/* Which items may be in a list: NULL for all. */
static const uint8_t *find_allowed(const struct call *call, struct bench *bench) {
    const struct rs_matrix *matrix = call->snapshot->matrix;
    if (call->parameters.category.length == 0) return NULL;
    size_t n_items = matrix->items.ids.n;
    if (bench->allowed == NULL) bench->allowed = rs_malloc(n_items, 1);
    describe_in_category(&matrix->items.table, n_items, call->parameters.category, bench->allowed);
    return bench->allowed;
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

/* What is done to the scores of all items before the best are selected. */
struct move {
    const struct snapshot *snapshot;
    const struct rs_situation *situation;
    float *lifts; /* NULL: the situation moves nothing */
};

/* What is popular is so by now, and what a model says is moved by the situation. */
static void move_scores(void *data, const struct rs_profile *profile, enum rs_source source,
                        float *scores) {
    const struct move *move = data;
    size_t n_items = move->snapshot->matrix->items.ids.n;
    if (source == RS_FROM_POPULARITY) {
        for (uint32_t item = 0; item < n_items; item++)
            scores[item] = (float)snapshot_popularity(move->snapshot, item);
        return;
    }
    rs_context_lifts(move->snapshot->context, move->situation, profile, move->lifts);
    rs_context_rank(profile, n_items, move->lifts, scores);
}

/* Changes the order of the best for more variety, where that is asked for. */
static void vary(struct call *call, struct rs_best *best) {
    const struct parameters *parameters = &call->parameters;
    if (parameters->mmr == 1) return;
    struct bench *bench = snapshot_bench(call->snapshot, call->worker);
    if (bench->mmr == NULL) bench->mmr = rs_mmr_new(call->snapshot->neighbours[0]);
    rs_mmr_order(bench->mmr, parameters->mmr, best, parameters->offset + parameters->n);
}

/* Fills BEST: at once from lists that are ready, if there are. */
static bool fill(struct call *call, const struct rs_profile *profile, const struct rs_wish *wish,
                 struct rs_best *best) {
    const struct snapshot *snapshot = call->snapshot;
    if (!rs_listing_take(snapshot->folder->lists, profile, wish, best)) {
        if (call->patience == AT_ONCE) return call_later(call);
        struct bench *bench = snapshot_bench(call->snapshot, call->worker);
        rs_listing_fill(bench_listing(bench, snapshot), profile, wish, best);
    }
    metrics_listed(&call->server->metrics, call->worker, best->ready);
    vary(call, best);
    return true;
}

/* The list for a profile, without N further items. */
static bool list(struct call *call, const struct rs_profile *profile, const uint32_t *without,
                 size_t n) {
    const struct parameters *parameters = &call->parameters;
    const struct rs_context_model *context = call->snapshot->context;
    struct bench *bench = snapshot_bench(call->snapshot, call->worker);
    struct move move = {.snapshot = call->snapshot, .situation = &call->situation.is};
    uint64_t n_listed = parameters->offset + parameters->n;
    struct rs_wish wish = {.n = parameters->mmr == 1 ? n_listed : rs_mmr_pool(n_listed),
                           .allowed = find_allowed(call, bench),
                           .without = without,
                           .n_without = n,
                           .data = &move};
    if (profile->n > 0 && context != NULL && rs_situation_ranks(context, move.situation)) {
        if (bench->lifts == NULL)
            bench->lifts = rs_aligned(call->snapshot->matrix->items.ids.n, sizeof *bench->lifts);
        move.lifts = bench->lifts;
    }
    if (profile->n == 0 || move.lifts != NULL) wish.adjust = move_scores;
    struct rs_best best = {.entries = rs_malloc(wish.n, sizeof(struct rs_listed))};
    bool filled = fill(call, profile, &wish, &best);
    if (filled) {
        size_t skipped = parameters->offset < best.n ? parameters->offset : best.n;
        print_list(call, bench, profile, best.entries + skipped, best.n - skipped, best.source,
                   move.lifts);
    }
    free(best.entries);
    return filled;
}

/* A list, with the situation around it where that was asked for. */
static bool recommend(struct call *call, const struct rs_profile *profile) {
    if (call->situation.asked) {
        if (profile->n == 0 && call->snapshot->context != NULL)
            situation_note(call, "what is popular is the same in every situation");
        body_text(&call->body, "{");
        situation_print(call);
        body_text(&call->body, ",\n\"Items\":");
    }
    bool listed = list(call, profile, call->parameters.excluded, call->parameters.n_excluded);
    if (call->situation.asked) body_text(&call->body, "}\n");
    return listed;
}

bool recommend_user(struct call *call) {
    struct profile_room room = {0};
    bool known;
    bool quick = !call->standing.changed && call->parameters.n <= QUICK_LIST;
    if (call->patience == AT_ONCE && !quick) return call_later(call);
    struct rs_profile profile =
        users_profile(call->server->users, call->snapshot, call->ids[0], &room, &known);
    bool there = recommend(call, &profile);
    profile_room_free(&room);
    return there;
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
    size_t n = 0;
    for (size_t i = submission->n; i > 0; i--) { /* the last first */
        const struct event *event = &submission->events[i - 1].event;
        uint32_t item = rs_ids_find(&snapshot->matrix->items.ids, event->item);
        if (item == RS_NONE) continue;
        bool given = false;
        for (size_t r = 0; r < n && !given; r++) given = ratings[r].item == item;
        if (!given)
            ratings[n++] = (struct rs_listed){snapshot_rating(snapshot, event->value), item};
    }
    qsort(ratings, n, sizeof *ratings, compare_submitted);
    return n;
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
        recommend(call, &profile);
        free(ratings);
        free(item);
        free(rating);
    }
    submission_free(submission);
    return ok;
}

/* Without a model */

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

/* The profile of the user whose rated items are to be left out. */
static struct rs_profile left_out(struct call *call, struct profile_room *room) {
    bool known;
    if (call->parameters.user.length == 0) return rs_profile_of(call->snapshot->matrix, RS_NONE);
    return users_profile(call->server->users, call->snapshot, call->parameters.user, room, &known);
}

bool recommend_popular(struct call *call) {
    const struct parameters *parameters = &call->parameters;
    struct profile_room room = {0};
    struct rs_profile rated = left_out(call, &room);
    struct rs_profile stranger = rs_profile_of(call->snapshot->matrix, RS_NONE);
    size_t n = parameters->n_excluded;
    uint32_t *without = rs_malloc(n + rated.n, sizeof *without);
    if (n > 0) memcpy(without, parameters->excluded, n * sizeof *without);
    if (rated.n > 0) memcpy(without + n, rated.item, rated.n * sizeof *without);
    list(call, &stranger, without, n + rated.n);
    free(without);
    profile_room_free(&room);
    return true;
}

bool recommend_latest(struct call *call) {
    const struct parameters *parameters = &call->parameters;
    struct bench *bench = snapshot_bench(call->snapshot, call->worker);
    const struct arrival *latest = snapshot_latest(call->snapshot);
    const struct rs_matrix *matrix = call->snapshot->matrix;
    if (latest == NULL)
        return call_fail(call, MHD_HTTP_NOT_FOUND, "the model's ratings have no times");
    const uint8_t *allowed = find_allowed(call, bench);
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

/* Those of a line, or nobody (RS_NONE). */
static bool neighbours(struct call *call, bool users, uint32_t line) {
    const struct parameters *parameters = &call->parameters;
    const struct rs_graph *graph = call->snapshot->neighbours[users];
    const struct rs_matrix *matrix = call->snapshot->matrix;
    struct bench *bench = snapshot_bench(call->snapshot, call->worker);
    if (graph == NULL)
        return call_fail(call, MHD_HTTP_NOT_FOUND, "the model has no neighbours of %s",
                         users ? "users" : "items");
    const uint8_t *allowed = find_allowed(call, bench);
    struct profile_room room = {0};
    struct rs_profile profile = left_out(call, &room);
    uint64_t n = 0, at = line == RS_NONE ? 0 : graph->start[line];
    uint64_t end = line == RS_NONE ? 0 : graph->start[line + 1];
    body_text(&call->body, "[");
    for (; at < end; at++) {
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

/* Somebody new has none, which is no error: lists are given to them as well. */
bool neighbours_user(struct call *call) {
    return neighbours(call, true, rs_ids_find(&call->snapshot->matrix->users.ids, call->ids[0]));
}
