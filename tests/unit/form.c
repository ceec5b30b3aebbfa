/* The form of a text: separators, headers, decimal commas, layouts, by example. */
#include "text/form.h"

#include <stdlib.h>

#include "base/memory.h"
#include "text/fields.h"
#include "unit.h"

static bool is_name(const char *text, size_t length) {
    return (length == 4 && memcmp(text, "user", 4) == 0) ||
           (length == 4 && memcmp(text, "item", 4) == 0);
}

static bool detect(const char *text, struct rs_form *form, struct rs_form_given given,
                   struct rs_error *err) {
    size_t n = strlen(text);
    char *bytes = rs_calloc(n + RS_BLOCK_SLACK, 1);
    memcpy(bytes, text, n);
    bool ok = rs_form_detect(form, bytes, n, true, &given, "x.csv", err);
    free(bytes);
    return ok;
}

static void check_form(const char *text, const char *expected, size_t n_columns) {
    struct rs_form form;
    struct rs_error err = {0};
    char found[128] = "";
    bool ok = detect(text, &form, (struct rs_form_given){.header = -1, .is_name = is_name}, &err);
    if (!ok) {
        CHECK_TEXT(err.text, expected);
        return;
    }
    rs_form_describe(&form, found, sizeof found);
    CHECK_TEXT(found, expected);
    CHECK(form.n_columns == n_columns);
    rs_form_free(&form);
}

static void finds_separators(void) {
    check_form("1,2,3\n4,5,6\n", "separator ',', no header", 3);
    check_form("1;2;3\n4;5;6\n", "separator ';', no header", 3);
    check_form("1\t2\t3\n4\t5\t6\n", "separator 'tab', no header", 3);
    check_form("1::2::3\n4::5::6\n", "separator '::', no header", 3);
    check_form("1|2|3\n4|5|6\n", "separator '|', no header", 3);
    check_form("1 2 3\n4  5 6\n", "separator 'space', no header", 3);
    check_form("1, 2, 3\n4, 5, 6\n", "separator ',', no header", 3);
    check_form("alice smith,red shoes\nbob brown,blue hat\n", "separator ',', no header", 2);
    check_form("1 2 3,5\n4 5 4,5\n", "separator 'space', no header, decimal commas", 3);
    check_form("1;2;3,5\n4;5;4\n", "separator ';', no header, decimal commas", 3);
    check_form("1;2;1,234\n4;5;2,345\n", "separator ';', no header", 3);
    check_form("7\t\"a, b\"\t1\n8\tc, d, e\t2\n", "separator 'tab', no header", 3);
    check_form("1,2,3\r\n4,5,6\r\n", "separator ',', no header", 3);
    check_form("1,2,3\r4,5,6\r", "separator ',', no header", 3);
    check_form("1,2,3", "separator ',', no header", 3);
    check_form("\n\n1,2,3\n", "separator ',', no header", 3);
}

static void finds_headers(void) {
    check_form("userId,movieId,rating\n1,2,3\n", "separator ',', a header", 3);
    check_form("user,item\nalice,tea\n", "separator ',', a header", 2);
    check_form("who,what\nalice,tea\n", "separator ',', no header", 2);
    check_form("who;what;grade\nann;tea;4\nbob;tea;good\ncid;tea;3\n", "separator ';', a header",
               3);
    check_form("ann,tea,\nbob,tea,3\ncid,tea,4\n", "separator ',', no header", 3);
    check_form("ann,tea,NA\nbob,tea,3\ncid,tea,4\n", "separator ',', no header", 3);
    check_form(",userId,movieId,rating\n0,1,2,3\n1,1,3,4\n", "separator ',', a header", 4);
    check_form("user item rating\n1 2 3\n", "separator 'space', a header", 3);
}

/* A title, a remark, what Excel writes for itself: the table begins below, if a header says so. */
static void looks_below_what_is_above(void) {
    static const struct {
        const char *text;
        bool header;
        size_t above, lines;
    } texts[] = {{"sep=;\nitem;user;grade\n1;2;3\n4;5;1\n", true, 6, 1},
                 {"sep=,\nitem,user\nann,tea\nbob,tea\n", true, 6, 1},
                 {"Our list\n\n# of 2020\nitem,user,x\nann,tea,3\nbob,tea,4\n", true, 20, 3},
                 {"1,2\n1,2,3\n4,5,6\n7,8,9\n", false, 0, 0}, /* a record that lacks a field */
                 {"user,item\n1,7,3\n2,7,4\n", true, 0, 0},     /* R's */
                 {"\nuser,item,x\n1,7,3\n2,7,4\n", true, 0, 0}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct rs_form form;
        struct rs_error err;
        CHECK(detect(texts[i].text, &form,
                     (struct rs_form_given){.header = -1, .is_name = is_name}, &err));
        CHECK(form.header == texts[i].header && form.above == texts[i].above &&
              form.lines_above == texts[i].lines);
        if (form.above > 0) CHECK_TEXT(form.names[1], "user");
        rs_form_free(&form);
    }
}

/* R's write.table leaves the row names' column out of the header. */
static void shifts_a_short_header(void) {
    struct rs_form form;
    struct rs_error err;
    CHECK(detect("user,item,rating\n1,7,8,3\n2,7,9,4\n", &form, (struct rs_form_given){.header = 1},
                 &err));
    CHECK(form.n_columns == 4 && form.header);
    CHECK_TEXT(form.names[0], "");
    CHECK_TEXT(form.names[3], "rating");
    rs_form_free(&form);
}

static void knows_numbers_and_times(void) {
    struct rs_form form;
    struct rs_error err;
    CHECK(detect("ann,3,2014-02-28,x\nbob,4,2014-03-01,y\ncid,,2014-03-02,z\n", &form,
                 (struct rs_form_given){.header = -1}, &err));
    const bool numbers[] = {false, true, false, false}, times[] = {false, true, true, false};
    for (int c = 0; c < 4; c++)
        CHECK(form.is_number[c] == numbers[c] && form.is_time[c] == times[c]);
    rs_form_free(&form);
}

static void finds_json(void) {
    struct rs_form form;
    struct rs_error err;
    CHECK(detect("{\"u\":1,\"i\":2}\n{\"i\":3,\"r\":4}\n", &form,
                 (struct rs_form_given){.header = -1}, &err));
    CHECK(form.layout == RS_LAYOUT_JSON && form.n_columns == 3);
    CHECK_TEXT(form.names[2], "r");
    rs_form_free(&form);
    check_form("{\"u\":1}\n", "JSON lines", 1);
    check_form("[{\"u\":1},{\"u\":2}]\n",
               "x.csv: holds no JSON object a line (jq -c '.[]' makes them of an array)", 0);
}

static void takes_what_is_given(void) {
    struct rs_form form;
    struct rs_error err;
    const char *text = "userId,movieId,rating\n1,2,3\n";
    CHECK(detect(text, &form, (struct rs_form_given){.header = 0}, &err) && !form.header);
    rs_form_free(&form);
    CHECK(detect("1,2;3\n", &form, (struct rs_form_given){.separator = ";", .header = -1}, &err));
    CHECK(form.n_columns == 2);
    rs_form_free(&form);
    CHECK(detect("1#2#3\n", &form, (struct rs_form_given){.separator = "#", .header = -1}, &err));
    CHECK(form.n_columns == 3);
    rs_form_free(&form);
    CHECK(detect("1  2 3\n", &form, (struct rs_form_given){.separator = " ", .header = -1}, &err));
    CHECK(form.layout == RS_LAYOUT_BLANKS && form.n_columns == 3);
    rs_form_free(&form);
    CHECK(detect("1\t2\n", &form, (struct rs_form_given){.separator = "\\t", .header = -1}, &err));
    CHECK(form.separator[0] == '\t');
    rs_form_free(&form);
    CHECK(detect("1;2;3,5\n4;5;4,5\n", &form,
                 (struct rs_form_given){.header = -1, .decimal = RS_DECIMAL_POINT}, &err));
    CHECK(!form.decimal_comma);
    rs_form_free(&form);
    CHECK(detect("user,101,102\nann,5,\nbob,,3\n", &form,
                 (struct rs_form_given){.header = -1, .wide = true, .is_name = is_name}, &err));
    CHECK(form.header && form.n_columns == 3);
    CHECK_TEXT(form.names[1], "101");
    rs_form_free(&form);
    const char *bad[] = {"", "abc", "\"", "\n"};
    for (size_t i = 0; i < 4; i++) {
        CHECK(
            !detect(text, &form, (struct rs_form_given){.separator = bad[i], .header = -1}, &err));
        CHECK(err.code == EX_USAGE && strstr(err.text, "--delimiter: '") == err.text);
    }
}

static void says_what_is_none(void) {
    check_form("", "x.csv: is empty", 0);
    check_form(" \n\t\n", "x.csv: is empty", 0);
    check_form("oneword\nanother\n",
               "x.csv: finds no separator that gives records of two fields or more: give one with "
               "--delimiter",
               0);
}

/* The sample's last record may be cut off: it does not count. */
static void leaves_the_last_line_out(void) {
    struct rs_form form;
    struct rs_error err;
    struct rs_form_given given = {.header = -1};
    char text[64 + RS_BLOCK_SLACK] = "1,2,3\n4,5,6\n7";
    CHECK(rs_form_detect(&form, text, strlen(text), false, &given, "x", &err));
    CHECK(form.n_columns == 3);
    rs_form_free(&form);
}

int main(void) {
    finds_separators();
    finds_headers();
    looks_below_what_is_above();
    shifts_a_short_header();
    knows_numbers_and_times();
    finds_json();
    takes_what_is_given();
    says_what_is_none();
    leaves_the_last_line_out();
    return done();
}
