/* A test program is a main of checks; each failed one says where, and done() prints the plain closing line
 * that the suite adds up. */
#ifndef UNIT_H
#define UNIT_H

#include <math.h>
#include <stdio.h>
#include <string.h>

static int unit_passed, unit_failed;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (condition) {                                                                           \
            unit_passed++;                                                                         \
        } else {                                                                                   \
            unit_failed++;                                                                         \
            printf("not ok %s:%d: %s\n", __FILE__, __LINE__, #condition);                          \
        }                                                                                          \
    } while (0)

#define CHECK_NEAR(a, b, tolerance)                                                                \
    do {                                                                                           \
        double unit_a = (a), unit_b = (b);                                                         \
        if (fabs(unit_a - unit_b) <= (tolerance)) {                                                \
            unit_passed++;                                                                         \
        } else {                                                                                   \
            unit_failed++;                                                                         \
            printf("not ok %s:%d: %s = %.12g, not %.12g\n", __FILE__, __LINE__, #a, unit_a,        \
                   unit_b);                                                                        \
        }                                                                                          \
    } while (0)

#define CHECK_TEXT(a, b)                                                                           \
    do {                                                                                           \
        if (strcmp((a), (b)) == 0) {                                                               \
            unit_passed++;                                                                         \
        } else {                                                                                   \
            unit_failed++;                                                                         \
            printf("not ok %s:%d: '%s' is not '%s'\n", __FILE__, __LINE__, (a), (b));              \
        }                                                                                          \
    } while (0)

static int done(void) {
    printf("%d passed, %d failed\n", unit_passed, unit_failed);
    return unit_failed == 0 && unit_passed > 0 ? 0 : 1;
}

#endif
