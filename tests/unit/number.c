/* Numbers: the grammar, rounding against strtod, words for nothing, printing that reads back. */
#include "base/number.h"

#include <stdlib.h>

#include "base/random.h"
#include "unit.h"

static bool parse(const char *text, double *number) {
    return rs_number_parse(text, strlen(text), number);
}

static void reads_decimals(void) {
    const struct {
        const char *text;
        double number;
    } good[] = {
        {"0", 0},
        {"4", 4},
        {"-3", -3},
        {"+2", 2},
        {"4.5", 4.5},
        {"5.", 5},
        {".5", 0.5},
        {"-.25", -0.25},
        {"007", 7},
        {"1e3", 1000},
        {"1E-2", 0.01},
        {"2.5e+1", 25},
        {"0.1", 0.1},
        {"3.14159", 3.14159},
        {"123456789012345", 123456789012345.},
        {"1234567890123456789", 1234567890123456789.},
        {"0.30000000000000004", 0.30000000000000004},
        {"179769313486231570000", 179769313486231570000.},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        double number = -1;
        CHECK(parse(good[i].text, &number));
        CHECK(number == good[i].number);
    }
    double zero = 1;
    CHECK(parse("-0", &zero) && zero == 0);
}

static void refuses_what_is_none(void) {
    const char *bad[] = {"",    "-",     "+",   ".",     "e5",          "1e",  "1e+",
                         "1 ",  " 1",    "1,5", "0x10",  "nan",         "inf", "1e999",
                         "--1", "1.2.3", "4*",  "1_000", "\xef\xbc\x95"};
    double number;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) CHECK(!parse(bad[i], &number));
    CHECK(!rs_number_parse("1\0", 2, &number));
    char many[1000];
    memset(many, '1', sizeof many);
    CHECK(!rs_number_parse(many, sizeof many, &number)); /* longer than any number is */
}

static void reads_decimal_commas(void) {
    double number;
    CHECK(rs_number_parse_comma("3,5", 3, &number) && number == 3.5);
    CHECK(rs_number_parse_comma("-12,25", 6, &number) && number == -12.25);
    CHECK(rs_number_parse_comma("4", 1, &number) && number == 4);
    CHECK(!rs_number_parse_comma("1,2,3", 5, &number));
    CHECK(!rs_number_parse_comma("1.2,3", 5, &number));
}

static void rounds_as_the_library(void) {
    struct rs_random random = rs_random_stream(1, 1, 0, 0);
    for (int i = 0; i < 20000; i++) {
        char text[64];
        int digits = 1 + (int)rs_random_below(&random, 20);
        double drawn = (rs_random_uniform(&random) - 0.5) * 200;
        snprintf(text, sizeof text, "%.*f", digits, drawn);
        double number = 0;
        if (!parse(text, &number) || number != strtod(text, NULL)) CHECK(false);
    }
    CHECK(true);
}

static void knows_words_for_nothing(void) {
    const char *words[] = {"",     "NA",   "na",  "N/A", "NaN", "nan", "NULL",
                           "null", "None", "nil", "\\N", "?",   "-"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        CHECK(rs_number_missing(words[i], strlen(words[i])));
    CHECK(!rs_number_missing("0", 1));
    CHECK(!rs_number_missing("nothing", 7));
    CHECK(!rs_number_missing("--", 2));
}

static void prints_what_reads_back(void) {
    struct rs_random random = rs_random_stream(2, 1, 0, 0);
    char text[32];
    for (int i = 0; i < 20000; i++) {
        double double_back, drawn = (rs_random_uniform(&random) - 0.5) * 1e4;
        size_t length = rs_number_print_double(text, drawn);
        if (!rs_number_parse(text, length, &double_back) || double_back != drawn) CHECK(false);
        float single = (float)drawn;
        length = rs_number_print_float(text, single);
        if (!rs_number_parse(text, length, &double_back) || (float)double_back != single)
            CHECK(false);
    }
    rs_number_print_float(text, 4.5f);
    CHECK_TEXT(text, "4.5");
    rs_number_print_float(text, 0.1f);
    CHECK_TEXT(text, "0.1");
    rs_number_print_double(text, 0.1);
    CHECK_TEXT(text, "0.1");
    CHECK(rs_number_print_integer(text, 18446744073709551615u) == 20);
    CHECK(memcmp(text, "18446744073709551615", 20) == 0);
}

int main(void) {
    reads_decimals();
    refuses_what_is_none();
    reads_decimal_commas();
    rounds_as_the_library();
    knows_words_for_nothing();
    prints_what_reads_back();
    return done();
}
