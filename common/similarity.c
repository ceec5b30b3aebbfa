#include "similarity.h"

#include <math.h>

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

/* n times the variance sum about the co-rated mean, 0 where rounding is all there is. */
static double spread(double n, double sum, double squares) {
    double value = n * squares - sum * sum;
    return value > 1e-12 * n * squares ? value : 0;
}

/* numerator / sqrt(a b) without overflow or underflow of the product. */
static bool ratio(double numerator, double a, double b, double *result) {
    if (!(a > 0) || !(b > 0)) return false;
    double value = numerator / (sqrt(a) * sqrt(b));
    *result = value > 1 ? 1 : value < -1 ? -1 : value;
    return true;
}

static bool unshrunk(const struct rs_similarity *how, const struct rs_line_sums *line_x,
                     const struct rs_line_sums *line_y, const struct rs_sums *s, double *result) {
    switch (how->metric) {
    case RS_JACCARD:
        *result = s->n / (line_x->n + line_y->n - s->n);
        return true;
    case RS_MSD: {
        double squares = s->xx + s->yy - 2 * s->xy;
        *result = 1 / (1 + (squares > 0 ? squares : 0) / s->n);
        return true;
    }
    case RS_PEARSON:
        if (how->over == RS_FULL) break;
        return ratio(s->n * s->xy - s->x * s->y, spread(s->n, s->x, s->xx),
                     spread(s->n, s->y, s->yy), result);
    case RS_COSINE:
    case RS_ADJUSTED_COSINE:
    case RS_PEARSON_BASELINE:
        break;
    }
    if (how->over == RS_FULL) return ratio(s->xy, line_x->xx, line_y->xx, result);
    return ratio(s->xy, s->xx, s->yy, result);
}

bool rs_similarity_of(const struct rs_similarity *how, const struct rs_line_sums *line_x,
                      const struct rs_line_sums *line_y, const struct rs_sums *sums,
                      double *similarity) {
    double least = how->metric == RS_PEARSON_BASELINE ? 2 : 1;
    if (sums->n < least || sums->n < (double)how->min_support) return false;
    if (!unshrunk(how, line_x, line_y, sums, similarity)) return false;
    if (how->shrink > 0) {
        double n = how->metric == RS_PEARSON_BASELINE ? sums->n - 1 : sums->n;
        *similarity *= n / (n + how->shrink);
    }
    return true;
}
