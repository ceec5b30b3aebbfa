/* Parts of the test data: groups of users, or of test pairs by their item or time. */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#include "shelf.h"
#include "training.h"

struct segment {
    char *name; /* "activity:20-33" */
    bool of_users;
    uint32_t *users; /* positions, ascending; of a segment of rows: all users who have one */
    size_t n_users;
    uint8_t **rows; /* by fold: 1 for the rows that are in it; NULL for segments of users */
};

struct segments {
    size_t n, capacity;
    struct segment *all;
    bool asked;                          /* for more than those of unknown users and items */
    uint64_t n_cold_users, n_cold_items; /* test pairs of unknown ones */
    char **left_out;                     /* what can't be said of this data, and why: a line each */
    size_t n_left_out, left_out_capacity;
};

/* Makes the segments that LIST names ("activity,genre"; NULL: none), and those of unknown users and
 * items where there are any. A bad name ends the program with EX_USAGE. */
struct segments segments_make(const struct evidence *evidence, const struct training *training,
                              const struct categories *categories, const char *list);

void segments_free(struct segments *segments, size_t n_folds);

#endif
