/* Every kernel that this processor has against sums one by one. */
#include "neighbours/dots.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "neighbours/similarity.h"
#include "unit.h"

enum { N_GROUPS = 137, PLANE = RS_DOTS_LINES + 64 };

static uint8_t draw_level(struct rs_random *random, uint32_t max) {
    if (rs_random_below(random, 3) == 0) return 0;
    return (uint8_t)(rs_random_below(random, 8) == 0 ? max : 1 + rs_random_below(random, max));
}

static void add_pair(int32_t *sums, size_t line, int32_t x, int32_t y) {
    if (x == 0 || y == 0) return;
    const int32_t terms[RS_N_SUMS] = {
        [RS_SUM_N] = 1,      [RS_SUM_X] = x,      [RS_SUM_Y] = y,
        [RS_SUM_XX] = x * x, [RS_SUM_YY] = y * y, [RS_SUM_XY] = x * y,
    };
    for (size_t s = 0; s < RS_N_SUMS; s++) sums[s * PLANE + line] += terms[s];
}

struct problem {
    enum rs_dots_form form;
    uint8_t *levels;
    struct rs_dots_group groups[N_GROUPS];
    size_t n;
    int32_t sums[RS_N_SUMS * PLANE]; /* before, then what they should be */
};

static uint8_t *group_of(const struct problem *problem, size_t group) {
    return problem->levels + group * rs_dots_group_bytes(problem->form);
}

static void draw(struct problem *problem, enum rs_dots_form form, uint32_t trial, uint32_t max) {
    struct rs_random random = rs_random_stream(1, trial, max, 0);
    problem->form = form;
    memset(problem->levels, 0, N_GROUPS * rs_dots_group_bytes(form));
    for (size_t i = 0; i < (size_t)N_GROUPS * RS_DOTS_LINES * RS_DOTS_COLUMNS; i++)
        rs_dots_put(group_of(problem, i / (RS_DOTS_LINES * RS_DOTS_COLUMNS)), form,
                    i / RS_DOTS_COLUMNS % RS_DOTS_LINES, i % RS_DOTS_COLUMNS,
                    draw_level(&random, max));
    problem->n = 0;
    for (uint32_t g = 0; g < N_GROUPS; g++) {
        if (rs_random_below(&random, 3) == 0) continue;
        uint32_t levels = 0;
        for (unsigned column = 0; column < RS_DOTS_COLUMNS; column++)
            levels |= (uint32_t)draw_level(&random, max) << 8 * column;
        problem->groups[problem->n++] = (struct rs_dots_group){g, levels};
    }
    for (size_t i = 0; i < RS_N_SUMS * PLANE; i++)
        problem->sums[i] = (int32_t)rs_random_below(&random, 1000);
}

static void solve(struct problem *problem) {
    for (size_t g = 0; g < problem->n; g++) {
        for (size_t line = 0; line < RS_DOTS_LINES; line++) {
            for (size_t column = 0; column < RS_DOTS_COLUMNS; column++) {
                const uint8_t *group = group_of(problem, problem->groups[g].group);
                add_pair(problem->sums, line,
                         (int32_t)(problem->groups[g].levels >> 8 * column & 0xff),
                         (int32_t)rs_dots_get(group, problem->form, line, column));
            }
        }
    }
}

static void check_product(const struct rs_dots_kernel *kernel, struct problem *problem,
                          enum rs_dots_form form, uint32_t trial) {
    size_t bytes = sizeof problem->sums, xy = RS_SUM_XY * PLANE, plane = RS_DOTS_LINES * 4;
    int32_t *sums = rs_malloc(bytes, 1);
    draw(problem, form, trial, form == RS_DOTS_HALVES ? RS_LEVEL_SMALL : RS_LEVEL_MAX);
    memcpy(sums, problem->sums, bytes);
    kernel->product[form](problem->levels, problem->groups, problem->n, sums + xy);
    solve(problem);
    CHECK(memcmp(sums + xy, problem->sums + xy, plane) == 0);
    free(sums);
}

static void check_sums(const struct rs_dots_kernel *kernel, struct problem *problem,
                       uint32_t trial) {
    size_t bytes = sizeof problem->sums, plane = RS_DOTS_LINES * 4;
    int32_t *all = rs_malloc(bytes, 1), *four = rs_malloc(bytes, 1);
    draw(problem, RS_DOTS_HALVES, trial, RS_LEVEL_MAX_SQUARED);
    memcpy(all, problem->sums, bytes);
    memcpy(four, problem->sums, bytes);
    kernel->sums(problem->levels, problem->groups, problem->n, true, all, PLANE);
    kernel->sums(problem->levels, problem->groups, problem->n, false, four, PLANE);
    solve(problem);
    CHECK(memcmp(all, problem->sums, bytes) == 0);
    const enum rs_sum wanted[] = {RS_SUM_N, RS_SUM_XX, RS_SUM_YY, RS_SUM_XY};
    for (size_t i = 0; i < 4; i++)
        CHECK(memcmp(four + wanted[i] * PLANE, problem->sums + wanted[i] * PLANE, plane) == 0);
    free(all);
    free(four);
}

int main(void) {
    struct problem *problem = rs_malloc(1, sizeof *problem);
    problem->levels = rs_aligned(N_GROUPS * rs_dots_group_bytes(RS_DOTS_BYTES), 1);
    CHECK(rs_n_dots_kernels > 0 && rs_dots_kernels[0]->is_supported());
    CHECK(rs_dots_best()->is_supported());
    for (size_t i = 0; i < rs_n_dots_kernels; i++) {
        if (!rs_dots_kernels[i]->is_supported()) continue;
        for (uint32_t trial = 0; trial < 20; trial++) {
            check_product(rs_dots_kernels[i], problem, RS_DOTS_BYTES, trial);
            check_product(rs_dots_kernels[i], problem, RS_DOTS_HALVES, trial);
            check_sums(rs_dots_kernels[i], problem, trial);
        }
    }
    free(problem->levels);
    free(problem);
    return done();
}
