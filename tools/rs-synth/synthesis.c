#include "synthesis.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "base/memory.h"
#include "history.h"

enum { ROWS_A_BLOCK = 32768 };

/* Blocks of users, by id. */
struct source {
    const struct world *world;
    struct history **histories; /* one a thread */
    size_t users_a_block;
};

static void fill_users(void *data, size_t block, struct rows *rows) {
    struct source *source = data;
    struct history **mine = &source->histories[omp_get_thread_num()];
    if (*mine == NULL) *mine = history_new(source->world);
    size_t from = block * source->users_a_block, to = from + source->users_a_block;
    if (to > source->world->n_users) to = source->world->n_users;
    for (size_t id = from; id < to; id++) history_write(*mine, source->world->user_of[id], rows);
}

/* Digits after the point that numbers of this step take. */
static int decimals_of(double step) {
    int decimals = 0;
    for (; decimals < 6 && fabs(step - rint(step)) > 1e-6; decimals++) step *= 10;
    return decimals;
}

void synthesis_print(const struct world *world, struct press *press) {
    const struct shape *shape = &world->plan.shape;
    size_t n_threads = (size_t)omp_get_max_threads();
    size_t n_levels = 1 + (size_t)rint((shape->high - shape->low) / shape->step);
    float *levels = rs_malloc(n_levels, sizeof *levels);
    for (size_t l = 0; l < n_levels; l++) levels[l] = (float)(shape->low + shape->step * (double)l);
    if (!press->implicit) {
        press->levels = levels;
        press->n_levels = n_levels;
        press->decimals = decimals_of(shape->step);
    }
    double each = (double)shape->ratings / (double)shape->users;
    struct source source = {.world = world,
                            .histories = rs_calloc(n_threads, sizeof(struct history *)),
                            .users_a_block = (size_t)fmax(1, ROWS_A_BLOCK / each)};
    size_t n_blocks = (world->n_users + source.users_a_block - 1) / source.users_a_block;
    press_run(press, n_blocks, fill_users, &source);
    for (size_t t = 0; t < n_threads; t++) history_free(source.histories[t]);
    free(source.histories);
    free(levels);
    press->levels = NULL;
}
