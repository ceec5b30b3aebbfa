/* Times: units by size, ISO 8601 with zones, the calendar against the library, what is no time. */
#include "base/when.h"

#include <time.h>

#include "base/random.h"
#include "unit.h"

static bool parse(const char *text, enum rs_time_unit unit, int64_t *when) {
    return rs_when_parse(text, strlen(text), unit, when);
}

static int64_t when_of(const char *text, enum rs_time_unit unit) {
    int64_t when = -1;
    CHECK(parse(text, unit, &when));
    return when;
}

static void tells_units_by_size(void) {
    CHECK(when_of("978300760", RS_TIME_AUTO) == 978300760000);
    CHECK(when_of("1505537143", RS_TIME_AUTO) == 1505537143000);
    CHECK(when_of("1505537143250", RS_TIME_AUTO) == 1505537143250);
    CHECK(when_of("1505537143250999", RS_TIME_AUTO) == 1505537143251);
    CHECK(when_of("1505537143250999888", RS_TIME_AUTO) == 1505537143251);
    CHECK(when_of("1393545600.5", RS_TIME_AUTO) == 1393545600500);
    CHECK(when_of("0", RS_TIME_AUTO) == 0);
    CHECK(when_of("-86400", RS_TIME_AUTO) == -86400000);
}

static void takes_a_given_unit(void) {
    CHECK(when_of("1000", RS_TIME_S) == 1000000);
    CHECK(when_of("1000", RS_TIME_MS) == 1000);
    CHECK(when_of("1000", RS_TIME_US) == 1);
    CHECK(when_of("1000000", RS_TIME_NS) == 1);
    CHECK(when_of("123456789012", RS_TIME_S) == 123456789012000);
}

static void reads_dates_without_separators(void) {
    const int64_t day = 1393545600000; /* 2014-02-28 */
    int64_t when;
    CHECK(when_of("20140228", RS_TIME_DATE) == day);
    CHECK(when_of("20140228134530", RS_TIME_DATE) == day + (13 * 3600 + 45 * 60 + 30) * 1000);
    CHECK(when_of("2014-02-28", RS_TIME_DATE) == day);
    CHECK(when_of("20140228", RS_TIME_AUTO) == 20140228000);
    for (const char *const *bad =
             (const char *const[]){"20140229", "20141301", "2014022", "201402281", "2014022813",
                                   "20140228250000", "2014022x", "978300760", "", NULL};
         *bad != NULL; bad++)
        CHECK(!parse(*bad, RS_TIME_DATE, &when));
}

static void reads_iso(void) {
    const int64_t day = 1393545600000; /* 2014-02-28 */
    CHECK(when_of("2014-02-28", RS_TIME_AUTO) == day);
    CHECK(when_of("2014-02-28T13:45", RS_TIME_AUTO) == day + 49500000);
    CHECK(when_of("2014-02-28 13:45:30", RS_TIME_AUTO) == day + 49530000);
    CHECK(when_of("2014-02-28T13:45:30Z", RS_TIME_AUTO) == day + 49530000);
    CHECK(when_of("2014-02-28T13:45:30.123Z", RS_TIME_AUTO) == day + 49530123);
    CHECK(when_of("2014-02-28T13:45:30.123456789Z", RS_TIME_AUTO) == day + 49530123);
    CHECK(when_of("2014-02-28T13:45:30+01:00", RS_TIME_AUTO) == day + 45930000);
    CHECK(when_of("2014-02-28T13:45:30-0530", RS_TIME_AUTO) == day + 69330000);
    CHECK(when_of("2014-02-28T13:45:30 +02", RS_TIME_MS) == day + 42330000);
    CHECK(when_of("2016-12-31T23:59:60Z", RS_TIME_AUTO) ==
          when_of("2017-01-01", RS_TIME_AUTO)); /* a leap second */
    CHECK(when_of("2000-02-29", RS_TIME_AUTO) == 951782400000);
    CHECK(when_of("1969-12-31T23:59:59Z", RS_TIME_AUTO) == -1000);
}

static void refuses_what_is_none(void) {
    const char *bad[] = {"",
                         "yesterday",
                         "2014",
                         "2014-02",
                         "2014-13-01",
                         "2014-00-10",
                         "2014-02-30",
                         "1900-02-29",
                         "28/02/2014",
                         "2014-02-28T25:00",
                         "2014-02-28T10",
                         "2014-02-28Tx",
                         "2014-02-28T10:60",
                         "2014-02-28T10:00:61",
                         "2014-02-28T10:00:00.",
                         "2014-02-28T10:00Zz",
                         "2014-02-28T10:00+25:00",
                         "02 28, 2014",
                         "1e300",
                         "nan",
                         "2014-2-28",
                         "2014-02-28T10:00:00+1"};
    int64_t when;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (strcmp(bad[i], "2014") != 0) CHECK(!parse(bad[i], RS_TIME_AUTO, &when));
    CHECK(when_of("2014", RS_TIME_AUTO) == 2014000); /* a number is a number of seconds */
}

static void keeps_the_calendar(void) {
    struct rs_random random = rs_random_stream(3, 1, 0, 0);
    for (int i = 0; i < 5000; i++) {
        time_t seconds = (time_t)(rs_random_uniform(&random) * 8e9) - 3000000000;
        char expected[64], text[64];
        struct tm tm;
        gmtime_r(&seconds, &tm);
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%SZ", &tm);
        size_t length = rs_when_print(text, 1000 * (int64_t)seconds);
        int64_t back = 0;
        if (strcmp(text, expected) != 0 || length != strlen(text) ||
            !parse(text, RS_TIME_AUTO, &back) || back != 1000 * (int64_t)seconds)
            CHECK_TEXT(text, expected);
    }
    char text[64];
    rs_when_print(text, 1505537143250);
    CHECK_TEXT(text, "2017-09-16T04:45:43.250Z");
    rs_when_print(text, -1);
    CHECK_TEXT(text, "1969-12-31T23:59:59.999Z");
}

/* Every day of eight centuries around 1970, against what it prints; far years. */
static void knows_the_month_of_a_day(void) {
    for (int64_t day = -150000; day < 150000; day++) {
        char text[64], month[20];
        rs_when_print(text, day * 86400000);
        text[7] = '\0';
        size_t length = rs_when_print_month(month, rs_when_month(day));
        if (strcmp(text, month) != 0 || length != 7) CHECK_TEXT(month, text);
    }
    char text[20];
    CHECK(rs_when_month(0) == 12 * 1970);
    CHECK(rs_when_month(-719529) == -1); /* the last day of the year before 0 */
    rs_when_print_month(text, -1);
    CHECK_TEXT(text, "-1-12");
    rs_when_print_month(text, rs_when_month(INT64_MAX / 86400000));
    CHECK_TEXT(text, "292278994-08");
}

int main(void) {
    tells_units_by_size();
    takes_a_given_unit();
    reads_dates_without_separators();
    reads_iso();
    refuses_what_is_none();
    keeps_the_calendar();
    knows_the_month_of_a_day();
    return done();
}
