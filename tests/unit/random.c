/* The generator against the authors' known answers, and what is drawn from it. */
#include "base/random.h"

#include "unit.h"

/* From kat_vectors of Random123 (Salmon, Moraes, Dror, Shaw), philox4x32 with 10 rounds: counter,
 * key, answer. A stream sets the counter's first word to the number of the block. */
static const uint32_t known[][10] = {
    {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
    {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e,
     0xa20bc7c6, 0x6d5451fd},
    {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb,
     0x5001e420, 0x24126ea1},
};

static void test_known_answers(void) {
    for (size_t v = 0; v < sizeof known / sizeof *known; v++) {
        const uint32_t *k = known[v];
        struct rs_random random = rs_random_stream((uint64_t)k[5] << 32 | k[4], k[1], k[2], k[3]);
        random.counter[0] = k[0];
        for (int i = 0; i < 4; i++) CHECK(rs_random_u32(&random) == k[6 + i]);
    }
}

static void test_streams(void) {
    struct rs_random a = rs_random_stream(1, 2, 3, 4), b = rs_random_stream(1, 2, 3, 4);
    struct rs_random c = rs_random_stream(1, 2, 3, 5), d = rs_random_stream(2, 2, 3, 4);
    int same_b = 0, same_c = 0, same_d = 0;
    for (int i = 0; i < 1000; i++) {
        uint32_t from_a = rs_random_u32(&a);
        same_b += from_a == rs_random_u32(&b);
        same_c += from_a == rs_random_u32(&c);
        same_d += from_a == rs_random_u32(&d);
    }
    CHECK(same_b == 1000 && same_c < 3 && same_d < 3);
    a = rs_random_stream(1, 2, 3, 4);
    b = a;
    uint64_t high = rs_random_u32(&b);
    CHECK(rs_random_u64(&a) == (high << 32 | rs_random_u32(&b)));
}

static void test_uniform(void) {
    enum { N = 200000 };
    struct rs_random random = rs_random_stream(3, 0, 0, 0);
    double sum = 0, squares = 0, least = 1, most = 0;
    for (int i = 0; i < N; i++) {
        double x = rs_random_uniform(&random);
        sum += x;
        squares += x * x;
        least = x < least ? x : least;
        most = x > most ? x : most;
    }
    CHECK(least >= 0 && most < 1 && least < 1e-4 && most > 1 - 1e-4);
    CHECK_NEAR(sum / N, 0.5, 5 * sqrt(1.0 / 12 / N));
    CHECK_NEAR(squares / N, 1.0 / 3, 5 * sqrt(4.0 / 45 / N));
}

static void test_below(void) {
    enum { N = 60000 };
    struct rs_random random = rs_random_stream(4, 0, 0, 0);
    int counts[6] = {0};
    for (int i = 0; i < N; i++) counts[rs_random_below(&random, 6)]++;
    double square = 0; /* chi-square with 5 degrees: 20.5 is passed once in a thousand */
    for (int k = 0; k < 6; k++) square += pow(counts[k] - N / 6.0, 2) / (N / 6.0);
    CHECK(square < 20.5);
    CHECK(rs_random_below(&random, 1) == 0);
    /* With n = 3 * 2^30 a modulo would give the first third twice as often. */
    int low = 0;
    for (int i = 0; i < N; i++) low += rs_random_below(&random, 3u << 30) < 1u << 30;
    CHECK_NEAR(low / (double)N, 1 / 3.0, 5 * sqrt(2.0 / 9 / N));
}

static void test_normal(void) {
    enum { N = 200000 };
    struct rs_random random = rs_random_stream(5, 0, 0, 0);
    double sum = 0, squares = 0, fourth = 0;
    for (int i = 0; i < N; i++) {
        double x = rs_random_normal(&random);
        sum += x;
        squares += x * x;
        fourth += x * x * x * x;
    }
    CHECK_NEAR(sum / N, 0, 5 / sqrt(N));
    CHECK_NEAR(squares / N, 1, 5 * sqrt(2.0 / N));
    CHECK_NEAR(fourth / N, 3, 5 * sqrt(96.0 / N));
}

static void test_hash(void) {
    CHECK(rs_random_hash(1, "ab", 2, "c", 1) != rs_random_hash(1, "a", 1, "bc", 2));
    CHECK(rs_random_hash(1, "a", 1, "b", 1) != rs_random_hash(1, "b", 1, "a", 1));
    CHECK(rs_random_hash(1, "a", 1, "b", 1) != rs_random_hash(2, "a", 1, "b", 1));
    CHECK(rs_random_hash(1, "", 0, "", 0) != rs_random_hash(2, "", 0, "", 0));
    /* Folds hang on it, so it must never change: XXH3 of "242" seeded by that of "196" seeded by 1.
     */
    CHECK(rs_random_hash(1, "196", 3, "242", 3) == 0x40810f22ae550c58u);
    int counts[10] = {0};
    char user[16], item[16];
    for (int i = 0; i < 10000; i++) {
        size_t n = (size_t)snprintf(user, sizeof user, "%d", i % 100);
        size_t m = (size_t)snprintf(item, sizeof item, "%d", i / 100);
        counts[(rs_random_hash(1, user, n, item, m) >> 32) * 10 >> 32]++;
    }
    double square = 0; /* 9 degrees: 27.9 once in a thousand */
    for (int k = 0; k < 10; k++) square += pow(counts[k] - 1000.0, 2) / 1000;
    CHECK(square < 27.9);
}

int main(void) {
    test_known_answers();
    test_streams();
    test_uniform();
    test_below();
    test_normal();
    test_hash();
    return done();
}
