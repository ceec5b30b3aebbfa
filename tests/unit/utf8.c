/* UTF-8: well-formed and not, by the table of RFC 3629; characters cut off at the end. */
#include "base/utf8.h"

#include "unit.h"

static bool valid(const char *text) {
    return rs_utf8_valid(text, strlen(text));
}

static void takes_well_formed(void) {
    CHECK(rs_utf8_valid("", 0));
    CHECK(valid("plain"));
    CHECK(valid("\xc2\x80 \xdf\xbf"));
    CHECK(valid("\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf"));
    CHECK(valid("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"));
    CHECK(rs_utf8_valid("a\0b", 3));
}

static void refuses_the_rest(void) {
    const char *bad[] = {
        "\x80",             /* a continuation alone */
        "\xc0\xaf",         /* a slash in two bytes */
        "\xc1\xbf",         /* the same trick */
        "\xe0\x9f\xbf",     /* a shorter form exists */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf0\x8f\xbf\xbf", /* a shorter form exists */
        "\xf4\x90\x80\x80", /* above U+10FFFF */
        "\xf5\x80\x80\x80",
        "\xff",
        "\xc3", /* cut off */
        "\xe2\x82",
        "\xc3\x28", /* no continuation */
        "\xe2\x28\xa1",
        "Am\xe9lie", /* Latin-1 */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) CHECK(!valid(bad[i]));
}

static void knows_ascii(void) {
    CHECK(rs_utf8_ascii("", 0));
    CHECK(rs_utf8_ascii("all of it\x7f", 10));
    CHECK(!rs_utf8_ascii("na\xc3\xafve", 6));
}

static void finds_whole_characters(void) {
    const char *text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\xac"; /* 1, 2, 3 and 4 bytes */
    const size_t whole[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};
    for (size_t n = 0; n <= 10; n++) CHECK(rs_utf8_whole(text, n) == whole[n]);
    CHECK(rs_utf8_whole("\x80\x80\x80\x80\x80", 5) == 5); /* no lead to wait for */
}

int main(void) {
    takes_well_formed();
    refuses_the_rest();
    knows_ascii();
    finds_whole_characters();
    return done();
}
