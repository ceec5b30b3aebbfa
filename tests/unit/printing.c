/* Numbers and times as text: the shortest that reads back as the same. */
#include <stdlib.h>
#include <time.h>

#include "base/number.h"
#include "base/random.h"
#include "base/when.h"
#include "unit.h"

static const char *of_float(float number) {
    static char out[32];
    size_t length = rs_number_print_float(out, number);
    return out[length] == '\0' ? out : "not ended";
}

static void test_floats(void) {
    CHECK_TEXT(of_float(0), "0");
    CHECK_TEXT(of_float(-0.0f), "-0");
    CHECK_TEXT(of_float(1), "1");
    CHECK_TEXT(of_float(-4.5f), "-4.5");
    CHECK_TEXT(of_float(3.1f), "3.1");
    CHECK_TEXT(of_float(0.05f), "0.05");
    CHECK_TEXT(of_float(0.001f), "0.001");
    CHECK_TEXT(of_float(0.00123456789f), "0.0012345678");
    CHECK_TEXT(of_float(9.9999999f), "10");
    CHECK_TEXT(of_float(99.99999f), "99.99999");
    CHECK_TEXT(of_float(0.1f + 0.2f), "0.3");
    CHECK_TEXT(of_float(0.33333334f), "0.33333334");
    CHECK_TEXT(of_float(16777216), "16777216");
    CHECK_TEXT(of_float(16777218), "16777218");
    CHECK_TEXT(of_float(123456792.0f), "123456792"); /* whole ones exactly */
    CHECK_TEXT(of_float(999999936.0f), "999999936");
    CHECK_TEXT(of_float(1e9f), "1e+09");
    CHECK_TEXT(of_float(1e-9f), "1e-09");
    CHECK_TEXT(of_float(3.4028235e38f), "3.4028235e+38");
    CHECK_TEXT(of_float(1e-45f), "1.4013e-45");
}

/* Floats from all over, and neighbours of short decimals: read back the same, and by no shorter
 * text. */
static void test_round_trips(void) {
    struct rs_random random = rs_random_stream(9, 0, 0, 0);
    size_t wrong = 0, long_ones = 0;
    for (int i = 0; i < 300000; i++) {
        uint32_t bits = rs_random_u32(&random);
        float number;
        memcpy(&number, &bits, sizeof number);
        if (i % 3 == 1) number = (float)rs_random_below(&random, 100000) / 1000;
        if (i % 3 == 2) number = (float)(5 * rs_random_uniform(&random));
        if (!isfinite(number)) continue;
        const char *text = of_float(number);
        double back;
        wrong += strtof(text, NULL) != number;
        wrong += !rs_number_parse(text, strlen(text), &back) || (float)back != number;
        char shorter[32];
        size_t digits = 0, shortest = 1;
        for (const char *c = text; *c != '\0' && *c != 'e'; c++)
            digits += *c >= '0' && *c <= '9' && (digits > 0 || *c != '0');
        while (shortest < 9) {
            snprintf(shorter, sizeof shorter, "%.*e", (int)shortest - 1, (double)number);
            if (strtof(shorter, NULL) == number) break;
            shortest++;
        }
        long_ones += digits > shortest && strchr(text, 'e') == NULL && strchr(text, '.') != NULL;
    }
    CHECK(wrong == 0);
    CHECK(long_ones == 0);
}

static void test_doubles(void) {
    char out[32];
    const double numbers[] = {0, 0.1, 1.0 / 3, 1e300, -2.5, 5e-324, 123456789012345678.0};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        CHECK(rs_number_print_double(out, numbers[i]) == strlen(out));
        CHECK(strtod(out, NULL) == numbers[i]);
    }
    rs_number_print_double(out, 0.1);
    CHECK_TEXT(out, "0.1");
}

static void test_integers(void) {
    char out[32];
    const uint64_t numbers[] = {0, 7, 10, 4294967295u, UINT64_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char expected[32];
        snprintf(expected, sizeof expected, "%llu", (unsigned long long)numbers[i]);
        out[rs_number_print_integer(out, numbers[i])] = '\0';
        CHECK_TEXT(out, expected);
    }
}

static void test_times(void) {
    char out[40], expected[40];
    struct rs_random random = rs_random_stream(10, 0, 0, 0);
    size_t wrong = 0;
    for (int i = 0; i < 20000; i++) {
        int64_t when = (int64_t)(rs_random_uniform(&random) * 2.5e14) - (int64_t)6e13;
        time_t seconds = (time_t)((when - ((when % 1000 + 1000) % 1000)) / 1000);
        struct tm tm;
        gmtime_r(&seconds, &tm);
        size_t n = strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S", &tm);
        int ms = (int)((when % 1000 + 1000) % 1000);
        snprintf(expected + n, sizeof expected - n, ms ? ".%03dZ" : "Z", ms);
        int64_t back;
        size_t length = rs_when_print(out, when);
        bool four_digits = tm.tm_year >= -1900 && tm.tm_year < 8100;
        wrong += length != strlen(out);
        if (four_digits && tm.tm_year >= -900) wrong += strcmp(out, expected) != 0;
        if (four_digits) wrong += !rs_when_parse(out, length, RS_TIME_AUTO, &back) || back != when;
    }
    CHECK(wrong == 0);
    rs_when_print(out, 0);
    CHECK_TEXT(out, "1970-01-01T00:00:00Z");
    rs_when_print(out, -1);
    CHECK_TEXT(out, "1969-12-31T23:59:59.999Z");
    rs_when_print(out, INT64_MAX);
    CHECK(strlen(out) < 40);
    rs_when_print(out, INT64_MIN + 1);
    CHECK(strlen(out) < 40);
}

int main(void) {
    test_floats();
    test_round_trips();
    test_doubles();
    test_integers();
    test_times();
    return done();
}
