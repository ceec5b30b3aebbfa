/* How segments of each kind are made: private to segments.c and its two halves, users.c and rows.c.
 */
#ifndef GROUPING_H
#define GROUPING_H

#include "segments.h"

/* The data that segments are made of, and where they go. */
struct source {
    const struct evidence *evidence;
    const struct training *training;
    const struct categories *categories;
    struct segments *segments;
};

/* Adds an empty segment that takes NAME over; it stays in place until the next is added. */
struct segment *segments_add(struct segments *segments, char *name, bool of_users);

/* Groups of users: by training ratings, by what and how they rate, each by themselves, by a column
 * of their table. */
void group_by_activity(const struct source *source);
void group_by_taste(const struct source *source);
void group_by_habit(const struct source *source);
void group_by_spread(const struct source *source);
void group_by_user(const struct source *source);
void group_by_user_column(const struct source *source, const char *kind,
                          const struct rs_table_column *column);

/* Groups of test pairs: known and unknown ones, by training ratings of the item, by its categories,
 * by time. */
void group_by_warmth(const struct source *source);
void group_by_popularity(const struct source *source);
void group_by_category(const struct source *source, const char *kind);
void group_by_time(const struct source *source);
void group_by_hour(const struct source *source);
void group_by_weekday(const struct source *source);

#endif
