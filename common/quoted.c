/* Records with quotes, by libcsv. */
#include <string.h>

#include "cutter.h"
#include "memory.h"
#include "message.h"

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

/* Feeds line after line until the record is complete. */
const char *rs_quoted_cut(struct rs_cutter *cutter, const char *begin, const char *end,
                          uint64_t *lines) {
    cutter->record_done = false;
    cutter->arena_used = 0;
    for (const char *from = begin; from < end && from - begin < RS_RECORD_MAX;) {
        const char *newline = memchr(from, cutter->form->newline, (size_t)(end - from));
        const char *to = newline == NULL ? end : newline + 1;
        csv_parse(&cutter->parser, from, (size_t)(to - from), on_field, on_record, cutter);
        ++*lines;
        if (newline == NULL) /* the last line of the text has no end */
            csv_parse(&cutter->parser, "\n", 1, on_field, on_record, cutter);
        if (cutter->record_done) {
            rs_cutter_settle(cutter);
            return to;
        }
        from = to;
    }
    rs_quoted_stop(cutter); /* its state is in the middle of a field: begin anew */
    rs_quoted_start(cutter);
    cutter->n = 0;
    return NULL;
}

/* libcsv's states, so that a block is cut where libcsv will see the record end: in a quoted field a
 * quote may be the closing one, and is, if a separator or the end of the record follows. */
const char *rs_quoted_end(const struct rs_form *form, const char *begin, const char *end) {
    enum { START, PLAIN, QUOTED, CLOSING, CLOSED } state = START;
    char separator = form->separator[0];
    for (const char *c = begin; c < end; c++) {
        bool blank = (*c == ' ' || *c == '\t') && *c != separator;
        if (state == QUOTED) {
            if (*c == '"') state = CLOSING;
        } else if (*c == form->newline) {
            return c + 1;
        } else if (*c == separator || *c == '\r') {
            state = START;
        } else if (state == START) {
            state = *c == '"' ? QUOTED : blank ? START : PLAIN;
        } else if (state == CLOSING) {
            state = blank ? CLOSED : QUOTED;
        } else if (state == CLOSED && !blank) {
            state = *c == '"' ? CLOSING : QUOTED;
        }
    }
    return NULL;
}
