/* Ridge regressions of many targets on vectors of one table: one row of alternating least squares.
 *
 * For a row with entries (vector v_e, target t_e, weight w_e) it solves
 *
 *     (BASE + sum w_e v_e v_e' + diag(penalty)) x = sum w_e t_e v_e
 *
 * optionally together with a constant c that all entries share. Vectors lie stride =
 * rs_dense_padded(k) floats apart, zeros behind the k. One a thread. */
#ifndef RS_RIDGE_H
#define RS_RIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rs_ridge {
    size_t k, stride;
    float *a;       /* stride x stride */
    float *b;       /* two right sides: of the targets, of the constant */
    float *tile;    /* rows gathered side by side */
    float *scratch; /* a row of weights */
};

void rs_ridge_init(struct rs_ridge *ridge, size_t k);
void rs_ridge_free(struct rs_ridge *ridge);

/* The entries of one row. */
struct rs_ridge_row {
    size_t n;
    const uint32_t *other; /* which vector */
    const float *target;
    const float *weight; /* NULL: all 1 */
};

/* Sums up the row: a = BASE + sum w v v' (BASE: stride x stride, NULL: 0), b = sum w t v and sum w
 * v. */
void rs_ridge_sum(struct rs_ridge *ridge, const float *vectors, const struct rs_ridge_row *row,
                  const float *base);

/* Solves what was summed up, x in ridge->b. PENALTY has k elements. False if the system is singular
 * to working precision. */
bool rs_ridge_solve(struct rs_ridge *ridge, const float *penalty);

/* The same with a constant: x in ridge->b, c in *constant. TOTAL is the sum of weights plus the
 * constant's penalty, TARGETS the sum of w t. */
bool rs_ridge_solve_with_constant(struct rs_ridge *ridge, const float *penalty, double total,
                                  double targets, double *constant);

/* The same for a row of fewer entries than factors, weights 1 and no base, by the n x n system of
 * the dual: with D the penalties and p that of the constant, alpha = (1 + V D^-1 V' + 1 1' / p)^-1
 * t, x = D^-1 V' alpha, c = 1' alpha / p. N must be at most RS_RIDGE_FEW and at most k. */
enum { RS_RIDGE_FEW = 256 };
bool rs_ridge_solve_few(struct rs_ridge *ridge, const float *vectors,
                        const struct rs_ridge_row *row, const float *penalty,
                        double constant_penalty, double *constant);

#endif
