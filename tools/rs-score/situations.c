#include "situations.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "program/options.h"

static bool is_word(const char *word, size_t length, const char *other) {
    return strlen(other) == length && memcmp(word, other, length) == 0;
}

void situations_init(struct situations *situations, const struct rs_context_model *model,
                     const char *from, bool off) {
    *situations = (struct situations){.model = model, .from = from, .off = off};
    rs_dict_init(&situations->lists);
    while (true) {
        size_t length = strcspn(from, ",");
        bool found = is_word(from, length, "time");
        if (length == 0) rs_usage_error("--context-from: an empty name");
        for (size_t d = 0; d < model->n; d++) {
            const struct rs_dimension *dimension = &model->dimensions[d];
            bool timed = dimension->source < RS_CONTEXT_N_TIMES;
            bool meant =
                is_word(from, length, dimension->name) || (timed && is_word(from, length, "time"));
            situations->taken[d] |= meant;
            found |= meant;
        }
        if (!found)
            rs_warn("--context-from: the model knows no context '%.*s', which is left out",
                    (int)length, from);
        if (from[length] == '\0') return;
        from += length + 1;
    }
}

/* The stream's column for each dimension, or NULL. */
static const struct rs_context *column_of(const struct rs_pairs_reader *reader, const char *name,
                                          size_t *at) {
    for (size_t c = 0; c < reader->n_contexts; c++) {
        *at = c;
        if (strcmp(reader->contexts[c].name, name) == 0) return &reader->contexts[c];
    }
    return NULL;
}

void situations_add(struct situations *situations, const struct rs_pairs_reader *reader,
                    const struct rs_pairs *batch) {
    const struct rs_context_model *model = situations->model;
    rs_grow(&situations->of_pair, &situations->capacity, situations->n + batch->n,
            sizeof *situations->of_pair);
    struct rs_situation *mine = situations->of_pair + situations->n;
    for (size_t i = 0; i < batch->n; i++) {
        mine[i] = rs_situation_unknown();
        if (batch->time != NULL) mine[i].time = batch->time[i];
    }
    for (size_t d = 0; d < model->n; d++) {
        const struct rs_dimension *dimension = &model->dimensions[d];
        size_t at = 0;
        const struct rs_context *column = NULL;
        if (situations->taken[d] && dimension->source == RS_CONTEXT_RATING)
            column = column_of(reader, dimension->column, &at);
        for (size_t i = 0; column != NULL && i < batch->n; i++) {
            bool known;
            char note[256];
            struct rs_id value = rs_ids_get(&column->values.ids, batch->context[at][i]);
            struct rs_id name = {dimension->name, strlen(dimension->name)};
            if (value.length == 0) continue;
            rs_situation_set(model, name, value, &mine[i], &known, note, sizeof note);
            situations->n_unknown += !known;
        }
    }
    situations->n += batch->n;
}

/* "17@device=2,hour=21": the user, and what of the situation moves ranks. */
static uint32_t list_of(struct situations *situations, struct rs_id user,
                        const struct rs_situation *situation) {
    const struct rs_context_model *model = situations->model;
    char *name = rs_strndup(user.text, user.length);
    size_t length = user.length, capacity = length + 1;
    bool first = true;
    for (size_t d = 0; d < model->n; d++) {
        if (!model->dimensions[d].ranks || situation->value[d] == RS_NO_VALUE) continue;
        struct rs_id value = rs_ids_get(&model->dimensions[d].values, situation->value[d]);
        size_t more = strlen(model->dimensions[d].name) + value.length + 3;
        rs_grow(&name, &capacity, length + more, 1);
        length += (size_t)snprintf(name + length, more, "%c%s=%.*s", first ? '@' : ',',
                                   model->dimensions[d].name, (int)value.length, value.text);
        first = false;
    }
    uint32_t list = rs_dict_add(&situations->lists, (struct rs_id){name, length});
    free(name);
    return list;
}

void situations_finish(struct situations *situations, const struct rs_ids *names,
                       const uint32_t *line, const uint32_t *user, bool listed) {
    const struct rs_context_model *model = situations->model;
    if (listed) situations->list = rs_malloc(situations->n, sizeof *situations->list);
    for (size_t i = 0; i < situations->n; i++) {
        struct rs_situation *mine = &situations->of_pair[i];
        rs_situation_fill(model, line[user[i]], RS_NO_TIME, mine);
        for (size_t d = 0; d < model->n; d++)
            if (!situations->taken[d]) mine->value[d] = RS_NO_VALUE;
        bool ages = false;
        for (size_t d = 0; d < model->n; d++)
            ages |= situations->taken[d] && model->dimensions[d].source == RS_CONTEXT_ITEM_AGE;
        if (!ages) mine->time = RS_NO_TIME;
        if (listed) situations->list[i] = list_of(situations, rs_ids_get(names, user[i]), mine);
    }
    if (situations->n_unknown > 0)
        rs_warn("%llu values of context are not known to the model and left out",
                (unsigned long long)situations->n_unknown);
}

void situations_free(struct situations *situations) {
    free(situations->of_pair);
    free(situations->list);
    rs_dict_free(&situations->lists);
}
