/* Sums of ratings: by user, by item, by context, by hour, weekday and month. */
#ifndef SUMS_H
#define SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "format/pairs.h"

/* Ratings of one user, of one item, of one hour. */
struct sums {
    uint64_t n;
    double sum, squares;
};

void sums_join(struct sums *to, const struct sums *from);
double sums_mean(const struct sums *sums);      /* NAN without ratings */
double sums_deviation(const struct sums *sums); /* of the population; NAN without ratings */

struct sums_list {
    size_t n, capacity;
    struct sums *all;
};

struct month {
    int64_t month; /* by rs_when_month */
    struct sums sums;
};

struct calendar {
    uint64_t missing;
    int64_t first, last;
    struct sums hours[24], weekdays[7]; /* UTC, from Monday */
    struct month *months;               /* open addressing; free where sums.n is 0 */
    size_t n_months, n_slots;
};

struct tally {
    struct sums_list users, items;
    struct calendar calendar;
    size_t n_contexts;
    struct sums_list contexts[RS_MAX_CONTEXTS];
};

void tally_init(struct tally *tally);
void tally_free(struct tally *tally);

/* Counts a batch, whose users and items have numbers below N_USERS and N_ITEMS. */
void tally_add(struct tally *tally, const struct rs_pairs *batch, size_t n_users, size_t n_items);

/* Adds what another one counted. */
void tally_join(struct tally *to, const struct tally *from);

#endif
