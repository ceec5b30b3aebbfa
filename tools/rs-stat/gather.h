/* What one pass over the ratings leaves: sums by user and by item, the ratings' distribution, days
 * and hours, contexts, and the pairs of as many users and of as many items as may be held. */
#ifndef GATHER_H
#define GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/pairs.h"
#include "helper.h"

/* Ratings of one user, of one item, of one hour. */
struct sums {
    uint64_t n;
    double sum, squares;
};

void sums_add(struct sums *sums, double rating);
double sums_mean(const struct sums *sums);      /* NAN without ratings */
double sums_deviation(const struct sums *sums); /* of the population; NAN without ratings */

struct sums_list {
    size_t n, capacity;
    struct sums *all;
};

enum { EXACT_VALUES = 100, EXACT_SLOTS = 256, FINE_BUCKETS = 65536 };

/* How often each rating occurs: each value, while they are few, then by the upper half of its bits,
 * which tells values apart that differ by more than 1 %. */
struct distribution {
    size_t n_exact; /* above EXACT_VALUES: too many, and the slots are of no use */
    float value[EXACT_SLOTS];
    uint64_t count[EXACT_SLOTS]; /* 0: free */
    uint64_t *fine; /* by fine_bucket, which keeps the order; NULL while they are few */
};

/* The middle of a bucket. */
double fine_value(uint32_t bucket);

struct day {
    int64_t day; /* since 1970 */
    struct sums sums;
};

struct calendar {
    uint64_t missing;
    int64_t first, last;
    struct sums hours[24]; /* UTC */
    struct day *days;      /* open addressing; free where sums.n is 0 */
    struct day *latest;    /* found last: most ratings are of the day of the one before */
    size_t n_days, n_slots;
};

/* The pairs of those users (or items) whose name has a hash that begins with LEVEL bits of 0. While
 * there are no more pairs than the limit it is all of them, which by_user then holds for both; of
 * more, the fewest bits with which they fit in a SAMPLE_PART of it. So it is the same sample in
 * whatever order the ratings come. */
enum { SAMPLE_PART = 4 };

struct held {
    bool by_user;
    unsigned level; /* 0: everything is held */
    size_t limit, n, capacity;
    uint32_t *user, *item; /* pages */
    size_t n_lines, line_capacity;
    uint64_t *hash; /* by line */
    bool *kept;     /* by line */
};

struct gathered {
    struct sums all; /* known at the end */
    struct rs_scale scale;
    struct sums_list users, items;
    uint64_t *user_counts, *item_counts; /* ascending */
    struct distribution distribution;
    struct calendar calendar;
    struct held by_user, by_item;
    size_t n_contexts;
    struct sums_list contexts[RS_MAX_CONTEXTS];
    bool any_time;
    struct helper helper;
    bool helped; /* whether it was started */
};

void gathered_init(struct gathered *gathered, size_t limit);
/* Sums up when the last batch is in. */
void gathered_finish(struct gathered *gathered);

void gathered_free(struct gathered *gathered);

/* Takes in a batch. USERS and ITEMS name what its numbers stand for. */
void gathered_add(struct gathered *gathered, const struct rs_pairs *batch,
                  const struct rs_ids *users, const struct rs_ids *items);

#endif
