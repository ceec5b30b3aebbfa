/* Points in time: milliseconds since 1970-01-01T00:00:00Z, negative before. */
#ifndef RS_WHEN_H
#define RS_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a bare number counts. AUTO tells by its size: a number of seconds in this century has 9 or 10
 * digits, of milliseconds 12 or 13, and so on. */
enum rs_time_unit { RS_TIME_AUTO, RS_TIME_S, RS_TIME_MS, RS_TIME_US, RS_TIME_NS, RS_TIME_DATE };
extern const char *const rs_time_unit_names[]; /* "auto", "s", "ms", "us", "ns", "date", NULL */

/* Times are less than this before or after 1970, some 285,000 years: sums and differences of a few
 * are no concern. */
#define RS_WHEN_END 9000000000000000

/* Reads a number of the unit (of dates: 20140228 or 20140228134530, which AUTO takes for seconds
 * and milliseconds), or ISO 8601: 2014-02-28, 2014-02-28T13:45[:30[.123]][Z|+01:00] with a space
 * allowed for the T. Without a zone it is UTC. False for anything else. */
bool rs_when_parse(const char *text, size_t length, enum rs_time_unit unit, int64_t *when);

/* Writes "2014-02-28T13:45:30Z", with milliseconds where there are any; at most 40 bytes with the
 * NUL. Returns the length. */
size_t rs_when_print(char *out, int64_t when);

/* The month of a day since 1970-01-01: 12 times the year, and 0 for January to 11. */
int64_t rs_when_month(int64_t day);

/* Writes such a month as "2014-02"; at most 20 bytes with the NUL. Returns the length. */
size_t rs_when_print_month(char *out, int64_t month);

#endif
