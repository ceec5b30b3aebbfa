#include "base/part.h"

#include "unit.h"

static void parses(void) {
    struct rs_part part;
    CHECK(rs_part_parse(&part, "3/8") && part.index == 2 && part.of == 8);
    CHECK(rs_part_parse(&part, "1/1") && part.index == 0 && part.of == 1);
    const char *const bad[] = {"",     "3",   "0/8",       "9/8",  "3/8x",
                               "-1/8", "a/b", "1/1000001", " 1/2", "1/-2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) CHECK(!rs_part_parse(&part, bad[i]));
}

/* Parts follow on one another, from the first line to the last, whatever the costs. */
static void covers(const uint64_t *cost, size_t n, size_t of) {
    size_t at = 0;
    for (size_t i = 0; i < of; i++) {
        size_t from, to;
        rs_part_cut((struct rs_part){i, of}, cost, n, &from, &to);
        CHECK(from == at && to >= from && to <= n);
        at = to;
    }
    CHECK(at == n);
}

static void cuts_by_cost(void) {
    const uint64_t cost[] = {6, 1, 1, 1, 1, 1, 1}, nothing[] = {0, 0, 0};
    size_t from, to;
    rs_part_cut((struct rs_part){0, 2}, cost, 7, &from, &to);
    CHECK(from == 0 && to == 1); /* the one line that costs as much as the rest */
    rs_part_cut((struct rs_part){1, 2}, cost, 7, &from, &to);
    CHECK(from == 1 && to == 7);
    for (size_t of = 1; of < 20; of++) {
        covers(cost, 7, of);
        covers(nothing, 3, of);
        covers(cost, 0, of);
    }
    const uint64_t large[] = {UINT64_MAX / 2, UINT64_MAX / 4, UINT64_MAX / 4};
    covers(large, 3, 1000000);
}

int main(void) {
    parses();
    cuts_by_cost();
    return done();
}
