/* Learning a blend from samples: one function a task. */
#ifndef BLEND_LEARN_H
#define BLEND_LEARN_H

#include <jansson.h>

#include "hybrid/blend.h"
#include "samples.h"

enum method { METHOD_STACK, METHOD_SWITCH, METHOD_FIXED };
extern const char *const method_names[]; /* "stack", "switch", "fixed", NULL */

/* A blend in memory, whose arrays are its own. */
struct learned {
    struct rs_blend blend;
    double *weights, *support_weights, *support_scale, *offsets;
    json_t *figures; /* for the header: what was chosen and why */
};

/* All weights 0, the knots at the 10 % and 90 % quantiles of the samples' counts (terciles for
 * cells). */
void learned_init(struct learned *learned, enum rs_task task, enum rs_basis basis,
                  const struct samples *samples);
void learned_free(struct learned *learned);

/* The basis functions of row I. */
void learned_functions(const struct learned *learned, const struct samples *samples, size_t i,
                       double functions[RS_BASIS_MAX]);

/* A blend that is one parent alone. */
void learned_alone(struct learned *learned, size_t parent);

/* Non-negative ridge regression of the truth on the parents; the best parent alone if that is not
 * better on users left out. */
void learn_stack(struct learned *learned, const struct samples *samples);

/* For each cell of counts the parent with the least squared error. */
void learn_switch(struct learned *learned, const struct samples *samples);

/* Whole-numbered weights of the parents whose sum has the best heads of lists (NDCG@10, relevant:
 * truth >= RELEVANT), the best parent alone if no sum is better. */
void learn_rank(struct learned *learned, const struct samples *samples, double relevant);

/* For each cell of users' counts the parent that ranks best. */
void learn_rank_switch(struct learned *learned, const struct samples *samples, double relevant);

#endif
