/* Names: their order, finding them, dictionaries that grow. */
#include "format/ids.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "unit.h"

static struct rs_id id(const char *text) {
    return (struct rs_id){text, strlen(text)};
}

/* In ascending order. */
static const char *const ordered[] = {"0",  "2",  "10", "99",  "100", "18446744073709551616",
                                      "",   "-1", "00", "007", "1.",  "10 ",
                                      "1a", "A",  "a",  "aa",  "b",   "\xc3\xa9"};
enum { N_ORDERED = sizeof ordered / sizeof *ordered };

static void test_order(void) {
    size_t wrong = 0;
    for (size_t i = 0; i < N_ORDERED; i++)
        for (size_t k = 0; k < N_ORDERED; k++) {
            int order = rs_id_compare(id(ordered[i]), id(ordered[k]));
            bool right = i < k ? order < 0 : i > k ? order > 0 : order == 0;
            if (!right) printf("'%s' and '%s'\n", ordered[i], ordered[k]);
            wrong += !right;
        }
    CHECK(wrong == 0);
    CHECK(rs_id_compare((struct rs_id){"a\0b", 3}, (struct rs_id){"a\0c", 3}) < 0);
    CHECK(rs_id_compare((struct rs_id){"a\0", 2}, id("a")) > 0);
}

static void test_sorting_and_finding(void) {
    struct rs_dict dict, sorted;
    rs_dict_init(&dict);
    rs_dict_init(&sorted);
    for (size_t i = 0; i < N_ORDERED; i++) rs_dict_add(&dict, id(ordered[(i * 7) % N_ORDERED]));
    CHECK(dict.ids.n == N_ORDERED);
    uint32_t *order = rs_ids_sorted(&dict.ids);
    for (size_t i = 0; i < N_ORDERED; i++) {
        struct rs_id name = rs_ids_get(&dict.ids, order[i]);
        CHECK(rs_id_compare(name, id(ordered[i])) == 0);
        rs_dict_add(&sorted, name);
    }
    for (size_t i = 0; i < N_ORDERED; i++) CHECK(rs_ids_find(&sorted.ids, id(ordered[i])) == i);
    CHECK(rs_ids_find(&sorted.ids, id("3")) == RS_NONE);
    CHECK(rs_ids_find(&sorted.ids, id("zzz")) == RS_NONE);
    CHECK(rs_ids_find(&(struct rs_ids){0}, id("3")) == RS_NONE);
    CHECK(rs_ids_digest(&dict.ids) != rs_ids_digest(&sorted.ids));
    CHECK(rs_ids_digest(&(struct rs_ids){0}) == 0);
    free(order);
    rs_dict_free(&dict);
    rs_dict_free(&sorted);
}

/* "ab" + "c" and "a" + "bc" are the same bytes but not the same names. */
static void test_digest(void) {
    static const uint64_t first[] = {0, 2, 3}, second[] = {0, 1, 3};
    struct rs_ids a = {2, first, "abc"}, b = {2, second, "abc"};
    CHECK(rs_ids_digest(&a) != rs_ids_digest(&b));
    CHECK(rs_ids_digest(&a) == rs_ids_digest(&a));
}

static void test_validity(void) {
    static const uint64_t good[] = {0, 2, 2, 3}, from_one[] = {1, 2, 2, 3},
                          falling[] = {0, 3, 2, 3}, huge[] = {0, RS_ID_MAX, 2 * RS_ID_MAX + 1};
    CHECK(rs_ids_valid(&(struct rs_ids){3, good, NULL}, 3));
    CHECK(!rs_ids_valid(&(struct rs_ids){3, good, NULL}, 4));
    CHECK(!rs_ids_valid(&(struct rs_ids){3, from_one, NULL}, 3));
    CHECK(!rs_ids_valid(&(struct rs_ids){3, falling, NULL}, 3));
    CHECK(!rs_ids_valid(&(struct rs_ids){2, huge, NULL}, 2 * RS_ID_MAX + 1));
    CHECK(rs_ids_valid(&(struct rs_ids){1, huge, NULL}, RS_ID_MAX));
}

static void test_growth(void) {
    enum { N = 200000 };
    struct rs_dict dict;
    char name[32];
    rs_dict_init(&dict);
    size_t wrong = 0;
    for (uint32_t i = 0; i < N; i++) {
        size_t length = (size_t)snprintf(name, sizeof name, "user-%u", i * 2654435761u);
        wrong += rs_dict_find(&dict, (struct rs_id){name, length}) != RS_NONE;
        wrong += rs_dict_add(&dict, (struct rs_id){name, length}) != i;
        wrong += rs_dict_add(&dict, (struct rs_id){name, length}) != i;
    }
    CHECK(dict.ids.n == N);
    for (uint32_t i = 0; i < N; i++) {
        size_t length = (size_t)snprintf(name, sizeof name, "user-%u", i * 2654435761u);
        struct rs_id asked = {name, length}, stored = rs_ids_get(&dict.ids, i);
        wrong += rs_dict_find(&dict, asked) != i;
        wrong += stored.length != length || memcmp(stored.text, name, length) != 0;
    }
    CHECK(wrong == 0);
    CHECK(rs_dict_add_hashed(&dict, id("new"), rs_id_hash(id("new"))) == N);
    CHECK(rs_dict_find(&dict, id("new")) == N);
    rs_dict_free(&dict);
}

static void test_odd_names(void) {
    struct rs_dict dict;
    rs_dict_init(&dict);
    char *longest = rs_calloc(RS_ID_MAX, 1);
    memset(longest, 'x', RS_ID_MAX);
    CHECK(rs_dict_add(&dict, (struct rs_id){longest, RS_ID_MAX}) == 0);
    CHECK(rs_dict_add(&dict, (struct rs_id){longest, RS_ID_MAX - 1}) == 1);
    CHECK(rs_dict_add(&dict, (struct rs_id){"", 0}) == 2);
    CHECK(rs_dict_add(&dict, (struct rs_id){"\0", 1}) == 3);
    CHECK(rs_dict_add(&dict, (struct rs_id){"\0\0", 2}) == 4);
    CHECK(rs_dict_find(&dict, (struct rs_id){longest, RS_ID_MAX}) == 0);
    CHECK(rs_dict_find(&dict, (struct rs_id){NULL, 0}) == 2);
    CHECK(rs_ids_get(&dict.ids, 2).length == 0);
    CHECK(rs_ids_valid(&dict.ids, dict.ids.offset[5]));
    free(longest);
    rs_dict_free(&dict);
}

int main(void) {
    test_order();
    test_sorting_and_finding();
    test_digest();
    test_validity();
    test_growth();
    test_odd_names();
    return done();
}
