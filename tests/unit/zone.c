/* Local time by zone. */
#include <stdlib.h>
#include <string.h>

#include "base/when.h"
#include "context/zone.h"
#include "unit.h"

static struct rs_local at(const struct rs_zone *zone, const char *text) {
    int64_t when = 0;
    CHECK(rs_when_parse(text, strlen(text), RS_TIME_AUTO, &when));
    return rs_zone_local(zone, when);
}

static void check_utc(void) {
    struct rs_zone zone;
    CHECK(rs_zone_load(&zone, "UTC", NULL));
    CHECK(zone.n == 1);
    struct rs_local local = at(&zone, "1998-03-01T23:59:59Z");
    CHECK(local.hour == 23 && local.weekday == 6 && local.month == 2 && local.year == 1998);
    local = at(&zone, "1969-12-31T23:00:00Z");
    CHECK(local.hour == 23 && local.weekday == 2 && local.month == 11 && local.year == 1969);
    local = at(&zone, "2000-02-29T00:00:00Z");
    CHECK(local.hour == 0 && local.weekday == 1 && local.month == 1 && local.year == 2000);
    rs_zone_free(&zone);
}

/* The clock goes forward at 01:00 UTC on the last Sunday of March, and back in October. */
static void check_summer(void) {
    struct rs_zone zone;
    CHECK(rs_zone_load(&zone, "Europe/Berlin", NULL));
    CHECK(at(&zone, "2024-03-31T00:59:59Z").hour == 1);
    CHECK(at(&zone, "2024-03-31T01:00:00Z").hour == 3);
    CHECK(at(&zone, "2024-10-27T00:59:59Z").hour == 2);
    CHECK(at(&zone, "2024-10-27T01:00:00Z").hour == 2);
    CHECK(at(&zone, "2024-12-31T23:30:00Z").year == 2025);
    CHECK(at(&zone, "1975-07-01T12:00:00Z").hour == 13);
    rs_zone_free(&zone);
}

static void check_unknown(void) {
    static const char *const bad[] = {"Europe/Atlantis", "", "../../etc/passwd", "/etc/localtime",
                                      "Europe",          "CET-1CEST,M3", "a b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct rs_zone zone;
        struct rs_error err = {0};
        CHECK(!rs_zone_load(&zone, bad[i], &err));
        CHECK(err.code == EX_USAGE && strstr(err.text, "time zone") != NULL);
    }
}

/* What TZ was is what it is afterwards. */
static void check_environment(void) {
    struct rs_zone zone;
    setenv("TZ", "Asia/Tokyo", 1);
    CHECK(rs_zone_load(&zone, "America/New_York", NULL));
    CHECK(strcmp(getenv("TZ"), "Asia/Tokyo") == 0);
    CHECK(at(&zone, "2024-01-01T04:59:59Z").year == 2023);
    rs_zone_free(&zone);
    unsetenv("TZ");
    CHECK(rs_zone_load(&zone, "America/New_York", NULL));
    CHECK(getenv("TZ") == NULL);
    rs_zone_free(&zone);
}

int main(void) {
    check_utc();
    check_summer();
    check_unknown();
    check_environment();
    return done();
}
