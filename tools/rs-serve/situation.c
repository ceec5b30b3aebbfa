#include "situation.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/when.h"

enum { MINUTE = 60000 };

/* The moment is to the minute, for answers to hold as long. */
static int64_t this_minute(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 / MINUTE * MINUTE;
}

static bool read_moment(struct call *call, int64_t *moment) {
    const char *raw = request_argument(call->request, "at");
    char memory[MAX_ID];
    struct rs_id text;
    *moment = this_minute();
    if (raw == NULL) return true;
    call->situation.asked = true;
    const char *wrong = request_decode(raw, strlen(raw), memory, &text);
    if (wrong != NULL) return call_fail(call, MHD_HTTP_BAD_REQUEST, "at %s", wrong);
    return rs_when_parse(text.text, text.length, RS_TIME_AUTO, moment) ||
           call_fail(call, MHD_HTTP_BAD_REQUEST, "at is no time (2026-11-24T21:00:00Z)");
}

void situation_note(struct call *call, const char *note) {
    struct situation *situation = &call->situation;
    if (situation->n_notes == MAX_NOTES) return;
    snprintf(situation->notes[situation->n_notes++], MAX_NOTE, "%s", note);
}

/* One NAME:VALUE, as it was sent. */
static bool read_value(struct call *call, const char *raw, size_t n) {
    char memory[2][MAX_ID], note[MAX_NOTE];
    struct rs_id name, value;
    bool known;
    const char *colon = memchr(raw, ':', n);
    if (colon == NULL)
        return call_fail(call, MHD_HTTP_BAD_REQUEST, "context is not NAME:VALUE[,NAME:VALUE...]");
    size_t length = (size_t)(colon - raw);
    const char *wrong = request_decode(raw, length, memory[0], &name);
    if (wrong == NULL) wrong = request_decode(colon + 1, n - length - 1, memory[1], &value);
    if (wrong != NULL)
        return call_fail(call, MHD_HTTP_BAD_REQUEST, "a name or value in context %s", wrong);
    if (++call->situation.n_given > MAX_GIVEN)
        return call_fail(call, MHD_HTTP_BAD_REQUEST, "context has more than %d values", MAX_GIVEN);
    if (call->snapshot->context == NULL) return true;
    rs_situation_set(call->snapshot->context, name, value, &call->situation.is, &known, note,
                     sizeof note);
    if (!known) situation_note(call, note);
    return true;
}

static bool read_values(struct call *call) {
    for (size_t a = 0; a < call->request->n_arguments; a++) {
        const struct argument *argument = &call->request->arguments[a];
        if (strcmp(argument->name, "context") != 0) continue;
        call->situation.asked = true;
        if (argument->value == NULL || *argument->value == '\0') continue;
        for (const char *at = argument->value;; at++) {
            size_t n = strcspn(at, ",");
            if (!read_value(call, at, n)) return false;
            at += n;
            if (*at == '\0') break;
        }
    }
    return true;
}

/* Notes what the request says of the situation and what moves nothing all the same. */
static void note_what_is_idle(struct call *call, bool predicts) {
    const struct rs_context_model *context = call->snapshot->context;
    const char *what = predicts ? "expected ratings" : "lists";
    char note[MAX_NOTE];
    bool by_moment = false;
    for (size_t d = 0; d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        bool moves = predicts ? dimension->predicts : dimension->ranks;
        by_moment |= moves && dimension->source < RS_CONTEXT_N_TIMES;
        if (moves || call->situation.is.value[d] == RS_NO_VALUE) continue;
        snprintf(note, sizeof note, "context %s moves no %s", dimension->name, what);
        situation_note(call, note);
    }
    if (by_moment || request_argument(call->request, "at") == NULL) return;
    snprintf(note, sizeof note, "at moves no %s", what);
    situation_note(call, note);
}

/* Takes out what moves nothing: it must not tell one answer from another. */
static void keep_what_moves(const struct rs_context_model *context, bool predicts,
                            struct rs_situation *situation) {
    bool by_moment = false;
    for (size_t d = 0; d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        bool moves = predicts ? dimension->predicts : dimension->ranks;
        if (!moves) situation->value[d] = RS_NO_VALUE;
        by_moment |= predicts && moves && dimension->source == RS_CONTEXT_ITEM_AGE &&
                     situation->value[d] == RS_NO_VALUE;
    }
    if (!by_moment) situation->time = RS_NO_TIME;
}

bool situation_read(struct call *call, bool predicts) {
    const struct rs_context_model *context = call->snapshot->context;
    struct situation *situation = &call->situation;
    int64_t moment = RS_NO_TIME;
    situation->is = rs_situation_unknown();
    situation->asked = false;
    situation->n_given = situation->n_notes = 0;
    if (context == NULL && call->request->n_arguments == 0) return true;
    if (!read_moment(call, &moment) || !read_values(call)) return false;
    if (context == NULL) {
        if (situation->asked) situation_note(call, "the model has no context, nothing is moved");
        return true;
    }
    note_what_is_idle(call, predicts);
    uint32_t user = RS_NONE;
    if (call->n_ids > 0) user = rs_ids_find(&call->snapshot->matrix->users.ids, call->ids[0]);
    rs_situation_fill(context, user, moment, &situation->is);
    keep_what_moves(context, predicts, &situation->is);
    return true;
}

size_t situation_key(const struct call *call, char *key) {
    const struct situation *situation = &call->situation;
    size_t n = sizeof situation->is.value;
    memcpy(key, situation->is.value, n);
    memcpy(key + n, &situation->is.time, sizeof situation->is.time);
    n += sizeof situation->is.time;
    key[n++] = (char)situation->asked;
    for (size_t i = 0; i < situation->n_notes; i++) {
        size_t length = strlen(situation->notes[i]) + 1;
        memcpy(key + n, situation->notes[i], length);
        n += length;
    }
    return n;
}

void situation_print(struct call *call) {
    const struct rs_context_model *context = call->snapshot->context;
    const struct situation *situation = &call->situation;
    struct body *body = &call->body;
    size_t n = 0;
    body_text(body, "\"Situation\":{");
    for (size_t d = 0; context != NULL && d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        if (situation->is.value[d] == RS_NO_VALUE) continue;
        if (n++ > 0) body_text(body, ",");
        body_string(body, (struct rs_id){dimension->name, strlen(dimension->name)});
        body_text(body, ":");
        body_string(body, rs_ids_get(&dimension->values, situation->is.value[d]));
    }
    body_text(body, "},\"Notes\":[");
    for (size_t i = 0; i < situation->n_notes; i++) {
        if (i > 0) body_text(body, ",");
        body_string(body, (struct rs_id){situation->notes[i], strlen(situation->notes[i])});
    }
    body_text(body, "]");
}
