#include "ratings/baseline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/pages.h"

/* Sums over lines. Every line is summed in its own order, one entry after the other; that a sum
 * must wait for the addition before it is why ABREAST lines are summed at once. */
enum { ABREAST = 4, LINES = 256 };

enum term { RATING, SQUARE, BIAS };

/* What is summed: ratings, their squared distances from one centre for all lines or one each, or
 * the biases of the other side. */
struct terms {
    const struct rs_sparse *form;
    uint64_t window;
    double centre;
    const double *centres, *bias;
};

static inline __attribute__((always_inline)) double
value_of(const struct terms *terms, enum term term, uint64_t e, double centre) {
    if (term == BIAS) return terms->bias[terms->form->other[e]];
    double rating = (double)terms->form->rating[e];
    return term == RATING ? rating : (rating - centre) * (rating - centre);
}

static inline __attribute__((always_inline)) double centre_of(const struct terms *terms,
                                                              size_t line) {
    return terms->centres != NULL ? terms->centres[line] : terms->centre;
}

static inline __attribute__((always_inline)) void
sum_lines(const struct terms *terms, enum term term, size_t from, size_t to, double *out) {
    const uint64_t *start = terms->form->start;
    size_t line[ABREAST], next = from;
    uint64_t at[ABREAST], left[ABREAST];
    double sum[ABREAST], centre[ABREAST];
    for (int k = 0; k < ABREAST; k++) left[k] = 0, line[k] = to;
    while (true) {
        uint64_t steps = UINT64_MAX;
        for (int k = 0; k < ABREAST; k++) {
            while (left[k] == 0 && next < to) {
                if (line[k] < to) out[line[k]] = sum[k];
                line[k] = next++;
                at[k] = start[line[k]];
                left[k] = start[line[k] + 1] - at[k];
                centre[k] = centre_of(terms, line[k]);
                sum[k] = 0;
            }
            steps = left[k] < steps ? left[k] : steps;
        }
        if (steps == 0) break;
        for (uint64_t i = 0; i < steps; i++)
            for (int k = 0; k < ABREAST; k++) sum[k] += value_of(terms, term, at[k]++, centre[k]);
        for (int k = 0; k < ABREAST; k++) left[k] -= steps;
    }
    for (int k = 0; k < ABREAST; k++) {
        if (line[k] == to) continue;
        for (; left[k] > 0; left[k]--) sum[k] += value_of(terms, term, at[k]++, centre[k]);
        out[line[k]] = sum[k];
    }
}

static void sum_range(const struct terms *terms, enum term term, size_t first, size_t end,
                      double *out) {
#pragma omp parallel for schedule(dynamic, 1)
    for (size_t from = first; from < end; from += LINES) {
        size_t to = end - from < LINES ? end : from + LINES;
        switch (term) {
        case RATING:
            sum_lines(terms, RATING, from, to, out);
            break;
        case SQUARE:
            sum_lines(terms, SQUARE, from, to, out);
            break;
        case BIAS:
            sum_lines(terms, BIAS, from, to, out);
            break;
        }
    }
}

static void sum_all(const struct terms *terms, enum term term, double *out) {
    const struct rs_sparse *form = terms->form;
    size_t n_lines = form->n_lines, first = 0;
    while (first < n_lines) {
        size_t end = first;
        uint64_t begin = form->start[first];
        while (end < n_lines && (terms->window == 0 || form->start[end] - begin < terms->window))
            end++;
        sum_range(terms, term, first, end, out);
        if (terms->window > 0) {
            const void *read = term == BIAS ? (const void *)form->other : form->rating;
            rs_pages_drop(read, begin * sizeof *form->rating,
                          form->start[end] * sizeof *form->rating);
        }
        first = end;
    }
}

void rs_line_statistics(const struct rs_sparse *form, uint64_t window, double *mean,
                        double *deviation, double *whole_mean, double *whole_deviation) {
    size_t n_lines = form->n_lines;
    double n_ratings = (double)form->start[n_lines], sum = 0;
    struct terms terms = {.form = form, .window = window};
    sum_all(&terms, RATING, mean);
    for (size_t line = 0; line < n_lines; line++) sum += mean[line];
    terms.centre = n_ratings > 0 ? sum / n_ratings : 0;
    sum_all(&terms, SQUARE, deviation);
    sum = 0;
    for (size_t line = 0; line < n_lines; line++) sum += deviation[line];
    *whole_mean = terms.centre;
    *whole_deviation = n_ratings > 0 ? sqrt(sum / n_ratings) : 0;
    for (size_t line = 0; line < n_lines; line++) {
        double n = (double)(form->start[line + 1] - form->start[line]);
        mean[line] = n > 0 ? mean[line] / n : *whole_mean;
    }
    terms.centres = mean;
    sum_all(&terms, SQUARE, deviation);
    for (size_t line = 0; line < n_lines; line++) {
        double n = (double)(form->start[line + 1] - form->start[line]);
        double own = n > 0 ? sqrt(deviation[line] / n) : 0;
        deviation[line] = own > 0 ? own : *whole_deviation;
    }
}

void rs_baseline_step(const uint64_t *start, size_t n_lines, const double *rating_sum, double mean,
                      double damping, double *bias) {
    for (size_t line = 0; line < n_lines; line++) {
        double n = (double)(start[line + 1] - start[line]);
        double sum = rating_sum[line] - n * mean - bias[line];
        bias[line] = damping + n > 0 ? sum / (damping + n) : 0;
    }
}

static void fit_side(const struct rs_sparse *form, uint64_t window, const double *rating_sum,
                     double mean, double damping, const double *other_bias, double *bias) {
    const struct terms terms = {.form = form, .window = window, .bias = other_bias};
    sum_all(&terms, BIAS, bias);
    rs_baseline_step(form->start, form->n_lines, rating_sum, mean, damping, bias);
}

void rs_baseline_fit(const struct rs_sparse *rows, const struct rs_sparse *columns, double mean,
                     const struct rs_baseline_options *options, uint64_t window, double *user_bias,
                     double *item_bias) {
    double *user_sum = rs_malloc(rows->n_lines, sizeof *user_sum);
    double *item_sum = rs_malloc(columns->n_lines, sizeof *item_sum);
    const struct terms of_users = {.form = rows, .window = window};
    const struct terms of_items = {.form = columns, .window = window};
    sum_all(&of_users, RATING, user_sum);
    sum_all(&of_items, RATING, item_sum);
    memset(user_bias, 0, rows->n_lines * sizeof *user_bias);
    memset(item_bias, 0, columns->n_lines * sizeof *item_bias);
    for (int sweep = 0; sweep < options->sweeps; sweep++) {
        fit_side(columns, window, item_sum, mean, options->item_damping, user_bias, item_bias);
        fit_side(rows, window, user_sum, mean, options->user_damping, item_bias, user_bias);
    }
    free(user_sum);
    free(item_sum);
}
