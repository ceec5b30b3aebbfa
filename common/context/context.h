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

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "context/context_zone.h"
#include "format/file.h"
#include "format/ids.h"
#include "model/model.h"

enum { RS_MAX_DIMENSIONS = 32, RS_MAX_CONTEXT_VALUES = 250, RS_MAX_ZONES = 250, RS_NO_VALUE = 255 };

/* Where the value of a dimension comes from. */
enum rs_context_source {
    RS_CONTEXT_HOUR,
    RS_CONTEXT_WEEKDAY,
    RS_CONTEXT_MONTH,
    RS_CONTEXT_SEASON,
    RS_CONTEXT_USER_AGE, /* days since the user began */
    RS_CONTEXT_ITEM_AGE, /* days since the item appeared */
    RS_CONTEXT_N_TIMES,
    RS_CONTEXT_USER = RS_CONTEXT_N_TIMES, /* a column of the table of users */
    RS_CONTEXT_RATING,                    /* a column of the ratings */
    RS_CONTEXT_N_SOURCES
};

struct rs_dimension {
    const char *name;
    enum rs_context_source source;
    const char *column; /* USER and RATING: where it comes from */
    bool initial;       /* USER: the first character of the column, of a postal code the region */
    struct rs_ids values;
    bool predicts, ranks;                          /* whether it moves ratings, and ranks */
    double weight, of_user;                        /* W_d, U_d */
    const float *effect, *cell, *affinity, *count; /* NULL: 0 */
    const float *camf;                             /* NULL: 0 */
    const uint64_t *user_start;                    /* NULL: shares are unknown */
    const uint8_t *user_value;
    const float *user_share;
};

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

/* The value of every dimension, RS_NO_VALUE where it is not known; and the moment, on which the age
 * of an item depends. */
struct rs_situation {
    uint8_t value[RS_MAX_DIMENSIONS];
    int64_t time; /* or RS_NO_TIME */
};

/* A situation of which nothing is known. */
struct rs_situation rs_situation_unknown(void);

/* Fills in what follows from WHEN (RS_NO_TIME: nothing) and from the user's line in the matrix
 * (RS_NONE: nothing) where the situation has no value yet, for dimensions that move anything. */
void rs_situation_fill(const struct rs_context_model *context, uint32_t user, int64_t when,
                       struct rs_situation *situation);

/* Sets a dimension by name. *known is false where the model has no such dimension or value: the
 * situation stays as it is and NOTE (size SIZE) gets a line that says so. */
void rs_situation_set(const struct rs_context_model *context, struct rs_id name, struct rs_id value,
                      struct rs_situation *situation, bool *known, char *note, size_t size);

/* Reads "hour=21,region=94"; "time=2026-11-24T21:00:00Z" sets the moment. For everything that is
 * not known NOTED is called with a line that says so (or NULL). False after filling *err if the
 * text is no list of NAME=VALUE, or a time is none. */
bool rs_situation_parse(const struct rs_context_model *context, const char *text,
                        struct rs_situation *situation, void (*noted)(void *, const char *),
                        void *of_noted, struct rs_error *err);

/* True if the situation has a value in a dimension that moves ratings, or ranks. */
bool rs_situation_predicts(const struct rs_context_model *context,
                           const struct rs_situation *situation);
bool rs_situation_ranks(const struct rs_context_model *context,
                        const struct rs_situation *situation);

/* How much the situation moves EXPECTED, the rating that PROFILE's user would give to ITEM
 * (RS_NONE: one that the matrix does not know) in none. */
double rs_context_shift(const struct rs_context_model *context,
                        const struct rs_situation *situation, const struct rs_profile *profile,
                        uint32_t item, double expected);

/* By how much the situation moves the standardised scores of all items: 0 everywhere where it moves
 * no ranks. An item moves up by a positive number; of two requests in different situations the one
 * with the greater number has it higher. */
void rs_context_lifts(const struct rs_context_model *context, const struct rs_situation *situation,
                      const struct rs_profile *profile, float *lifts);

/* Standardises a model's SCORES of all items, as rs_standardise does to within rounding, and adds
 * the lifts, which must have been made for the same profile. */
void rs_context_rank(const struct rs_profile *profile, size_t n_items, const float *lifts,
                     float *scores);

/* A model that answers as BASE does, moved by the situation; what of it is not given follows from
 * the user, and the time of a query from that. BASE, CONTEXT and what they hold must outlive it. */
struct rs_model *rs_context_wrap(const struct rs_model *base,
                                 const struct rs_context_model *context,
                                 const struct rs_situation *situation);

/* For the maker of models: the bucket of an age in days, and the names of the buckets. */
enum { RS_AGES = 7 };
extern const char *const rs_age_names[RS_AGES];
uint8_t rs_age_of(int64_t since, int64_t when);

extern const char *const rs_context_names[RS_CONTEXT_N_TIMES]; /* of the time dimensions */
extern const char *const rs_weekday_names[7];
extern const char *const rs_season_names[4];

/* The value of a dimension of time, but for ages. */
uint8_t rs_context_time_value(enum rs_context_source source, const struct rs_local *local);

/* Whether a column of users holds postal codes, of which the first character is taken. */
bool rs_context_is_postal(const char *column);

/* What stands in a dimension's column (source USER) for a user, "" if nothing does. ROOM is for
 * numbers. */
struct rs_id rs_context_user_text(const struct rs_dimension *dimension,
                                  const struct rs_matrix *matrix, uint32_t user, char room[64]);

/* Its number among the values. */
uint8_t rs_context_user_value(const struct rs_dimension *dimension, const struct rs_matrix *matrix,
                              uint32_t user);

#endif
