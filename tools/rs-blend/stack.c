/* The stack for ratings: truth - b regressed on the parents' (p - b) times functions of the counts.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/random.h"
#include "learn.h"

enum { N_PARTS = 5, MAX_SWEEPS = 2000 };

static const double ridges[] = {1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1};
enum { N_RIDGES = sizeof ridges / sizeof *ridges };

/* Sums from which a least-squares problem is solved and its error on other rows is known. */
struct sums {
    double *gram;  /* n_columns x n_columns, symmetric */
    double *cross; /* n_columns: with the target */
    double target; /* its squares */
    double n;
};

struct problem {
    size_t n_columns, n_free; /* the last n_free coefficients may be negative */
    struct sums parts[N_PARTS], whole;
};

static void new_sums(struct sums *sums, size_t n) {
    *sums = (struct sums){.gram = rs_calloc(n * n, sizeof(double)),
                          .cross = rs_calloc(n, sizeof(double))};
}

static void add_sums(struct sums *to, const struct sums *from, double sign, size_t n) {
    for (size_t i = 0; i < n * n; i++) to->gram[i] += sign * from->gram[i];
    for (size_t i = 0; i < n; i++) to->cross[i] += sign * from->cross[i];
    to->target += sign * from->target;
    to->n += sign * from->n;
}

static void add_row(struct sums *sums, const double *row, double target, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (row[i] == 0) continue;
        for (size_t j = i; j < n; j++) sums->gram[i * n + j] += row[i] * row[j];
        sums->cross[i] += row[i] * target;
    }
    sums->target += target * target;
    sums->n++;
}

static void mirror(struct sums *sums, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) sums->gram[i * n + j] = sums->gram[j * n + i];
}

/* Minimises w'Gw - 2c'w + ridge * sum_j G_jj w_j^2 with all but the free coefficients not negative,
 * by coordinate descent from W. */
static void solve(const struct problem *problem, const struct sums *sums, double ridge, double *w) {
    size_t n = problem->n_columns;
    for (int sweep = 0; sweep < MAX_SWEEPS; sweep++) {
        double largest = 0;
        for (size_t j = 0; j < n; j++) {
            const double *line = sums->gram + j * n;
            double diagonal = line[j] * (1 + ridge), gradient = sums->cross[j];
            if (!(line[j] > 1e-9 * sums->n)) continue; /* nothing to learn from */
            for (size_t k = 0; k < n; k++) gradient -= line[k] * w[k];
            gradient += line[j] * w[j];
            double next = gradient / diagonal;
            if (next < 0 && j < n - problem->n_free) next = 0;
            double step = fabs(next - w[j]) * sqrt(line[j] / sums->n);
            largest = step > largest ? step : largest;
            w[j] = next;
        }
        if (largest < 1e-6) break;
    }
}

static double squared_error(const struct sums *sums, const double *w, size_t n) {
    double error = sums->target;
    for (size_t i = 0; i < n; i++) {
        double product = 0;
        for (size_t j = 0; j < n; j++) product += sums->gram[i * n + j] * w[j];
        error += w[i] * (product - 2 * sums->cross[i]);
    }
    return error;
}

static int compare_floats(const void *a, const void *b) {
    float first = *(const float *)a, second = *(const float *)b;
    return first < second ? -1 : first > second;
}

/* The median of the supports above 0, or 1. */
static double typical_support(const float *support, size_t n) {
    float *sorted = rs_malloc(n, sizeof *sorted);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (support[i] > 0) sorted[kept++] = support[i];
    qsort(sorted, kept, sizeof *sorted, compare_floats);
    double median = kept > 0 ? (double)sorted[kept / 2] : 1;
    free(sorted);
    return median;
}

static void gather(struct problem *problem, struct learned *learned, const struct samples *samples,
                   size_t base) {
    const struct rs_blend *blend = &learned->blend;
    size_t n_parents = blend->n_parents, f = blend->n_functions, n = problem->n_columns;
    double *row = rs_malloc(n, sizeof *row), functions[RS_BASIS_MAX];
    for (size_t i = 0; i < samples->n; i++) {
        double b = (double)samples->parents[base].score[i];
        learned_functions(learned, samples, i, functions);
        for (size_t m = 0; m < n_parents; m++) {
            double difference = (double)samples->parents[m].score[i] - b;
            double known = (double)samples->parents[m].support[i];
            for (size_t c = 0; c < f; c++) row[m * (f + 1) + c] = functions[c] * difference;
            row[m * (f + 1) + f] = difference * known / (known + learned->support_scale[m]);
        }
        for (size_t c = 0; c < f; c++) row[n_parents * (f + 1) + c] = functions[c];
        struct rs_random random = rs_random_stream(1, samples->user[i], 0, 0);
        add_row(&problem->parts[rs_random_below(&random, N_PARTS)], row,
                (double)samples->truth[i] - b, n);
    }
    free(row);
}

/* The ridge whose solutions err least on the parts left out, and their squared error. */
static double choose_ridge(const struct problem *problem, double *least) {
    size_t n = problem->n_columns;
    struct sums rest;
    double *w = rs_malloc(n, sizeof *w), best = ridges[0];
    new_sums(&rest, n);
    *least = INFINITY;
    for (int r = 0; r < N_RIDGES; r++) {
        double error = 0;
        for (int p = 0; p < N_PARTS; p++) {
            memset(w, 0, n * sizeof *w);
            memcpy(rest.gram, problem->whole.gram, n * n * sizeof *rest.gram);
            memcpy(rest.cross, problem->whole.cross, n * sizeof *rest.cross);
            rest.target = problem->whole.target;
            rest.n = problem->whole.n;
            add_sums(&rest, &problem->parts[p], -1, n);
            solve(problem, &rest, ridges[r], w);
            error += squared_error(&problem->parts[p], w, n);
        }
        if (error < *least) {
            *least = error;
            best = ridges[r];
        }
    }
    free(rest.gram);
    free(rest.cross);
    free(w);
    return best;
}

static double error_of_parent(const struct samples *samples, size_t parent) {
    double error = 0;
    for (size_t i = 0; i < samples->n; i++) {
        double difference = (double)samples->truth[i] - (double)samples->parents[parent].score[i];
        error += difference * difference;
    }
    return error;
}

static size_t best_parent(const struct samples *samples, double *least, json_t *figures) {
    size_t best = 0;
    json_t *errors = json_object();
    *least = INFINITY;
    for (size_t m = 0; m < samples->n_parents; m++) {
        double error = error_of_parent(samples, m);
        json_object_set_new(errors, samples->parents[m].name,
                            json_real(sqrt(error / (double)samples->n)));
        if (error < *least) {
            *least = error;
            best = m;
        }
    }
    json_object_set_new(figures, "rmse_of_parents", errors);
    return best;
}

static size_t find_baseline(const struct samples *samples) {
    for (size_t m = 0; m < samples->n_parents; m++)
        if (strcmp(samples->parents[m].name, "baseline") == 0) return m;
    rs_die(EX_USAGE,
           "the scores of model baseline are missing, from which the hybrid measures the others");
}

static void take_coefficients(struct learned *learned, const double *w) {
    size_t n = learned->blend.n_parents, f = learned->blend.n_functions;
    for (size_t m = 0; m < n; m++) {
        memcpy(learned->weights + m * f, w + m * (f + 1), f * sizeof *w);
        learned->support_weights[m] = w[m * (f + 1) + f];
    }
    memcpy(learned->offsets, w + n * (f + 1), f * sizeof *w);
}

void learn_stack(struct learned *learned, const struct samples *samples) {
    size_t base = find_baseline(samples), f = learned->blend.n_functions;
    struct problem problem = {.n_columns = samples->n_parents * (f + 1) + f, .n_free = f};
    size_t n = problem.n_columns;
    for (size_t m = 0; m < samples->n_parents; m++)
        learned->support_scale[m] = typical_support(samples->parents[m].support, samples->n);
    new_sums(&problem.whole, n);
    for (int p = 0; p < N_PARTS; p++) new_sums(&problem.parts[p], n);
    gather(&problem, learned, samples, base);
    for (int p = 0; p < N_PARTS; p++) {
        mirror(&problem.parts[p], n);
        add_sums(&problem.whole, &problem.parts[p], 1, n);
    }
    double stacked, alone;
    double ridge = choose_ridge(&problem, &stacked);
    size_t best = best_parent(samples, &alone, learned->figures);
    bool better = stacked < alone;
    if (better) {
        double *w = rs_calloc(n, sizeof *w);
        solve(&problem, &problem.whole, ridge, w);
        take_coefficients(learned, w);
        free(w);
    } else {
        learned_alone(learned, best);
    }
    json_object_set_new(learned->figures, "rmse_left_out",
                        json_real(sqrt(stacked / (double)samples->n)));
    json_object_set_new(learned->figures, "ridge", json_real(ridge));
    json_object_set_new(learned->figures, "chosen",
                        json_string(better ? "stack" : samples->parents[best].name));
    for (int p = 0; p < N_PARTS; p++) {
        free(problem.parts[p].gram);
        free(problem.parts[p].cross);
    }
    free(problem.whole.gram);
    free(problem.whole.cross);
}

void learn_switch(struct learned *learned, const struct samples *samples) {
    size_t n = samples->n_parents, f = learned->blend.n_functions;
    double *errors = rs_calloc(n * f, sizeof *errors), functions[RS_BASIS_MAX], least;
    for (size_t i = 0; i < samples->n; i++) {
        learned_functions(learned, samples, i, functions);
        for (size_t m = 0; m < n; m++) {
            double difference = (double)samples->truth[i] - (double)samples->parents[m].score[i];
            for (size_t c = 0; c < f; c++)
                errors[m * f + c] += functions[c] * difference * difference;
        }
    }
    best_parent(samples, &least, learned->figures);
    for (size_t c = 0; c < f; c++) {
        size_t best = 0;
        for (size_t m = 1; m < n; m++)
            if (errors[m * f + c] < errors[best * f + c]) best = m;
        learned->weights[best * f + c] = 1;
    }
    free(errors);
}
