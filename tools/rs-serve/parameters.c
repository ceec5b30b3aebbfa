#include "parameters.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "situation.h"

enum { DEFAULT_N = 10, TAKES_CONTEXT = TAKES_RANKING_CONTEXT | TAKES_PREDICTING_CONTEXT };

static bool read_number(struct call *call, const char *name, uint64_t least, uint64_t most,
                        uint64_t *number) {
    const char *text = request_argument(call->request, name);
    if (text == NULL || (request_number(text, most, number) && *number >= least)) return true;
    return call_fail(call, MHD_HTTP_BAD_REQUEST, "%s is not a whole number from %llu to %llu", name,
                     (unsigned long long)least, (unsigned long long)most);
}

static bool read_text(struct call *call, const char *name, char *memory, struct rs_id *text) {
    const char *raw = request_argument(call->request, name);
    *text = (struct rs_id){"", 0};
    if (raw == NULL || *raw == '\0') return true;
    const char *wrong = request_decode(raw, strlen(raw), memory, text);
    return wrong == NULL || call_fail(call, MHD_HTTP_BAD_REQUEST, "%s %s", name, wrong);
}

static bool read_mmr(struct call *call) {
    double *mmr = &call->parameters.mmr;
    const char *text = request_argument(call->request, "mmr");
    if (text == NULL) return true;
    if (!rs_number_parse(text, strlen(text), mmr) || !(*mmr >= 0 && *mmr <= 1))
        return call_fail(call, MHD_HTTP_BAD_REQUEST, "mmr is not a number from 0 to 1");
    if (*mmr < 1 && call->snapshot->neighbours[0] == NULL)
        return call_fail(call, MHD_HTTP_BAD_REQUEST,
                         "mmr takes neighbours of items, which the model has not");
    return true;
}

static bool exclude(struct call *call, const char *raw, size_t n) {
    struct parameters *parameters = &call->parameters;
    char memory[MAX_ID];
    struct rs_id id;
    if (n == 0) return true;
    const char *wrong = request_decode(raw, n, memory, &id);
    if (wrong != NULL) return call_fail(call, MHD_HTTP_BAD_REQUEST, "an id in exclude %s", wrong);
    if (parameters->n_excluded == MAX_EXCLUDED)
        return call_fail(call, MHD_HTTP_BAD_REQUEST, "exclude has more than %d ids", MAX_EXCLUDED);
    uint32_t item = rs_ids_find(&call->snapshot->matrix->items.ids, id);
    if (item != RS_NONE) parameters->excluded[parameters->n_excluded++] = item;
    return true;
}

static int compare_items(const void *a, const void *b) {
    uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;
    return first < second ? -1 : first > second;
}

static bool read_excluded(struct call *call) {
    struct parameters *parameters = &call->parameters;
    for (size_t a = 0; a < call->request->n_arguments; a++) {
        const struct argument *argument = &call->request->arguments[a];
        if (strcmp(argument->name, "exclude") != 0 || argument->value == NULL) continue;
        for (const char *at = argument->value;; at++) {
            size_t n = strcspn(at, ",");
            if (!exclude(call, at, n)) return false;
            at += n;
            if (*at == '\0') break;
        }
    }
    if (parameters->n_excluded > 1)
        qsort(parameters->excluded, parameters->n_excluded, sizeof *parameters->excluded,
              compare_items);
    return true;
}

bool parameters_read(struct call *call, unsigned takes) {
    struct parameters *parameters = &call->parameters;
    uint64_t max_n = call->server->max_n;
    parameters->n = DEFAULT_N < max_n ? DEFAULT_N : max_n;
    parameters->offset = parameters->cursor = 0;
    parameters->mmr = 1;
    parameters->n_excluded = 0;
    parameters->category = parameters->user = parameters->query = (struct rs_id){"", 0};
    if ((takes & TAKES_CONTEXT) && !situation_read(call, (takes & TAKES_PREDICTING_CONTEXT) != 0))
        return false;
    if (takes == 0 || call->request->n_arguments == 0) return true;
    bool ok = read_number(call, "n", 1, max_n, &parameters->n);
    if (ok && (takes & TAKES_PAGE))
        ok = read_number(call, "offset", 0, MAX_OFFSET, &parameters->offset);
    if (ok && (takes & TAKES_CURSOR))
        ok = read_number(call, "cursor", 0, UINT32_MAX, &parameters->cursor);
    if (ok && (takes & TAKES_CATEGORY))
        ok = read_text(call, "category", call->memory[2], &parameters->category);
    if (ok && (takes & TAKES_USER))
        ok = read_text(call, "user-id", call->memory[3], &parameters->user);
    if (ok && (takes & TAKES_QUERY)) ok = read_text(call, "q", call->memory[4], &parameters->query);
    if (ok && (takes & TAKES_EXCLUDE)) ok = read_excluded(call);
    if (ok && (takes & TAKES_MMR)) ok = read_mmr(call);
    return ok;
}

static size_t put(char *key, const void *bytes, size_t n) {
    if (n > 0) memcpy(key, bytes, n);
    return n;
}

size_t parameters_key(const struct call *call, unsigned takes, char *key) {
    const struct parameters *parameters = &call->parameters;
    if (takes == 0) return 0;
    const uint64_t numbers[] = {parameters->n,
                                parameters->offset,
                                parameters->cursor,
                                parameters->category.length,
                                parameters->query.length,
                                parameters->n_excluded};
    size_t n = put(key, numbers, sizeof numbers);
    n += put(key + n, &parameters->mmr, sizeof parameters->mmr);
    n += put(key + n, parameters->category.text, parameters->category.length);
    n += put(key + n, parameters->query.text, parameters->query.length);
    n += put(key + n, parameters->excluded, parameters->n_excluded * sizeof *parameters->excluded);
    if (takes & TAKES_CONTEXT) n += situation_key(call, key + n);
    return n;
}
