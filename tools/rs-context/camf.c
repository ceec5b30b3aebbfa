#include "camf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "linear/dense.h"
#include "normal.h"
#include "symmetric.h"

/* Variances learned from the first sweeps, when rows still know nothing, would switch factors off
 * for good: they are held for a while. */
enum { SWEEPS = 25, HELD = 10 };

struct fit {
    struct camf *camf;
    const uint8_t *left_out;
    uint32_t *of_column; /* number of the rating at each place of the matrix by columns */
    bool settled;        /* prior variances are learned */
};

/* The normal equations of one row, and the variances that add to their diagonal. */
struct equations {
    struct normal *normal;
    double diagonal[WIDTH];
};

/* One rating Y more: of the row sought and MORE, which is known, with the row OTHER. */
static void add(struct equations *equations, double y, const double *more, const double *other,
                const double *variance) {
    float known[WIDTH], *x = normal_next(equations->normal, 0);
    for (size_t k = 0; k < WIDTH; k++) x[k] = (float)other[k];
    x[0] = 1;
    for (size_t k = 0; k < WIDTH; k++) known[k] = (float)more[k];
    y -= other[0] + (double)rs_dense_dot(x, known, WIDTH);
    equations->normal->y[equations->normal->n - 1] = (float)y;
    for (size_t k = 1; k < WIDTH; k++) {
        equations->diagonal[k] += variance[k];
        equations->normal->b[k] -= variance[k] * more[k];
    }
}

/* Solves them for row LINE, and begins anew. */
static void solve(const struct camf *camf, struct camf_side *side, size_t line,
                  struct equations *equations) {
    double *row = side->row + line * WIDTH, *variance = side->variance + line * WIDTH;
    struct normal *normal = equations->normal;
    normal_close(normal);
    for (size_t k = 0; k < WIDTH; k++)
        normal->a[k * WIDTH + k] +=
            equations->diagonal[k] + camf->noise / fmax(side->prior[k], 1e-9);
    memcpy(row, normal->b, sizeof normal->b);
    symmetric_solve(WIDTH, normal->a, row, variance);
    for (size_t k = 0; k < WIDTH; k++) variance[k] *= camf->noise;
    normal_clear(normal);
    memset(equations->diagonal, 0, sizeof equations->diagonal);
}

static void learn_prior(struct camf_side *side) {
    for (size_t k = 0; k < WIDTH; k++) {
        double sum = 0;
        for (size_t line = 0; line < side->n; line++) {
            double value = side->row[line * WIDTH + k];
            sum += value * value + side->variance[line * WIDTH + k];
        }
        side->prior[k] = side->n > 0 ? sum / (double)side->n : 0;
    }
}

static double standard(const struct data *data, size_t r) {
    return ((double)data->matrix->rows.rating[r] - data->matrix->mean) / data->matrix->deviation;
}

/* Adds the rows of all dimensions at rating R but for dimension BUT (n_dimensions: none). */
static void add_context(const struct camf *camf, size_t r, size_t but, double *sum) {
    for (size_t d = 0; d < camf->n_dimensions; d++) {
        uint8_t v = camf->layout[d]->candidate->value[r];
        if (d == but || v == RS_NO_VALUE) continue;
        const double *row = camf->values[d].row + v * WIDTH;
        for (size_t k = 0; k < WIDTH; k++) sum[k] += row[k];
    }
}

/* The row of R's user and, added to it, those of its context but for one dimension. */
static void taste_at(const struct camf *camf, size_t r, size_t but, double taste[WIDTH]) {
    memcpy(taste, camf->users.row + camf->data->user[r] * WIDTH, WIDTH * sizeof *taste);
    add_context(camf, r, but, taste);
}

static bool is_out(const struct fit *fit, size_t r) {
    return fit->left_out != NULL && fit->left_out[r];
}

static void fit_users(const struct fit *fit) {
    struct camf *camf = fit->camf;
    const struct data *data = camf->data;
    const uint64_t *start = data->matrix->rows.start;
#pragma omp parallel
    {
        struct equations equations = {normal_make(1), {0}};
#pragma omp for schedule(dynamic, 16)
        for (size_t u = 0; u < data->n_users; u++) {
            for (uint64_t r = start[u]; r < start[u + 1]; r++) {
                double context[WIDTH] = {0};
                if (is_out(fit, r)) continue;
                add_context(camf, r, camf->n_dimensions, context);
                add(&equations, standard(data, r), context, camf->items.row + data->item[r] * WIDTH,
                    camf->items.variance + data->item[r] * WIDTH);
            }
            solve(camf, &camf->users, u, &equations);
        }
        free(equations.normal);
    }
    if (fit->settled) learn_prior(&camf->users);
}

static void fit_items(const struct fit *fit) {
    struct camf *camf = fit->camf;
    const struct data *data = camf->data;
    const uint64_t *start = data->matrix->columns.start;
    static const double nothing[WIDTH] = {0};
#pragma omp parallel
    {
        struct equations equations = {normal_make(1), {0}};
#pragma omp for schedule(dynamic, 16)
        for (size_t i = 0; i < data->n_items; i++) {
            for (uint64_t e = start[i]; e < start[i + 1]; e++) {
                double taste[WIDTH];
                size_t r = fit->of_column[e];
                if (is_out(fit, r)) continue;
                taste_at(camf, r, camf->n_dimensions, taste);
                add(&equations, standard(data, r), nothing, taste,
                    camf->users.variance + data->user[r] * WIDTH);
            }
            solve(camf, &camf->items, i, &equations);
        }
        free(equations.normal);
    }
    if (fit->settled) learn_prior(&camf->items);
}

/* What all values have in common is no context: takes out the mean over the ratings. */
static void centre(struct camf_side *side, const uint64_t *n) {
    for (size_t k = 0; k < WIDTH; k++) {
        double sum = 0, all = 0;
        for (size_t v = 0; v < side->n; v++) {
            sum += (double)n[v] * side->row[v * WIDTH + k];
            all += (double)n[v];
        }
        for (size_t v = 0; v < side->n && all > 0; v++) side->row[v * WIDTH + k] -= sum / all;
    }
}

static void fit_values(const struct fit *fit, size_t d) {
    struct camf *camf = fit->camf;
    const struct data *data = camf->data;
    struct camf_side *side = &camf->values[d];
    struct normal *normal = normal_make(side->n);
    struct equations *equations = rs_calloc(side->n, sizeof *equations);
    for (size_t v = 0; v < side->n; v++) equations[v].normal = &normal[v];
    uint64_t *n = rs_calloc(side->n, sizeof *n);
    for (size_t r = 0; r < data->n; r++) {
        double taste[WIDTH];
        uint8_t v = camf->layout[d]->candidate->value[r];
        if (is_out(fit, r) || v == RS_NO_VALUE) continue;
        taste_at(camf, r, d, taste);
        add(&equations[v], standard(data, r), taste, camf->items.row + data->item[r] * WIDTH,
            camf->items.variance + data->item[r] * WIDTH);
        n[v]++;
    }
    for (size_t v = 0; v < side->n; v++) solve(camf, side, v, &equations[v]);
    centre(side, n);
    if (fit->settled) learn_prior(side);
    free(normal);
    free(equations);
    free(n);
}

static double expected(const struct camf *camf, size_t r, double taste[WIDTH]) {
    const double *item = camf->items.row + camf->data->item[r] * WIDTH;
    float p[WIDTH], q[WIDTH];
    taste_at(camf, r, camf->n_dimensions, taste);
    for (size_t k = 0; k < WIDTH; k++) {
        p[k] = (float)taste[k];
        q[k] = (float)item[k];
    }
    q[0] = 1;
    return item[0] + (double)rs_dense_dot(p, q, WIDTH);
}

/* The expectation of the squared error. */
static void learn_noise(const struct fit *fit) {
    struct camf *camf = fit->camf;
    const struct data *data = camf->data;
    double sum = 0, n = 0;
    for (size_t r = 0; r < data->n; r++) {
        const double *item = camf->items.row + data->item[r] * WIDTH;
        const double *item_variance = camf->items.variance + data->item[r] * WIDTH;
        const double *user_variance = camf->users.variance + data->user[r] * WIDTH;
        double taste[WIDTH];
        if (is_out(fit, r)) continue;
        double error = standard(data, r) - expected(camf, r, taste);
        sum += error * error + user_variance[0] + item_variance[0];
        for (size_t k = 1; k < WIDTH; k++)
            sum += taste[k] * taste[k] * item_variance[k] +
                   user_variance[k] * (item[k] * item[k] + item_variance[k]);
        n++;
    }
    camf->noise = n > 0 ? fmax(sum / n, 1e-6) : 1;
}

static void make_side(struct camf_side *side, size_t n) {
    side->n = n;
    side->row = rs_calloc(n * WIDTH, sizeof *side->row);
    side->variance = rs_calloc(n * WIDTH, sizeof *side->variance);
    for (size_t k = 0; k < WIDTH; k++) side->prior[k] = 0.1;
}

static void free_side(struct camf_side *side) {
    free(side->row);
    free(side->variance);
}

static uint32_t *number_columns(const struct data *data) {
    uint32_t *number = rs_malloc(data->n, sizeof *number);
    uint64_t *next = rs_malloc(data->n_items, sizeof *next);
    memcpy(next, data->matrix->columns.start, data->n_items * sizeof *next);
    for (size_t r = 0; r < data->n; r++) number[next[data->item[r]]++] = (uint32_t)r;
    free(next);
    return number;
}

void camf_fit(struct camf *camf, const struct data *data, const struct layout *const *layouts,
              size_t n, const uint8_t *left_out, uint64_t seed) {
    *camf = (struct camf){.data = data, .noise = 0.6, .n_dimensions = n};
    make_side(&camf->users, data->n_users);
    make_side(&camf->items, data->n_items);
    for (size_t d = 0; d < n; d++) {
        camf->layout[d] = layouts[d];
        make_side(&camf->values[d], layouts[d]->n_values);
    }
    for (uint32_t i = 0; i < data->n_items; i++) {
        struct rs_random random = rs_random_stream(seed, i, 0, 0);
        for (size_t k = 1; k < WIDTH; k++)
            camf->items.row[i * WIDTH + k] = 0.3 * rs_random_normal(&random);
    }
    struct fit fit = {camf, left_out, number_columns(data), false};
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        fit.settled = sweep >= HELD;
        fit_users(&fit);
        fit_items(&fit);
        for (size_t d = 0; d < n; d++) fit_values(&fit, d);
        learn_noise(&fit);
    }
    free(fit.of_column);
}

void camf_free(struct camf *camf) {
    free_side(&camf->users);
    free_side(&camf->items);
    for (size_t d = 0; d < camf->n_dimensions; d++) free_side(&camf->values[d]);
}

double camf_at(const struct camf *camf, size_t r) {
    double taste[WIDTH];
    return camf->data->matrix->mean + camf->data->matrix->deviation * expected(camf, r, taste);
}

void camf_of_user(const struct camf *camf, uint32_t user, double s[WIDTH]) {
    const uint64_t *start = camf->data->matrix->rows.start;
    double n = (double)(start[user + 1] - start[user]);
    memset(s, 0, WIDTH * sizeof *s);
    for (size_t d = 0; d < camf->n_dimensions; d++) {
        const struct layout *layout = camf->layout[d];
        if (layout->candidate->form.source == RS_CONTEXT_ITEM_AGE) continue;
        for (uint64_t e = layout->user_start[user]; e < layout->user_start[user + 1]; e++) {
            const double *row = camf->values[d].row + layout->user_value[e] * WIDTH;
            for (size_t k = 0; k < WIDTH; k++) s[k] += (double)layout->user_share[e] * row[k];
        }
    }
    for (size_t k = 0; k < WIDTH; k++) {
        double known = n * camf->users.prior[k] / camf->noise;
        s[k] *= known / (1 + known);
    }
}

double camf_effect_at(const struct camf *camf, size_t r, const double s[WIDTH]) {
    const double *item = camf->items.row + camf->data->item[r] * WIDTH;
    double context[WIDTH] = {0};
    add_context(camf, r, camf->n_dimensions, context);
    double sum = context[0] - s[0];
    for (size_t k = 1; k < WIDTH; k++) sum += (context[k] - s[k]) * item[k];
    return camf->data->matrix->deviation * sum;
}

void camf_added_at(const struct camf *camf, size_t r, const bool *wanted, double added[WIDTH]) {
    memset(added, 0, WIDTH * sizeof *added);
    for (size_t d = 0; d < camf->n_dimensions; d++) {
        uint8_t v = camf->layout[d]->candidate->value[r];
        if (!wanted[d] || v == RS_NO_VALUE) continue;
        for (size_t k = 0; k < WIDTH; k++) added[k] += camf->values[d].row[v * WIDTH + k];
    }
}
