#include "base/when.h"

#include <math.h>
#include <stdio.h>

#include "base/number.h"

const char *const rs_time_unit_names[] = {"auto", "s", "ms", "us", "ns", "date", NULL};

/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar, by Hinnant's
 * days_from_civil (howardhinnant.github.io/date_algorithms.html): years begin in March. */
static int64_t days_of(int64_t year, int month, int day) {
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static int days_in(int64_t year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

struct cursor {
    const char *at, *end;
};

/* N digits into *value. */
static bool take_digits(struct cursor *cursor, int n, int64_t *value) {
    *value = 0;
    for (int i = 0; i < n; i++) {
        if (cursor->at == cursor->end || *cursor->at < '0' || *cursor->at > '9') return false;
        *value = *value * 10 + (*cursor->at++ - '0');
    }
    return true;
}

static bool take(struct cursor *cursor, char c) {
    if (cursor->at == cursor->end || *cursor->at != c) return false;
    cursor->at++;
    return true;
}

static bool take_mark(struct cursor *cursor, char mark) {
    return mark == '\0' || take(cursor, mark);
}

/* Between its parts is a MARK, or nothing where that is 0. */
static bool take_date(struct cursor *cursor, char mark, int64_t *days) {
    int64_t year, month, day;
    if (!take_digits(cursor, 4, &year) || !take_mark(cursor, mark) ||
        !take_digits(cursor, 2, &month) || !take_mark(cursor, mark) ||
        !take_digits(cursor, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in(year, (int)month)) return false;
    *days = days_of(year, (int)month, (int)day);
    return true;
}

/* hh:mm[:ss[.fraction]], or hhmmss, in milliseconds; 23:59:60 is taken as the second after. */
static bool take_clock(struct cursor *cursor, char mark, int64_t *ms) {
    int64_t hour, minute, second = 0, fraction = 0;
    if (!take_digits(cursor, 2, &hour) || !take_mark(cursor, mark) ||
        !take_digits(cursor, 2, &minute))
        return false;
    if (take_mark(cursor, mark) && !take_digits(cursor, 2, &second)) return false;
    if (take(cursor, '.')) {
        int64_t unit = 100;
        if (cursor->at == cursor->end) return false;
        for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++) {
            fraction += unit * (*cursor->at - '0');
            unit /= 10;
        }
    }
    if (hour > 23 || minute > 59 || second > 60) return false;
    *ms = ((hour * 60 + minute) * 60 + second) * 1000 + fraction;
    return true;
}

/* Z, ±hh:mm, ±hhmm or nothing: the milliseconds that local time is ahead. */
static bool take_zone(struct cursor *cursor, int64_t *ahead) {
    *ahead = 0;
    if (cursor->at == cursor->end || take(cursor, 'Z')) return true;
    int64_t sign = take(cursor, '-') ? -1 : take(cursor, '+') ? 1 : 0;
    int64_t hour, minute = 0;
    if (sign == 0 || !take_digits(cursor, 2, &hour)) return false;
    take(cursor, ':');
    if (cursor->at != cursor->end && !take_digits(cursor, 2, &minute)) return false;
    *ahead = sign * (hour * 60 + minute) * 60000;
    return hour <= 23 && minute <= 59;
}

static bool parse_iso(const char *text, size_t length, int64_t *when) {
    struct cursor cursor = {text, text + length};
    int64_t days, ms = 0, ahead = 0;
    if (!take_date(&cursor, '-', &days)) return false;
    if (take(&cursor, 'T') || take(&cursor, 't') || take(&cursor, ' ')) {
        if (!take_clock(&cursor, ':', &ms)) return false;
        take(&cursor, ' ');
        if (!take_zone(&cursor, &ahead)) return false;
    }
    *when = days * 86400000 + ms - ahead;
    return cursor.at == cursor.end;
}

static bool parse_date(const char *text, size_t length, int64_t *when) {
    struct cursor cursor = {text, text + length};
    int64_t days, ms = 0;
    if (!take_date(&cursor, '\0', &days)) return false;
    if (cursor.at < cursor.end && !take_clock(&cursor, '\0', &ms)) return false;
    *when = days * 86400000 + ms;
    return cursor.at == cursor.end;
}

bool rs_when_parse(const char *text, size_t length, enum rs_time_unit unit, int64_t *when) {
    double number;
    if (length >= 8 && text[4] == '-' && parse_iso(text, length, when)) return true;
    if (unit == RS_TIME_DATE) return parse_date(text, length, when);
    if (!rs_number_parse(text, length, &number)) return false;
    double size = fabs(number);
    if (unit == RS_TIME_AUTO)
        unit = size < 1e11   ? RS_TIME_S
               : size < 1e14 ? RS_TIME_MS
               : size < 1e17 ? RS_TIME_US
                             : RS_TIME_NS;
    static const double per_ms[] = {
        [RS_TIME_S] = 1e-3, [RS_TIME_MS] = 1, [RS_TIME_US] = 1e3, [RS_TIME_NS] = 1e6};
    double ms = unit == RS_TIME_S ? number * 1000 : number / per_ms[unit];
    if (!(fabs(ms) < RS_WHEN_END)) return false;
    *when = (int64_t)nearbyint(ms);
    return true;
}

/* Writes the last N digits of a number. */
static size_t put_digits(char *out, int64_t number, int n) {
    for (int i = n; i-- > 0; number /= 10) out[i] = (char)('0' + number % 10);
    return (size_t)n;
}

struct civil {
    int64_t year;
    int month, day; /* from 1 */
};

/* The date of a day since 1970-01-01, by Hinnant's civil_from_days. */
static struct civil civil_of(int64_t days) {
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    return (struct civil){.year = year_of_era + era * 400 + (month <= 2),
                          .month = month,
                          .day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1)};
}

int64_t rs_when_month(int64_t day) {
    struct civil date = civil_of(day);
    return 12 * date.year + date.month - 1;
}

static size_t print_year(char *out, long long year) {
    if (year >= 0 && year <= 9999) return put_digits(out, year, 4);
    return (size_t)snprintf(out, 16, "%lld", year);
}

size_t rs_when_print_month(char *out, int64_t month) {
    int64_t in_year = month % 12 < 0 ? month % 12 + 12 : month % 12;
    size_t length = print_year(out, (month - in_year) / 12);
    out[length++] = '-';
    length += put_digits(out + length, in_year + 1, 2);
    out[length] = '\0';
    return length;
}

size_t rs_when_print(char *out, int64_t when) {
    int64_t days = when / 86400000, ms = when % 86400000;
    if (ms < 0) {
        ms += 86400000;
        days--;
    }
    struct civil date = civil_of(days);
    size_t length = print_year(out, date.year);
    const struct {
        char before;
        int64_t value;
    } parts[] = {{'-', date.month},
                 {'-', date.day},
                 {'T', ms / 3600000},
                 {':', ms / 60000 % 60},
                 {':', ms / 1000 % 60}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        out[length++] = parts[i].before;
        length += put_digits(out + length, parts[i].value, 2);
    }
    if (ms % 1000 != 0) {
        out[length++] = '.';
        length += put_digits(out + length, ms % 1000, 3);
    }
    out[length++] = 'Z';
    out[length] = '\0';
    return length;
}
