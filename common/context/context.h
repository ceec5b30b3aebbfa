/* A model of context: how much the circumstances of a rating move it, and what they make wanted.
 *
 * Context is described by dimensions, each with a few values: the hour of the day, the weekday, the
 * region of the user, any category. A *situation* gives some of the dimensions a value. With x_i
 * the vector of item i (its first element is 1), the rating expected of user u for item i moves by
 *
 *     sum over dimensions d with value v:  (c_dv - s_du) . x_i + cell_dvi
 *     s_du, element k = n_u / (n_u + K_k) sum over values w of share_duw c_dwk
 *
 * or, where the file has a factorisation that knows contexts, it knows user and item, and the
 * rating expected without context is h, by
 *
 *     weight (f - h) + effect unit ((c' - s'_u) . x'_i),  c' = sum over d of c'_dv
 *     f = mean + unit (b_u + b_i + c'_0 + (p_u + c') . q_i),  x'_i = (1, q_i), s' as s of the c'
 *
 * c: the effect of a value, of a value on the taste for what the vectors tell apart (CAMF-C and a
 * low-rank CAMF-CI: Baltrunas, Ludwig, Ricci: Matrix factorization techniques for context aware
 * recommendation. RecSys 2011); cell: what a value does to one item beyond that; s: what a model
 * that knows no context has already taken for the user's own taste, of which K_k ratings tell half,
 * share being how often u is met at w. The score to rank by, standardised over the user's
 * candidates (rs_standardise), grows by
 *
 *     sum over d with value v:  W_d (a_dv . x_i + count_dvi) + U_d sum over w of share_duw a_dw .
 * x_i
 *
 * a and count: logarithm of how much more often than usual the item is taken up at the value; where
 * there is a factorisation, R unit sum over those d of c'_dv . q_i comes to it.
 *
 * A file of kind "context" is for the items of one matrix and, for shares, its users. Its header
 * has "zone", "catalogue", "item_digest", "user_digest", "vectors" (K), "camf" (weight, effect,
 * mean, unit, rank_weight: R, and how it was judged; or absent) and "dimensions": of each, in
 * order, name, source ("time", "user", "rating"), column, whether it moves ratings and ranks, the
 * weights, and the tests that decided. Arrays: item_trait (f32, K x items: x), known (f32, 1 /
 * K_k), zone_start (u64, where the table of each time zone begins, and the end), zone_from (i64),
 * zone_shift (i32), user_zone (u8; absent with one zone), with camf camf_user and camf_item (f32,
 * users x K and items x K: bias, then factors), camf_known (as known), and of dimension D
 * dD_value_offset and _bytes (names of values), dD_effect (f32, values x K), dD_camf (f32, values x
 * K: c'), dD_cell (f32, values x items; absent if 0), dD_affinity, dD_count likewise, dD_user_start
 * (u64), dD_user_value (u8), dD_user_share (f32). Dimensions that were not kept have no arrays but
 * their names. Read-only and thread-safe once open. */
#ifndef RS_CONTEXT_H
#define RS_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "context/dimension.h"
#include "context/zone.h"
#include "format/file.h"

enum { RS_MAX_DIMENSIONS = 32, RS_MAX_CONTEXT_WIDTH = 1024, RS_MAX_ZONES = 250 };

struct rs_context_model {
    const struct rs_matrix *matrix;
    struct rs_file *file;
    size_t n, width; /* dimensions; K */
    struct rs_dimension dimensions[RS_MAX_DIMENSIONS];
    const float *item_trait;
    const float *known;                 /* K: 1 / K_k */
    const float *camf_user, *camf_item; /* users x K, items x K; NULL: there is none */
    const float *camf_known;            /* K */
    double camf_weight, camf_effect, camf_rank, camf_mean, camf_unit;
    const int64_t *user_began, *item_appeared; /* milliseconds or RS_NO_TIME; or NULL */
    size_t n_zones; /* at least 1; the first for users who have none of their own */
    struct rs_zone zones[RS_MAX_ZONES];
    const uint8_t *user_zone; /* NULL: the first for all */
};

/* Opens a file of kind "context", which must have been made for the items of MATRIX. */
bool rs_context_open(struct rs_context_model *context, const char *path,
                     const struct rs_matrix *matrix, struct rs_error *err);

/* The same for a file that is open already, which it takes over, also when it fails. */
bool rs_context_use(struct rs_context_model *context, struct rs_file *file,
                    const struct rs_matrix *matrix, struct rs_error *err);

void rs_context_close(struct rs_context_model *context);

#endif
