/* EASE: every item's ratings regressed on all other items' ratings, in closed form.
 *
 * With X the preferences (preference.h) of users for items, the weights B minimise
 *
 *     |D (X - X B)|^2 + sum over i of penalty_i |B_i|^2     subject to B_jj = 0
 *
 * where D weights user u by (n_u / mean n)^-POWER. With P = (X' D^2 X + diag(penalty))^-1, B_ij =
 * -P_ij / P_jj (Steck: Embarrassingly shallow autoencoders for sparse data. WWW 2019). penalty_i is
 * lambda + dropout / (1 - dropout) (X' D^2 X)_ii, the second term as if a share of the ratings had
 * been dropped at random (Steck: Autoencoders that don't overfit towards the identity. NeurIPS
 * 2020). A profile x is ranked by x B.
 *
 * P is I x I. Where there are fewer users than items it is never made: with Y = D X, L =
 * diag(1 / penalty) and F = (1 + Y L Y')^-1 Y L (users x items), P = L - L Y' F (Woodbury), so
 *
 *     x P = x L - (x L Y') F     P_jj = L_jj (1 - sum over u of Y_uj F_uj)
 *
 * and for x a row of Y, x P is the row of F. The scores are the same: x_j - (x P)_j / P_jj.
 *
 * A file holds, for m items (all, or the most popular of which "item" (u32, m, ascending) gives the
 * numbers):
 *
 *     form "items":  weight (f32, m x m): B by rows
 *     form "sparse": start (u64, m + 1), other (u32), weight (f32): B by rows, of each column the
 *                    KEEP entries of greatest magnitude
 *     form "users":  residual (f32, users x m): F; spread (f32, m): P_jj; shrunk (f32, m): L_jj */
#ifndef RS_EASE_H
#define RS_EASE_H

#include <stdio.h>

#include "model/model.h"
#include "ratings/preference.h"

enum rs_ease_form { RS_EASE_AUTO, RS_EASE_ITEMS, RS_EASE_USERS };
extern const char *const rs_ease_form_names[]; /* "auto", "items", "users", NULL */

struct rs_ease_options {
    enum rs_preference_kind preference;
    enum rs_ease_form form; /* AUTO: users where there are fewer of them, unless keep > 0 */
    double lambda;          /* above 0 */
    double power, dropout;
    size_t keep;      /* 0: all weights */
    size_t max_items; /* 0: all items */
    uint64_t memory;  /* bytes that fitting may take beside the matrix; 0: any */
};

struct rs_ease {
    const struct rs_matrix *matrix;
    struct rs_ease_options options; /* form resolved */
    struct rs_preference preference;
    size_t n_items;
    uint32_t *item; /* their numbers in the matrix, ascending; NULL: all */
    float *weight, *residual, *spread, *shrunk; /* by form */
    uint64_t *start;
    uint32_t *other;
};

/* False after filling *err: it does not fit into the memory, or the numbers are not sound (a lambda
 * far too small). Nothing is to be freed then. */
bool rs_ease_fit(struct rs_ease *ease, const struct rs_matrix *matrix,
                 const struct rs_ease_options *options, struct rs_error *err);

/* Writes the model file. HEADER (program and parameters) is consumed. */
void rs_ease_write(const struct rs_ease *ease, FILE *file, json_t *header);

void rs_ease_free(struct rs_ease *ease);

/* Makes MODEL, whose file rs_ease_write made, an EASE model. */
bool rs_ease_open(struct rs_model *model, struct rs_error *err);

#endif
