/* One line of biased matrix factorisation (mf.h): its vector and bias, given the other side. Shared
 * by the fit and by the model, which folds users in; nobody else includes this. */
#ifndef RS_MF_LINE_H
#define RS_MF_LINE_H

#include "linear/ridge.h"

/* What a line's solution is made from: the other side, and how the line is regularised. */
struct rs_mf_half {
    size_t factors, stride;
    const float *vector, *variance, *bias; /* of the other side */
    const double *prior;                   /* of this side */
    double mean, unit, noise, lambda;
};

/* What one thread works with. */
struct rs_mf_bench {
    struct rs_ridge ridge;
    float *penalty, *ones, *target;
    float *square, *right; /* of the last line: the diagonal of V'V, V't */
    size_t ones_capacity, target_capacity;
};

/* One line's answer: the vector is in the bench's ridge->b. */
struct rs_mf_solved {
    double bias, bias_variance, bias_penalty;
    double targets, squares; /* sums of the targets and of their squares */
    bool few;                /* solved by the dual: the system was not summed up */
};

void rs_mf_bench_init(struct rs_mf_bench *bench, size_t factors);
void rs_mf_bench_free(struct rs_mf_bench *bench);

/* Solves one line of N entries for its deviation from what is EXPECTED of it (factors, then the
 * bias; NULL: 0), which rs_mf_settle adds again. VARIANCE (stride floats) is filled. False if the
 * system is singular. */
bool rs_mf_solve(const struct rs_mf_half *half, struct rs_mf_bench *bench, size_t n,
                 const uint32_t *other, const float *rating, const float *expected, float *variance,
                 struct rs_mf_solved *solved);

/* The vector and the bias of the line just solved. */
void rs_mf_settle(const struct rs_mf_half *half, const struct rs_mf_bench *bench,
                  const float *expected, const struct rs_mf_solved *solved, float *vector,
                  float *bias);

/* The squared errors of the line just solved, and what the variances of both sides add to them in
 * expectation: for every entry and factor v^2 var + w (x^2 + var), v and w the other side's mean
 * and variance, and the variances of both biases. */
double rs_mf_loss(const struct rs_mf_half *half, struct rs_mf_bench *bench, size_t n,
                  const uint32_t *other, const float *bias_variance, const float *vector,
                  const float *variance, const struct rs_mf_solved *solved);

#endif
