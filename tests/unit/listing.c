/* Lists of the best against sorting everything, for a model whose scores are known. */
#include "model/listing.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "unit.h"

enum { MAX_ITEMS = 3000, MAX_WISH = 64 };

static float truth[MAX_ITEMS]; /* what the model answers */

#define CHECK_QUIETLY(condition)                                                                   \
    do                                                                                             \
        if (!(condition)) CHECK(condition);                                                        \
    while (0)

static void rank(const struct rs_model *model, void *workspace, const struct rs_profile *profile,
                 float *scores) {
    (void)workspace;
    (void)profile;
    memcpy(scores, truth, model->matrix->columns.n_lines * sizeof *scores);
}

static const struct rs_model_class ranking = {.kind = "test", .rank = rank};

/* The same with evidence for few items. */
static float spoken[MAX_ITEMS], instead[MAX_ITEMS];

static const float *evidence(const struct rs_model *model, void *workspace,
                             const struct rs_profile *profile, float *scores) {
    (void)workspace;
    (void)profile;
    for (size_t i = 0; i < model->matrix->columns.n_lines; i++) {
        CHECK_QUIETLY(scores[i] == 0);
        scores[i] += spoken[i];
    }
    return instead;
}

static const struct rs_model_class arguing = {.kind = "test", .evidence = evidence};

static void split_truth(struct rs_random *random, size_t n_items) {
    uint32_t share = 1 + rs_random_below(random, 60);
    for (size_t i = 0; i < n_items; i++) {
        spoken[i] = rs_random_below(random, share) == 0 ? truth[i] : 0;
        instead[i] = -1 / (float)(1 + i % 17);
        truth[i] = spoken[i] == 0 ? instead[i] : spoken[i];
    }
}

/* A matrix of so many items and no more than a listing asks of it: counts of ratings, with ties. */
static struct rs_matrix matrix_of(size_t n_items, uint64_t *start) {
    start[0] = 0;
    for (size_t i = 0; i < n_items; i++) start[i + 1] = start[i] + i * 7 % 5;
    struct rs_matrix matrix = {.n_ratings = start[n_items]};
    matrix.columns = (struct rs_sparse){.n_lines = n_items, .start = start};
    matrix.items.ids.n = n_items;
    return matrix;
}

static bool before(float a, uint32_t i, float b, uint32_t j) {
    return a != b ? a > b : i < j;
}

/* The best by looking for the next one again and again. */
static size_t search(const float *scores, size_t n_items, size_t n, struct rs_listed *list) {
    size_t found = 0;
    for (; found < n; found++) {
        uint32_t next = RS_NONE;
        for (uint32_t i = 0; i < n_items; i++) {
            const struct rs_listed *last = found == 0 ? NULL : &list[found - 1];
            if (!isfinite(scores[i])) continue;
            if (last != NULL && !before(last->score, last->item, scores[i], i)) continue;
            if (next == RS_NONE || before(scores[i], i, scores[next], next)) next = i;
        }
        if (next == RS_NONE) break;
        list[found] = (struct rs_listed){scores[next], next};
    }
    return found;
}

static void add_one(void *data, const struct rs_profile *profile, enum rs_source source,
                    float *scores) {
    (void)profile;
    const struct rs_matrix *matrix = data;
    for (size_t i = 0; i < matrix->columns.n_lines; i++)
        scores[i] += source == RS_FROM_POPULARITY ? 100 : (float)(i % 3);
}

static void check(const struct rs_model *model, struct rs_listing *listing, uint32_t trial) {
    struct rs_random random = rs_random_stream(5, trial, 0, 0);
    size_t n_items = model->matrix->columns.n_lines, n_rated = 0, n_without = 0;
    static uint32_t rated[MAX_ITEMS], without[MAX_ITEMS];
    static float ratings[MAX_ITEMS], scores[MAX_ITEMS];
    static uint8_t allowed[MAX_ITEMS];
    uint32_t distinct = 1 + rs_random_below(&random, trial % 3 == 0 ? 1000000 : 12);
    bool filtered = trial % 4 == 1, adjusted = trial % 5 == 2, stranger = trial % 7 == 3;
    for (uint32_t i = 0; i < n_items; i++) {
        truth[i] = (float)rs_random_below(&random, distinct) / 8 - 1;
        if (rs_random_below(&random, 50) == 0) truth[i] = NAN;
        if (rs_random_below(&random, 50) == 0) truth[i] = INFINITY;
    }
    if (model->class == &arguing) split_truth(&random, n_items);
    for (uint32_t i = 0; i < n_items; i++) {
        scores[i] = truth[i];
        if (stranger)
            scores[i] =
                (float)(model->matrix->columns.start[i + 1] - model->matrix->columns.start[i]);
        if (adjusted) scores[i] += stranger ? 100 : (float)(i % 3);
        allowed[i] = rs_random_below(&random, 3) > 0;
        if (!stranger && (n_rated == 0 || rs_random_below(&random, 4) == 0)) rated[n_rated++] = i;
        if (filtered && rs_random_below(&random, 9) == 0) without[n_without++] = i;
    }
    if (filtered) without[n_without++] = RS_NONE;
    for (size_t e = 0; e < n_rated; e++) scores[rated[e]] = -INFINITY;
    for (size_t k = 0; k + 1 < n_without; k++) scores[without[k]] = -INFINITY;
    for (size_t i = 0; filtered && i < n_items; i++)
        if (!allowed[i]) scores[i] = -INFINITY;
    struct rs_listed expected[MAX_WISH], entries[MAX_WISH];
    struct rs_best best = {.entries = entries};
    struct rs_profile profile = {.user = 0, .n = n_rated, .item = rated, .rating = ratings};
    struct rs_wish wish = {.n = 1 + rs_random_below(&random, MAX_WISH - 1),
                           .allowed = filtered ? allowed : NULL,
                           .without = without,
                           .n_without = n_without,
                           .adjust = adjusted ? add_one : NULL,
                           .data = (void *)(uintptr_t)model->matrix};
    rs_listing_fill(listing, &profile, &wish, &best);
    size_t n = search(scores, n_items, wish.n, expected);
    CHECK(best.n == n && memcmp(entries, expected, n * sizeof *entries) == 0);
    CHECK(best.source == (stranger ? RS_FROM_POPULARITY : RS_FROM_MODEL));
}

/* Ready lists of two users, whose entries the model would not give, so that it shows who was asked.
 */
static void check_ready(void) {
    enum { N_ITEMS = 40, N = 4 };
    static const uint64_t list_start[] = {0, 4, 6};
    static const uint32_t item[] = {7, 3, 9, 1, 5, 2};
    static const float score[] = {4, 3, 2, 1, 2, 1};
    static const struct rs_lists lists = {
        .most = N, .start = list_start, .item = item, .score = score};
    static uint64_t start[MAX_ITEMS + 1];
    static const uint32_t rated[] = {0};
    static const float rating[] = {1};
    uint8_t allowed[N_ITEMS];
    for (uint32_t i = 0; i < N_ITEMS; i++) {
        truth[i] = 100 + (float)i;
        allowed[i] = i != 3;
    }
    struct rs_matrix matrix = matrix_of(N_ITEMS, start);
    struct rs_model model = {.class = &ranking, .matrix = &matrix};
    struct rs_listing *listing = rs_listing_new(&model, &lists);
    struct rs_listed entries[8];
    struct rs_best best = {.entries = entries};
    static const uint32_t without[] = {RS_NONE, 7};
    const struct rs_wish plain = {.n = 2};
    const struct {
        uint32_t user;
        bool changed;
        size_t n_rated;
        struct rs_wish wish;
        bool ready;
        size_t n;
        uint32_t item; /* the first */
    } cases[] = {
        {0, false, 1, plain, true, 2, 7},
        {0, false, 1, {.n = 4}, true, 4, 7},
        {0, false, 1, {.n = 5}, false, 5, 39}, /* the list ends before */
        {1, false, 1, {.n = 5}, true, 2, 5},   /* but not one that holds all */
        {0, false, 1, {.n = 3, .without = without, .n_without = 2}, true, 3, 3},
        {0, false, 1, {.n = 4, .without = without, .n_without = 2}, false, 4, 39},
        {0, false, 1, {.n = 3, .allowed = allowed}, true, 3, 7},
        {0, false, 1, {.n = 2, .adjust = add_one, .data = &matrix}, false, 2, 38},
        {0, true, 1, plain, false, 2, 39},
        {RS_NONE, false, 1, plain, false, 2, 39},
        {0, false, 0, plain, false, 2, 2}, /* popular */
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const struct rs_profile profile = {.user = cases[c].user,
                                           .changed = cases[c].changed,
                                           .n = cases[c].n_rated,
                                           .item = rated,
                                           .rating = rating};
        rs_listing_fill(listing, &profile, &cases[c].wish, &best);
        CHECK(best.ready == cases[c].ready);
        CHECK(best.n == cases[c].n && entries[0].item == cases[c].item);
    }
    rs_listing_free(listing);
}

int main(void) {
    check_ready();
    static const size_t sizes[] = {1, 15, 16, 33, 250, MAX_ITEMS};
    static uint64_t start[MAX_ITEMS + 1];
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct rs_matrix matrix = matrix_of(sizes[s], start);
        for (int kind = 0; kind < 2; kind++) {
            struct rs_model model = {.class = kind == 0 ? &ranking : &arguing, .matrix = &matrix};
            struct rs_listing *listing = rs_listing_new(&model, NULL);
            for (uint32_t trial = 0; trial < 200; trial++) check(&model, listing, trial);
            rs_listing_free(listing);
        }
    }
    return done();
}
