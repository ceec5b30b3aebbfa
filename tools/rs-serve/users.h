/* What users said since the model was made: feedback on top of the matrix's ratings.
 *
 * A user's ratings are those of their line in the matrix, changed by what the journal holds of
 * them. Feedback is kept by the items' names, so that it stands when another model, which numbers
 * otherwise, takes over; what that model's matrix knows already is forgotten then. Every change
 * gives the user a new version, and all users together one.
 *
 * One thread at a time changes (users_apply, users_count, users_forget), any number read meanwhile.
 * Holds some 40 bytes an event that the matrix does not know, and the names. */
#ifndef SERVE_USERS_H
#define SERVE_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/ids.h"
#include "model/model.h"
#include "snapshot.h"

/* One thing that a user said of an item, as it is in the journal. */
struct event {
    struct rs_id user, item;
    float value;  /* the rating, or the count */
    bool removed; /* takes back what was said before */
    int64_t time; /* milliseconds */
};

struct users;

struct users *users_new(void);
void users_free(struct users *users);

/* Takes an event into account, whose item may be unknown to the model. */
void users_apply(struct users *users, const struct snapshot *snapshot, const struct event *event);

/* Counts what feedback does to the popularity of the items of a model that is about to be used. */
void users_count(struct users *users, const struct snapshot *snapshot);

/* Forgets what the matrix knows, when no other model is in use any more. */
void users_forget(struct users *users, const struct snapshot *snapshot);

/* Where a user stands. */
struct standing {
    uint64_t version; /* how often the user's feedback has changed */
    size_t n_rated;   /* items of the model that the user has rated */
    bool known;       /* in the matrix, or with feedback */
    bool changed;     /* has said what the matrix does not know */
};
struct standing users_standing(struct users *users, const struct snapshot *snapshot,
                               struct rs_id user);

/* How often anybody's feedback has changed. */
uint64_t users_changes(const struct users *users);

/* Users with feedback, and their events kept. */
void users_size(struct users *users, size_t *n_users, size_t *n_events);

/* Memory for a profile: begin with zeros. */
struct profile_room {
    uint32_t *item;
    float *rating;
    struct change *changes;
    size_t item_capacity, rating_capacity, change_capacity;
};
void profile_room_free(struct profile_room *room);

/* The user's profile as of now; it may point into the room. *known tells whether anything is known
 * of the user, be it only of items that the model does not know. */
struct rs_profile users_profile(struct users *users, const struct snapshot *snapshot,
                                struct rs_id user, struct profile_room *room, bool *known);

/* One of a user's ratings, as it was given. */
struct said {
    struct rs_id item; /* borrowed for the call */
    uint32_t line;     /* in the matrix, or RS_NONE */
    float value;
    int64_t time;
};

/* Calls VISIT for all that the user has rated: items of the model ascending, then others. */
void users_visit(struct users *users, const struct snapshot *snapshot, struct rs_id user,
                 void (*visit)(void *data, const struct said *said), void *data);

/* What the user last said of an item, as it was given; false if nothing. */
bool users_value(struct users *users, const struct snapshot *snapshot, struct rs_id user,
                 struct rs_id item, float *value);

#endif
