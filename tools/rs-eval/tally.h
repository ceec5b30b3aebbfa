/* What every user contributes to every measure.
 *
 * A measure is a ratio of two sums over users, num / den, or a function of it (the root for RMSE).
 * The contributions are kept apart by user, because segments, the bootstrap and the tests between
 * models all add them up anew. */
#ifndef TALLY_H
#define TALLY_H

#include "evidence.h"
#include "request.h"
#include "rules.h"

/* By request r and user u at [r * n_users + u]. */
struct tally {
    size_t n_users, n_requests;
    double *num, *den;
    uint32_t *count; /* test pairs or lists that entered */
};

struct figure {
    double value;
    uint64_t n; /* test pairs, or users (once a fold); 0: there is no figure */
};

struct tally tally_new(const struct evidence *evidence, const struct requests *requests);
void tally_free(struct tally *tally);
void tally_clear(struct tally *tally);

/* True if ANSWERS hold what the request, of scores or ranks, is computed from. */
bool tally_possible(const struct answers *answers, const struct request *request);

/* Adds what one model answered to one fold: of the rows where ROWS is not 0, or of all if it is
 * NULL. */
bool tally_add(struct tally *tally, const struct answers *answers, const struct requests *requests,
               const struct rules *rules, const uint8_t *rows, struct rs_error *err);

/* Adds the contributions of FROM. */
void tally_join(struct tally *tally, const struct tally *from);

/* Turns the sums of measures that average over users' own figures (rmse-user) into one figure a
 * user. To be done once, when everything is added. */
void tally_close(struct tally *tally, const struct requests *requests);

/* The measure over all users, or over those in USERS (positions). */
struct figure tally_figure(const struct tally *tally, const struct requests *requests, size_t r,
                           const uint32_t *users, size_t n_users);

/* True for means of the folds' figures: those of all folds can't be told from a tally. */
static inline bool tally_is_mean_of_folds(enum measure measure) {
    return measure == RMSE_FOLDS || measure == MAE_FOLDS;
}

/* The measure that sums NUM and DEN stand for. */
double tally_value(enum measure measure, double num, double den);

#endif
