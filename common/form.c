#include "form.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "memory.h"
#include "number.h"

enum { SAMPLE_RECORDS = 1000 };

/* In the order in which they are believed when several fit equally well: a tab or "::" seldom
 * occurs in text, a comma may, a space nearly always does. */
static const struct {
    const char *name, *separator;
    enum rs_layout layout;
} candidates[] = {
    {"tab", "\t", RS_LAYOUT_DELIMITED}, {"::", "::", RS_LAYOUT_DELIMITED},
    {";", ";", RS_LAYOUT_DELIMITED},    {",", ",", RS_LAYOUT_DELIMITED},
    {"|", "|", RS_LAYOUT_DELIMITED},    {"space", " ", RS_LAYOUT_BLANKS},
};
enum { N_CANDIDATES = sizeof candidates / sizeof *candidates };

static void set_separator(struct rs_form *form, enum rs_layout layout, const char *separator) {
    form->layout = layout;
    snprintf(form->separator, sizeof form->separator, "%s", separator);
}

/* How a separator fits a sample: the commonest number of fields and its share of the records. */
struct fit {
    size_t n_fields;
    double share;
};

static struct fit measure(const struct rs_form *form, const char *sample, size_t n) {
    size_t *counts = rs_calloc(SAMPLE_RECORDS, sizeof *counts);
    size_t n_records = 0;
    struct rs_cutter *cutter = rs_cutter_new(form);
    rs_cutter_start(cutter, (struct rs_block){sample, n, 1});
    struct rs_record record;
    while (n_records < SAMPLE_RECORDS && rs_cutter_next(cutter, &record))
        counts[n_records++] = record.n;
    rs_cutter_free(cutter);
    struct fit best = {0};
    for (size_t i = 0; i < n_records; i++) {
        size_t same = 0;
        for (size_t k = 0; k < n_records; k++) same += counts[k] == counts[i];
        double share = (double)same / (double)n_records;
        if (share > best.share) best = (struct fit){counts[i], share};
    }
    free(counts);
    return best;
}

/* Three fields or more that nearly all records share decide at once; two are weaker evidence. */
static double worth(struct fit fit) {
    if (fit.n_fields < 2) return 0;
    return fit.share + (fit.n_fields >= 3 && fit.share >= 0.9 ? 1 : 0);
}

static bool find_separator(struct rs_form *form, const char *sample, size_t n, const char *place,
                           struct rs_error *err) {
    size_t best = 0;
    double best_worth = 0;
    for (size_t c = 0; c < N_CANDIDATES; c++) {
        set_separator(form, candidates[c].layout, candidates[c].separator);
        double this_worth = worth(measure(form, sample, n));
        if (this_worth > best_worth + 0.05) {
            best = c;
            best_worth = this_worth;
        }
    }
    if (best_worth == 0)
        return rs_fail(err, EX_DATAERR,
                       "%s: finds no separator that gives records of two fields or more: give one "
                       "with --delimiter",
                       place);
    set_separator(form, candidates[best].layout, candidates[best].separator);
    return true;
}

static bool take_separator(struct rs_form *form, const char *given, struct rs_error *err) {
    for (size_t c = 0; c < N_CANDIDATES; c++) {
        if (strcmp(given, candidates[c].name) != 0) continue;
        set_separator(form, candidates[c].layout, candidates[c].separator);
        return true;
    }
    bool escaped = strcmp(given, "\\t") == 0;
    size_t length = strlen(given);
    if (length == 0 || length > 2 || strpbrk(given, "\"\r\n") != NULL)
        return rs_fail(err, EX_USAGE, "--delimiter: '%s' is none of tab, ::, ;, ',', |, space, json "
                                      "nor one or two bytes", given);
    set_separator(form, RS_LAYOUT_DELIMITED, escaped ? "\t" : given);
    return true;
}

static bool is_number(const struct rs_form *form, struct rs_id field) {
    double number;
    return form->decimal_comma ? rs_number_parse_comma(field.text, field.length, &number)
                               : rs_number_parse(field.text, field.length, &number);
}

/* A comma between digits is a decimal point where fields are not separated by commas. */
static bool uses_decimal_comma(const struct rs_form *form, const char *sample, size_t n) {
    if (form->layout == RS_LAYOUT_JSON || form->separator[0] == ',') return false;
    struct rs_cutter *cutter = rs_cutter_new(form);
    rs_cutter_start(cutter, (struct rs_block){sample, n, 1});
    struct rs_record record;
    bool found = false;
    for (size_t i = 0; i < SAMPLE_RECORDS && !found && rs_cutter_next(cutter, &record); i++) {
        for (size_t f = 2; f < record.n && !found; f++) {
            double number;
            struct rs_id field = record.fields[f];
            found = !rs_number_parse(field.text, field.length, &number) &&
                    rs_number_parse_comma(field.text, field.length, &number);
        }
    }
    rs_cutter_free(cutter);
    return found;
}

/* The first record is a header if some column is a number in nearly all others but not in it, or
 * if its first two fields are names that tables of ratings use. */
static bool has_header(const struct rs_form *form, const char *sample, size_t n) {
    struct rs_cutter *cutter = rs_cutter_new(form);
    rs_cutter_start(cutter, (struct rs_block){sample, n, 1});
    struct rs_record record;
    bool header = false;
    if (rs_cutter_next(cutter, &record) && record.n > 0) {
        size_t n_fields = record.n, n_records = 0;
        bool *was_number = rs_calloc(n_fields, sizeof *was_number);
        size_t *numbers = rs_calloc(n_fields, sizeof *numbers);
        bool empty = true;
        for (size_t f = 0; f < n_fields; f++) {
            was_number[f] = is_number(form, record.fields[f]);
            empty = empty && record.fields[f].length == 0;
        }
        while (n_records < SAMPLE_RECORDS && rs_cutter_next(cutter, &record)) {
            n_records++;
            for (size_t f = 0; f < n_fields && f < record.n; f++)
                numbers[f] += is_number(form, record.fields[f]);
        }
        bool any_number = false;
        for (size_t f = 0; f < n_fields; f++) {
            any_number |= was_number[f];
            header |= !was_number[f] && n_records > 0 && (double)numbers[f] >= 0.8 * (double)n_records;
        }
        header = header && !any_number && !empty;
        free(was_number);
        free(numbers);
    }
    rs_cutter_free(cutter);
    return header;
}

static void name_columns(struct rs_form *form, const char *sample, size_t n) {
    struct rs_cutter *cutter = rs_cutter_new(form);
    rs_cutter_start(cutter, (struct rs_block){sample, n, 1});
    struct rs_record record;
    if (rs_cutter_next(cutter, &record)) {
        form->n_columns = record.n;
        if (form->header) {
            form->names = rs_calloc(record.n, sizeof *form->names);
            for (size_t f = 0; f < record.n; f++)
                form->names[f] = rs_strndup(record.fields[f].text, record.fields[f].length);
        }
    }
    rs_cutter_free(cutter);
}

static void add_key(struct rs_form *form, const char *key) {
    for (size_t c = 0; c < form->n_columns; c++)
        if (strcmp(form->names[c], key) == 0) return;
    form->names = rs_realloc(form->names, form->n_columns + 1, sizeof *form->names);
    form->names[form->n_columns++] = rs_strdup(key);
}

/* The keys of the objects in the sample, in order of appearance. */
static void gather_keys(struct rs_form *form, const char *sample, size_t n) {
    const char *end = sample + n;
    for (size_t i = 0; i < SAMPLE_RECORDS && sample < end; i++) {
        const char *newline = memchr(sample, '\n', (size_t)(end - sample));
        const char *stop = newline == NULL ? end : newline;
        json_error_t error;
        json_t *object = json_loadb(sample, (size_t)(stop - sample), JSON_ALLOW_NUL, &error);
        const char *key;
        json_t *value;
        if (json_is_object(object)) json_object_foreach(object, key, value) add_key(form, key);
        json_decref(object);
        sample = newline == NULL ? end : newline + 1;
    }
}

static bool detect_json(struct rs_form *form, const char *sample, size_t n, const char *place,
                        struct rs_error *err) {
    set_separator(form, RS_LAYOUT_JSON, ",");
    gather_keys(form, sample, n);
    if (form->n_columns > 0) return true;
    return rs_fail(err, EX_DATAERR, "%s: holds no JSON object a line (jq -c '.[]' makes them of an "
                                    "array)", place);
}

bool rs_form_detect(struct rs_form *form, const char *sample, size_t n, bool whole,
                    const struct rs_form_given *given, const char *place, struct rs_error *err) {
    *form = (struct rs_form){.newline = '\n'};
    if (memchr(sample, '\n', n) == NULL && memchr(sample, '\r', n) != NULL) form->newline = '\r';
    uint64_t lines;
    set_separator(form, RS_LAYOUT_DELIMITED, "\x01"); /* no quotes: just whole lines */
    form->separator[1] = '\x01';
    size_t complete = rs_records_length(form, sample, n, whole, &lines);
    if (complete > 0) n = complete;
    size_t first = 0;
    while (first < n && strchr(" \t\r\n", sample[first]) != NULL && sample[first] != '\0') first++;
    if (first == n) return rs_fail(err, EX_DATAERR, "%s: is empty", place);
    bool json = given->separator != NULL ? strcmp(given->separator, "json") == 0
                                         : sample[first] == '{' || sample[first] == '[';
    if (json) return detect_json(form, sample, n, place, err);
    bool ok = given->separator != NULL ? take_separator(form, given->separator, err)
                                       : find_separator(form, sample, n, place, err);
    if (!ok) return false;
    form->decimal_comma = uses_decimal_comma(form, sample, n);
    form->header = given->header >= 0 ? given->header == 1 : has_header(form, sample, n);
    name_columns(form, sample, n);
    return true;
}

void rs_form_free(struct rs_form *form) {
    for (size_t c = 0; form->names != NULL && c < form->n_columns; c++) free(form->names[c]);
    free(form->names);
    *form = (struct rs_form){0};
}

void rs_form_describe(const struct rs_form *form, char *out, size_t size) {
    if (form->layout == RS_LAYOUT_JSON) {
        snprintf(out, size, "JSON lines");
        return;
    }
    const char *name = form->separator;
    for (size_t c = 0; c < N_CANDIDATES; c++)
        if (strcmp(candidates[c].separator, form->separator) == 0) name = candidates[c].name;
    snprintf(out, size, "separator '%s', %s%s", name, form->header ? "a header" : "no header",
             form->decimal_comma ? ", decimal commas" : "");
}
