/* How ratings are spread over users and items.
 *
 * Activity: a user gives `least` ratings and x / (1 + x / (most * items)) more, with x log-normal.
 * Popularity: the item of rank r
 * gets 1 + A exp(-(r / r0)^popularity) ratings, a stretched exponential (Laherrere and Sornette:
 * Stretched exponential distributions in nature and economy, Eur. Phys. J. B 1998), whose least
 * popular item gets 1 + tail; A and r0 follow from that and from the sum. */
#ifndef SYNTH_SHAPE_H
#define SYNTH_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shape {
    const char *name;
    int64_t users, items, ratings;
    int64_t least;     /* ratings a user has at least */
    double activity;   /* standard deviation of the logarithm of the appetite for more */
    double most;       /* share of the items that the greatest appetite tends to */
    double popularity; /* exponent of the stretched exponential */
    double tail;
    double low, high, step; /* the scale */
    double whole;           /* share of users who give whole stars only */
    double mean;            /* of the ratings, before they are held to the scale */
    double user_bias, item_bias, taste, noise; /* standard deviations */
    const char *start;                         /* the first day */
    double days;                               /* until the last */
    double old;   /* share of the items that are there from the first day */
    double decay; /* days in which a new item's popularity halves; 0: it stays */
};

extern const struct shape shapes[];
extern const char *const shape_names[]; /* in the same order, then NULL */

/* Ratings of each user, ascending, N_USERS of them: the quantiles of the distribution, with exactly
 * the sum of the shape and none above the number of items. */
void shape_activity(const struct shape *shape, uint32_t *count);

/* Weights by which items must be drawn without replacement so that the item of rank r is expected
 * to get EXPECTED ratings, of which the first is given otherwise. ACTIVITY ascends. */
void shape_popularity(const struct shape *shape, const uint32_t *activity, double *weight,
                      double *expected);

#endif
