/* What pairs of ratings tell and sums do not: repeated pairs, k-cores, and how many users (or
 * items) have an item (a user) in common. */
#ifndef DENSITY_H
#define DENSITY_H

#include "gather.h"

/* The held pairs by line, each once. Lines and others are renumbered to those that occur. */
struct incidence {
    size_t n_lines, n_others, n_pairs, n_repeated, capacity;
    uint64_t *line_start, *other_start;
    uint32_t *other;                   /* by line; pages of CAPACITY */
    uint32_t *line;                    /* by other; likewise */
    uint32_t *held_line, *held_other;  /* the number it had among the held */
};

struct incidence incidence_make(const struct held *held, size_t n_others);
void incidence_free(struct incidence *incidence);

/* The same with lines and others exchanged: a view, not to be freed. */
struct incidence incidence_turned(const struct incidence *incidence);

/* What is left when lines and others with fewer than K pairs are taken away until there are none
 * (Seidman, Social Networks 1983, on both sides). */
struct core {
    size_t lines, others;
    uint64_t pairs;
};
void incidence_cores(const struct incidence *incidence, const uint32_t *k, size_t n_k,
                     struct core *cores);

/* Of how many pairs of lines both have a pair with the same other. */
struct overlap {
    size_t examined; /* lines, in the order of their hashes */
    bool exact;      /* all were */
    double share;    /* of all pairs of lines; NAN where there are no two */
    double error;    /* standard error of the share, 0 where it is exact */
};
/* HASH by number among the held; those of the incidence are all N_ALL lines, or a sample of them by
 * hash. Examines no more lines than STEPS, of a pair each, allow for. */
struct overlap incidence_overlap(const struct incidence *incidence, const uint64_t *hash,
                                 size_t n_all, uint64_t steps);

#endif
