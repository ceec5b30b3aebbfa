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
    double (*before)[WIDTH]; /* of every rating's situation: what is known already; or NULL */
    double *taste;           /* users x WIDTH */
    double usual[WIDTH];     /* mean of t_u */
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

/* The traits of a rating less what its situation is known to do. */
static void traits_of(const struct fit *fit, size_t r, double x[WIDTH]) {
    const struct data *data = fit->layout->data;
    for (size_t k = 1; k < WIDTH; k++) {
        x[k] = (double)data->x[data->item[r] * WIDTH + k];
        if (fit->before != NULL) x[k] -= fit->before[r][k];
    }
}

static double learned(double squares, double known, double most) {
    double variance = known > 1e-9 ? squares / known : 0;
    return fmax(1e-8, fmin(variance, most));
}

/* The tastes of users, given those of values. Users of the fold left out get none. */
static void fit_users(struct fit *fit) {
    const struct data *data = fit->layout->data;
    const uint8_t *value = fit->layout->candidate->value;
    const uint64_t *start = data->matrix->rows.start;
    double squares[WIDTH] = {0}, known[WIDTH] = {0}, left[WIDTH] = {0}, n_all = 0;
    double mean[WIDTH] = {0}, n_users = 0;
    for (uint32_t u = 0; u < data->n_users; u++) {
        double sum[WIDTH] = {0}, x[WIDTH], n = (double)(start[u + 1] - start[u]);
        if (data->fold[u] == fit->left_out) continue;
        for (uint64_t r = start[u]; r < start[u + 1]; r++) {
            const double *a = value[r] == RS_NO_VALUE ? NULL : fit->affinity->a + value[r] * WIDTH;
            traits_of(fit, r, x);
            for (size_t k = 1; k < WIDTH; k++) {
                double rest = x[k] - (a == NULL ? 0 : a[k]);
                sum[k] += rest;
                left[k] += rest * rest;
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

/* One pass over the ratings: sums of what is left at each value; how many ratings tell of the value
 * and not of their user alone (the Schur complement of users); how those of one user at one value
 * vary together. */
static void sum_values(struct fit *fit, double (*sum)[WIDTH], double (*n)[WIDTH]) {
    const struct data *data = fit->layout->data;
    const uint8_t *value = fit->layout->candidate->value;
    const uint64_t *start = data->matrix->rows.start;
    double(*mine)[WIDTH] = rs_calloc(fit->layout->n_values, sizeof *mine);
    double alone = 0, together = 0;
    for (uint32_t u = 0; u < data->n_users; u++) {
        const double *taste = fit->taste + u * WIDTH;
        double n_user = (double)(start[u + 1] - start[u]);
        if (data->fold[u] == fit->left_out) continue;
        for (uint64_t r = start[u]; r < start[u + 1]; r++) {
            uint8_t v = value[r];
            double x[WIDTH];
            if (v == RS_NO_VALUE) continue;
            traits_of(fit, r, x);
            for (size_t k = 1; k < WIDTH; k++) {
                double left = x[k] - taste[k] - fit->affinity->a[v * WIDTH + k];
                mine[v][k] += left;
                alone += left * left;
            }
        }
        for (uint64_t e = fit->layout->user_start[u]; e < fit->layout->user_start[u + 1]; e++) {
            uint8_t v = fit->layout->user_value[e];
            double n_here = n_user * (double)fit->layout->user_share[e];
            for (size_t k = 1; k < WIDTH; k++) {
                together += mine[v][k] * mine[v][k];
                sum[v][k] += mine[v][k];
                n[v][k] += n_here * (1 - n_here / (n_user + fit->noise[k] / fit->t[k]));
                mine[v][k] = 0;
            }
        }
    }
    fit->clustering = alone > 0 && together > alone ? together / alone : 1;
    free(mine);
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
        for (size_t k = 1; k < WIDTH; k++) {
            tilt[v][k] += fit->taste[data->user[r] * WIDTH + k];
            if (fit->before != NULL) tilt[v][k] += fit->before[r][k];
        }
    }
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

static void know_before(struct fit *fit, const struct affinity *const *before, size_t n_before) {
    const struct data *data = fit->layout->data;
    if (n_before == 0) return;
    fit->before = rs_calloc(data->n, sizeof *fit->before);
    for (size_t b = 0; b < n_before; b++)
        for (size_t r = 0; r < data->n; r++) {
            uint8_t v = before[b]->layout->candidate->value[r];
            for (size_t k = 1; v != RS_NO_VALUE && k < WIDTH; k++)
                fit->before[r][k] += before[b]->a[v * WIDTH + k];
        }
}

void affinity_fit(struct affinity *affinity, const struct layout *layout,
                  const struct affinity *const *before, size_t n_before, unsigned left_out) {
    const struct data *data = layout->data;
    *affinity = (struct affinity){.layout = layout,
                                  .a = rs_calloc(layout->n_values * WIDTH, sizeof *affinity->a)};
    struct fit fit = {.affinity = affinity,
                      .layout = layout,
                      .left_out = left_out,
                      .taste = rs_calloc(data->n_users * WIDTH, sizeof *fit.taste)};
    for (size_t k = 1; k < WIDTH; k++) {
        fit.t[k] = fit.a[k] = 0.1;
        fit.noise[k] = 1;
    }
    know_before(&fit, before, n_before);
    for (int round = 0; round < ROUNDS; round++) {
        fit_users(&fit);
        fit_values(&fit);
    }
    if (layout->cells) fit_counts(&fit);
    free(fit.taste);
    free(fit.before);
}

void affinity_free(struct affinity *affinity) {
    free(affinity->a);
    free(affinity->count);
}
