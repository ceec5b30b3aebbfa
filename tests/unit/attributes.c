/* Features of a small table, by hand. */
#include "ratings/attributes.h"

#include <stdlib.h>

#include "unit.h"

/* The features of a line as text: "3 5:0.71", values other than 1 behind a colon. */
static const char *features(const struct rs_attributes *a, size_t line) {
    static char text[200];
    size_t n = 0;
    text[0] = '\0';
    for (uint64_t e = a->start[line]; e < a->start[line + 1]; e++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%u", n > 0 ? " " : "", a->feature[e]);
        if (a->value[e] < 1)
            n += (size_t)snprintf(text + n, sizeof text - n, ":%.2f", (double)a->value[e]);
    }
    return text;
}

static void takes_what_tells(void) {
    const uint64_t name_offset[] = {0, 1, 2, 3};
    const uint32_t sex[] = {0, 1, 0, RS_NONE, 1, 2}; /* the third is rare */
    const uint64_t start[] = {0, 2, 3, 3, 5, 6, 6};
    const uint32_t genre[] = {0, 1, 0, 2, 1, 1}; /* the third again */
    const double age[] = {20, 30, NAN, 40, 50, 20};
    const char *titles = "A (1990)B (2001) C (200x)D (1990)E (1990)F";
    const uint64_t title_offset[] = {0, 8, 17, 25, 33, 41, 42};
    struct rs_table_column columns[] = {
        {.name = (char *)"sex", .kind = RS_CATEGORY, .text = {3, name_offset, "MFX"}, .code = sex},
        {.name = (char *)"genre",
         .kind = RS_SET,
         .text = {3, name_offset, "abc"},
         .code = genre,
         .start = start},
        {.name = (char *)"age", .kind = RS_NUMBER, .number = age},
        {.name = (char *)"title", .kind = RS_TEXT, .text = {6, title_offset, titles}},
    };
    const struct rs_table table = {.n_columns = 4, .columns = columns};
    struct rs_attributes a;
    rs_attributes_make(&a, &table, 6);
    /* 0 1: sex; 2 3: genre; 4: age 20, the only bucket of two; 5: 1990 */
    CHECK(a.n_features == 6);
    CHECK_TEXT(features(&a, 0), "0 2:0.71 3:0.71 4 5");
    CHECK_TEXT(features(&a, 1), "1 2");
    CHECK_TEXT(features(&a, 2), "0");
    CHECK_TEXT(features(&a, 3), "3:0.71 5"); /* a member that does not count weighs all the same */
    CHECK_TEXT(features(&a, 4), "1 3 5");
    CHECK_TEXT(features(&a, 5), "4");
    rs_attributes_free(&a);
}

static void takes_nothing_of_nothing(void) {
    const struct rs_table none = {0};
    struct rs_attributes a;
    rs_attributes_make(&a, &none, 3);
    CHECK(a.n_features == 0 && a.start[3] == 0);
    rs_attributes_free(&a);
    const uint64_t offset[] = {0, 3, 6};
    struct rs_table_column text = {
        .name = (char *)"name", .kind = RS_TEXT, .text = {2, offset, "annbob"}};
    const struct rs_table names = {.n_columns = 1, .columns = &text};
    rs_attributes_make(&a, &names, 2);
    CHECK(a.n_features == 0);
    rs_attributes_free(&a);
}

int main(void) {
    takes_what_tells();
    takes_nothing_of_nothing();
    return done();
}
