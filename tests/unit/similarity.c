/* Neighbours against a naive version in doubles, on thousands of small random matrices with what
 * data may hold, and the same bytes for every kernel, number of threads, part count and memory. */
#include "neighbours/similarity.h"

#include <omp.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "neighbours/neighbours.h"
#include "unit.h"

/* Random matrices */

enum rating_kind { STARS, HALVES, ZEROS, NEGATIVES, REALS, EQUAL, HUGE_REALS, TENTHS, N_RATINGS };

static float draw_rating(struct rs_random *random, enum rating_kind kind) {
    switch (kind) {
    case STARS:
        return (float)(1 + rs_random_below(random, 5));
    case HALVES:
        return 0.5f * (float)(1 + rs_random_below(random, 10));
    case ZEROS:
        return (float)rs_random_below(random, 11);
    case NEGATIVES:
        return (float)rs_random_below(random, 11) - 5;
    case REALS:
        return (float)(rs_random_uniform(random) * 20 - 10);
    case HUGE_REALS:
        return (float)(rs_random_uniform(random) * 2e38);
    case TENTHS:
        return (float)(1 + rs_random_below(random, 90)) / 10;
    default:
        return 3;
    }
}

static void transpose(struct rs_sparse *to, const struct rs_sparse *from) {
    uint64_t n = from->start[from->n_lines], *start = rs_calloc(from->n_others + 2, sizeof *start);
    uint32_t *other = rs_malloc(n, sizeof *other);
    float *rating = rs_malloc(n, sizeof *rating);
    for (uint64_t e = 0; e < n; e++) start[from->other[e] + 2]++;
    for (size_t o = 0; o < from->n_others; o++) start[o + 1] += start[o];
    for (size_t line = 0; line < from->n_lines; line++) {
        for (uint64_t e = from->start[line]; e < from->start[line + 1]; e++) {
            uint64_t at = start[from->other[e] + 1]++;
            other[at] = (uint32_t)line;
            rating[at] = from->rating[e];
        }
    }
    *to = (struct rs_sparse){from->n_others, from->n_lines, start, other, rating};
}

static void describe(struct rs_side *side, const struct rs_sparse *form, struct rs_random *random) {
    double *mean = rs_malloc(form->n_lines, sizeof *mean);
    double *bias = rs_malloc(form->n_lines, sizeof *bias);
    for (size_t line = 0; line < form->n_lines; line++) {
        double sum = 0, n = (double)(form->start[line + 1] - form->start[line]);
        for (uint64_t e = form->start[line]; e < form->start[line + 1]; e++)
            sum += (double)form->rating[e];
        mean[line] = n > 0 ? sum / n : 0;
        bias[line] = rs_random_normal(random);
    }
    side->mean = mean;
    side->bias = bias;
}

/* Item i is rated with a probability that falls from 1 (everybody) to about SPARSE. */
static struct rs_matrix draw_matrix(struct rs_random *random, size_t n_users, size_t n_items,
                                    double sparse, enum rating_kind kind) {
    struct rs_matrix matrix = {0};
    uint64_t *start = rs_calloc(n_users + 1, sizeof *start);
    uint32_t *other = rs_malloc(n_users * n_items, sizeof *other);
    float *rating = rs_malloc(n_users * n_items, sizeof *rating);
    uint64_t n = 0;
    for (size_t u = 0; u < n_users; u++) {
        double eager = u == 0 ? 1 : 2 * rs_random_uniform(random);
        for (size_t i = 0; i < n_items; i++) {
            double chance = i == 0 ? 1 : eager * (sparse + (1 - sparse) / (1 + (double)i));
            if (rs_random_uniform(random) > chance) continue;
            other[n] = (uint32_t)i;
            rating[n++] = draw_rating(random, kind);
        }
        start[u + 1] = n;
    }
    matrix.n_ratings = n;
    matrix.rows = (struct rs_sparse){n_users, n_items, start, other, rating};
    transpose(&matrix.columns, &matrix.rows);
    describe(&matrix.users, &matrix.rows, random);
    describe(&matrix.items, &matrix.columns, random);
    for (uint64_t e = 0; e < n; e++) matrix.mean += (double)rating[e] / (double)n;
    return matrix;
}

static void free_const(const void *memory) {
    free((void *)(uintptr_t)memory);
}

static void free_matrix(struct rs_matrix *matrix) {
    const struct rs_sparse *forms[] = {&matrix->rows, &matrix->columns};
    const struct rs_side *sides[] = {&matrix->users, &matrix->items};
    for (size_t i = 0; i < 2; i++) {
        free_const(forms[i]->start);
        free_const(forms[i]->other);
        free_const(forms[i]->rating);
        free_const(sides[i]->mean);
        free_const(sides[i]->bias);
    }
}

/* The naive version: from the definitions, over dense lines */

struct dense_lines {
    size_t n_lines, n_others;
    bool *rated;
    double *rating, *value; /* of the metric */
};

static struct dense_lines spread_lines(const struct rs_matrix *matrix, bool users,
                                       const struct rs_similarity *how) {
    const struct rs_sparse *form = rs_matrix_form(matrix, users);
    const struct rs_side *lines = users ? &matrix->users : &matrix->items;
    const struct rs_side *others = users ? &matrix->items : &matrix->users;
    size_t cells = form->n_lines * form->n_others;
    struct dense_lines dense = {form->n_lines, form->n_others, rs_calloc(cells, sizeof(bool)),
                                rs_calloc(cells, sizeof(double)), rs_calloc(cells, sizeof(double))};
    for (size_t a = 0; a < form->n_lines; a++) {
        for (uint64_t e = form->start[a]; e < form->start[a + 1]; e++) {
            size_t o = form->other[e], cell = a * form->n_others + o;
            double rating = (double)form->rating[e], centre = 0;
            if (how->metric == RS_ADJUSTED_COSINE) centre = others->mean[o];
            if (how->metric == RS_PEARSON && how->over == RS_FULL) centre = lines->mean[a];
            if (how->metric == RS_PEARSON_BASELINE)
                centre = matrix->mean + lines->bias[a] + others->bias[o];
            dense.rated[cell] = true;
            dense.rating[cell] = rating;
            dense.value[cell] = rating - centre;
        }
    }
    return dense;
}

static void free_lines(struct dense_lines *dense) {
    free(dense->rated);
    free(dense->rating);
    free(dense->value);
}

static double naive_ratio(const struct dense_lines *d, size_t a, size_t b, bool full) {
    double xy = 0, xx = 0, yy = 0;
    for (size_t o = 0; o < d->n_others; o++) {
        size_t i = a * d->n_others + o, j = b * d->n_others + o;
        bool both = d->rated[i] && d->rated[j];
        if (both) xy += d->value[i] * d->value[j];
        if (full || both) xx += d->value[i] * d->value[i];
        if (full || both) yy += d->value[j] * d->value[j];
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx) / sqrt(yy) : NAN;
}

/* About the co-rated means; NaN where one line's co-rated entries are alike. */
static double naive_correlation(const struct dense_lines *d, size_t a, size_t b, double n) {
    double mean_x = 0, mean_y = 0, xy = 0, xx = 0, yy = 0;
    bool vary_x = false, vary_y = false;
    size_t first = SIZE_MAX;
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t o = 0; o < d->n_others; o++) {
            size_t i = a * d->n_others + o, j = b * d->n_others + o;
            if (!d->rated[i] || !d->rated[j]) continue;
            if (pass == 0) {
                if (first == SIZE_MAX) first = o;
                mean_x += d->rating[i] / n;
                mean_y += d->rating[j] / n;
                vary_x |= d->rating[i] != d->rating[a * d->n_others + first];
                vary_y |= d->rating[j] != d->rating[b * d->n_others + first];
            } else {
                xy += (d->rating[i] - mean_x) * (d->rating[j] - mean_y);
                xx += (d->rating[i] - mean_x) * (d->rating[i] - mean_x);
                yy += (d->rating[j] - mean_y) * (d->rating[j] - mean_y);
            }
        }
    }
    return vary_x && vary_y ? xy / sqrt(xx) / sqrt(yy) : NAN;
}

/* NaN: none. */
static double naive_similarity(const struct rs_similarity *how, const struct dense_lines *d,
                               size_t a, size_t b) {
    double n = 0, n_a = 0, n_b = 0, difference = 0, s;
    for (size_t o = 0; o < d->n_others; o++) {
        size_t i = a * d->n_others + o, j = b * d->n_others + o;
        n_a += d->rated[i];
        n_b += d->rated[j];
        if (!d->rated[i] || !d->rated[j]) continue;
        n++;
        difference += (d->rating[i] - d->rating[j]) * (d->rating[i] - d->rating[j]);
    }
    double less = how->metric == RS_PEARSON_BASELINE ? 1 : 0;
    if (n < 1 + less || n < how->min_support) return NAN;
    if (how->metric == RS_JACCARD) {
        s = n / (n_a + n_b - n);
    } else if (how->metric == RS_MSD) {
        s = 1 / (1 + difference / n);
    } else if (how->metric == RS_PEARSON && how->over == RS_CO_RATED) {
        s = naive_correlation(d, a, b, n);
    } else {
        s = naive_ratio(d, a, b, how->over == RS_FULL);
    }
    return how->shrink > 0 ? s * (n - less) / (n - less + how->shrink) : s;
}

/* Checks */

/* One line's list: the values are right, in order, and none that belongs there is missing. */
static bool list_is_right(const struct rs_neighbours *found, size_t a,
                          const struct rs_neighbours_options *options,
                          const struct dense_lines *dense) {
    uint64_t begin = found->start[a - found->from], end = found->start[a - found->from + 1];
    bool *listed = rs_calloc(dense->n_lines, sizeof *listed), right = end - begin <= options->k;
    float last = 2;
    for (uint64_t e = begin; e < end; e++) {
        uint32_t b = found->other[e];
        double wanted = naive_similarity(&options->similarity, dense, a, b);
        float similarity = found->similarity[e];
        right &= b != a && !listed[b] && fabs((double)similarity - wanted) < 1e-6;
        right &= similarity > options->min_similarity;
        right &= similarity < last || (similarity == last && b > found->other[e - 1]);
        listed[b] = true;
        last = similarity;
    }
    bool is_full = end - begin == options->k;
    for (size_t b = 0; b < dense->n_lines; b++) {
        if (b == a || listed[b]) continue;
        double unlisted = naive_similarity(&options->similarity, dense, a, b);
        if (isnan(unlisted)) continue;
        right &= unlisted < (double)(is_full ? last : options->min_similarity) + 1e-6;
    }
    free(listed);
    return right;
}

static bool same_bytes(const struct rs_neighbours *a, const struct rs_neighbours *b) {
    size_t n = a->to - a->from;
    if (b->to - b->from != n || memcmp(a->start, b->start, (n + 1) * sizeof *a->start) != 0)
        return false;
    return memcmp(a->other, b->other, a->start[n] * sizeof *a->other) == 0 &&
           memcmp(a->similarity, b->similarity, a->start[n] * sizeof *a->similarity) == 0;
}

/* The same found with N threads, a kernel, in parts; appended to one. */
static struct rs_neighbours find_in_parts(const struct rs_matrix *matrix,
                                          struct rs_neighbours_options options, int threads,
                                          size_t n_parts) {
    size_t n_lines = rs_matrix_form(matrix, options.users)->n_lines;
    struct rs_neighbours all = {.to = n_lines, .start = rs_calloc(n_lines + 1, sizeof(uint64_t))};
    omp_set_num_threads(threads);
    for (size_t i = 0; i < n_parts; i++) {
        struct rs_neighbours part;
        size_t from, to;
        rs_neighbours_part(matrix, options.users, i, n_parts, &from, &to);
        CHECK(rs_neighbours_find(&part, matrix, &options, from, to, NULL));
        uint64_t at = all.start[from], n = part.start[to - from];
        all.other = rs_realloc(all.other, at + n, sizeof *all.other);
        all.similarity = rs_realloc(all.similarity, at + n, sizeof *all.similarity);
        if (n > 0) memcpy(all.other + at, part.other, n * sizeof *all.other);
        if (n > 0) memcpy(all.similarity + at, part.similarity, n * sizeof *all.similarity);
        for (size_t line = from; line < to; line++)
            all.start[line + 1] = at + part.start[line - from + 1];
        rs_neighbours_free(&part);
    }
    return all;
}

static struct rs_neighbours_options draw_options(struct rs_random *random, size_t n_lines) {
    static const double shrinks[] = {0, 0, 1, 25.5};
    static const float floors[] = {0, 0, 0, 0.25f, -0.5f, -2};
    struct rs_neighbours_options options = {
        .similarity = {.metric = (enum rs_metric)rs_random_below(random, 6),
                       .over = (enum rs_over)rs_random_below(random, 2),
                       .shrink = shrinks[rs_random_below(random, 4)],
                       .min_support = rs_random_below(random, 4)},
        .users = rs_random_below(random, 2) == 0,
        .k = 1 + rs_random_below(random, (uint32_t)n_lines + 5),
        .min_similarity = floors[rs_random_below(random, 6)],
    };
    if (options.similarity.metric == RS_MSD) options.similarity.over = RS_CO_RATED;
    return options;
}

static void check_small(uint32_t trial) {
    struct rs_random random = rs_random_stream(1, trial, 0, 0);
    size_t n_users = 1 + rs_random_below(&random, 24), n_items = 1 + rs_random_below(&random, 40);
    enum rating_kind kind = (enum rating_kind)rs_random_below(&random, N_RATINGS);
    struct rs_matrix matrix =
        draw_matrix(&random, n_users, n_items, rs_random_uniform(&random), kind);
    size_t n_lines = n_users > n_items ? n_users : n_items;
    struct rs_neighbours_options options = draw_options(&random, n_lines);
    struct dense_lines dense = spread_lines(&matrix, options.users, &options.similarity);
    struct rs_neighbours found = find_in_parts(&matrix, options, 1, 1);
    bool right = true;
    for (size_t a = 0; a < dense.n_lines; a++)
        right = right && list_is_right(&found, a, &options, &dense);
    if (!right)
        printf("trial %u: %s %s, ratings %d, shrink %g, support %u, floor %g, k %zu\n", trial,
               rs_metric_names[options.similarity.metric], rs_over_names[options.similarity.over],
               kind, options.similarity.shrink, options.similarity.min_support,
               (double)options.min_similarity, options.k);
    CHECK(right);
    options.kernel = rs_dots_kernels[trial % rs_n_dots_kernels];
    if (!options.kernel->is_supported()) options.kernel = NULL;
    struct rs_neighbours again =
        find_in_parts(&matrix, options, 1 + (int)(trial % 3), 1 + trial % 4);
    CHECK(same_bytes(&found, &again));
    rs_neighbours_free(&found);
    rs_neighbours_free(&again);
    free_lines(&dense);
    free_matrix(&matrix);
}

/* The least memory that is enough, from the error that says so. */
static size_t least_memory(const struct rs_matrix *matrix, struct rs_neighbours_options options) {
    struct rs_error err = {0};
    struct rs_neighbours found;
    size_t n_lines = rs_matrix_form(matrix, options.users)->n_lines, allowed = 0, needed = 0;
    options.memory = 1;
    CHECK(!rs_neighbours_find(&found, matrix, &options, 0, n_lines, &err));
    CHECK(err.code == EX_USAGE);
    CHECK(sscanf(err.text, "--memory: %zu bytes are not enough: %zu", &allowed, &needed) == 2);
    CHECK(allowed == 1);
    return needed;
}

/* Matrices of several blocks, with dense columns, lists and lines compared by columns: some lines
 * against the naive version, all against each other. */
static void check_large(uint32_t trial, size_t n_users, size_t n_items, enum rating_kind kind,
                        struct rs_similarity how, bool users) {
    struct rs_random random = rs_random_stream(2, trial, 0, 0);
    struct rs_matrix matrix = draw_matrix(&random, n_users, n_items, 0.02, kind);
    struct rs_neighbours_options options = {.similarity = how, .users = users, .k = 30};
    struct rs_neighbours found = find_in_parts(&matrix, options, 1, 1);
    struct dense_lines dense = spread_lines(&matrix, users, &how);
    bool right = true;
    for (size_t a = 0; a < dense.n_lines; a += 1 + dense.n_lines / 7)
        right = right && list_is_right(&found, a, &options, &dense);
    CHECK(right);
    free_lines(&dense);
    for (size_t i = 0; i < rs_n_dots_kernels; i++) {
        if (!rs_dots_kernels[i]->is_supported()) continue;
        options.kernel = rs_dots_kernels[i];
        struct rs_neighbours again = find_in_parts(&matrix, options, 2 + (int)i, 1 + 2 * i);
        CHECK(same_bytes(&found, &again));
        rs_neighbours_free(&again);
    }
    omp_set_num_threads(2);
    options.memory = least_memory(&matrix, options);
    struct rs_neighbours frugal = find_in_parts(&matrix, options, 2, 1);
    CHECK(same_bytes(&found, &frugal));
    rs_neighbours_free(&frugal);
    rs_neighbours_free(&found);
    free_matrix(&matrix);
}

/* The first N_ROWS users alone, as a part has them, with one thread: a single block, shorter than
 * others, and so many lines behind it that its tiles are as high as they get. */
static void check_short_block(uint32_t trial, size_t n_users, size_t n_rows) {
    struct rs_random random = rs_random_stream(4, trial, 0, 0);
    struct rs_matrix matrix = draw_matrix(&random, n_users, 24, 0.3, HALVES);
    struct rs_neighbours_options options = {
        .similarity = {RS_PEARSON, RS_CO_RATED, 10, 2}, .users = true, .k = 30};
    struct dense_lines dense = spread_lines(&matrix, options.users, &options.similarity);
    struct rs_neighbours part;
    omp_set_num_threads(1);
    CHECK(rs_neighbours_find(&part, &matrix, &options, 0, n_rows, NULL));
    bool right = true;
    for (size_t a = 0; a < n_rows; a += 1 + n_rows / 7)
        right = right && list_is_right(&part, a, &options, &dense);
    CHECK(right);
    rs_neighbours_free(&part);
    free_lines(&dense);
    free_matrix(&matrix);
}

/* Similarities of all pairs are symmetric to the last bit, and the first k of all are the k. */
static void check_symmetry(uint32_t trial, enum rs_metric metric, enum rs_over over) {
    struct rs_random random = rs_random_stream(3, trial, metric, over);
    struct rs_matrix matrix = draw_matrix(&random, 150, 260, 0.1, HALVES);
    struct rs_neighbours_options options = {
        .similarity = {metric, over, 3, 1}, .k = 260, .min_similarity = -2};
    struct rs_neighbours all = find_in_parts(&matrix, options, 2, 1);
    float *dense = rs_calloc(260 * 260, sizeof *dense);
    for (size_t a = 0; a < 260; a++)
        for (uint64_t e = all.start[a]; e < all.start[a + 1]; e++)
            dense[a * 260 + all.other[e]] = all.similarity[e];
    bool symmetric = true;
    for (size_t a = 0; a < 260; a++)
        for (size_t b = 0; b < a; b++) symmetric &= dense[a * 260 + b] == dense[b * 260 + a];
    CHECK(symmetric);
    options.k = 11;
    struct rs_neighbours first = find_in_parts(&matrix, options, 2, 1);
    bool same = true;
    for (size_t a = 0; a < 260; a++) {
        uint64_t n = all.start[a + 1] - all.start[a], k = first.start[a + 1] - first.start[a];
        same &= k == (n < 11 ? n : 11);
        same &= memcmp(all.other + all.start[a], first.other + first.start[a],
                       k * sizeof *first.other) == 0;
    }
    CHECK(same);
    free(dense);
    rs_neighbours_free(&all);
    rs_neighbours_free(&first);
    free_matrix(&matrix);
}

int main(void) {
    for (uint32_t trial = 0; trial < 3000; trial++) check_small(trial);
    const struct rs_similarity full_cosine = {RS_COSINE, RS_FULL, 0, 1};
    const struct rs_similarity pearson = {RS_PEARSON, RS_CO_RATED, 10, 2};
    const struct rs_similarity baseline = {RS_PEARSON_BASELINE, RS_CO_RATED, 100, 1};
    const struct rs_similarity jaccard = {RS_JACCARD, RS_FULL, 0, 1};
    check_large(1, 300, 4500, HALVES, full_cosine, false);
    check_large(2, 2600, 400, STARS, full_cosine, true);
    check_large(3, 1300, 900, HALVES, pearson, true);
    check_large(4, 300, 2500, STARS, baseline, false);
    check_large(5, 500, 2500, REALS, jaccard, false);
    check_large(6, 400, 2200, TENTHS, full_cosine, false);
    /* Rows longer than the accumulators of six sums hold at once. */
    check_large(7, 40000, 6, HALVES, pearson, false);
    /* Sums of 4 MiB for 384 and for 256 lines of a block, and their padding. */
    check_short_block(1, 4000, 300);
    check_short_block(2, 6000, 200);
    for (int metric = 0; metric < 6; metric++) {
        check_symmetry(1, (enum rs_metric)metric, RS_CO_RATED);
        if (metric != RS_MSD) check_symmetry(2, (enum rs_metric)metric, RS_FULL);
    }
    return done();
}
