/* The hybrid: several models combined into one.
 *
 * A file of kind "blend" is one segment for each task it can do ("task": "predict" or "rank"). Its
 * weights depend on how much is known of the user and of the item, by basis functions phi of their
 * numbers of training ratings n_u and n_i:
 *
 *     "constant"  one function, 1
 *     "bilinear"  four: (1-x)(1-y), x(1-y), (1-x)y, xy, where x and y run from 0 to 1 as
 *                 log(1 + n_u) and log(1 + n_i) run between two knots
 *     "cells"     nine indicators: n_u and n_i each below, between or above two knots
 *
 * The expected rating, over the baseline b and the parents' answers p_m with support s_m, is
 *
 *     b + sum_m (sum_c W[m,c] phi_c + V[m] s_m / (s_m + S[m])) (p_m - b) + sum_c A[c] phi_c
 *
 * (feature-weighted linear stacking: Sill, Takacs, Mackey, Lin 2009), and the score to rank by is
 * sum_m sum_c W[m,c] phi_c asinh(z_m) with z_m the parent's scores standardised over the user's
 * candidates; asinh because they have long tails. W and V are not negative where they were learned. */
#ifndef RS_BLEND_H
#define RS_BLEND_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "format/file.h"
#include "model/model.h"

enum rs_task { RS_TO_PREDICT, RS_TO_RANK, RS_N_TASKS };
extern const char *const rs_task_names[]; /* "predict", "rank", NULL */

enum rs_basis { RS_BASIS_CONSTANT, RS_BASIS_BILINEAR, RS_BASIS_CELLS, RS_N_BASES };
enum { RS_BASIS_MAX = 9, RS_MAX_PARENTS = 64 };

struct rs_blend {
    enum rs_task task;
    enum rs_basis basis;
    size_t n_parents, n_functions; /* of the basis */
    char **parents;                /* their names */
    double knots[4];               /* n_u low, high; n_i low, high, as counts */
    const double *weights;         /* W: n_parents x n_functions */
    const double *support_weights; /* V: n_parents */
    const double *support_scale;   /* S: n_parents, > 0 */
    const double *offsets;         /* A: n_functions */
};

/* The basis functions at (n_u, n_i); returns their number. */
size_t rs_basis_functions(enum rs_basis basis, const double knots[4], double n_user, double n_item,
                          double functions[RS_BASIS_MAX]);

/* Writes one segment. HEADER is consumed. */
void rs_blend_write(FILE *file, const struct rs_blend *blend, json_t *header);

/* A model of the blend of PARENTS, which are found by name among N open models and stay the
 * caller's. Only what TASK needs is opened, or everything with RS_N_TASKS; a file without a blend
 * for ranking ranks by expected rating. Takes FILE over. NULL after filling *err. */
struct rs_model *rs_blend_open(const char *name, struct rs_file *file,
                               const struct rs_matrix *matrix, struct rs_model *const *parents,
                               size_t n, enum rs_task task, struct rs_error *err);

/* Turns SCORES, one an item of the matrix, into asinh(z), z of mean 0 and deviation 1 over the items not in
 * the profile (all 0 if they are all alike). */
void rs_standardise(float *scores, size_t n_items, const struct rs_profile *profile);

#endif
