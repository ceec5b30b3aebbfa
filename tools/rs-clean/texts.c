#include "inputs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "team.h"
#include "text/text.h"

/* Text */

/* What a text's blocks need on their way into the sink. */
struct text_input {
    struct intake *intake;
    struct rs_text *text;
    const struct columns *columns;
    size_t context[RS_MAX_CONTEXTS]; /* the sink's number of each of the text's */
    uint64_t n_records;
    uint64_t *place; /* of the rows of a block, where the sink asks for it */
    size_t place_capacity;
};

static void name_row_numbers(struct text_input *input, struct rows *rows) {
    uint32_t before = RS_NONE, index = RS_NONE;
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->user[i] != before)
            index =
                names_add_number(&input->intake->sink->users, input->n_records + rows->user[i] + 1);
        before = rows->user[i];
        rows->user[i] = index;
    }
}

static const uint64_t *places(struct text_input *input, const struct rows *rows) {
    if (rows->line == NULL) return NULL;
    rs_grow(&input->place, &input->place_capacity, rows->n, sizeof *input->place);
    for (size_t i = 0; i < rows->n; i++)
        input->place[i] = input->intake->n_inputs << PLACE_LINE_BITS | rows->line[i];
    return input->place;
}

/* Takes a block's rows over, in the order of the text: names get their indices here. */
static bool take_block(void *context, struct rows *rows, struct rs_error *err) {
    struct text_input *input = context;
    struct intake *intake = input->intake;
    struct sink *sink = intake->sink;
    rs_progress_at(rs_text_position(input->text));
    if (!rejects_take(intake->rejects, rows->rejects, rows->n_rejects, rows->n_values, err))
        return false;
    if (input->columns->wide && input->columns->at[ROLE_USER] == NO_COLUMN) {
        name_row_numbers(input, rows);
    } else {
        names_resolve(&sink->users, rows->user, rows->n, rows->names);
    }
    names_resolve(&sink->items, rows->item, rows->n, rows->names);
    struct rs_pairs pairs = {.n = rows->n,
                             .user = rows->user,
                             .item = rows->item,
                             .rating = rows->rating,
                             .time = rows->time};
    for (size_t c = 0; c < input->columns->n_contexts; c++) {
        size_t number = input->context[c];
        names_resolve(&sink->contexts[number].values, rows->context[c], rows->n, rows->names);
        pairs.context[number] = rows->context[c];
    }
    input->n_records += rows->n_records;
    intake->n_records += rows->n_records;
    intake->n_missing += rows->n_missing;
    intake->n_below += rows->n_below;
    intake->n_rounded += rows->n_rounded;
    return sink_take(sink, &pairs, places(input, rows), err);
}

static void add_warning(struct intake *intake, char *warning) {
    rs_grow(&intake->warnings, &intake->warning_capacity, intake->n_warnings + 1,
            sizeof *intake->warnings);
    intake->warnings[intake->n_warnings++] = warning;
}

/* Notes lines that were passed over. */
static void note_above(struct intake *intake, const struct rs_form *form, const char *place) {
    if (form->above == 0) return;
    add_warning(intake, rs_format("%s: %zu line%s above the header passed over", place,
                                  form->lines_above, form->lines_above == 1 ? "" : "s"));
}

/* Notes what was left out because nothing tells what it is. */
static void note_left_out(struct intake *intake, const struct reading *reading,
                          const struct columns *columns, const struct rs_form *form,
                          const char *place) {
    bool rated = columns->wide || columns->at[ROLE_RATING] != NO_COLUMN;
    size_t last = 0;
    if (reading->columns != NULL || columns->wide) return;
    for (int role = 0; role < N_ROLES; role++)
        if (columns->at[role] != NO_COLUMN && columns->at[role] > last) last = columns->at[role];
    if (form->names == NULL && last + 1 < form->n_columns)
        add_warning(
            intake,
            rs_format("%s: column %zu and what follows is left out%s; --columns says what it is",
                      place, last + 2,
                      columns->at[ROLE_TIME] == NO_COLUMN ? ", since it looks like no time" : ""));
    if (form->names != NULL && !rated && reading->feedback == FEEDBACK_AUTO &&
        form->n_columns > 2 + (columns->at[ROLE_TIME] != NO_COLUMN))
        add_warning(
            intake,
            rs_format(
                "%s: no column is known as a rating, so that a record counts as a click; --columns "
                "names one, --feedback=implicit says it is right",
                place));
}

/* Whether the ratings of a text are counts, by --feedback or by the look of the columns. */
static bool find_feedback(const struct reading *reading, const struct columns *columns,
                          const char *place, bool *implicit, struct rs_error *err) {
    bool rated = columns->wide || columns->at[ROLE_RATING] != NO_COLUMN;
    *implicit = reading->feedback == FEEDBACK_IMPLICIT ||
                (reading->feedback == FEEDBACK_AUTO && columns->counted);
    return rated || (reading->feedback != FEEDBACK_EXPLICIT && isnan(reading->threshold)) ||
           rs_fail(err, EX_DATAERR, "%s: has no rating column: name it with --columns", place);
}

/* Dates without separators are numbers too, and seconds of 1970: the column tells. */
static enum rs_time_unit find_unit(const struct reading *reading, const struct columns *columns,
                                   const struct rs_form *form) {
    size_t at = columns->at[ROLE_TIME];
    bool dates = at != NO_COLUMN && form->is_date != NULL && form->is_date[at];
    return reading->time_unit == RS_TIME_AUTO && dates ? RS_TIME_DATE : reading->time_unit;
}

static bool read_records(struct text_input *input, const struct reading *reading,
                         const struct rs_form *form, struct rs_error *err) {
    struct sink *sink = input->intake->sink;
    struct columns *columns = (struct columns *)(uintptr_t)input->columns;
    const char *place = rs_text_name(input->text);
    bool implicit;
    if (!find_feedback(reading, columns, place, &implicit, err) ||
        !sink_feedback(sink, implicit || !isnan(reading->threshold), place, err))
        return false;
    for (size_t c = 0; c < columns->n_contexts; c++) {
        input->context[c] = sink_context(sink, columns->context_name[c]);
        if (input->context[c] == RS_MAX_CONTEXTS)
            return rs_fail(err, EX_DATAERR, "%s: more than %d context columns in all", place,
                           RS_MAX_CONTEXTS);
    }
    struct row_rules rules = {.form = form,
                              .columns = columns,
                              .missing = reading->missing,
                              .n_missing = reading->n_missing,
                              .scale_min = reading->scale_min,
                              .scale_max = reading->scale_max,
                              .counts = implicit,
                              .threshold = reading->threshold,
                              .time_unit = find_unit(reading, columns, form),
                              .lines = sink->dedupe == DEDUPE_ERROR};
    if (sink->declared.n > 0 && !isfinite(rules.scale_min)) {
        rules.scale_min = (double)sink->declared.min;
        rules.scale_max = (double)sink->declared.max;
    }
    rejects_begin(input->intake->rejects, place);
    rs_progress_start("reads", "bytes", rs_text_size(input->text));
    bool ok = team_read(input->text, &rules, take_block, input, err);
    rs_progress_end();
    if (ok && input->n_records == 0)
        ok = rs_fail(err, EX_DATAERR, "%s: holds %s", place,
                     form->header ? "a header and no record" : "no record");
    ok = ok && rejects_end(input->intake->rejects, err);
    input->intake->n_rejected += input->intake->rejects->n_faults;
    if (ok) note_above(input->intake, form, place);
    if (ok) note_left_out(input->intake, reading, columns, form, place);
    return ok;
}

bool text_read(struct intake *intake, const char *path, const struct reading *reading,
               struct rs_error *err) {
    struct text_input input = {.intake = intake};
    struct rs_form form;
    struct columns columns;
    input.text = rs_text_open(path, reading->encoding, reading->skip, err);
    if (input.text == NULL) return false;
    bool ok = rs_text_detect(input.text, &form, &reading->form, err);
    if (ok) {
        ok = columns_find(&columns, &form, reading->columns, reading->form.wide,
                          rs_text_name(input.text), err);
        input.columns = &columns;
        if (ok) ok = read_records(&input, reading, &form, err);
        if (ok && intake->form[0] == '\0') {
            char part[128];
            rs_form_describe(&form, part, sizeof part);
            int used = snprintf(intake->form, sizeof intake->form, "%s, ", part);
            columns_describe(&columns, &form, intake->form + used,
                             sizeof intake->form - (size_t)used);
        }
        columns_free(&columns, &form);
        rs_form_free(&form);
    }
    free(input.place);
    rs_text_close(input.text);
    return ok;
}
