/* What the Gibbs sampler of gibbs.h spends its time on: the conditional of one line's vector, or of
 * one feature's, given everything else.
 *
 * In a turn the lines of one side (say users) are drawn given the other (items). A rating of line u
 * and the other's line i has the design vector
 *
 *     x_ui = x_i - s_i z_u     (slot 0 is 1)
 *
 * x_i the other's combined vector, z_u the vector that u contributes to the sets of the lines it is
 * rated with, s_i their scale: i's set must not hold the rating that is to be explained. With
 * precisions w_ui = alpha tau_u tau_i a line's record holds A = sum of w x x', c = sum of w e x for
 * the residuals e as they are now, and the change of the line's vector so far. Residuals are
 * brought up to date once, at the end of a turn.
 *
 * Vectors have WIDTH floats, a multiple of 16. Functions that take a turn as const may run for
 * different lines at once. */
#ifndef RS_GIBBS_KERNELS_H
#define RS_GIBBS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RS_GIBBS_WIDTH_MAX = 64 };

struct rs_gibbs_turn {
    size_t width, n_lines;
    const uint64_t *start; /* of the lines' ratings */
    const uint32_t *other;
    float *residual;          /* in the order of the ratings */
    const float *design;      /* x of the other's lines */
    const float *own_in_sets; /* z of the lines; NULL: no sets */
    const float *other_scale; /* s of the other's lines */
    const float *tau, *other_tau;
    float alpha;
    float *record; /* by line, rs_gibbs_record floats: A, c, change */
};

static inline size_t rs_gibbs_record(size_t width) {
    return width * width + 2 * width;
}

/* One feature that lines may have: an entry of their sets, or an attribute. */
struct rs_gibbs_feature {
    size_t n;
    const uint32_t *line;          /* who has it */
    const uint32_t *position;      /* of the rating that put it there, by line; NULL: none did */
    uint32_t other;                /* the other's line that the feature stands for, with POSITION */
    const float *scale;            /* by line */
    float *value;                  /* its vector, old and then new */
    float *change;                 /* new minus old */
    const float *mean, *precision; /* of the prior, by slot */
    const float *normal;           /* WIDTH draws */
};

/* Room for rs_gibbs_draw_feature and rs_gibbs_fill_record: for a line or feature of at most N
 * entries. */
struct rs_gibbs_scratch {
    float *x, *weight, *square; /* n x width, n, width x width */
};
struct rs_gibbs_scratch rs_gibbs_scratch_new(size_t width, size_t n);
void rs_gibbs_scratch_free(struct rs_gibbs_scratch *scratch);

/* Fills the record of line U; the change is 0. */
void rs_gibbs_fill_record(const struct rs_gibbs_turn *turn, size_t u,
                          const struct rs_gibbs_scratch *scratch);

/* Draws the vector of a feature, and brings the records of its lines up to date. */
void rs_gibbs_draw_feature(const struct rs_gibbs_turn *turn, const struct rs_gibbs_feature *feature,
                           const struct rs_gibbs_scratch *scratch);

/* Draws line U's own vector (VALUE, old and then new) by its record and adds the difference to the
 * record's change. */
void rs_gibbs_draw_own(const struct rs_gibbs_turn *turn, size_t u, float *value, const float *mean,
                       const float *precision, const float *normal,
                       const struct rs_gibbs_scratch *scratch);

/* Brings the residuals of line U up to date by the change of its record. The features of its set
 * have changed by SET_CHANGE (by the other's line; NULL: no sets), of which each rating misses its
 * own, times SCALE. */
void rs_gibbs_update_residuals(const struct rs_gibbs_turn *turn, size_t u, const float *set_change,
                               float scale);

/* Draws v ~ N(m, A^-1) with A m = b for a positive definite A (WIDTH x WIDTH, lost, as is b). With
 * normals of 0 it is m. All are aligned to 64 bytes. */
void rs_gibbs_solve(size_t width, float *a, float *b, const float *normal, float *draw);

#endif
