#include "neighbours/similarity.h"

#include <math.h>

#include "base/cpu.h"

const char *const rs_metric_names[] = {"cosine", "adjusted-cosine", "pearson", "pearson-baseline",
                                       "msd",    "jaccard",         NULL};
const char *const rs_over_names[] = {"co-rated", "full", NULL};

double rs_similarity_default_shrink(enum rs_metric metric) {
    return metric == RS_PEARSON_BASELINE ? 100 : 0;
}

double rs_similarity_value(const struct rs_similarity *how, const struct rs_matrix *matrix,
                           bool users, uint32_t line, uint32_t other, float rating) {
    const struct rs_side *lines = users ? &matrix->users : &matrix->items;
    const struct rs_side *others = users ? &matrix->items : &matrix->users;
    switch (how->metric) {
    case RS_ADJUSTED_COSINE:
        return (double)rating - others->mean[other];
    case RS_PEARSON: /* co-rated: no matter what is taken from a line */
        return (double)rating - lines->mean[line];
    case RS_PEARSON_BASELINE:
        return (double)rating - (matrix->mean + lines->bias[line] + others->bias[other]);
    case RS_MSD: /* the same from both lines leaves the differences */
        return (double)rating - matrix->mean;
    case RS_JACCARD:
        return 1;
    case RS_COSINE:
        break;
    }
    return (double)rating;
}

/* What becomes of the sums. */
enum form { RATIO, CO_RATED_RATIO, CORRELATION, DIFFERENCE, OVERLAP };

static enum form form_of(const struct rs_similarity *how) {
    if (how->metric == RS_JACCARD) return OVERLAP;
    if (how->metric == RS_MSD) return DIFFERENCE;
    if (how->over == RS_FULL) return RATIO;
    return how->metric == RS_PEARSON ? CORRELATION : CO_RATED_RATIO;
}

static double least_support(const struct rs_similarity *how) {
    double least = how->metric == RS_PEARSON_BASELINE ? 2 : 1;
    return (double)how->min_support > least ? (double)how->min_support : least;
}

unsigned rs_similarity_needs(const struct rs_similarity *how) {
    const unsigned n = 1u << RS_SUM_N, xy = 1u << RS_SUM_XY;
    const unsigned x_y = 1u << RS_SUM_X | 1u << RS_SUM_Y, xx_yy = 1u << RS_SUM_XX | 1u << RS_SUM_YY;
    bool counts = how->shrink > 0 || least_support(how) > 1;
    switch (form_of(how)) {
    case RATIO:
        return xy | (counts ? n : 0);
    case CORRELATION:
        return n | x_y | xx_yy | xy;
    case CO_RATED_RATIO:
    case DIFFERENCE:
        return n | xx_yy | xy;
    case OVERLAP:
        break;
    }
    return n;
}

/* The loops below have no branches, so that the compiler turns them into vector code; every lane
 * does what a scalar would, to the last bit. */

static void divide(const double *over, const double *under, double *value) {
    for (size_t i = 0; i < RS_PAIRS; i++) {
        double safe = under[i] > 0 ? under[i] : 1;
        double ratio = over[i] / safe;
        ratio = ratio > 1 ? 1 : ratio;
        ratio = ratio < -1 ? -1 : ratio;
        ratio = fabs(ratio) < 1e-12 ? 0 : ratio;
        value[i] = under[i] > 0 ? ratio : (double)RS_NO_SIMILARITY;
    }
}

static void full_ratio(const struct rs_sums *s, const struct rs_line_fact *x,
                       const struct rs_line_facts *facts, size_t y, double *value) {
    double over[RS_PAIRS], under[RS_PAIRS];
    double mean_x = x->mean, root_x = x->root;
    for (size_t i = 0; i < RS_PAIRS; i++) {
        double mean_y = facts->mean[y + i];
        double shift = mean_x * s->sum[RS_SUM_Y][i] + mean_y * s->sum[RS_SUM_X][i];
        over[i] = s->sum[RS_SUM_XY][i] - shift + s->sum[RS_SUM_N][i] * (mean_x * mean_y);
        under[i] = root_x * facts->root[y + i];
    }
    divide(over, under, value);
}

static void co_rated_ratio(const struct rs_sums *s, double *value) {
    double under[RS_PAIRS];
    for (size_t i = 0; i < RS_PAIRS; i++)
        under[i] = sqrt(s->sum[RS_SUM_XX][i] * s->sum[RS_SUM_YY][i]);
    divide(s->sum[RS_SUM_XY], under, value);
}

/* n times the sum of squares about the co-rated mean, 0 where rounding is all there is. */
static inline double spread(double n, double sum, double squares) {
    double all = n * squares;
    double about = all - sum * sum;
    return about > 1e-12 * all ? about : 0;
}

static void correlation(const struct rs_sums *s, double *value) {
    double over[RS_PAIRS], under[RS_PAIRS];
    for (size_t i = 0; i < RS_PAIRS; i++) {
        double n = s->sum[RS_SUM_N][i], x = s->sum[RS_SUM_X][i], y = s->sum[RS_SUM_Y][i];
        over[i] = n * s->sum[RS_SUM_XY][i] - x * y;
        under[i] = sqrt(spread(n, x, s->sum[RS_SUM_XX][i]) * spread(n, y, s->sum[RS_SUM_YY][i]));
    }
    divide(over, under, value);
}

static void mean_squared_difference(const struct rs_sums *s, double unit, double *value) {
    for (size_t i = 0; i < RS_PAIRS; i++) {
        double n = s->sum[RS_SUM_N][i] > 0 ? s->sum[RS_SUM_N][i] : 1;
        double squares = s->sum[RS_SUM_XX][i] + s->sum[RS_SUM_YY][i] - 2 * s->sum[RS_SUM_XY][i];
        squares = squares > 0 ? squares : 0;
        value[i] = 1 / (1 + squares * (unit * unit) / n);
    }
}

static void overlap(const struct rs_sums *s, const struct rs_line_fact *x,
                    const struct rs_line_facts *facts, size_t y, double *value) {
    double under[RS_PAIRS];
    for (size_t i = 0; i < RS_PAIRS; i++) under[i] = x->n + facts->n[y + i] - s->sum[RS_SUM_N][i];
    divide(s->sum[RS_SUM_N], under, value);
}

RS_CLONES __attribute__((flatten)) void rs_similarity_of(const struct rs_similarity *how,
                                                         const struct rs_sums *sums, double unit,
                                                         const struct rs_line_fact *x,
                                                         const struct rs_line_facts *facts,
                                                         size_t y, float *similarity) {
    double value[RS_PAIRS];
    switch (form_of(how)) {
    case RATIO:
        full_ratio(sums, x, facts, y, value);
        break;
    case CO_RATED_RATIO:
        co_rated_ratio(sums, value);
        break;
    case CORRELATION:
        correlation(sums, value);
        break;
    case DIFFERENCE:
        mean_squared_difference(sums, unit, value);
        break;
    case OVERLAP:
        overlap(sums, x, facts, y, value);
        break;
    }
    double less = how->metric == RS_PEARSON_BASELINE ? 1 : 0;
    double least = least_support(how);
    for (size_t i = 0; i < RS_PAIRS; i++) {
        double n = sums->sum[RS_SUM_N][i];
        double weight = how->shrink > 0 ? (n - less) / (n - less + how->shrink) : 1;
        double shrunk = value[i] * weight;
        bool none = n < least || value[i] < -2;
        similarity[i] = none ? RS_NO_SIMILARITY : (float)shrunk;
    }
}

/* Without a branch, for a processor to work on several at once. */
static inline float ratio_of(double sum, double under) {
    double ratio = sum / under;
    ratio = ratio < 1 ? ratio : 1;
    ratio = ratio < 1e-12 ? 0 : ratio;
    ratio = under > 0 ? ratio : (double)RS_NO_SIMILARITY;
    return (float)(sum > 0 ? ratio : (double)RS_NO_SIMILARITY);
}

float rs_similarity_of_product(const struct rs_similarity *how, double sum,
                               const struct rs_line_facts *facts, size_t x, size_t y) {
    return ratio_of(sum, how->metric == RS_JACCARD ? facts->n[x] + facts->n[y] - sum
                                                   : facts->root[x] * facts->root[y]);
}

RS_CLONES static void divide_by_unions(const double *restrict sum, double own,
                                       const double *restrict entries, size_t n,
                                       float *restrict similarity) {
    for (size_t y = 0; y < n; y++) similarity[y] = ratio_of(sum[y], own + entries[y] - sum[y]);
}

RS_CLONES static void divide_by_roots(const double *restrict sum, double own,
                                      const double *restrict root, size_t n,
                                      float *restrict similarity) {
    for (size_t y = 0; y < n; y++) similarity[y] = ratio_of(sum[y], own * root[y]);
}

void rs_similarity_of_products(const struct rs_similarity *how, const double *sum,
                               const struct rs_line_fact *x, const struct rs_line_facts *facts,
                               size_t n, float *similarity) {
    if (how->metric == RS_JACCARD) {
        divide_by_unions(sum, x->n, facts->n, n, similarity);
    } else {
        divide_by_roots(sum, x->root, facts->root, n, similarity);
    }
}
