/* The scale: ends and step of what was seen, in one piece or several, and through JSON. */
#include "format/scale.h"

#include "unit.h"

static struct rs_scale scale_of(const float *ratings, size_t n) {
    struct rs_scale scale = {0};
    rs_scale_add(&scale, ratings, n);
    return scale;
}

static void finds_ends_and_steps(void) {
    const struct {
        float ratings[5];
        double min, max, step;
    } sets[] = {
        {{1, 5, 3, 2, 4}, 1, 5, 1},
        {{0.5f, 5, 3, 2, 4}, 0.5, 5, 0.5},
        {{1, 1.25f, 3, 2, 4}, 1, 4, 0.25},
        {{1, 1.2f, 3.4f, 2, 4}, 1, 4, 0.2},
        {{3.1f, 2.9f, 3, 2, 4}, 2, 4, 0.1},
        {{3.15f, 2.9f, 3, 2, 4}, 2, 4, 0.05},
        {{-7.82f, 8.79f, 3, 2, 4}, -7.82f, 8.79f, 0.01},
        {{0.1234567f, 1, 3, 2, 4}, 0.1234567f, 4, 0},
        {{1, 352698, 13883, 11690, 2}, 1, 352698, 1},
        {{2, 2, 2, 2, 2}, 2, 2, 1},
    };
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        struct rs_scale scale = scale_of(sets[i].ratings, 5);
        CHECK(scale.n == 5);
        CHECK((double)scale.min == sets[i].min && (double)scale.max == sets[i].max);
        CHECK(rs_scale_step(&scale) == sets[i].step);
    }
}

static void adds_up(void) {
    struct rs_scale scale = {0};
    const float whole[] = {1, 5}, half[] = {2.5f, 4};
    CHECK(rs_scale_step(&scale) == 0);
    rs_scale_add(&scale, NULL, 0);
    CHECK(scale.n == 0);
    rs_scale_add(&scale, whole, 2);
    CHECK(rs_scale_step(&scale) == 1);
    rs_scale_add(&scale, half, 2);
    CHECK(rs_scale_step(&scale) == 0.5);
    rs_scale_add(&scale, whole, 2);
    CHECK(rs_scale_step(&scale) == 0.5);
    CHECK(scale.n == 6 && scale.min == 1 && scale.max == 5);
}

/* A float above 2^24 has no halves, and above 2^31 fits no integer. */
static void takes_large_numbers(void) {
    const float large[] = {1e28f, -1e28f, 16777216, 3};
    struct rs_scale scale = scale_of(large, 4);
    CHECK(rs_scale_step(&scale) == 1);
    const float mixed[] = {1e28f, 0.5f};
    scale = scale_of(mixed, 2);
    CHECK(rs_scale_step(&scale) == 0.5);
}

static void goes_through_json(void) {
    const float ratings[] = {0.5f, 4.5f, 3};
    struct rs_scale scale = scale_of(ratings, 3);
    json_t *json = rs_scale_json(&scale);
    struct rs_scale back = rs_scale_from_json(json);
    CHECK(back.n == 3 && back.min == 0.5f && back.max == 4.5f && rs_scale_step(&back) == 0.5);
    json_decref(json);
    CHECK(rs_scale_from_json(NULL).n == 0);
    json = json_pack("{s:f, s:f, s:i}", "min", 5.0, "max", 1.0, "n", 3);
    CHECK(rs_scale_from_json(json).n == 0);
    json_decref(json);
}

int main(void) {
    finds_ends_and_steps();
    adds_up();
    takes_large_numbers();
    goes_through_json();
    return done();
}
