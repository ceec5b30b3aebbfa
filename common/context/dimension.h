/* The dimensions of context: where each has its value from, and what its values are called. */
#ifndef RS_DIMENSION_H
#define RS_DIMENSION_H

#include <stdbool.h>
#include <stdint.h>

#include "context/zone.h"
#include "format/ids.h"
#include "ratings/matrix.h"

enum { RS_MAX_CONTEXT_VALUES = 250, RS_NO_VALUE = 255 };

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

/* By the letters of the formulas in context.h. */
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

/* The bucket of an age in days, and the names of the buckets. */
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

/* Its number among the values, or RS_NO_VALUE. */
uint8_t rs_context_user_value(const struct rs_dimension *dimension, const struct rs_matrix *matrix,
                              uint32_t user);

/* The number of a value by its name, or RS_NO_VALUE. */
uint8_t rs_context_value(const struct rs_dimension *dimension, struct rs_id name);

#endif
