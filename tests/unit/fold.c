/* The neighbours of a profile against naive sums: to the last bit where these are exact, whichever
 * columns lie densely, for more users than are summed at once and more than a word holds; and
 * weighted rows that do. */
#include "neighbours/fold.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "neighbours/levels.h"
#include "unit.h"

enum rating_kind { STARS, HALVES, WHOLES, LARGE, BEYOND, QUARTERS, REALS, N_KINDS };

static float draw_rating(struct rs_random *random, enum rating_kind kind) {
    switch (kind) {
    case STARS:
        return (float)(1 + rs_random_below(random, 5));
    case HALVES:
        return 0.5f * (float)(1 + rs_random_below(random, 10));
    case WHOLES:
        return (float)rs_random_below(random, RS_LEVELS_TOP + 1);
    case LARGE:
        return 0.5f * (float)(RS_LEVELS_TOP - rs_random_below(random, 3));
    case BEYOND:
        return (float)rs_random_below(random, 40) - 3;
    case QUARTERS:
        return 0.25f * (float)(1 + rs_random_below(random, 20));
    default:
        return (float)(rs_random_uniform(random) * 5);
    }
}

/* Item i is rated by a share of the users that falls from all to few; by all where POPULAR. */
struct drawn {
    struct rs_matrix matrix;
    uint64_t *row_start, *column_start;
    uint32_t *item, *user;
    float *by_row, *by_column;
};

static void draw(struct drawn *drawn, struct rs_random *random, size_t n_users, size_t n_items,
                 enum rating_kind kind, bool popular) {
    float *dense = rs_calloc(n_users * n_items, sizeof *dense);
    bool *rated = rs_calloc(n_users * n_items, sizeof *rated);
    size_t n = 0;
    for (size_t u = 0; u < n_users; u++)
        for (size_t i = 0; i < n_items; i++) {
            if (!popular && i > 0 && rs_random_uniform(random) > 2 / (double)(1 + i)) continue;
            rated[u * n_items + i] = true;
            dense[u * n_items + i] = draw_rating(random, kind);
            n++;
        }
    *drawn = (struct drawn){
        .row_start = rs_calloc(n_users + 1, sizeof(uint64_t)),
        .column_start = rs_calloc(n_items + 1, sizeof(uint64_t)),
        .item = rs_malloc(n, sizeof(uint32_t)),
        .user = rs_malloc(n, sizeof(uint32_t)),
        .by_row = rs_malloc(n, sizeof(float)),
        .by_column = rs_malloc(n, sizeof(float)),
    };
    size_t at = 0;
    for (size_t u = 0; u < n_users; u++) {
        for (size_t i = 0; i < n_items; i++)
            if (rated[u * n_items + i]) {
                drawn->item[at] = (uint32_t)i;
                drawn->by_row[at++] = dense[u * n_items + i];
            }
        drawn->row_start[u + 1] = at;
    }
    at = 0;
    for (size_t i = 0; i < n_items; i++) {
        for (size_t u = 0; u < n_users; u++)
            if (rated[u * n_items + i]) {
                drawn->user[at] = (uint32_t)u;
                drawn->by_column[at++] = dense[u * n_items + i];
            }
        drawn->column_start[i + 1] = at;
    }
    drawn->matrix.n_ratings = n;
    drawn->matrix.rows =
        (struct rs_sparse){n_users, n_items, drawn->row_start, drawn->item, drawn->by_row};
    drawn->matrix.columns =
        (struct rs_sparse){n_items, n_users, drawn->column_start, drawn->user, drawn->by_column};
    free(dense);
    free(rated);
}

static void free_drawn(struct drawn *drawn) {
    free(drawn->row_start);
    free(drawn->column_start);
    free(drawn->item);
    free(drawn->user);
    free(drawn->by_row);
    free(drawn->by_column);
}

/* The similarity of a profile to a user, or 0 for none. */
static float naive(const struct rs_matrix *matrix, const struct rs_profile *profile, uint32_t user,
                   bool jaccard) {
    double xy = 0, xx = 0, yy = 0, n = 0;
    uint64_t begin = matrix->rows.start[user], end = matrix->rows.start[user + 1];
    for (size_t e = 0; e < profile->n; e++)
        xx += (double)profile->rating[e] * (double)profile->rating[e];
    for (uint64_t f = begin; f < end; f++)
        yy += (double)matrix->rows.rating[f] * (double)matrix->rows.rating[f];
    for (size_t e = 0; e < profile->n; e++)
        for (uint64_t f = begin; f < end; f++) {
            if (matrix->rows.other[f] != profile->item[e]) continue;
            xy += (double)profile->rating[e] * (double)matrix->rows.rating[f];
            n++;
        }
    double sum = jaccard ? n : xy;
    double under = jaccard ? (double)profile->n + (double)(end - begin) - n : sqrt(xx) * sqrt(yy);
    if (!(sum > 0) || !(under > 0) || user == profile->user) return 0;
    return sum / under > 1 ? 1 : (float)(sum / under);
}

static size_t draw_profile(struct rs_random *random, size_t n_items, enum rating_kind kind,
                           uint32_t *item, float *rating) {
    size_t n = 0;
    for (uint32_t i = 0; i < n_items; i++) {
        if (rs_random_below(random, 3) == 0) continue;
        item[n] = i;
        rating[n++] = draw_rating(random, rs_random_below(random, 20) == 0 ? REALS : kind);
    }
    return n;
}

static void check(uint32_t trial, size_t n_users, size_t n_items, enum rating_kind kind,
                  bool jaccard) {
    struct rs_random random = rs_random_stream(1, trial, 0, 0);
    struct drawn drawn;
    draw(&drawn, &random, n_users, n_items, kind, kind == LARGE);
    size_t k = 1 + rs_random_below(&random, (uint32_t)n_users);
    json_t *parameters = json_pack("{s:s, s:s, s:i, s:i}", "metric", jaccard ? "jaccard" : "cosine",
                                   "over", "full", "neighbours", (int)k, "shrink", 0);
    struct rs_fold_base *base = rs_fold_base_new(&drawn.matrix, parameters);
    struct rs_fold *fold = rs_fold_new(base);
    uint32_t *item = rs_malloc(n_items, sizeof *item);
    float *rating = rs_malloc(n_items, sizeof *rating);
    float *similarity = rs_calloc(n_users, sizeof *similarity);
    bool right = true;
    for (uint32_t again = 0; again < 3; again++) {
        const uint32_t *users;
        struct rs_profile profile = {
            .user = again == 0 ? RS_NONE : again, .item = item, .rating = rating};
        bool exact = again == 2; /* the ratings of a user of the matrix */
        profile.n = draw_profile(&random, n_items, kind, item, rating);
        if (exact)
            profile = (struct rs_profile){
                .user = 0, .n = drawn.row_start[1], .item = drawn.item, .rating = drawn.by_row};
        size_t n = rs_fold_neighbours(fold, &profile, similarity, &users), n_similar = 0;
        float last = 2;
        for (size_t i = 0; i < n; i++) {
            float found = similarity[users[i]],
                  wanted = naive(&drawn.matrix, &profile, users[i], jaccard);
            right &= exact && kind != REALS ? found == wanted : fabsf(found - wanted) < 1e-6f;
            right &= found < last || (found == last && users[i] > users[i - 1]);
            last = found;
        }
        for (uint32_t user = 0; user < n_users; user++) {
            float wanted = naive(&drawn.matrix, &profile, user, jaccard);
            n_similar += wanted > 0;
            right &= similarity[user] > 0 || wanted <= (n == k ? last + 1e-6f : 0);
        }
        right &= n == (n_similar < k ? n_similar : k);
        for (size_t i = 0; i < n; i++) similarity[users[i]] = 0;
    }
    CHECK(right);
    free(item);
    free(rating);
    free(similarity);
    rs_fold_free(fold);
    rs_fold_base_free(base);
    json_decref(parameters);
    free_drawn(&drawn);
}

/* Weighted rows against one after the other, to the last bit. */
static void check_rows(uint32_t trial, size_t n_users, size_t n_items, enum rating_kind kind) {
    struct rs_random random = rs_random_stream(2, trial, 0, 0);
    struct drawn drawn;
    struct rs_levels levels;
    draw(&drawn, &random, n_users, n_items, kind, trial % 2 == 0);
    const struct rs_sparse *rows = &drawn.matrix.rows;
    rs_levels_make(&levels, rows, false);
    float *sum = rs_calloc(n_items, sizeof *sum), *wanted = rs_calloc(n_items, sizeof *wanted);
    size_t n_kept = 0, n = 0;
    uint32_t number[RS_LEVELS_FEW];
    float weight[RS_LEVELS_FEW];
    bool same = true;
    for (uint32_t user = 0; user < n_users; user++) {
        number[n] = rs_levels_number(&levels, user);
        if (number[n] == RS_NONE) continue;
        n_kept++;
        weight[n] = (float)rs_random_normal(&random);
        for (uint64_t e = rows->start[user]; e < rows->start[user + 1]; e++)
            wanted[rows->other[e]] += weight[n] * rows->rating[e];
        if (++n < 1 + rs_random_below(&random, RS_LEVELS_FEW)) continue;
        rs_levels_weigh(&levels, number, weight, n, sum);
        n = 0;
    }
    rs_levels_weigh(&levels, number, weight, n, sum);
    for (size_t i = 0; i < n_items; i++) same &= sum[i] == wanted[i];
    CHECK(same);
    CHECK(n_kept == 0 || kind != REALS);
    CHECK(n_kept > 0 || kind > LARGE);
    free(sum);
    free(wanted);
    rs_levels_free(&levels);
    free_drawn(&drawn);
}

int main(void) {
    for (uint32_t trial = 0; trial < 300; trial++)
        check(trial, 3 + trial % 90, 2 + trial % 37, (enum rating_kind)(trial % N_KINDS),
              trial % 7 == 3);
    for (uint32_t trial = 0; trial < 100; trial++)
        check_rows(trial, 40, trial % 2 == 0 ? 2 + 4 * trial : 2 + trial % 70,
                   (enum rating_kind)(trial % N_KINDS));
    check(1000, 9000, 60, HALVES, false);
    check(1001, 9000, 60, LARGE, false);
    check(1002, 9000, 60, STARS, true);
    return done();
}
