/* How segments of each kind are made, in users.c and rows.c: for segmentation.c. */
#ifndef GROUPING_H
#define GROUPING_H

#include "segments.h"
#include "shelf.h"
#include "training.h"

/* The data that segments are made of, and where they go. */
struct source {
    const struct evidence *evidence;
    const struct training *training;
    const struct categories *categories;
    struct segments *segments;
};

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
