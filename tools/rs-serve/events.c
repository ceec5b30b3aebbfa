#include "events.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/when.h"
#include "format/pairs.h"

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool take_id(const json_t *object, const char *name, size_t most, bool needed,
                    struct rs_id *id, struct rs_error *err) {
    const json_t *value = json_object_get(object, name);
    *id = (struct rs_id){"", 0};
    if (value == NULL && !needed) return true;
    if (value == NULL) return rs_fail(err, EX_DATAERR, "%s is missing", name);
    if (!json_is_string(value)) return rs_fail(err, EX_DATAERR, "%s is not a string", name);
    *id = (struct rs_id){json_string_value(value), json_string_length(value)};
    if (id->length == 0) return rs_fail(err, EX_DATAERR, "%s is empty", name);
    return id->length <= most ||
           rs_fail(err, EX_DATAERR, "%s is longer than %zu bytes", name, most);
}

static bool take_value(const json_t *object, const struct snapshot *snapshot, float *value,
                       struct rs_error *err) {
    const struct rs_matrix *matrix = snapshot->matrix;
    const json_t *given = json_object_get(object, "Value");
    *value = 1;
    if (given == NULL && matrix->implicit) return true;
    if (given == NULL) return rs_fail(err, EX_DATAERR, "Value is missing");
    if (!json_is_number(given)) return rs_fail(err, EX_DATAERR, "Value is not a number");
    double number = json_number_value(given);
    if (matrix->implicit && !(number > 0 && number <= 1e28))
        return rs_fail(err, EX_DATAERR, "Value %g is not a positive count", number);
    if (!matrix->implicit && matrix->scale.n > 0 &&
        !(number >= (double)matrix->scale.min && number <= (double)matrix->scale.max))
        return rs_fail(err, EX_DATAERR, "Value %g is outside the scale %g..%g", number,
                       (double)matrix->scale.min, (double)matrix->scale.max);
    *value = (float)number;
    return isfinite(*value) || rs_fail(err, EX_DATAERR, "Value %g is too large", number);
}

static bool take_time(const json_t *object, int64_t now, int64_t *time, struct rs_error *err) {
    const json_t *given = json_object_get(object, "Timestamp");
    bool ok = true;
    *time = now;
    if (given == NULL) return true;
    if (json_is_string(given)) {
        ok = rs_when_parse(json_string_value(given), json_string_length(given), RS_TIME_AUTO, time);
    } else if (json_is_integer(given)) {
        char digits[32];
        int n = snprintf(digits, sizeof digits, "%lld", (long long)json_integer_value(given));
        ok = rs_when_parse(digits, (size_t)n, RS_TIME_AUTO, time);
    } else {
        ok = false;
    }
    if (!ok || *time == RS_NO_TIME)
        return rs_fail(err, EX_DATAERR, "Timestamp is not a time as in 2024-05-01T12:00:00Z");
    return *time <= now + MAX_FUTURE_MS || rs_fail(err, EX_DATAERR, "Timestamp lies in the future");
}

static bool take_event(struct submission *submission, const json_t *object,
                       const struct snapshot *snapshot, const struct event_rules *rules,
                       int64_t now, struct rs_error *err) {
    struct submitted *submitted = &submission->events[submission->n];
    struct event *event = &submitted->event;
    *submitted = (struct submitted){.adds = rules->adds && snapshot->matrix->implicit};
    if (!json_is_object(object)) return rs_fail(err, EX_DATAERR, "is not an object");
    if (!take_id(object, "UserId", MAX_ID, !rules->anonymous, &event->user, err) ||
        !take_id(object, "ItemId", MAX_ID, true, &event->item, err) ||
        !take_id(object, "EventId", MAX_EVENT_ID, false, &submitted->id, err) ||
        !take_value(object, snapshot, &event->value, err) ||
        !take_time(object, now, &event->time, err))
        return false;
    bool unknown = rs_ids_find(&snapshot->matrix->items.ids, event->item) == RS_NONE;
    if (unknown && rules->refuse_unknown)
        return rs_fail(err, EX_DATAERR, "the model does not know the item");
    submission->n_unknown += unknown;
    submission->n++;
    return true;
}

bool events_parse(struct submission *submission, const struct request *request,
                  const struct snapshot *snapshot, const struct event_rules *rules,
                  struct rs_error *err) {
    json_error_t error;
    if (request->body_length == 0)
        return rs_fail(err, EX_DATAERR, "the body is empty where an array of events should be");
    json_t *root = json_loadb(request->body, request->body_length, JSON_REJECT_DUPLICATES, &error);
    submission->json = root;
    if (root == NULL)
        return rs_fail(err, EX_DATAERR, "the body is not JSON: line %d, column %d: %.160s",
                       error.line, error.column, error.text);
    if (!json_is_array(root)) return rs_fail(err, EX_DATAERR, "the body is not an array");
    size_t n = json_array_size(root);
    if (n > MAX_EVENTS)
        return rs_fail(err, EX_DATAERR, "%zu events are more than the %d of one request", n,
                       MAX_EVENTS);
    submission->events = rs_calloc(n, sizeof *submission->events);
    int64_t now = now_ms();
    for (size_t i = 0; i < n; i++)
        if (!take_event(submission, json_array_get(root, i), snapshot, rules, now, err))
            return rs_fail_at(err, "event %zu", i + 1);
    return true;
}

void events_add_removal(struct submission *submission, struct rs_id user, struct rs_id item) {
    submission->events =
        rs_realloc(submission->events, submission->n + 1, sizeof *submission->events);
    submission->events[submission->n++] = (struct submitted){
        .event = {.user = user, .item = item, .removed = true, .time = now_ms()}};
}
