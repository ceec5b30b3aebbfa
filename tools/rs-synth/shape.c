#include "shape.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "normal.h"

/* Sizes, scales and least counts are those of the sets; the exponents were fitted to their sums of
 * squares and quartiles, the standard deviations to damped biases and to what factor models leave.
 */
const struct shape shapes[] = {
    {"ml-100k", 943, 1682, 100000, 20,   1.41, 0.45, 0.86,         2,   1,   5,
     1,         0,   3.58, 0.46,   0.56, 0.46, 0.87, "1997-09-20", 215, 0.9, 200},
    {"ml-1m", 6040, 3706, 1000209, 20,   1.47, 0.45, 0.60,         20,   1,   5,
     1,       0,    3.68, 0.46,    0.57, 0.45, 0.85, "2000-04-25", 1039, 0.9, 400},
    {"ml-10m", 69878, 10677, 10000054, 20,   1.38, 0.6,  0.46,         10,   0.5, 5,
     0.5,      0.45,  3.63,  0.44,     0.48, 0.45, 0.77, "1995-01-09", 5100, 0.5, 700},
    {"ml-25m", 162541, 59047, 25000095, 20,   1.29, 3,    0.35,         0.1,  0.5, 5,
     0.5,      0.35,   3.66,  0.45,     0.50, 0.45, 0.77, "1995-01-09", 9080, 0.4, 900},
    {"netflix", 480189, 17770, 100480507, 1,    1.17, 0.8,  0.41,         50,   1,   5,
     1,         0,      3.74,  0.45,      0.57, 0.45, 0.85, "1999-11-11", 2242, 0.5, 500},
};
const char *const shape_names[] = {"ml-100k", "ml-1m", "ml-10m", "ml-25m", "netflix", NULL};

/* Ratings beyond the least of a user whose appetite lies Z deviations above the median. */
static double excess_of(double z, double log_median, const struct shape *shape, double cap) {
    double appetite = exp(log_median + shape->activity * z);
    return fmin(appetite / (1 + appetite / cap), (double)(shape->items - shape->least));
}

static double excess_sum(const float *z, double log_median, const struct shape *shape, double cap) {
    double sum = 0;
    for (size_t u = 0; u < (size_t)shape->users; u++)
        sum += excess_of((double)z[u], log_median, shape, cap);
    return sum;
}

/* The logarithm of the median appetite at which the ratings sum to what they should. */
static double find_median(const float *z, const struct shape *shape, double excess, double cap) {
    double low = -60, high = 200;
    for (int round = 0; round < 50; round++) {
        double middle = (low + high) / 2;
        if (excess_sum(z, middle, shape, cap) < excess) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

void shape_activity(const struct shape *shape, uint32_t *count) {
    size_t n = (size_t)shape->users;
    double excess = (double)(shape->ratings - shape->least * shape->users);
    double cap = shape->most * (double)shape->items;
    if (excess / (double)n > 0.6 * cap) cap = 10 * (double)shape->items; /* a dense set */
    float *z = rs_malloc(n, sizeof *z);
    for (size_t u = 0; u < n; u++) z[u] = (float)normal_quantile(((double)u + 0.5) / (double)n);
    double log_median = find_median(z, shape, excess, cap);
    double sum = excess_sum(z, log_median, shape, cap);
    /* Rounding the running sum hands every rounding error on to the next user. */
    double running = 0;
    uint64_t given = 0;
    for (size_t u = 0; u < n; u++) {
        running += excess_of((double)z[u], log_median, shape, cap);
        uint64_t due = u + 1 == n ? (uint64_t)excess : (uint64_t)(running / sum * excess + 0.5);
        count[u] = (uint32_t)(due - given) + (uint32_t)shape->least;
        given = due;
    }
    /* What rounding may have put above the number of items goes to the next lower user. */
    for (size_t u = n; u-- > 1;) {
        if (count[u] <= (uint64_t)shape->items) continue;
        count[u - 1] += count[u] - (uint32_t)shape->items;
        count[u] = (uint32_t)shape->items;
    }
    free(z);
}

/* Ranks are looked at on a grid, dense at the head, and users in bins of equal activity: the law is
 * smooth, so that a few hundred points determine it. */
enum { GRID = 160, BINS = 20, ROUNDS = 40 };

struct grid {
    size_t n;
    double rank[GRID], width[GRID]; /* middle of a range of ranks, and how many lie in it */
    double target[GRID], weight[GRID];
};

static void make_grid(struct grid *grid, size_t n_items) {
    grid->n = 0;
    size_t from = 0;
    double growth = pow((double)n_items + 1, 1.0 / (GRID - 30));
    while (from < n_items) {
        size_t to = (size_t)((double)(from + 1) * growth);
        if (to <= from) to = from + 1;
        if (to > n_items || grid->n + 1 == GRID) to = n_items;
        grid->rank[grid->n] = (double)(from + to) / 2;
        grid->width[grid->n++] = (double)(to - from);
        from = to;
    }
}

/* Sets the targets for r0 = SCALE so that they sum to EXCESS. Returns that of the last rank. */
static double stretch(struct grid *grid, double scale, double exponent, double excess, double cap) {
    double drop[GRID];
    for (size_t g = 0; g < grid->n; g++) drop[g] = pow(grid->rank[g] / scale, exponent);
    double low = -30, high = log(cap) + drop[grid->n - 1] + 1;
    for (int round = 0; round < 45; round++) {
        double middle = (low + high) / 2, sum = 0;
        for (size_t g = 0; g < grid->n; g++) {
            grid->target[g] = fmin(cap, exp(middle - drop[g]));
            sum += grid->width[g] * grid->target[g];
        }
        if (sum < excess) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return grid->target[grid->n - 1];
}

static void set_targets(struct grid *grid, const struct shape *shape, double excess) {
    double items = (double)shape->items;
    double cap = fmax(0.98 * (double)shape->users - 1, 1.001 * excess / items);
    double low = log(1e-6 * items), high = log(1e3 * items);
    for (int round = 0; round < 30; round++) {
        double middle = (low + high) / 2;
        if (stretch(grid, exp(middle), shape->popularity, excess, cap) < shape->tail) {
            low = middle;
        } else {
            high = middle;
        }
    }
}

struct bins {
    double users[BINS], draws[BINS]; /* users in a bin, and the items each draws on average */
    double reach[BINS];              /* how long each draws, see below */
};

static void make_bins(struct bins *bins, const uint32_t *activity, size_t n, double drawn) {
    for (size_t b = 0; b < BINS; b++) {
        size_t from = b * n / BINS, to = (b + 1) * n / BINS;
        double sum = 0;
        for (size_t u = from; u < to; u++) sum += activity[u];
        bins->users[b] = (double)(to - from);
        bins->draws[b] = to > from ? drawn * sum / (double)(to - from) : 0;
        bins->reach[b] = 0;
    }
}

/* Drawing n items without replacement is taking the first n of events that happen to items at the
 * rates `weight`; an item is among them with probability 1 - exp(-weight * reach), where reach, the
 * time the n-th takes, makes these sum to n. By Newton's method, which on this concave sum
 * approaches from the left. */
static double find_reach(const struct grid *grid, double draws, double reach) {
    double rate = 0;
    for (size_t g = 0; g < grid->n; g++) rate += grid->width[g] * grid->weight[g];
    double least = draws / rate;
    for (int round = 0; round < 60; round++) {
        if (!(reach > least)) reach = least;
        double missing = draws, slope = 0;
        for (size_t g = 0; g < grid->n; g++) {
            double left = exp(-grid->weight[g] * reach);
            missing -= grid->width[g] * (1 - left);
            slope += grid->width[g] * grid->weight[g] * left;
        }
        if (fabs(missing) < 1e-4 * draws || slope <= 0) break;
        reach += missing / slope;
    }
    return reach;
}

static void calibrate(struct grid *grid, struct bins *bins) {
    for (size_t g = 0; g < grid->n; g++) grid->weight[g] = grid->target[g] / grid->target[0];
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t b = 0; b < BINS; b++)
            bins->reach[b] = find_reach(grid, bins->draws[b], bins->reach[b]);
        double change = 0;
        for (size_t g = 0; g < grid->n; g++) {
            double expected = 0;
            for (size_t b = 0; b < BINS; b++)
                expected += bins->users[b] * (1 - exp(-grid->weight[g] * bins->reach[b]));
            double factor = fmin(3, grid->target[g] / fmax(expected, 1e-9));
            grid->weight[g] *= factor;
            change = fmax(change, fabs(factor - 1));
        }
        if (change < 0.002) break;
    }
}

/* The value at rank R between points of the grid, by its logarithm. G is the point before it. */
static double interpolate(const struct grid *grid, const double *values, size_t g, double rank) {
    if (g + 1 >= grid->n) return values[g];
    double part = log(rank / grid->rank[g]) / log(grid->rank[g + 1] / grid->rank[g]);
    return exp(log(values[g]) * (1 - part) + log(values[g + 1]) * part);
}

void shape_popularity(const struct shape *shape, const uint32_t *activity, double *weight,
                      double *expected) {
    size_t n_items = (size_t)shape->items;
    double excess = (double)(shape->ratings - shape->items);
    for (size_t i = 0; i < n_items; i++) weight[i] = expected[i] = 1;
    if (excess <= 0) return;
    struct grid *grid = rs_calloc(1, sizeof *grid);
    struct bins bins;
    make_grid(grid, n_items);
    set_targets(grid, shape, excess);
    make_bins(&bins, activity, (size_t)shape->users, excess / (double)shape->ratings);
    calibrate(grid, &bins);
    size_t g = 0;
    for (size_t i = 0; i < n_items; i++) {
        double rank = (double)i + 0.5;
        while (g + 2 < grid->n && rank > grid->rank[g + 1]) g++;
        weight[i] = interpolate(grid, grid->weight, g, rank);
        expected[i] = 1 + interpolate(grid, grid->target, g, rank);
    }
    free(grid);
}
