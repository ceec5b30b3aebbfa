/* Fuzzes the way in: finding the form of a text, its columns, cutting it and parsing its rows.
 *
 * The first byte chooses what is given instead of found, the rest is the text. Whatever it is,
 * every record must be accounted for, and a text cut into blocks must have the records and lines of
 * the whole, as far as its quotes are in order. Links with tools/rs-clean/{columns,rows,values}.c and
 * librs.a. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/rs-clean/columns.h"
#include "../../tools/rs-clean/rows.h"
#include "base/memory.h"
#include "text/fields.h"
#include "text/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

/* A block with exactly the slack it should have, so that the sanitizer sees a byte more. */
static struct rs_block block_of(const char *text, size_t n, uint64_t first_line) {
    char *copy = rs_malloc(n + RS_BLOCK_SLACK, 1);
    if (n > 0) memcpy(copy, text, n);
    memset(copy + n, 0, RS_BLOCK_SLACK);
    return (struct rs_block){copy, n, first_line};
}

static void check_rows(const struct rows *rows, const struct rs_block *block, bool wide) {
    uint64_t faults = 0;
    for (size_t i = 0; i < rows->n_rejects; i++) {
        const struct reject *reject = &rows->rejects[i];
        faults += reject->reason != REASON_MISSING;
        require(reject->raw.text >= block->text &&
                    reject->raw.text + reject->raw.length <= block->text + block->length,
                "what is rejected lies in the block");
    }
    for (size_t i = 0; i < rows->n; i++) require(isfinite(rows->rating[i]), "ratings are finite");
    uint64_t accounted = rows->n + rows->n_missing + rows->n_below + faults;
    if (!wide) require(accounted == rows->n_values, "every record is accounted for");
}

/* Parses the text in pieces of about STEP bytes. */
static uint64_t parse_in_pieces(const struct row_rules *rules, const char *text, size_t n,
                                size_t step) {
    struct rows rows = {0};
    struct rs_cutter *cutter = rs_cutter_new(rules->form);
    size_t at = 0, seen = 0;
    uint64_t line = 1, lines, n_records = 0;
    bool first = true;
    while (at < n && strchr(" \t\r\n", text[at]) != NULL && text[at] != '\0') at++; /* as text.c does */
    while (at < n) {
        seen += step;
        bool last = seen >= n - at;
        if (last) seen = n - at;
        size_t length = rs_records_length(rules->form, text + at, seen, last, &lines);
        require(length <= seen, "records lie in the text");
        if (length == 0) continue;
        struct rs_block block = block_of(text + at, length, line);
        rows_parse(&rows, cutter, block, rules, first && rules->form->header);
        check_rows(&rows, &block, rules->columns->wide);
        n_records += rows.n_records;
        free((char *)(uintptr_t)block.text);
        at += length;
        line += lines;
        seen = 0;
        first = false;
    }
    rs_cutter_free(cutter);
    rows_free(&rows);
    return n_records;
}

static void parse(const struct rs_form *form, uint8_t choice, const char *text, size_t n) {
    static const char *const missing[] = {"99", "none"};
    struct columns columns;
    struct rs_error err;
    bool wide = choice >> 2 & 1;
    if (!columns_find(&columns, form, NULL, wide, "fuzz", &err)) return;
    struct row_rules rules = {.form = form,
                              .columns = &columns,
                              .missing = missing,
                              .n_missing = choice >> 3 & 1 ? 2 : 0,
                              .scale_min = choice >> 4 & 1 ? -10 : -INFINITY,
                              .scale_max = choice >> 4 & 1 ? 10 : INFINITY,
                              .counts = columns.counted,
                              .threshold = choice >> 5 & 1 ? 3 : NAN,
                              .lines = choice >> 6 & 1};
    uint64_t whole = parse_in_pieces(&rules, text, n, n);
    uint64_t pieces = parse_in_pieces(&rules, text, n, 7);
    if (memchr(text, '"', n) == NULL) require(whole == pieces, "blocks make no difference");
    columns_free(&columns, form);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const separators[] = {NULL, NULL, "tab", "::"};
    if (size < 1) return 0;
    struct rs_block sample = block_of((const char *)data + 1, size - 1, 1);
    struct rs_form_given given = {.separator = separators[data[0] & 3],
                                  .header = -1,
                                  .wide = data[0] >> 2 & 1,
                                  .is_name = columns_is_name};
    struct rs_form form;
    struct rs_error err;
    if (rs_form_detect(&form, sample.text, sample.length, true, &given, "fuzz", &err)) {
        parse(&form, data[0], sample.text + form.above, sample.length - form.above);
        rs_form_free(&form);
    }
    free((char *)(uintptr_t)sample.text);
    return 0;
}
