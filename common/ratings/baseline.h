/* Means, deviations and damped biases of the lines of a matrix.
 *
 * The baseline estimate of a rating is mean + b_u + b_i (Koren: Factor in the neighbors: scalable
 * and accurate collaborative filtering. ACM TKDD 2010, section 2.1), fitted by alternating least
 * squares:
 *
 *     b_i = sum over raters of (r_ui - mean - b_u) / (item_damping + n_i)
 *     b_u = sum over rated  of (r_ui - mean - b_i) / (user_damping + n_u)
 *
 * from b_u = 0, items first. Every line is summed in its own order in double, so the result does
 * not depend on the number of threads. */
#ifndef RS_BASELINE_H
#define RS_BASELINE_H

#include "ratings/matrix.h"

/* Both forms may lie in mapped files: then WINDOW is the number of entries after which the pages
 * that were read are given back; 0: never.
 *
 * Mean and population standard deviation of every line (n_lines each; the whole's where a line has
 * none of its own: no rating, or all alike), and of all ratings. */
void rs_line_statistics(const struct rs_sparse *form, uint64_t window, double *mean,
                        double *deviation, double *whole_mean, double *whole_deviation);

struct rs_baseline_options {
    double user_damping, item_damping;
    int sweeps;
};

void rs_baseline_fit(const struct rs_sparse *rows, const struct rs_sparse *columns, double mean,
                     const struct rs_baseline_options *options, uint64_t window, double *user_bias,
                     double *item_bias);

/* Half a sweep, for who sums elsewhere: turns the sum of the other side's biases over a line, in
 * *bias, into the line's own bias. RATING_SUM: the sums of the lines' ratings. */
void rs_baseline_step(const uint64_t *start, size_t n_lines, const double *rating_sum, double mean,
                      double damping, double *bias);

#endif
