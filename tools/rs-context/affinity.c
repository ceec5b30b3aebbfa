#include "affinity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { ROUNDS = 12 };

struct fit {
    struct affinity *affinity;
    const struct layout *layout;
    unsigned left_out;
    double *mine;  /* (user, value) by user_start x WIDTH: sums of traits less what their
                      situations are known to do */
    double *all;   /* users x WIDTH: the same of all ratings of a user */
    double *known; /* values x WIDTH: sums of what situations are known to do */
    double squares[WIDTH],
        squares_here;    /* of all those traits; of those of known value, summed up */
    double *taste;       /* users x WIDTH */
    double usual[WIDTH]; /* mean of t_u */
    double t[WIDTH], a[WIDTH];
    double noise[WIDTH], clustering;
};

double affinity_at(const struct affinity *affinity, uint8_t value, uint32_t item) {
    const struct data *data = affinity->layout->data;
    const float *x = data->x + item * WIDTH;
    const double *a = affinity->a + value * WIDTH;
    double sum = 0;
    for (size_t k = 1; k < WIDTH; k++) sum += a[k] * (double)x[k];
    if (affinity->count != NULL) sum += (double)affinity->count[value * data->n_items + item];
    return sum;
}

void affinity_of_user(const struct affinity *affinity, uint32_t user, double mean[WIDTH]) {
    const struct layout *layout = affinity->layout;
    memset(mean, 0, WIDTH * sizeof *mean);
    for (uint64_t e = layout->user_start[user]; e < layout->user_start[user + 1]; e++)
        for (size_t k = 1; k < WIDTH; k++)
            mean[k] +=
                (double)layout->user_share[e] * affinity->a[layout->user_value[e] * WIDTH + k];
}

static double learned(double squares, double known, double most) {
    double variance = known > 1e-9 ? squares / known : 0;
    return fmax(1e-8, fmin(variance, most));
}

/* Ratings of user U that have the value of pair E of the layout. */
static double count_of(const struct layout *layout, uint32_t u, uint64_t e) {
    const uint64_t *start = layout->data->matrix->rows.start;
    return (double)(start[u + 1] - start[u]) * (double)layout->user_share[e];
}

/* The one pass over the ratings: all that is asked of them later are these sums. */
static void sum_ratings(struct fit *fit, const struct affinity *const *before, size_t n_before) {
    const struct layout *layout = fit->layout;
    const struct data *data = layout->data;
    const uint64_t *start = data->matrix->rows.start;
    uint64_t pair[RS_MAX_CONTEXT_VALUES];
    for (uint32_t u = 0; u < data->n_users; u++) {
        if (data->fold[u] == fit->left_out) continue;
        for (uint64_t e = layout->user_start[u]; e < layout->user_start[u + 1]; e++)
            pair[layout->user_value[e]] = e;
        for (uint64_t r = start[u]; r < start[u + 1]; r++) {
            uint8_t v = layout->candidate->value[r];
            double x[WIDTH], known[WIDTH] = {0};
            for (size_t b = 0; b < n_before; b++) {
                uint8_t w = before[b]->layout->candidate->value[r];
                for (size_t k = 1; w != RS_NO_VALUE && k < WIDTH; k++)
                    known[k] += before[b]->a[w * WIDTH + k];
            }
            for (size_t k = 1; k < WIDTH; k++) {
                x[k] = (double)data->x[data->item[r] * WIDTH + k] - known[k];
                fit->all[u * WIDTH + k] += x[k];
                fit->squares[k] += x[k] * x[k];
            }
            if (v == RS_NO_VALUE) continue;
            for (size_t k = 1; k < WIDTH; k++) {
                fit->mine[pair[v] * WIDTH + k] += x[k];
                fit->known[v * WIDTH + k] += known[k];
                fit->squares_here += x[k] * x[k];
            }
        }
    }
}

/* The tastes of users, given those of values. Users of the fold left out get none. */
static void fit_users(struct fit *fit) {
    const struct layout *layout = fit->layout;
    const struct data *data = layout->data;
    const uint64_t *start = data->matrix->rows.start;
    double squares[WIDTH] = {0}, known[WIDTH] = {0}, left[WIDTH], n_all = 0;
    double mean[WIDTH] = {0}, n_users = 0;
    memcpy(left, fit->squares, sizeof left);
    for (uint32_t u = 0; u < data->n_users; u++) {
        double sum[WIDTH], n = (double)(start[u + 1] - start[u]);
        if (data->fold[u] == fit->left_out) continue;
        memcpy(sum, fit->all + u * WIDTH, sizeof sum);
        for (uint64_t e = layout->user_start[u]; e < layout->user_start[u + 1]; e++) {
            const double *a = fit->affinity->a + layout->user_value[e] * WIDTH;
            double here = count_of(layout, u, e);
            for (size_t k = 1; k < WIDTH; k++) {
                sum[k] -= here * a[k];
                left[k] += a[k] * (here * a[k] - 2 * fit->mine[e * WIDTH + k]);
            }
        }
        n_all += n;
        for (size_t k = 1; k < WIDTH; k++) {
            double shrunk = n + fit->noise[k] / fit->t[k];
            double *taste = &fit->taste[u * WIDTH + k];
            double own = (sum[k] - n * fit->usual[k]) / shrunk;
            *taste = fit->usual[k] + own;
            squares[k] += own * own;
            known[k] += n / shrunk;
            left[k] += *taste * (n * *taste - 2 * sum[k]);
            mean[k] += own;
        }
        n_users++;
    }
    for (size_t k = 1; k < WIDTH; k++) {
        fit->usual[k] += n_users > 0 ? mean[k] / n_users : 0;
        fit->t[k] = learned(squares[k], known[k], 1);
        fit->noise[k] = n_all > 0 ? fmax(left[k] / n_all, 1e-3) : 1;
    }
}

/* Sums of what is left at each value; how many ratings tell of the value and not of their user
 * alone (the Schur complement of users); how those of one user at one value vary together. */
static void sum_values(struct fit *fit, double (*sum)[WIDTH], double (*n)[WIDTH]) {
    const struct layout *layout = fit->layout;
    const struct data *data = layout->data;
    const uint64_t *start = data->matrix->rows.start;
    double alone = fit->squares_here, together = 0;
    for (uint32_t u = 0; u < data->n_users; u++) {
        const double *taste = fit->taste + u * WIDTH;
        double n_user = (double)(start[u + 1] - start[u]);
        if (data->fold[u] == fit->left_out) continue;
        for (uint64_t e = layout->user_start[u]; e < layout->user_start[u + 1]; e++) {
            uint8_t v = layout->user_value[e];
            double n_here = count_of(layout, u, e);
            for (size_t k = 1; k < WIDTH; k++) {
                double mine = fit->mine[e * WIDTH + k];
                double expected = taste[k] + fit->affinity->a[v * WIDTH + k];
                double left = mine - n_here * expected;
                alone += expected * (n_here * expected - 2 * mine);
                together += left * left;
                sum[v][k] += left;
                n[v][k] += n_here * (1 - n_here / (n_user + fit->noise[k] / fit->t[k]));
            }
        }
    }
    fit->clustering = alone > 0 && together > alone ? together / alone : 1;
}

/* The tastes of values, given those of users. */
static void fit_values(struct fit *fit) {
    size_t n_values = fit->layout->n_values;
    double(*sum)[WIDTH] = rs_calloc(n_values, sizeof *sum);
    double(*n)[WIDTH] = rs_calloc(n_values, sizeof *n);
    double squares[WIDTH] = {0}, known[WIDTH] = {0};
    sum_values(fit, sum, n);
    for (size_t v = 0; v < n_values; v++)
        for (size_t k = 1; k < WIDTH; k++) {
            double prior = fit->noise[k] * fit->clustering / fit->a[k];
            double *a = &fit->affinity->a[v * WIDTH + k];
            *a += (sum[v][k] - *a * prior) / (n[v][k] + prior);
            known[k] += n[v][k] / (n[v][k] + prior) * (1 - 1 / (double)n_values);
        }
    for (size_t k = 1; k < WIDTH; k++) {
        double mean = 0, all = 0; /* what all values have in common is no context */
        for (size_t v = 0; v < n_values; v++) {
            mean += n[v][k] * fit->affinity->a[v * WIDTH + k];
            all += n[v][k];
        }
        for (size_t v = 0; v < n_values; v++) {
            double *a = &fit->affinity->a[v * WIDTH + k];
            *a -= all > 0 ? mean / all : 0;
            squares[k] += *a * *a;
        }
    }
    for (size_t k = 1; k < WIDTH; k++) fit->a[k] = learned(squares[k], known[k], 4);
    free(sum);
    free(n);
}

/* TILT[v]: sums, over the ratings at v, of the taste of who is there, and of what is known of it.
 */
static void find_tilts(const struct fit *fit, double (*tilt)[WIDTH]) {
    const struct layout *layout = fit->layout;
    const struct data *data = layout->data;
    memcpy(tilt, fit->known, layout->n_values * sizeof *tilt);
    for (uint32_t u = 0; u < data->n_users; u++) {
        if (data->fold[u] == fit->left_out) continue;
        for (uint64_t e = layout->user_start[u]; e < layout->user_start[u + 1]; e++)
            for (size_t k = 1; k < WIDTH; k++)
                tilt[layout->user_value[e]][k] +=
                    count_of(layout, u, e) * fit->taste[u * WIDTH + k];
    }
}

/* Counts item by item what the tastes leave. The usual number of ratings of an item at v is its
 * share of all ratings times exp((mean taste of who is there + a_v) . x), to the same sum. */
static void fit_counts(struct fit *fit) {
    const struct data *data = fit->layout->data;
    const uint8_t *value = fit->layout->candidate->value;
    size_t n_values = fit->layout->n_values, n_items = data->n_items, n_cells = n_values * n_items;
    float *n = rs_calloc(n_cells, sizeof *n), *m = rs_calloc(n_cells, sizeof *m);
    double *share = rs_calloc(n_items, sizeof *share), *at = rs_calloc(n_values, sizeof *at);
    double(*tilt)[WIDTH] = rs_calloc(n_values, sizeof *tilt);
    for (size_t r = 0; r < data->n; r++) {
        uint8_t v = value[r];
        if (data->fold[data->user[r]] == fit->left_out || v == RS_NO_VALUE) continue;
        share[data->item[r]]++;
        n[v * n_items + data->item[r]]++;
        at[v]++;
    }
    find_tilts(fit, tilt);
    double beyond = 0, usual = 0;
    for (size_t v = 0; v < n_values; v++) {
        double sum = 0;
        for (size_t i = 0; i < n_items; i++) {
            double lift = 0;
            for (size_t k = 1; k < WIDTH; k++)
                lift += (tilt[v][k] / fmax(at[v], 1) + fit->affinity->a[v * WIDTH + k]) *
                        (double)data->x[i * WIDTH + k];
            m[v * n_items + i] = (float)(share[i] * exp(fmax(-3, fmin(lift, 3))));
            sum += (double)m[v * n_items + i];
        }
        for (size_t i = 0; i < n_items; i++) {
            double expected = sum > 0 ? at[v] * (double)m[v * n_items + i] / sum : 0;
            double found = (double)n[v * n_items + i];
            m[v * n_items + i] = (float)expected;
            beyond += (found - expected) * (found - expected) - found;
            usual += expected * expected;
        }
    }
    double variance = usual > 0 ? beyond / usual : 0;
    if (variance > 1e-4) {
        double s = 1 / variance;
        for (size_t c = 0; c < n_cells; c++)
            n[c] = (float)log(((double)n[c] + s) / ((double)m[c] + s));
        fit->affinity->count = n;
    } else {
        free(n);
    }
    free(m);
    free(share);
    free(at);
    free(tilt);
}

void affinity_fit(struct affinity *affinity, const struct layout *layout,
                  const struct affinity *const *before, size_t n_before, unsigned left_out) {
    const struct data *data = layout->data;
    size_t n_pairs = layout->user_start[data->n_users];
    *affinity = (struct affinity){.layout = layout,
                                  .a = rs_calloc(layout->n_values * WIDTH, sizeof *affinity->a)};
    struct fit fit = {.affinity = affinity,
                      .layout = layout,
                      .left_out = left_out,
                      .mine = rs_calloc(n_pairs * WIDTH, sizeof *fit.mine),
                      .all = rs_calloc(data->n_users * WIDTH, sizeof *fit.all),
                      .known = rs_calloc(layout->n_values * WIDTH, sizeof *fit.known),
                      .taste = rs_calloc(data->n_users * WIDTH, sizeof *fit.taste)};
    for (size_t k = 1; k < WIDTH; k++) {
        fit.t[k] = fit.a[k] = 0.1;
        fit.noise[k] = 1;
    }
    sum_ratings(&fit, before, n_before);
    for (int round = 0; round < ROUNDS; round++) {
        fit_users(&fit);
        fit_values(&fit);
    }
    if (layout->cells) fit_counts(&fit);
    free(fit.mine);
    free(fit.all);
    free(fit.known);
    free(fit.taste);
}

void affinity_free(struct affinity *affinity) {
    free(affinity->a);
    free(affinity->count);
}
