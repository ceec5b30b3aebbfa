/* Local time: what the clock of a place shows at a point in time.
 *
 * A zone is loaded once, through the C library's own rules, into a table of the moments at which
 * the clock is changed; from then on nothing depends on TZ or on files of the system, any number of
 * zones are in use at once, and threads share them. The table reaches from 1970 to 2100; before and
 * after it the first and the last offset go on. */
#ifndef RS_ZONE_H
#define RS_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct rs_zone {
    size_t n;             /* at least 1 */
    const int64_t *from;  /* seconds since 1970 UTC, ascending; the first is the least there is */
    const int32_t *shift; /* seconds to add from then on */
};

/* NAME is one of the tz database ("Europe/Berlin", "UTC"). False after filling *err if there is no
 * such zone on this system. Not thread-safe: it sets TZ for a moment. */
bool rs_zone_load(struct rs_zone *zone, const char *name, struct rs_error *err);

void rs_zone_free(struct rs_zone *zone);

/* What the clock shows. */
struct rs_local {
    unsigned hour;    /* 0 … 23 */
    unsigned weekday; /* 0 is Monday */
    unsigned month;   /* 0 is January */
    int64_t year;
};

/* WHEN in milliseconds since 1970 UTC. */
struct rs_local rs_zone_local(const struct rs_zone *zone, int64_t when);

#endif
