/* Parts of the test data: groups of users, or of test pairs by their item or time. */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Adds an empty segment that takes NAME over; it stays in place until the next is added. */
struct segment *segments_add(struct segments *segments, char *name, bool of_users);

/* Notes what can't be said; LINE is taken over. */
void segments_leave_out(struct segments *segments, char *line);

void segments_free(struct segments *segments, size_t n_folds);

#endif
