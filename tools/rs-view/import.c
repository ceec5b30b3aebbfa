/* The way back: scores that another program predicted, from text into a stream of scores, one block
 * of text in memory.
 *
 * Columns are known by their names; without a row of names they are user, item, score and rating. A
 * line that is wrong ends it: predictions with holes would be compared on fewer pairs than others.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/number.h"
#include "base/when.h"
#include "program/output.h"
#include "program/tool.h"
#include "text/fields.h"
#include "text/form.h"
#include "text/text.h"
#include "view.h"

enum { IMPORT_USER = -1, IMPORT_ITEM = -2, IMPORT_NOTHING = -3 };

/* What a column of the text is: an index in rs_columns, or one of the above. */
struct state {
    struct rs_text *text;
    struct rs_form form;
    int *meaning;
    size_t n_fields;
    unsigned columns;
    struct rs_dict users, items;
    struct rs_pairs_writer *writer;
};

static const struct {
    const char *alias, *name;
} aliases[] = {
    {"user_id", "user"},    {"userid", "user"}, {"uid", "user"},      {"item_id", "item"},
    {"itemid", "item"},     {"iid", "item"},    {"movieid", "item"},  {"prediction", "score"},
    {"predicted", "score"}, {"pred", "score"},  {"est", "score"},     {"estimate", "score"},
    {"truth", "rating"},    {"true", "rating"}, {"actual", "rating"}, {"r_ui", "rating"},
    {"timestamp", "time"},
};

static int meaning_of(const char *name) {
    for (size_t a = 0; a < sizeof aliases / sizeof *aliases; a++)
        if (strcasecmp(name, aliases[a].alias) == 0) name = aliases[a].name;
    if (strcasecmp(name, "user") == 0) return IMPORT_USER;
    if (strcasecmp(name, "item") == 0) return IMPORT_ITEM;
    for (int c = 0; c < RS_N_COLUMNS; c++)
        if (rs_columns[c].bit != RS_SOURCE && strcasecmp(name, rs_columns[c].name) == 0) return c;
    return IMPORT_NOTHING;
}

static void add_meaning(struct state *state, const char *name) {
    int meaning = meaning_of(name);
    for (size_t f = 0; f < state->n_fields; f++)
        if (meaning != IMPORT_NOTHING && state->meaning[f] == meaning)
            rs_die(EX_DATAERR, "%s: has two columns of the name '%s'", rs_text_name(state->text),
                   name);
    state->meaning = rs_realloc(state->meaning, state->n_fields + 1, sizeof *state->meaning);
    state->meaning[state->n_fields++] = meaning;
    if (meaning >= 0) state->columns |= rs_columns[meaning].bit;
}

static bool has(const struct state *state, int meaning) {
    for (size_t f = 0; f < state->n_fields; f++)
        if (state->meaning[f] == meaning) return true;
    return false;
}

/* What the scores can be judged by, in the words of rs-score. */
static const char *task_of(unsigned columns) {
    const unsigned places = RS_ABOVE | RS_TIED | RS_CANDIDATES;
    if ((columns & places) == places) return "rank";
    return columns & RS_RANK ? "top" : "predict";
}

static void name_fields(struct state *state, const char *columns) {
    static const char *const usual[] = {"user", "item", "score", "rating"};
    if (columns != NULL) {
        char *list = rs_strdup(columns);
        char *rest = list;
        for (char *name; (name = strsep(&rest, ",")) != NULL;) add_meaning(state, name);
        free(list);
    } else if (state->form.names != NULL) {
        for (size_t f = 0; f < state->form.n_columns; f++) add_meaning(state, state->form.names[f]);
    } else {
        for (size_t f = 0; f < 4 && f < state->form.n_columns; f++) add_meaning(state, usual[f]);
    }
    if (!has(state, IMPORT_USER) || !has(state, IMPORT_ITEM) || !(state->columns & RS_SCORE))
        rs_die(EX_DATAERR, "%s: needs columns user, item and score: name them with --columns",
               rs_text_name(state->text));
}

static _Noreturn void refuse(const struct state *state, const struct rs_record *record,
                             const char *what, struct rs_id field) {
    rs_die(EX_DATAERR, "%s:%llu: %s '%.*s' is not valid", rs_text_name(state->text),
           (unsigned long long)record->line, what, (int)(field.length < 80 ? field.length : 80),
           field.text);
}

static void take_value(const struct state *state, const struct rs_record *record,
                       const struct rs_column_form *form, struct rs_id field) {
    struct rs_pairs *batch = &state->writer->batch;
    void *cells = rs_pairs_cells(batch, form);
    double number = 0;
    if (form->bit == RS_TIME) {
        int64_t *time = (int64_t *)cells + batch->n;
        *time = RS_NO_TIME;
        if (field.length > 0 && !rs_when_parse(field.text, field.length, RS_TIME_AUTO, time))
            refuse(state, record, form->name, field);
        return;
    }
    bool optional = form->bit == RS_DEVIATION || form->bit == RS_SUPPORT;
    if (!(optional && field.length == 0) && !rs_number_parse(field.text, field.length, &number))
        refuse(state, record, form->name, field);
    if (form->type == RS_F32) {
        float value = (float)number;
        if (value - value != 0) refuse(state, record, form->name, field);
        ((float *)cells)[batch->n] = value;
        return;
    }
    double most = form->type == RS_U8 ? UINT8_MAX : UINT32_MAX;
    if (!(number >= 0 && number <= most) || number != (double)(uint64_t)number)
        refuse(state, record, form->name, field);
    if (form->type == RS_U8) {
        ((uint8_t *)cells)[batch->n] = (uint8_t)number;
    } else {
        ((uint32_t *)cells)[batch->n] = (uint32_t)number;
    }
}

static void take_record(struct state *state, const struct rs_record *record) {
    if (record->fault != NULL)
        rs_die(EX_DATAERR, "%s:%llu: %s", rs_text_name(state->text),
               (unsigned long long)record->line, record->fault);
    struct rs_pairs *batch = rs_pairs_room(state->writer);
    for (size_t f = 0; f < state->n_fields; f++) {
        int meaning = state->meaning[f];
        if (meaning == IMPORT_NOTHING) continue;
        struct rs_id field = f < record->n ? record->fields[f] : (struct rs_id){"", 0};
        if (meaning >= 0) {
            take_value(state, record, &rs_columns[meaning], field);
            continue;
        }
        bool user = meaning == IMPORT_USER;
        if (field.length == 0 || field.length > RS_ID_MAX)
            refuse(state, record, user ? "user" : "item", field);
        uint32_t *cells = user ? batch->user : batch->item;
        cells[batch->n] = rs_dict_add(user ? &state->users : &state->items, field);
    }
    if (state->columns & RS_SOURCE) batch->source[batch->n] = 0;
    batch->n++;
}

static void copy_records(struct state *state) {
    struct rs_error err;
    struct rs_block block;
    struct rs_cutter *cutter = rs_cutter_new(&state->form);
    bool header = state->form.header;
    while (true) {
        if (!rs_text_next(state->text, &state->form, &block, &err)) rs_die_error(&err);
        if (block.length == 0) break;
        struct rs_record record;
        rs_cutter_start(cutter, block);
        while (rs_cutter_next(cutter, &record)) {
            if (!header) take_record(state, &record);
            header = false;
        }
    }
    rs_cutter_free(cutter);
}

void import_scores(const char *path, const struct import *import, const char *output) {
    static const char *const separators[] = {"json", NULL, "tab"};
    struct rs_error err;
    struct state state = {.text = rs_text_open(path, NULL, 0, &err)};
    if (state.text == NULL) rs_die_error(&err);
    struct rs_form_given given = {.separator = separators[import->form], .header = -1};
    if (!rs_text_detect(state.text, &state.form, &given, &err)) rs_die_error(&err);
    name_fields(&state, import->columns);
    state.columns |= RS_SOURCE;
    rs_dict_init(&state.users);
    rs_dict_init(&state.items);
    struct rs_output out = rs_output_open(output, true);
    json_t *header = rs_tool_header(import->tool);
    json_object_set_new(header, "task", json_string(task_of(state.columns)));
    json_object_set_new(header, "model", json_string_nocheck(import->name));
    json_object_set_new(header, "sources", json_pack("[o]", json_string_nocheck(import->name)));
    struct rs_pairs_form form = {.kind = "scores",
                                 .columns = state.columns,
                                 .users = &state.users.ids,
                                 .items = &state.items.ids};
    state.writer = rs_pairs_write(out.file, &form, header);
    copy_records(&state);
    rs_pairs_finish(state.writer, NULL);
    rs_output_commit(&out);
    rs_text_close(state.text);
    rs_form_free(&state.form);
    rs_dict_free(&state.users);
    rs_dict_free(&state.items);
    free(state.meaning);
}
