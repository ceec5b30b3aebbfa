/* Whom rs-score answers for: users as the matrix knows them, and as ratings given beside it
 * (--ratings) add to them. */
#ifndef SCORE_PROFILES_H
#define SCORE_PROFILES_H

#include "model/model.h"

struct profiles {
    const struct rs_matrix *matrix;
    struct rs_dict users; /* who has ratings of --ratings */
    uint64_t *start;      /* of each, into what follows; items ascend */
    uint32_t *item;
    float *rating;
    uint64_t n_unknown; /* ratings left out because the matrix does not know the item */
};

/* Memory of one thread in which a profile is put together. */
struct profile_room {
    uint32_t *item;
    float *rating;
    size_t item_capacity, rating_capacity;
};

/* Reads further ratings; PATH may be NULL for none. Of several of a user and an item the last
 * counts. */
void profiles_open(struct profiles *profiles, const struct rs_matrix *matrix, const char *path);
void profiles_close(struct profiles *profiles);

/* The profile of the user called NAME, whose line in the matrix is LINE (or RS_NONE): given ratings
 * before those of the matrix. Valid until ROOM is used again. */
struct rs_profile profiles_get(const struct profiles *profiles, struct rs_id name, uint32_t line,
                               struct profile_room *room);
void profile_room_free(struct profile_room *room);

#endif
