#include "effects.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "linear/dense.h"
#include "normal.h"
#include "symmetric.h"

enum { ROUNDS = 8, CELLS_MAX = 1 << 25 };

/* Layout */

static void find_shares(struct layout *layout) {
    const struct data *data = layout->data;
    const uint64_t *start = data->matrix->rows.start;
    layout->user_start = rs_calloc(data->n_users + 1, sizeof *layout->user_start);
    size_t capacity[2] = {0, 0}, n = 0;
    for (size_t u = 0; u < data->n_users; u++) {
        uint32_t count[RS_MAX_CONTEXT_VALUES] = {0};
        for (uint64_t r = start[u]; r < start[u + 1]; r++)
            if (layout->candidate->value[r] != RS_NO_VALUE) count[layout->candidate->value[r]]++;
        for (size_t v = 0; v < layout->n_values; v++) {
            if (count[v] == 0) continue;
            rs_grow(&layout->user_value, &capacity[0], n + 1, sizeof *layout->user_value);
            rs_grow(&layout->user_share, &capacity[1], n + 1, sizeof *layout->user_share);
            layout->user_value[n] = (uint8_t)v;
            layout->user_share[n++] = (float)count[v] / (float)(start[u + 1] - start[u]);
        }
        layout->user_start[u + 1] = n;
    }
}

void layout_make(struct layout *layout, const struct data *data,
                 const struct candidate *candidate) {
    size_t n_values = candidate->form.values.n;
    *layout = (struct layout){.data = data, .candidate = candidate, .n_values = n_values};
    layout->cells = n_values * data->n_items <= CELLS_MAX;
    find_shares(layout);
}

void layout_free(struct layout *layout) {
    free(layout->user_start);
    free(layout->user_value);
    free(layout->user_share);
}

/* Means of items */

void centre_items(const struct data *data, const float *residual, unsigned left_out, float *r) {
    double *sum = rs_calloc(data->n_items, sizeof *sum), *n = rs_calloc(data->n_items, sizeof *n);
    double squares = 0, within = 0, pairs = 0, all = 0;
    for (size_t e = 0; e < data->n; e++) {
        if (data->fold[data->user[e]] == left_out) continue;
        double value = (double)residual[e];
        sum[data->item[e]] += value;
        n[data->item[e]]++;
        squares += value * value;
        all++;
    }
    within = -squares;
    for (size_t i = 0; i < data->n_items; i++) {
        within += sum[i] * sum[i];
        pairs += n[i] * (n[i] - 1);
    }
    double variance = pairs > 0 && within > 0 ? within / pairs : 0;
    double noise = all > 0 ? squares / all : 1;
    for (size_t i = 0; i < data->n_items; i++)
        sum[i] = variance > 0 ? sum[i] / (n[i] + noise / variance) : 0;
    for (size_t e = 0; e < data->n; e++) r[e] = (float)((double)residual[e] - sum[data->item[e]]);
    free(sum);
    free(n);
}

/* Fitting */

struct fit {
    struct effects *effects;
    const struct layout *layout;
    const float *residual;
    unsigned left_out;
    double *mean;                        /* users x WIDTH: s_u */
    struct normal *gram;                 /* of values: H_v */
    float *length;                       /* items: x . x */
    double *score;                       /* values x WIDTH: sums of x times what is left */
    double t[WIDTH];                     /* prior variances */
    double count[RS_MAX_CONTEXT_VALUES]; /* ratings at each value */
    double noise, clustering;
};

/* How much of the user's taste for each trait is taken as known. */
static void taken_of(const struct layout *layout, uint32_t user, double taken[WIDTH]) {
    const struct data *data = layout->data;
    const uint64_t *start = data->matrix->rows.start;
    double n = (double)(start[user + 1] - start[user]);
    bool own = layout->candidate->form.source != RS_CONTEXT_ITEM_AGE;
    for (size_t k = 0; k < WIDTH; k++) taken[k] = own ? n / (n + data->known[k]) : 0;
}

void effects_of_user(const struct effects *effects, uint32_t user, double mean[WIDTH]) {
    const struct layout *layout = effects->layout;
    double taken[WIDTH];
    memset(mean, 0, WIDTH * sizeof *mean);
    for (uint64_t e = layout->user_start[user]; e < layout->user_start[user + 1]; e++) {
        const double *c = effects->c + layout->user_value[e] * WIDTH;
        for (size_t k = 0; k < WIDTH; k++) mean[k] += (double)layout->user_share[e] * c[k];
    }
    taken_of(layout, user, taken);
    for (size_t k = 0; k < WIDTH; k++) mean[k] *= taken[k];
}

double effects_at(const struct effects *effects, size_t r, const double mean[WIDTH]) {
    const struct data *data = effects->layout->data;
    uint8_t v = effects->layout->candidate->value[r];
    if (v == RS_NO_VALUE) return 0;
    const float *x = data->x + data->item[r] * WIDTH;
    const double *c = effects->c + v * WIDTH;
    double sum = 0;
    for (size_t k = 0; k < WIDTH; k++) sum += (c[k] - mean[k]) * (double)x[k];
    if (effects->cell != NULL) sum += (double)effects->cell[v * data->n_items + data->item[r]];
    return sum;
}

static void sum_squares(struct fit *fit) {
    const struct layout *layout = fit->layout;
    const struct data *data = layout->data;
    const uint8_t *value = layout->candidate->value;
    const uint64_t *start = data->matrix->rows.start;
    float(*root)[WIDTH] = rs_malloc(layout->n_values, sizeof *root);
    for (uint32_t u = 0; u < data->n_users; u++) {
        double taken[WIDTH];
        if (data->fold[u] == fit->left_out) continue;
        taken_of(layout, u, taken);
        for (uint64_t e = layout->user_start[u]; e < layout->user_start[u + 1]; e++)
            for (size_t k = 0; k < WIDTH; k++)
                root[layout->user_value[e]][k] =
                    (float)sqrt(1 - taken[k] * (double)layout->user_share[e]);
        for (uint64_t r = start[u]; r < start[u + 1]; r++) {
            if (value[r] == RS_NO_VALUE) continue;
            const float *x = data->x + data->item[r] * WIDTH;
            float *y = normal_next(&fit->gram[value[r]], 0);
            fit->count[value[r]]++;
            for (size_t k = 0; k < WIDTH; k++) y[k] = root[value[r]][k] * x[k];
        }
    }
    for (size_t v = 0; v < layout->n_values; v++) normal_close(&fit->gram[v]);
    free(root);
}

/* One pass over the ratings: the scores, and how ratings of one user at one value vary together.
 * Sums of one user are in single precision. */
static void sum_up(struct fit *fit) {
    const struct layout *layout = fit->layout;
    const struct data *data = layout->data;
    const uint8_t *value = layout->candidate->value;
    const uint64_t *start = data->matrix->rows.start;
    double alone = 0, together = 0, squares = 0, n = 0;
    float(*effect)[WIDTH] = rs_malloc(layout->n_values, sizeof *effect);
    float(*mine)[WIDTH] = rs_calloc(layout->n_values, sizeof *mine);
    memset(fit->score, 0, layout->n_values * WIDTH * sizeof *fit->score);
    for (uint32_t u = 0; u < data->n_users; u++) {
        if (data->fold[u] == fit->left_out) continue;
        for (uint64_t e = layout->user_start[u]; e < layout->user_start[u + 1]; e++) {
            const double *c = fit->effects->c + layout->user_value[e] * WIDTH;
            for (size_t k = 0; k < WIDTH; k++)
                effect[layout->user_value[e]][k] = (float)(c[k] - fit->mean[u * WIDTH + k]);
        }
        for (uint64_t r = start[u]; r < start[u + 1]; r++) {
            if (value[r] == RS_NO_VALUE) continue;
            const float *x = data->x + data->item[r] * WIDTH;
            float left = fit->residual[r] - rs_dense_dot(effect[value[r]], x, WIDTH);
            for (size_t k = 0; k < WIDTH; k++) mine[value[r]][k] += left * x[k];
            double square = (double)left * (double)left;
            alone += (double)fit->length[data->item[r]] * square;
            squares += square;
            n++;
        }
        for (uint64_t e = layout->user_start[u]; e < layout->user_start[u + 1]; e++) {
            float *sum = mine[layout->user_value[e]];
            double *score = fit->score + layout->user_value[e] * WIDTH;
            for (size_t k = 0; k < WIDTH; k++) {
                together += (double)sum[k] * (double)sum[k];
                score[k] += (double)sum[k];
                sum[k] = 0;
            }
        }
    }
    free(effect);
    free(mine);
    fit->noise = n > 0 ? squares / n : 1;
    fit->clustering = alone > 0 && together > alone ? together / alone : 1;
}

/* What all values have in common is no effect of context: takes out the mean over the ratings. */
static void centre(struct fit *fit) {
    size_t n_values = fit->layout->n_values;
    for (size_t k = 0; k < WIDTH; k++) {
        double sum = 0, n = 0;
        for (size_t v = 0; v < n_values; v++) {
            sum += fit->count[v] * fit->effects->c[v * WIDTH + k];
            n += fit->count[v];
        }
        for (size_t v = 0; n > 0 && v < n_values; v++) fit->effects->c[v * WIDTH + k] -= sum / n;
    }
}

/* A step for every value, then the prior variances. */
static void solve(struct fit *fit) {
    size_t n_values = fit->layout->n_values;
    double weight = 1 / (fit->noise * fit->clustering), least = 1e-8 * fit->noise;
    double squares[WIDTH] = {0}, known[WIDTH] = {0};
    for (size_t v = 0; v < n_values; v++) {
        double a[WIDTH * WIDTH], step[WIDTH], variance[WIDTH], *c = fit->effects->c + v * WIDTH;
        for (size_t k = 0; k < WIDTH; k++) {
            for (size_t j = 0; j <= k; j++)
                a[k * WIDTH + j] = weight * fit->gram[v].a[k * WIDTH + j];
            a[k * WIDTH + k] += 1 / fit->t[k];
            step[k] = weight * fit->score[v * WIDTH + k] - c[k] / fit->t[k];
        }
        symmetric_solve(WIDTH, a, step, variance);
        for (size_t k = 0; k < WIDTH; k++) {
            c[k] += step[k];
            known[k] += (1 - variance[k] / fit->t[k]) * (1 - 1 / (double)n_values);
        }
    }
    centre(fit);
    for (size_t k = 0; k < WIDTH; k++) {
        for (size_t v = 0; v < n_values; v++)
            squares[k] += fit->effects->c[v * WIDTH + k] * fit->effects->c[v * WIDTH + k];
        double t = known[k] > 1e-9 ? squares[k] / known[k] : 0;
        fit->t[k] = fmax(least, fmin(t, fit->noise));
    }
}

static void find_users(struct fit *fit) {
    for (uint32_t u = 0; u < fit->layout->data->n_users; u++)
        effects_of_user(fit->effects, u, fit->mean + u * WIDTH);
}

static void fit_vectors(struct fit *fit) {
    const struct data *data = fit->layout->data;
    for (size_t k = 0; k < WIDTH; k++) fit->t[k] = 0.01 * fit->noise;
    sum_squares(fit);
    for (size_t i = 0; i < data->n_items; i++)
        fit->length[i] = rs_dense_dot(data->x + i * WIDTH, data->x + i * WIDTH, WIDTH);
    for (int round = 0; round < ROUNDS; round++) {
        find_users(fit);
        sum_up(fit);
        solve(fit);
    }
    find_users(fit);
}

/* What is left, item by item. */
static void fit_cells(struct fit *fit) {
    const struct data *data = fit->layout->data;
    const uint8_t *value = fit->layout->candidate->value;
    size_t n_values = fit->layout->n_values, n_items = data->n_items, n_cells = n_values * n_items;
    float *sum = rs_calloc(n_cells, sizeof *sum), *n = rs_calloc(n_cells, sizeof *n);
    double squares = 0, all = 0, within = 0, pairs = 0, between = 0, others = 0;
    for (size_t r = 0; r < data->n; r++) {
        if (value[r] == RS_NO_VALUE || data->fold[data->user[r]] == fit->left_out) continue;
        double left = (double)fit->residual[r] -
                      effects_at(fit->effects, r, fit->mean + data->user[r] * WIDTH);
        sum[value[r] * n_items + data->item[r]] += (float)left;
        n[value[r] * n_items + data->item[r]]++;
        squares += left * left;
        all++;
    }
    for (size_t i = 0; i < n_items; i++) {
        double total = 0, count = 0, own = 0, own_pairs = 0;
        for (size_t v = 0; v < n_values; v++) {
            double s = (double)sum[v * n_items + i], m = (double)n[v * n_items + i];
            total += s;
            count += m;
            own += s * s;
            own_pairs += m * m;
        }
        within += own;
        pairs += own_pairs - count;
        between += total * total - own;
        others += count * count - own_pairs;
    }
    double t = pairs > 0 && others > 0 ? (within - squares) / pairs - between / others : 0;
    double noise = all > 0 ? squares / all : 1;
    if (t > 1e-4 * noise) {
        for (size_t c = 0; c < n_cells; c++)
            sum[c] = (float)((double)sum[c] / ((double)n[c] + noise / t));
        fit->effects->cell = sum;
    } else {
        free(sum);
    }
    free(n);
}

void effects_fit(struct effects *effects, const struct layout *layout, const float *residual,
                 unsigned left_out) {
    const struct data *data = layout->data;
    size_t n_values = layout->n_values;
    *effects =
        (struct effects){.layout = layout, .c = rs_calloc(n_values * WIDTH, sizeof *effects->c)};
    struct fit fit = {.effects = effects,
                      .layout = layout,
                      .residual = residual,
                      .left_out = left_out,
                      .noise = 1,
                      .mean = rs_calloc(data->n_users * WIDTH, sizeof *fit.mean),
                      .gram = normal_make(n_values),
                      .score = rs_calloc(n_values * WIDTH, sizeof *fit.score),
                      .length = rs_malloc(data->n_items, sizeof *fit.length)};
    fit_vectors(&fit);
    if (layout->cells) fit_cells(&fit);
    free(fit.mean);
    free(fit.gram);
    free(fit.score);
    free(fit.length);
}

void effects_free(struct effects *effects) {
    free(effects->c);
    free(effects->cell);
}
