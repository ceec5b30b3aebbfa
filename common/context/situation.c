#include "context/situation.h"

#include <stdio.h>
#include <string.h>

#include "base/when.h"

struct rs_situation rs_situation_unknown(void) {
    struct rs_situation situation = {.time = RS_NO_TIME};
    memset(situation.value, RS_NO_VALUE, sizeof situation.value);
    return situation;
}

void rs_situation_fill(const struct rs_context_model *context, uint32_t user, int64_t when,
                       struct rs_situation *situation) {
    if (situation->time == RS_NO_TIME) situation->time = when;
    bool timed = situation->time != RS_NO_TIME;
    struct rs_local local = {0};
    size_t zone = user == RS_NONE || context->user_zone == NULL ? 0 : context->user_zone[user];
    bool told = false; /* what LOCAL is */
    for (size_t d = 0; d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        bool moves = dimension->predicts || dimension->ranks;
        if (situation->value[d] != RS_NO_VALUE || !moves) continue;
        if (dimension->source == RS_CONTEXT_USER) {
            situation->value[d] = rs_context_user_value(dimension, context->matrix, user);
        } else if (dimension->source == RS_CONTEXT_USER_AGE) {
            if (timed && user != RS_NONE && context->user_began != NULL)
                situation->value[d] = rs_age_of(context->user_began[user], situation->time);
        } else if (timed && dimension->source < RS_CONTEXT_USER_AGE) {
            if (!told) local = rs_zone_local(&context->zones[zone], situation->time);
            told = true;
            situation->value[d] = rs_context_time_value(dimension->source, &local);
        }
    }
}

void rs_situation_set(const struct rs_context_model *context, struct rs_id name, struct rs_id value,
                      struct rs_situation *situation, bool *known, char *note, size_t size) {
    *known = false;
    for (size_t d = 0; d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        if (strlen(dimension->name) != name.length ||
            memcmp(dimension->name, name.text, name.length) != 0)
            continue;
        uint8_t found = rs_context_value(dimension, value);
        *known = found != RS_NO_VALUE;
        if (*known) situation->value[d] = found;
        if (!*known)
            snprintf(note, size, "context %.*s=%.*s is not known and left out", (int)name.length,
                     name.text, (int)value.length, value.text);
        return;
    }
    snprintf(note, size, "context %.*s is not known and left out", (int)name.length, name.text);
}

bool rs_situation_parse(const struct rs_context_model *context, const char *text,
                        struct rs_situation *situation, void (*noted)(void *, const char *),
                        void *of_noted, struct rs_error *err) {
    while (true) {
        size_t length = strcspn(text, ",");
        const char *equals = memchr(text, '=', length);
        if (equals == NULL || equals == text)
            return rs_fail(err, EX_USAGE, "context '%.*s' is not NAME=VALUE", (int)length, text);
        struct rs_id name = {text, (size_t)(equals - text)};
        struct rs_id value = {equals + 1, length - name.length - 1};
        if (name.length == 4 && memcmp(name.text, "time", 4) == 0) {
            if (!rs_when_parse(value.text, value.length, RS_TIME_AUTO, &situation->time))
                return rs_fail(err, EX_USAGE, "context time '%.*s' is no time", (int)value.length,
                               value.text);
        } else {
            bool known;
            char note[256];
            rs_situation_set(context, name, value, situation, &known, note, sizeof note);
            if (!known && noted != NULL) noted(of_noted, note);
        }
        if (text[length] == '\0') return true;
        text += length + 1;
    }
}

bool rs_situation_predicts(const struct rs_context_model *context,
                           const struct rs_situation *situation) {
    for (size_t d = 0; d < context->n; d++)
        if (context->dimensions[d].predicts &&
            (situation->value[d] != RS_NO_VALUE || rs_situation_by_item(context, d, situation)))
            return true;
    return false;
}

bool rs_situation_ranks(const struct rs_context_model *context,
                        const struct rs_situation *situation) {
    for (size_t d = 0; d < context->n; d++)
        if (context->dimensions[d].ranks && situation->value[d] != RS_NO_VALUE) return true;
    return false;
}
