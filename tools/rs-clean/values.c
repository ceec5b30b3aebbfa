#include "values.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/utf8.h"

enum { HELD_DIGITS = 6, FLOAT_DIGITS = 9 };
#define LARGEST 1e28 /* so that a sum of 2^32 ratings is finite in a float */

/* A field as it appears in a message: quoted and of a readable length. */
static char *complain(const char *what, struct rs_id field, const char *reason) {
    int shown = (int)(field.length > 60 ? rs_utf8_whole(field.text, 60) : field.length);
    return rs_format("%s '%.*s%s' %s", what, shown, field.text, field.length > 60 ? "..." : "",
                     reason);
}

static bool is_missing_number(double number, const struct row_rules *rules) {
    for (size_t i = 0; i < rules->n_missing; i++) {
        double given;
        if (rs_number_parse(rules->missing[i], strlen(rules->missing[i]), &given) &&
            given == number)
            return true;
    }
    return false;
}

bool values_missing(struct rs_id field, const struct row_rules *rules) {
    for (size_t i = 0; i < rules->n_missing; i++)
        if (strlen(rules->missing[i]) == field.length &&
            strncasecmp(field.text, rules->missing[i], field.length) == 0)
            return true;
    return rs_number_missing(field.text, field.length);
}

/* True if a float does not hold the number to the digits it was given with. Six it always does, ten
 * never. */
static bool is_rounded(struct rs_id field, double number, float rating) {
    if (field.length <= HELD_DIGITS) return false;
    int digits = 0, zeros = 0;
    for (size_t i = 0; i < field.length && field.text[i] != 'e' && field.text[i] != 'E'; i++) {
        if (field.text[i] < '0' || field.text[i] > '9') continue;
        if (field.text[i] == '0') {
            zeros += digits > 0;
        } else {
            digits += 1 + zeros;
            zeros = 0;
        }
    }
    if (digits <= HELD_DIGITS && fabs(number) >= 1e-30) return false;
    if (digits > FLOAT_DIGITS) return (double)rating != number;
    char given[40], held[40];
    snprintf(given, sizeof given, "%.*e", digits > 0 ? digits - 1 : 0, number);
    snprintf(held, sizeof held, "%.*e", digits > 0 ? digits - 1 : 0, (double)rating);
    return strcmp(given, held) != 0;
}

/* "4" and "4.5" make most files; their value is exact, or correctly rounded by the one division. */
static inline bool read_number(struct rs_id field, const struct row_rules *rules, double *number) {
    unsigned whole = (unsigned char)field.text[0] - (unsigned)'0';
    if (field.length == 1 && whole <= 9) {
        *number = whole;
        return true;
    }
    if (field.length == 3 && field.text[1] == '.') {
        unsigned tenths = (unsigned char)field.text[2] - (unsigned)'0';
        *number = (10 * whole + tenths) / 10.;
        if (whole <= 9 && tenths <= 9) return true;
    }
    return rules->form->decimal_comma ? rs_number_parse_comma(field.text, field.length, number)
                                      : rs_number_parse(field.text, field.length, number);
}

/* Notes why a number can't be a rating; false if it can. */
static bool is_refused(struct rows *rows, const struct rs_record *record, struct rs_id field,
                       double number, const struct row_rules *rules) {
    char reason[96];
    if (fabs(number) > LARGEST) {
        rows_reject(rows, record, REASON_NUMBER, complain("rating", field, "is out of range"));
    } else if (rules->counts && number <= 0) {
        rows_reject(rows, record, REASON_COUNT, complain("count", field, "is not positive"));
    } else if (number < rules->scale_min || number > rules->scale_max) {
        snprintf(reason, sizeof reason, "is outside the scale %g..%g", rules->scale_min,
                 rules->scale_max);
        rows_reject(rows, record, REASON_SCALE, complain("rating", field, reason));
    } else {
        return false;
    }
    return true;
}

/* Reads a rating. False after noting why there is none. */
bool values_rating(struct rows *rows, const struct rs_record *record, struct rs_id field,
                   const struct row_rules *rules, float *rating) {
    double number;
    bool ok = read_number(field, rules, &number);
    if (ok ? rules->n_missing > 0 && is_missing_number(number, rules)
           : values_missing(field, rules)) {
        rows->n_missing++;
        if (!rules->columns->wide)
            rows_reject(rows, record, REASON_MISSING, rs_strdup("rating is missing"));
        return false;
    }
    if (!ok) {
        rows_reject(rows, record, REASON_NUMBER, complain("rating", field, "is not a number"));
        return false;
    }
    if (is_refused(rows, record, field, number, rules)) return false;
    *rating = (float)number;
    if (field.length > HELD_DIGITS) rows->n_rounded += is_rounded(field, number, *rating);
    if (isnan(rules->threshold)) return true;
    rows->n_below += number < rules->threshold;
    *rating = 1;
    return number >= rules->threshold;
}

/* Ten digits or fewer are seconds, unless the unit is given as another. */
static inline bool read_seconds(struct rs_id field, int64_t *time) {
    if (field.length == 0 || field.length > 10) return false;
    size_t front = field.length > 8 ? field.length - 8 : 0;
    uint32_t high = front > 0 ? values_digits(field.text, front) : 0;
    uint32_t low = values_digits(field.text + front, field.length - front);
    if (high == UINT32_MAX || low == UINT32_MAX) return false;
    *time = 1000 * ((int64_t)high * 100000000 + low);
    return true;
}

bool values_time(struct rows *rows, const struct rs_record *record, const struct row_rules *rules,
                 int64_t *time) {
    *time = RS_NO_TIME;
    if (rules->columns->at[ROLE_TIME] == NO_COLUMN) return true;
    struct rs_id field = record->fields[rules->columns->at[ROLE_TIME]];
    if (record->plain && rules->time_unit <= RS_TIME_S && read_seconds(field, time)) return true;
    if (rs_when_parse(field.text, field.length, rules->time_unit, time)) return true;
    *time = RS_NO_TIME;
    if (values_missing(field, rules)) return true;
    rows_reject(rows, record, REASON_TIME,
                complain("time", field,
                         rules->time_unit == RS_TIME_DATE ? "is no date"
                                                          : "is neither a number nor ISO 8601"));
    return false;
}
