#include "baseline.h"

#include <math.h>
#include <string.h>

static double line_sum(const struct rs_sparse *form, size_t line) {
    double sum = 0;
    for (uint64_t e = form->start[line]; e < form->start[line + 1]; e++)
        sum += (double)form->rating[e];
    return sum;
}

static double line_squares(const struct rs_sparse *form, size_t line, double mean) {
    double sum = 0;
    for (uint64_t e = form->start[line]; e < form->start[line + 1]; e++) {
        double difference = (double)form->rating[e] - mean;
        sum += difference * difference;
    }
    return sum;
}

void rs_line_statistics(const struct rs_sparse *form, double *mean, double *deviation,
                        double *whole_mean, double *whole_deviation) {
    size_t n_lines = form->n_lines;
    double n_ratings = (double)form->start[n_lines];
#pragma omp parallel for schedule(static, 256)
    for (size_t line = 0; line < n_lines; line++) mean[line] = line_sum(form, line);
    double sum = 0;
    for (size_t line = 0; line < n_lines; line++) sum += mean[line];
    double whole = n_ratings > 0 ? sum / n_ratings : 0;
#pragma omp parallel for schedule(static, 256)
    for (size_t line = 0; line < n_lines; line++) deviation[line] = line_squares(form, line, whole);
    sum = 0;
    for (size_t line = 0; line < n_lines; line++) sum += deviation[line];
    *whole_mean = whole;
    *whole_deviation = n_ratings > 0 ? sqrt(sum / n_ratings) : 0;
#pragma omp parallel for schedule(static, 256)
    for (size_t line = 0; line < n_lines; line++) {
        double n = (double)(form->start[line + 1] - form->start[line]);
        mean[line] = n > 0 ? mean[line] / n : whole;
        double own = n > 0 ? sqrt(line_squares(form, line, mean[line]) / n) : 0;
        deviation[line] = own > 0 ? own : *whole_deviation;
    }
}

/* Fits the biases of the lines of FORM with those of the other side fixed. */
static void fit_side(const struct rs_sparse *form, double mean, double damping,
                     const double *other_bias, double *bias) {
#pragma omp parallel for schedule(dynamic, 256)
    for (size_t line = 0; line < form->n_lines; line++) {
        double sum = 0;
        for (uint64_t e = form->start[line]; e < form->start[line + 1]; e++)
            sum += (double)form->rating[e] - mean - other_bias[form->other[e]];
        double n = (double)(form->start[line + 1] - form->start[line]);
        bias[line] = damping + n > 0 ? sum / (damping + n) : 0;
    }
}

void rs_baseline_fit(const struct rs_sparse *rows, const struct rs_sparse *columns, double mean,
                     const struct rs_baseline_options *options, double *user_bias,
                     double *item_bias) {
    memset(user_bias, 0, rows->n_lines * sizeof *user_bias);
    memset(item_bias, 0, columns->n_lines * sizeof *item_bias);
    for (int sweep = 0; sweep < options->sweeps; sweep++) {
        fit_side(columns, mean, options->item_damping, user_bias, item_bias);
        fit_side(rows, mean, options->user_damping, item_bias, user_bias);
    }
}
