/* What is known of items and users, and what the model expects of both. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "call.h"
#include "describe.h"
#include "format/pairs.h"
#include "reasons.h"
#include "situation.h"

static void print_item(struct body *body, const struct snapshot *snapshot, uint32_t item) {
    const struct rs_matrix *matrix = snapshot->matrix;
    body_text(body, "{\"ItemId\":");
    body_string(body, rs_ids_get(&matrix->items.ids, item));
    describe_title(body, matrix, item);
    body_text(body, ",\"Labels\":");
    describe_labels(body, &matrix->items.table, item);
    body_text(body, ",\"Ratings\":");
    body_integer(body, snapshot_popularity(snapshot, item));
    body_text(body, ",\"Mean\":");
    body_double(body, matrix->items.mean[item]);
    body_text(body, "}");
}

bool lookup_item(struct call *call) {
    uint32_t item = call_item(call, call->ids[0]);
    if (item == RS_NONE) return false;
    print_item(&call->body, call->snapshot, item);
    body_text(&call->body, "\n");
    return true;
}

static void print_user(struct call *call, struct rs_id name, uint32_t user, size_t n_rated) {
    const struct rs_matrix *matrix = call->snapshot->matrix;
    body_text(&call->body, "{\"UserId\":");
    body_string(&call->body, name);
    body_text(&call->body, ",\"Labels\":");
    if (user == RS_NONE) {
        body_text(&call->body, "{}");
    } else {
        describe_labels(&call->body, &matrix->users.table, user);
    }
    body_text(&call->body, ",\"Ratings\":");
    body_integer(&call->body, n_rated);
    body_text(&call->body, "}");
}

bool lookup_user(struct call *call) {
    uint32_t user = rs_ids_find(&call->snapshot->matrix->users.ids, call->ids[0]);
    if (!call->standing.known)
        return call_fail(call, MHD_HTTP_NOT_FOUND, "nothing is known of the user");
    print_user(call, call->ids[0], user, call->standing.n_rated);
    body_text(&call->body, "\n");
    return true;
}

/* Pages of all users and items: the cursor is the number of the first of the next page. */

static void print_cursor(struct body *body, uint64_t next, size_t n, const char *what) {
    body_text(body, "{\"Cursor\":\"");
    if (next < n) body_integer(body, next);
    body_format(body, "\",\"%s\":[", what);
}

bool lookup_users(struct call *call) {
    const struct rs_matrix *matrix = call->snapshot->matrix;
    const struct parameters *parameters = &call->parameters;
    uint64_t n = matrix->users.ids.n, to = parameters->cursor + parameters->n;
    print_cursor(&call->body, to, n, "Users");
    for (uint64_t user = parameters->cursor; user < to && user < n; user++) {
        if (user > parameters->cursor) body_text(&call->body, ",\n");
        print_user(call, rs_ids_get(&matrix->users.ids, user), (uint32_t)user,
                   (size_t)(matrix->rows.start[user + 1] - matrix->rows.start[user]));
    }
    body_text(&call->body, "]}\n");
    return true;
}

/* True if TEXT has PART in it, whatever the case of its ASCII letters. */
static bool has_part(struct rs_id text, struct rs_id part) {
    for (size_t at = 0; at + part.length <= text.length; at++) {
        size_t n = 0;
        while (n < part.length &&
               tolower((unsigned char)text.text[at + n]) == tolower((unsigned char)part.text[n]))
            n++;
        if (n == part.length) return true;
    }
    return false;
}

bool lookup_items(struct call *call) {
    const struct rs_matrix *matrix = call->snapshot->matrix;
    const struct parameters *parameters = &call->parameters;
    const struct rs_table_column *title = rs_table_title(&matrix->items.table);
    struct body list = {0};
    uint64_t item = parameters->cursor, n = 0;
    for (; item < matrix->items.ids.n && n < parameters->n; item++) {
        struct rs_id id = rs_ids_get(&matrix->items.ids, item);
        if (parameters->query.length > 0 && !has_part(id, parameters->query) &&
            (title == NULL || !has_part(rs_ids_get(&title->text, item), parameters->query)))
            continue;
        if (n++ > 0) body_text(&list, ",\n");
        print_item(&list, call->snapshot, (uint32_t)item);
    }
    print_cursor(&call->body, item, matrix->items.ids.n, "Items");
    body_bytes(&call->body, list.bytes, list.n);
    body_text(&call->body, "]}\n");
    free(list.bytes);
    return true;
}

/* A user's ratings */

struct history {
    struct call *call;
    uint64_t n;
};

static void print_said(void *data, const struct said *said) {
    struct history *history = data;
    const struct parameters *parameters = &history->call->parameters;
    struct body *body = &history->call->body;
    if (history->n++ < parameters->offset) return;
    if (history->n > parameters->offset + parameters->n) return;
    if (history->n > parameters->offset + 1) body_text(body, ",\n");
    body_text(body, "{\"FeedbackType\":\"rating\",\"UserId\":");
    body_string(body, history->call->ids[0]);
    body_text(body, ",\"ItemId\":");
    body_string(body, said->item);
    if (said->line != RS_NONE) describe_title(body, history->call->snapshot->matrix, said->line);
    body_text(body, ",\"Value\":");
    body_float(body, said->value);
    body_text(body, ",\"Timestamp\":");
    body_time(body, said->time);
    body_text(body, "}");
}

bool lookup_feedback(struct call *call) {
    struct history history = {.call = call};
    body_text(&call->body, "[");
    users_visit(call->server->users, call->snapshot, call->ids[0], print_said, &history);
    body_text(&call->body, "]\n");
    return true;
}

/* Expected ratings */

/* Returns by how much the situation has moved the rating. */
static float expect(struct call *call, const struct rs_profile *profile, uint32_t *item,
                    struct rs_answer *answer) {
    const struct rs_folder *folder = call->snapshot->folder;
    struct bench *bench = snapshot_bench(call->snapshot, call->worker);
    *item = rs_ids_find(&call->snapshot->matrix->items.ids, call->ids[1]);
    const struct rs_context_model *context = call->snapshot->context;
    struct rs_query query = {.n = 1, .item = item};
    rs_model_predict(folder->predict, bench_workspace(bench, call->snapshot), profile, &query,
                     answer);
    if (context == NULL || !rs_situation_predicts(context, &call->situation.is)) return 0;
    float moved = (float)rs_context_shift(context, &call->situation.is, profile, *item,
                                          (double)answer->score);
    answer->score += moved;
    return moved;
}

static void print_expected(struct call *call, uint32_t item, const struct rs_answer *answer,
                           float moved) {
    const struct snapshot *snapshot = call->snapshot;
    struct body *body = &call->body;
    const char *source =
        snapshot_source(snapshot, snapshot->folder->predict, (enum rs_source)answer->source);
    body_text(body, "{\"UserId\":");
    body_string(body, call->ids[0]);
    body_text(body, ",\"ItemId\":");
    body_string(body, call->ids[1]);
    if (item != RS_NONE) describe_title(body, snapshot->matrix, item);
    body_text(body, ",\"Score\":");
    body_float(body, answer->score);
    body_text(body, ",\"Rating\":");
    body_float(body, (float)rs_matrix_clip(snapshot->matrix, (double)answer->score));
    if (moved != 0) {
        body_text(body, ",\"Moved\":");
        body_float(body, moved);
    }
    if (answer->deviation > 0) {
        body_text(body, ",\"Deviation\":");
        body_float(body, answer->deviation);
    }
    body_text(body, ",\"Support\":");
    body_float(body, answer->support);
    body_text(body, ",\"Source\":");
    body_string(body, (struct rs_id){source, strlen(source)});
    if (!call->situation.asked) return;
    body_text(body, ",");
    situation_print(call);
}

bool predict_rating(struct call *call) {
    struct profile_room room = {0};
    struct rs_answer answer = {0};
    uint32_t item;
    bool known;
    struct rs_profile profile =
        users_profile(call->server->users, call->snapshot, call->ids[0], &room, &known);
    float moved = expect(call, &profile, &item, &answer);
    print_expected(call, item, &answer, moved);
    body_text(&call->body, "}\n");
    profile_room_free(&room);
    return true;
}

bool explain_rating(struct call *call) {
    struct profile_room room = {0};
    struct rs_answer answer = {0};
    const struct parameters *parameters = &call->parameters;
    bool known;
    uint32_t item = call_item(call, call->ids[1]);
    if (item == RS_NONE) return false;
    struct rs_profile profile =
        users_profile(call->server->users, call->snapshot, call->ids[0], &room, &known);
    float moved = expect(call, &profile, &item, &answer);
    print_expected(call, item, &answer, moved);
    size_t k = parameters->offset + parameters->n, n;
    struct reason *reasons = rs_malloc(k, sizeof *reasons);
    reasons_find(call->snapshot, snapshot_bench(call->snapshot, call->worker), &profile, &item, 1,
                 k, reasons, &n);
    size_t skipped = parameters->offset < n ? parameters->offset : n;
    body_text(&call->body, ",\"Because\":");
    reasons_print(&call->body, call->snapshot, &profile, reasons + skipped, n - skipped);
    body_text(&call->body, "}\n");
    free(reasons);
    profile_room_free(&room);
    return true;
}
