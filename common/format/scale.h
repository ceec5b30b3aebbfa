/* The rating scale: its ends and its step, given by the user or seen in the data. */
#ifndef RS_SCALE_H
#define RS_SCALE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Steps are tried from coarse to fine; a rating may lie on several. */
#define RS_SCALE_STEPS                                                                             \
    { 1, 0.5, 0.25, 0.2, 0.1, 0.05, 0.01 }
enum { RS_SCALE_N_STEPS = 7 };

struct rs_scale {
    uint64_t n; /* ratings seen; 0: nothing is known */
    float min, max;
    unsigned off_step; /* bit s: a rating was seen that is no multiple of step s */
};

/* Takes N ratings into account. */
void rs_scale_add(struct rs_scale *scale, const float *ratings, size_t n);

/* Takes what another scale has seen into account. */
void rs_scale_join(struct rs_scale *scale, const struct rs_scale *more);

/* The coarsest step of which all ratings seen are multiples, or 0. */
double rs_scale_step(const struct rs_scale *scale);

/* {"min": …, "max": …, "step": …} and back; NULL gives an unknown scale. */
json_t *rs_scale_json(const struct rs_scale *scale);
struct rs_scale rs_scale_from_json(const json_t *json);

#endif
