/* What a context model is learned from: ratings with their circumstances. */
#ifndef CONTEXT_DATA_H
#define CONTEXT_DATA_H

#include "context/context.h"
#include "ratings/matrix.h"

enum { N_FOLDS = 5, N_TRAITS = 15, WIDTH = N_TRAITS + 1 };

/* A dimension that may matter. */
struct candidate {
    struct rs_dimension form; /* name, source, column, initial, values */
    struct rs_dict names;     /* what form.values views */
    uint8_t *value;           /* of every rating, or RS_NO_VALUE */
    uint64_t n_known;         /* ratings that have one */
};

/* Ratings are numbered as in the matrix by rows. */
struct data {
    const struct rs_matrix *matrix;
    size_t n, n_users, n_items;
    uint32_t *user; /* of every rating */
    const uint32_t *item;
    const int64_t *time; /* or NULL */
    uint8_t *fold;       /* of every user, 0 … N_FOLDS - 1 */
    int64_t *user_began, *item_appeared;
    size_t n_zones; /* as in context.h */
    struct rs_zone zones[RS_MAX_ZONES];
    uint8_t *user_zone;
    const char *zone_name; /* of the first */
    size_t n_candidates;
    struct candidate candidates[RS_MAX_DIMENSIONS];
    float *x; /* items x WIDTH: 1, then traits, of mean 0, variance 1 over the ratings and
                 uncorrelated */
    double known[WIDTH]; /* K of context.h, by trait: ratings after which half of a user's taste for
                            it is known; infinite: it never is */
    float *residual;     /* rating - what is expected without it; NULL: ratings are counts */
};

struct data_request {
    const char *ratings; /* a ratings file with the columns of context, or NULL */
    const char *zone;
    const char *zone_of;       /* a column of users that tells their zones, or NULL */
    const char *const *places; /* VALUE=ZONE: what its values mean */
    size_t n_places;           /* 0: they are names of zones */
    const char *const *names;  /* the only dimensions wanted */
    size_t n_names;            /* 0: all */
    uint64_t seed;
};

/* Finds the dimensions there are and every rating's value in them. Dies of what is wrong. */
void data_gather(struct data *data, const struct rs_matrix *matrix,
                 const struct data_request *request);

/* The line of a matrix rating: its number, or SIZE_MAX. */
size_t data_find(const struct data *data, uint32_t user, uint32_t item);

void data_free(struct data *data);

#endif
