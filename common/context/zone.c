#include "context/zone.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"

enum { DAY = 86400, LAST_YEAR_DAYS = 47482 }; /* 1970 … 2099 */

/* A name of the database is a path in its folder: letters, digits and a few signs, and no way out
 * of it. The C library takes any other text for UTC without a word, so the file is looked at here.
 */
static bool exists(const char *name) {
    const char *folder = getenv("TZDIR");
    if (folder == NULL || *folder == '\0') folder = "/usr/share/zoneinfo";
    size_t length = strlen(name);
    if (length == 0 || length > 100 || name[0] == '/' || strstr(name, "..") != NULL) return false;
    for (size_t i = 0; i < length; i++)
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-", name[i]) ==
            NULL)
            return false;
    char *path = rs_format("%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    free(path);
    char magic[4] = "";
    bool good = file != NULL && fread(magic, 1, 4, file) == 4 && memcmp(magic, "TZif", 4) == 0;
    if (file != NULL) fclose(file);
    return good;
}

static int32_t shift_at(int64_t second) {
    time_t when = (time_t)second;
    struct tm local;
    return localtime_r(&when, &local) == NULL ? 0 : (int32_t)local.tm_gmtoff;
}

/* The first second of (BEFORE, AFTER] with AFTER's shift, where there is one change between. */
static int64_t find_change(int64_t before, int64_t after) {
    int32_t shift = shift_at(after);
    while (after - before > 1) {
        int64_t middle = before + (after - before) / 2;
        if (shift_at(middle) == shift) {
            after = middle;
        } else {
            before = middle;
        }
    }
    return after;
}

static void tabulate(struct rs_zone *zone) {
    size_t capacity = 0, same = 0;
    int64_t *from = NULL;
    int32_t *shift = NULL, last = shift_at(0);
    for (int64_t day = 0; day <= LAST_YEAR_DAYS; day++) {
        int32_t now = shift_at(day * DAY);
        if (day > 0 && now == last) continue;
        rs_grow(&from, &capacity, zone->n + 1, sizeof *from);
        rs_grow(&shift, &same, zone->n + 1, sizeof *shift);
        from[zone->n] = day == 0 ? INT64_MIN : find_change((day - 1) * DAY, day * DAY);
        shift[zone->n++] = last = now;
    }
    zone->from = from;
    zone->shift = shift;
}

bool rs_zone_load(struct rs_zone *zone, const char *name, struct rs_error *err) {
    *zone = (struct rs_zone){0};
    bool utc = strcmp(name, "UTC") == 0;
    if (!utc && !exists(name))
        return rs_fail(err, EX_USAGE,
                       "there is no time zone '%s' (names are like Europe/Berlin or UTC)", name);
    const char *before = getenv("TZ");
    char *kept = before == NULL ? NULL : rs_strdup(before);
    setenv("TZ", utc ? "UTC0" : name, 1);
    tzset();
    tabulate(zone);
    if (kept == NULL) {
        unsetenv("TZ");
    } else {
        setenv("TZ", kept, 1);
    }
    tzset();
    free(kept);
    return true;
}

void rs_zone_free(struct rs_zone *zone) {
    free((void *)(uintptr_t)zone->from);
    free((void *)(uintptr_t)zone->shift);
    *zone = (struct rs_zone){0};
}

static int64_t floor_divide(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

/* Howard Hinnant: chrono-compatible low-level date algorithms, civil_from_days. */
static void find_month(int64_t day, struct rs_local *local) {
    day += 719468;
    int64_t era = floor_divide(day, 146097);
    unsigned of_era = (unsigned)(day - era * 146097);
    unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned from_march = (5 * of_year + 2) / 153;
    local->month = (from_march + 2) % 12;
    local->year = era * 400 + (int64_t)year + (local->month < 2);
}

struct rs_local rs_zone_local(const struct rs_zone *zone, int64_t when) {
    int64_t second = floor_divide(when, 1000);
    size_t low = 0, high = zone->n; /* from[low] <= second < from[high] */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (zone->from[middle] <= second) {
            low = middle;
        } else {
            high = middle;
        }
    }
    second += zone->shift[low];
    int64_t day = floor_divide(second, DAY);
    struct rs_local local = {.hour = (unsigned)((second - day * DAY) / 3600)};
    local.weekday = (unsigned)(((day + 3) % 7 + 7) % 7);
    find_month(day, &local);
    return local;
}
