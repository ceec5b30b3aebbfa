#include "text/form.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/when.h"
#include "text/fields.h"

enum { SAMPLE_RECORDS = 1000, MOST_ABOVE = 20 };

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
    memset(form->separator, 0, sizeof form->separator);
    snprintf(form->separator, sizeof form->separator, "%s", separator);
}

/* What the sample has in a column, the first record apart: it may be the header. */
struct column_facts {
    size_t filled, numbers, times, dates;
    size_t commas; /* "3,5": numbers if the comma is a decimal one; "1,234" does not tell */
    size_t points; /* "3.5" */
    bool first_filled, first_number, first_name, first_word, first_date,
        first_comma; /* word: neither a number nor missing */
};

struct sample {
    size_t n_records, n_fields; /* n_fields: of most records */
    double share;               /* of the records that have n_fields */
    struct column_facts *columns;
};

static bool is_comma_number(struct rs_id field, bool *tells) {
    double number;
    const char *comma = memchr(field.text, ',', field.length);
    if (comma == NULL || !rs_number_parse_comma(field.text, field.length, &number)) return false;
    *tells = field.text + field.length - comma != 4;
    return true;
}

/* A date without separators, which is a number too: of the centuries that ratings may be of. */
static bool is_date(struct rs_id field) {
    int64_t when;
    return (field.length == 8 || field.length == 14) &&
           (memcmp(field.text, "19", 2) == 0 || memcmp(field.text, "20", 2) == 0) &&
           rs_when_parse(field.text, field.length, RS_TIME_DATE, &when);
}

static void note_first(struct column_facts *column, struct rs_id field,
                       const struct rs_form_given *given) {
    double number;
    bool tells = false;
    column->first_filled = field.length > 0;
    column->first_number =
        rs_number_parse(field.text, field.length, &number) || is_comma_number(field, &tells);
    column->first_comma = tells;
    column->first_date = is_date(field);
    column->first_word = !column->first_number && !rs_number_missing(field.text, field.length);
    column->first_name = given->is_name != NULL && given->is_name(field.text, field.length);
}

static void note(struct column_facts *column, struct rs_id field) {
    double number;
    int64_t when;
    bool tells = false;
    column->filled += field.length > 0;
    if (rs_number_parse(field.text, field.length, &number)) {
        column->numbers++;
        column->points += memchr(field.text, '.', field.length) != NULL;
    } else if (is_comma_number(field, &tells)) {
        column->commas += tells;
    }
    column->times += rs_when_parse(field.text, field.length, RS_TIME_AUTO, &when);
    column->dates += is_date(field);
}

static void find_commonest(struct sample *sample, const size_t *counts) {
    for (size_t i = 0; i < sample->n_records; i++) {
        size_t same = 0;
        for (size_t k = 0; k < sample->n_records; k++) same += counts[k] == counts[i];
        double share = (double)same / (double)sample->n_records;
        if (share > sample->share) {
            sample->share = share;
            sample->n_fields = counts[i];
        }
    }
}

/* Cuts the first records by FORM; the caller frees .columns. */
static struct sample take_sample(const struct rs_form *form, const char *text, size_t n,
                                 const struct rs_form_given *given) {
    struct sample sample = {0};
    size_t *counts = rs_calloc(SAMPLE_RECORDS, sizeof *counts), capacity = 0, n_columns = 0;
    struct rs_cutter *cutter = rs_cutter_new(form);
    rs_cutter_start(cutter, (struct rs_block){text, n, 1});
    struct rs_record record;
    while (sample.n_records < SAMPLE_RECORDS && rs_cutter_next(cutter, &record)) {
        counts[sample.n_records] = record.n;
        rs_grow(&sample.columns, &capacity, record.n, sizeof *sample.columns);
        for (; n_columns < record.n; n_columns++)
            sample.columns[n_columns] = (struct column_facts){0};
        for (size_t f = 0; f < record.n; f++) {
            if (sample.n_records == 0) {
                note_first(&sample.columns[f], record.fields[f], given);
            } else {
                note(&sample.columns[f], record.fields[f]);
            }
        }
        sample.n_records++;
    }
    rs_cutter_free(cutter);
    find_commonest(&sample, counts);
    free(counts);
    return sample;
}

/* Three fields or more that nearly all records share decide at once; two are weaker evidence. Words
 * of prose make fields too, so that blanks count for more only with a number behind the ids. */
static double worth(const struct rs_form *form, const struct sample *sample) {
    if (sample->n_fields < 2) return 0;
    bool evidence = form->layout != RS_LAYOUT_BLANKS;
    for (size_t f = 2; f < sample->n_fields && !evidence; f++) {
        const struct column_facts *column = &sample->columns[f];
        evidence = sample->n_records == 1
                       ? column->first_number
                       : 10 * (column->numbers + column->commas) >= 9 * (sample->n_records - 1);
    }
    return sample->share + (sample->n_fields >= 3 && sample->share >= 0.9 && evidence ? 1 : 0);
}

static bool find_separator(struct rs_form *form, const char *text, size_t n,
                           const struct rs_form_given *given, const char *place,
                           struct rs_error *err) {
    size_t best = 0;
    double best_worth = 0;
    for (size_t c = 0; c < N_CANDIDATES; c++) {
        set_separator(form, candidates[c].layout, candidates[c].separator);
        struct sample sample = take_sample(form, text, n, given);
        double this_worth = worth(form, &sample);
        free(sample.columns);
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
        return rs_fail(err, EX_USAGE,
                       "--delimiter: '%s' is none of tab, ::, ;, ',', |, space, json nor one or "
                       "two bytes",
                       given);
    set_separator(form, RS_LAYOUT_DELIMITED,
                  escaped                   ? "\t"
                  : strcmp(given, " ") == 0 ? candidates[N_CANDIDATES - 1].separator
                                            : given);
    if (strcmp(given, " ") == 0) form->layout = RS_LAYOUT_BLANKS;
    return true;
}

/* A comma between digits is a decimal point where fields are not separated by commas and no number
 * of the column has a point. */
static bool uses_decimal_comma(const struct rs_form *form, const struct sample *sample) {
    if (form->separator[0] == ',') return false;
    for (size_t f = 0; f < sample->n_fields; f++)
        if (sample->columns[f].commas + sample->columns[f].first_comma > 0 &&
            sample->columns[f].points == 0)
            return true;
    return false;
}

static size_t numbers_in(const struct rs_form *form, const struct column_facts *column) {
    return column->numbers + (form->decimal_comma ? column->commas : 0);
}

/* The first record is a header if two of its fields are known as names, or if a column is a number
 * in nearly all other records, but nothing in the first one is. */
static bool has_header(const struct rs_form *form, const struct sample *sample, bool wide) {
    size_t names = 0, n_filled = 0, n_numbers = 0;
    bool differs = false;
    for (size_t f = 0; f < sample->n_fields; f++) {
        const struct column_facts *column = &sample->columns[f];
        size_t numbers = numbers_in(form, column);
        bool numeric = 2 * numbers > column->filled;
        names += column->first_name;
        n_filled += column->first_filled;
        n_numbers += column->first_number;
        differs |= numeric && column->first_word;
    }
    const struct column_facts *first = &sample->columns[0];
    bool first_differs = first->filled > 0 && first->numbers == first->filled && first->first_word;
    if (wide && (first->first_name || first_differs)) return true;
    return n_numbers == 0 && n_filled > 0 && (names >= 2 || differs);
}

/* Names from the first record. One less than there are columns, as R writes them, begin with the
 * second column. */
static void name_columns(struct rs_form *form, const char *text, size_t n) {
    struct rs_cutter *cutter = rs_cutter_new(form);
    rs_cutter_start(cutter, (struct rs_block){text, n, 1});
    struct rs_record record;
    form->names = rs_calloc(form->n_columns, sizeof *form->names);
    if (!rs_cutter_next(cutter, &record)) record.n = 0;
    size_t shift = record.n + 1 == form->n_columns ? 1 : 0;
    for (size_t f = 0; f < form->n_columns; f++) {
        bool named = f >= shift && f - shift < record.n;
        form->names[f] =
            named ? rs_strndup(record.fields[f - shift].text, record.fields[f - shift].length)
                  : rs_strdup("");
    }
    rs_cutter_free(cutter);
}

/* Takes over what the sample says of the columns. */
static void take_facts(struct rs_form *form, const struct sample *sample) {
    form->n_columns = sample->n_fields;
    form->is_number = rs_calloc(form->n_columns, sizeof *form->is_number);
    form->is_time = rs_calloc(form->n_columns, sizeof *form->is_time);
    form->is_date = rs_calloc(form->n_columns, sizeof *form->is_date);
    for (size_t f = 0; f < form->n_columns; f++) {
        const struct column_facts *column = &sample->columns[f];
        bool alone = sample->n_records == 1;
        form->is_number[f] =
            alone ? column->first_number
                  : column->filled > 0 && 5 * numbers_in(form, column) >= 4 * column->filled;
        form->is_time[f] = alone ? column->first_number
                                 : column->filled > 0 && 5 * column->times >= 4 * column->filled;
        form->is_date[f] = alone ? column->first_date
                                 : column->dates > 0 && column->dates == column->times &&
                                       (form->header || column->first_date == column->first_number);
    }
}

/* The bytes of the records at the beginning that have not the fields of most: those above a header,
 * if there is one. 0 if there are many or if one is no line by itself. */
static size_t length_above(const struct rs_form *form, size_t n_fields, const char *text, size_t n,
                           size_t *lines) {
    struct rs_cutter *cutter = rs_cutter_new(form);
    rs_cutter_start(cutter, (struct rs_block){text, n, 1});
    struct rs_record record;
    size_t length = 0;
    for (size_t i = 0; i <= MOST_ABOVE && rs_cutter_next(cutter, &record); i++) {
        if (record.fault != NULL) break;
        bool excel = record.raw.length == 5 && memcmp(record.raw.text, "sep=", 4) == 0;
        if (record.n == n_fields && !excel) {
            length = (size_t)(record.raw.text - text);
            *lines = (size_t)record.line - 1;
            break;
        }
    }
    rs_cutter_free(cutter);
    return length;
}

static size_t known_names(const struct sample *sample) {
    size_t n = 0;
    for (size_t f = 0; f < sample->n_fields; f++) n += sample->columns[f].first_name;
    return n;
}

/* Looks for a header below lines that are none of the table, and takes SAMPLE from there. What was
 * taken for a header that lacks a name, as R's, gives way to one whose names are known. */
static void look_below(struct rs_form *form, const char *text, size_t n,
                       const struct rs_form_given *given, struct sample *sample) {
    size_t lines, above = length_above(form, sample->n_fields, text, n, &lines);
    if (above == 0) return;
    struct sample below = take_sample(form, text + above, n - above, given);
    bool better = !form->header || (known_names(sample) == 0 && known_names(&below) >= 2);
    if (below.n_fields == sample->n_fields && better && has_header(form, &below, false)) {
        struct sample first = *sample;
        *sample = below;
        below = first;
        form->header = true;
        form->above = above;
        form->lines_above = lines;
    }
    free(below.columns);
}

static bool detect_delimited(struct rs_form *form, const char *text, size_t n,
                             const struct rs_form_given *given, const char *place,
                             struct rs_error *err) {
    bool ok = given->separator != NULL ? take_separator(form, given->separator, err)
                                       : find_separator(form, text, n, given, place, err);
    if (!ok) return false;
    struct sample sample = take_sample(form, text, n, given);
    form->decimal_comma = given->decimal == RS_DECIMAL_COMMA ||
                          (given->decimal == RS_DECIMAL_AUTO && uses_decimal_comma(form, &sample));
    if (sample.n_fields > 0)
        form->header =
            given->header >= 0 ? given->header == 1 : has_header(form, &sample, given->wide);
    if (sample.n_fields > 0 && given->header < 0 && !given->wide && given->is_name != NULL)
        look_below(form, text, n, given, &sample);
    take_facts(form, &sample);
    if (form->header) name_columns(form, text + form->above, n - form->above);
    free(sample.columns);
    return form->n_columns > 0 ||
           rs_fail(err, EX_DATAERR, "%s: has no records that can be cut into fields", place);
}

static void add_key(struct rs_form *form, const char *key) {
    for (size_t c = 0; c < form->n_columns; c++)
        if (strcmp(form->names[c], key) == 0) return;
    form->names = rs_realloc(form->names, form->n_columns + 1, sizeof *form->names);
    form->names[form->n_columns++] = rs_strdup(key);
}

/* The keys of the objects in the sample, in order of appearance. */
static bool detect_json(struct rs_form *form, const char *text, size_t n, const char *place,
                        struct rs_error *err) {
    const char *end = text + n;
    set_separator(form, RS_LAYOUT_JSON, ",");
    for (size_t i = 0; i < SAMPLE_RECORDS && text < end; i++) {
        const char *newline = memchr(text, form->newline, (size_t)(end - text));
        const char *stop = newline == NULL ? end : newline;
        json_error_t error;
        json_t *object = json_loadb(text, (size_t)(stop - text), JSON_ALLOW_NUL, &error);
        const char *key;
        json_t *value;
        if (json_is_object(object)) json_object_foreach(object, key, value) add_key(form, key);
        json_decref(object);
        text = newline == NULL ? end : newline + 1;
    }
    if (form->n_columns > 0) return true;
    return rs_fail(err, EX_DATAERR,
                   "%s: holds no JSON object a line (jq -c '.[]' makes them of an array)", place);
}

/* The sample up to the end of its last whole line, if it has one. */
static size_t whole_lines(struct rs_form *form, const char *sample, size_t n, bool whole) {
    if (memchr(sample, '\n', n) == NULL && memchr(sample, '\r', n) != NULL) form->newline = '\r';
    const char *newline = whole || n == 0 ? NULL : memrchr(sample, form->newline, n);
    return newline == NULL ? n : (size_t)(newline + 1 - sample);
}

bool rs_form_detect(struct rs_form *form, const char *sample, size_t n, bool whole,
                    const struct rs_form_given *given, const char *place, struct rs_error *err) {
    *form = (struct rs_form){.newline = '\n'};
    n = whole_lines(form, sample, n, whole);
    size_t first = 0;
    while (first < n && sample[first] != '\0' && strchr(" \t\r\n", sample[first]) != NULL) first++;
    if (first == n) return rs_fail(err, EX_DATAERR, "%s: is empty", place);
    bool json = given->separator != NULL ? strcmp(given->separator, "json") == 0
                                         : sample[first] == '{' || sample[first] == '[';
    bool ok = json ? detect_json(form, sample, n, place, err)
                   : detect_delimited(form, sample, n, given, place, err);
    if (!ok) rs_form_free(form);
    return ok;
}

void rs_form_free(struct rs_form *form) {
    for (size_t c = 0; form->names != NULL && c < form->n_columns; c++) free(form->names[c]);
    free(form->names);
    free(form->is_number);
    free(form->is_time);
    free(form->is_date);
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
