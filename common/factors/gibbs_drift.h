/* Drift of a line's ratings over time: a sum of stationary Gauss-Markov processes (Ornstein and
 * Uhlenbeck 1930), one for every time scale, whose correlation falls as exp(-gap / scale). A user's
 * mood lasts a minute on the page of films that are rated together, an evening, a season; an item's
 * fame, months. The variance of each is learned: a scale that explains nothing is left with none.
 *
 * A process is drawn as a whole, forwards and back (Carter and Kohn: On Gibbs sampling for state
 * space models. Biometrika 1994). Sixteen lines are drawn at once, side by side: lines are sorted
 * by how many moments they have and a group is as long as its longest. */
#ifndef RS_GIBBS_DRIFT_H
#define RS_GIBBS_DRIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RS_GIBBS_LANES = 16, RS_GIBBS_MAX_SCALES = 8 };

/* Where the moments of the lines lie; shared by all chains. */
struct rs_gibbs_moments {
    size_t n_lines, n_groups, n_slots;
    size_t n_scales;
    double scale[RS_GIBBS_MAX_SCALES]; /* milliseconds */
    uint32_t *line;                    /* n_groups x RS_GIBBS_LANES; RS_NONE: nobody */
    uint32_t *length;                  /* moments of each of these */
    uint64_t *group_start;             /* in slots; n_groups + 1 */
    uint32_t *slot;                    /* of each rating; RS_NONE: it has no time */
    float *innovation;      /* n_scales x n_slots: 1 - correlation^2 with the moment before */
    uint64_t *moment_start; /* by line, n_lines + 1 */
    int64_t *moment;        /* the line's different times, ascending */
    uint32_t *moment_slot;
};

/* TIME is by rating, in the order of START; NULL or RS_NO_TIME: unknown. */
void rs_gibbs_moments_make(struct rs_gibbs_moments *moments, size_t n_lines, const uint64_t *start,
                           const int64_t *time, const double *scale, size_t n_scales);
void rs_gibbs_moments_free(struct rs_gibbs_moments *moments);

/* The processes of one chain. */
struct rs_gibbs_drift {
    float *state;             /* n_scales x n_slots */
    float *before;            /* n_slots: the sum of the states when a draw begins */
    float *precision, *slope; /* n_slots: sum of w, sum of w e */
    double variance[RS_GIBBS_MAX_SCALES];
    double *sums; /* 3 x n_groups: for the variances */
};

void rs_gibbs_drift_new(struct rs_gibbs_drift *drift, const struct rs_gibbs_moments *moments);
void rs_gibbs_drift_free(struct rs_gibbs_drift *drift);

/* Draws all processes in turn, and their variances, given the residuals and their precisions
 * (ALPHA TAU[line] OTHER_TAU[OTHER]), and brings the residuals up to date. */
void rs_gibbs_drift_draw(struct rs_gibbs_drift *drift, const struct rs_gibbs_moments *moments,
                         const uint64_t *start, const uint32_t *other, const float *tau,
                         const float *other_tau, float alpha, float *residual, uint64_t seed,
                         uint32_t what, uint32_t sweep, int threads);

/* The sum of the processes as they are now at rating K, in the order of the lines' ratings. */
double rs_gibbs_drift_sum(const struct rs_gibbs_drift *drift,
                          const struct rs_gibbs_moments *moments, uint64_t k);

/* What is known of one line's processes: their expected states at N moments (n x n_scales), each
 * known but for its UNCERTAINTY, a variance. */
struct rs_gibbs_path {
    size_t n, n_scales;
    const int64_t *moment; /* ascending */
    const float *state;
    const double *scale, *variance, *uncertainty; /* by scale */
    double average;                               /* what is expected at an unknown time */
};

/* The first moment at or after TIME; path->n if there is none. */
size_t rs_gibbs_path_find(const struct rs_gibbs_path *path, int64_t time);

/* The expected drift at TIME (RS_NO_TIME: unknown). *spread becomes its variance. */
double rs_gibbs_drift_at(const struct rs_gibbs_path *path, int64_t time, double *spread);

/* The expected states given residuals: SLOPE[t] is the sum of w e at moment t, PRECISION[t] the sum
 * of w. STATE (n x n_scales) has the states that the residuals already lack, and is improved one
 * process after another, ROUNDS times; the residuals follow. ROOM has 2 n doubles. */
void rs_gibbs_drift_smooth(const struct rs_gibbs_path *path, float *state, const double *precision,
                           double *slope, int rounds, double *room);

#endif
