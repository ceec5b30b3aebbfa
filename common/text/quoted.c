#include "text/quoted.h"

#include <string.h>

#include "base/message.h"

bool rs_quoted_possible(const struct rs_form *form) {
    return form->layout == RS_LAYOUT_DELIMITED && form->separator[1] == '\0';
}

void rs_quoted_start(struct rs_cutter *cutter) {
    if (csv_init(&cutter->parser, 0) != 0) rs_die(EX_OSERR, "out of memory");
    csv_set_delim(&cutter->parser, (unsigned char)cutter->form->separator[0]);
}

void rs_quoted_stop(struct rs_cutter *cutter) {
    csv_free(&cutter->parser);
}

static void on_field(void *bytes, size_t length, void *data) {
    rs_cutter_store(data, bytes, length);
}

static void on_record(int terminator, void *data) {
    (void)terminator;
    ((struct rs_cutter *)data)->record_done = true;
}

bool rs_quoted_cut(struct rs_cutter *cutter, const char *begin, const char *end) {
    cutter->record_done = false;
    cutter->arena_used = 0;
    cutter->n = 0;
    csv_parse(&cutter->parser, begin, (size_t)(end - begin), on_field, on_record, cutter);
    if (!cutter->record_done) /* the last line of the text has no end */
        csv_parse(&cutter->parser, "\n", 1, on_field, on_record, cutter);
    if (!cutter->record_done) {
        rs_quoted_stop(cutter); /* its state is in the middle of a field: begin anew */
        rs_quoted_start(cutter);
        return false;
    }
    rs_cutter_settle(cutter);
    return true;
}

/* By libcsv's states. In a quoted field a quote closes it if blanks at most follow up to a
 * separator or the end of the line, and stands for itself if it is doubled. */
struct rs_span rs_quoted_span(const struct rs_form *form, const char *begin, const char *end) {
    enum { START, PLAIN, QUOTED, CLOSING, CLOSED } state = START;
    char separator = form->separator[0];
    struct rs_span span = {0};
    bool broken = false;
    if (end - begin > RS_RECORD_MAX) end = begin + RS_RECORD_MAX;
    for (const char *c = begin; c < end && !broken; c++) {
        bool blank = (*c == ' ' || *c == '\t') && *c != separator;
        span.lines += *c == form->newline;
        if (state == QUOTED) {
            if (*c == '"') state = CLOSING;
        } else if (*c == form->newline) {
            span.end = c + 1;
            return span;
        } else if (*c == separator || *c == '\r') {
            state = START;
        } else if (state == START) {
            state = *c == '"' ? QUOTED : blank ? START : PLAIN;
        } else if (state == CLOSING && *c == '"') {
            state = QUOTED;
        } else if (state == CLOSING || state == CLOSED) {
            state = CLOSED;
            broken = !blank;
        }
    }
    span.odd = broken && span.lines == 0;
    span.open = (broken && !span.odd) || state == QUOTED;
    if (!broken) return span;
    const char *newline = memchr(begin, form->newline, (size_t)(end - begin));
    span.end = newline == NULL ? NULL : newline + 1;
    span.lines = newline == NULL ? 0 : 1;
    return span;
}
