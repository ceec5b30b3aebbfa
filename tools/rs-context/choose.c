#include "choose.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "measures/significance.h"

struct search {
    const struct data *data;
    const struct layout *layouts;
    float *work[N_FOLDS]; /* residuals less the effects kept, fitted without the fold */
    float *check;         /* of each rating, by the fold of its user */
};

/* How well effects held for the users that they were not fitted to. */
struct trial {
    double *gain;          /* of every user */
    uint64_t n;            /* ratings checked */
    double cross, squares; /* sums of check times effect, and of effect squared */
};

double choose_p(const double *gains, size_t n, double *mean, double *error) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) sum += gains[i];
    *mean = n > 0 ? sum / (double)n : 0;
    for (size_t i = 0; i < n; i++) squares += (gains[i] - *mean) * (gains[i] - *mean);
    *error = n > 1 ? sqrt(squares / (double)(n - 1) / (double)n) : 0;
    if (n < 3 || *mean <= 0) return 1;
    if (*error <= 0) return 0;
    return rs_student_tails(*mean / *error, (double)(n - 1)) / 2;
}

/* Fits without fold F and looks at its users. */
static void try_fold(const struct search *search, size_t c, unsigned f, struct trial *trial) {
    const struct data *data = search->data;
    const uint64_t *start = data->matrix->rows.start;
    struct effects effects;
    effects_fit(&effects, &search->layouts[c], search->work[f], f);
    for (uint32_t u = 0; u < data->n_users; u++) {
        if (data->fold[u] != f) continue;
        double mean[WIDTH];
        effects_of_user(&effects, u, mean);
        for (uint64_t r = start[u]; r < start[u + 1]; r++) {
            double left = (double)search->check[r];
            if (isnan(left)) continue;
            double effect = effects_at(&effects, r, mean);
            trial->gain[u] += effect * (2 * left - effect);
            trial->cross += effect * left;
            trial->squares += effect * effect;
            trial->n++;
        }
    }
    effects_free(&effects);
}

static struct trial try_all(const struct search *search, size_t c) {
    struct trial trial = {.gain = rs_calloc(search->data->n_users, sizeof *trial.gain)};
    for (unsigned f = 0; f < N_FOLDS; f++) try_fold(search, c, f, &trial);
    return trial;
}

/* The users who have ratings to check, in front of GAIN; returns how many. */
static size_t gather_gains(const struct search *search, double *gain) {
    const uint64_t *start = search->data->matrix->rows.start;
    size_t n = 0;
    for (size_t u = 0; u < search->data->n_users; u++) {
        bool any = false;
        for (uint64_t r = start[u]; r < start[u + 1] && !any; r++) any = !isnan(search->check[r]);
        if (any) gain[n++] = gain[u];
    }
    return n;
}

static void judge(const struct search *search, size_t c, struct verdict *verdict) {
    struct trial trial = try_all(search, c);
    double mean, error;
    uint64_t n_checked = trial.n > 0 ? trial.n : 1;
    size_t n = gather_gains(search, trial.gain);
    verdict->tested = true;
    verdict->p = choose_p(trial.gain, n, &mean, &error);
    verdict->gain = mean * (double)n / (double)n_checked;
    verdict->error = error * (double)n / (double)n_checked;
    verdict->scale = trial.squares > 0 ? fmax(0, fmin(trial.cross / trial.squares, 1.25)) : 0;
    free(trial.gain);
}

/* Takes the effects of a dimension that is kept out of all residuals. */
static void take_out(struct search *search, size_t c, const struct verdict *verdict) {
    const struct data *data = search->data;
    const uint64_t *start = data->matrix->rows.start;
    for (unsigned f = 0; f < N_FOLDS; f++) {
        struct effects effects;
        effects_fit(&effects, &search->layouts[c], search->work[f], f);
        for (uint32_t u = 0; u < data->n_users; u++) {
            double mean[WIDTH];
            effects_of_user(&effects, u, mean);
            for (uint64_t r = start[u]; r < start[u + 1]; r++) {
                float effect = (float)effects_at(&effects, r, mean);
                search->work[f][r] -= effect;
                if (data->fold[u] == f) search->check[r] -= (float)verdict->scale * effect;
            }
        }
        effects_free(&effects);
    }
}

static size_t least_p(const struct verdict *verdicts, size_t n) {
    size_t best = SIZE_MAX;
    for (size_t c = 0; c < n; c++)
        if (!verdicts[c].kept && (best == SIZE_MAX || verdicts[c].p < verdicts[best].p)) best = c;
    return best;
}

static struct search search_begin(const struct data *data, const struct layout *layouts,
                                  const float *check) {
    struct search search = {.data = data, .layouts = layouts};
    search.check = rs_malloc(data->n, sizeof *search.check);
    for (unsigned f = 0; f < N_FOLDS; f++) {
        search.work[f] = rs_malloc(data->n, sizeof **search.work);
        centre_items(data, data->residual, f, search.work[f]);
        for (size_t r = 0; r < data->n; r++)
            if (data->fold[data->user[r]] == f)
                search.check[r] = check == NULL ? search.work[f][r] : check[r];
    }
    return search;
}

static void search_end(struct search *search) {
    for (unsigned f = 0; f < N_FOLDS; f++) free(search->work[f]);
    free(search->check);
}

void choose_predicting(const struct data *data, const struct layout *layouts, const float *check,
                       double level, struct verdict *verdicts) {
    struct search search = search_begin(data, layouts, check);
    for (size_t kept = 0; kept < data->n_candidates; kept++) {
#pragma omp parallel for schedule(dynamic, 1)
        for (size_t c = 0; c < data->n_candidates; c++)
            if (!verdicts[c].kept) judge(&search, c, &verdicts[c]);
        size_t best = least_p(verdicts, data->n_candidates);
        double left = (double)(data->n_candidates - kept);
        for (size_t c = 0; c < data->n_candidates; c++)
            if (!verdicts[c].kept) verdicts[c].adjusted = fmin(1, verdicts[c].p * left);
        if (verdicts[best].adjusted > level) break;
        verdicts[best].kept = true;
        verdicts[best].order = kept;
        take_out(&search, best, &verdicts[best]);
    }
    search_end(&search);
}

size_t choose_nth(const struct verdict *verdicts, size_t n, size_t order) {
    for (size_t c = 0; c < n; c++)
        if (verdicts[c].kept && verdicts[c].order == order) return c;
    return SIZE_MAX;
}

void choose_scales(const struct data *data, const struct layout *layouts, const float *check,
                   struct verdict *verdicts, float *left) {
    struct search search = search_begin(data, layouts, check);
    size_t c;
    for (size_t k = 0; (c = choose_nth(verdicts, data->n_candidates, k)) != SIZE_MAX; k++) {
        struct verdict again = {0};
        judge(&search, c, &again);
        verdicts[c].scale = again.scale;
        take_out(&search, c, &verdicts[c]);
    }
    memcpy(left, search.check, data->n * sizeof *left);
    search_end(&search);
}

/* The mixture */

size_t choose_kept(const struct data *data, const struct layout *layouts,
                   const struct verdict *verdicts, const struct layout **kept) {
    size_t n = 0;
    for (size_t c = 0; c < data->n_candidates; c++)
        if (verdicts[c].kept) kept[n++] = &layouts[c];
    return n;
}

/* What a rating left out differs from a model's expectation, and what is to explain that. */
struct checked {
    double left, difference, effect;
};

/* Sums of products of the two that explain, with each other and with what is left. */
struct products {
    double dd, de, ee, dl, el;
};

static void add_products(struct products *sum, const struct products *more) {
    sum->dd += more->dd;
    sum->de += more->de;
    sum->ee += more->ee;
    sum->dl += more->dl;
    sum->el += more->el;
}

/* Least squares with the weight from 0 to 1, and the effect given it from 0 to 1.25. */
static void solve_mixture(const struct products *by_fold, unsigned but, double *weight,
                          double *effect) {
    struct products all = {0};
    for (unsigned f = 0; f < N_FOLDS; f++)
        if (f != but) add_products(&all, &by_fold[f]);
    double determinant = all.dd * all.ee - all.de * all.de;
    *weight = determinant > 1e-9 * all.dd * all.ee
                  ? (all.dl * all.ee - all.el * all.de) / determinant
                  : 0;
    *weight = fmax(0, fmin(*weight, 1));
    *effect = all.ee > 0 ? fmax(0, fmin((all.el - *weight * all.de) / all.ee, 1.25)) : 0;
}

/* CHECKED and LEFT are of every rating. */
static void judge_mixture(const struct data *data, const struct checked *checked, const float *left,
                          struct mixture *mixture) {
    struct products by_fold[N_FOLDS] = {0};
    double *gain = rs_calloc(data->n_users, sizeof *gain);
    size_t n_users = 0, n = 0;
    for (size_t r = 0; r < data->n; r++) {
        const struct checked *c = &checked[r];
        if (isnan(left[r])) continue;
        add_products(&by_fold[data->fold[data->user[r]]],
                     &(struct products){c->difference * c->difference, c->difference * c->effect,
                                        c->effect * c->effect, c->difference * c->left,
                                        c->effect * c->left});
        n++;
    }
    for (uint32_t u = 0; u < data->n_users; u++) {
        double weight, effect, sum = 0;
        bool any = false;
        solve_mixture(by_fold, data->fold[u], &weight, &effect);
        for (uint64_t r = data->matrix->rows.start[u]; r < data->matrix->rows.start[u + 1]; r++) {
            if (isnan(left[r])) continue;
            double error =
                checked[r].left - weight * checked[r].difference - effect * checked[r].effect;
            sum += (double)left[r] * (double)left[r] - error * error;
            any = true;
        }
        if (any) gain[n_users++] = sum;
    }
    double mean, error, each = (double)n_users / (double)(n > 0 ? n : 1);
    mixture->p = choose_p(gain, n_users, &mean, &error);
    mixture->gain = mean * each;
    mixture->error = error * each;
    solve_mixture(by_fold, N_FOLDS, &mixture->weight, &mixture->effect);
    free(gain);
}

void choose_mixture(const struct data *data, const struct camf *camf, const float *check,
                    const float *left, double level, struct mixture *mixture) {
    struct checked *checked = rs_calloc(data->n, sizeof *checked);
    for (uint32_t u = 0; u < data->n_users; u++) {
        double s[WIDTH];
        camf_of_user(camf, u, s);
        for (uint64_t r = data->matrix->rows.start[u]; r < data->matrix->rows.start[u + 1]; r++) {
            if (isnan(check[r])) continue;
            double expected = (double)data->matrix->rows.rating[r] - (double)check[r];
            checked[r] = (struct checked){(double)check[r], camf_at(camf, r) - expected,
                                          camf_effect_at(camf, r, s)};
        }
    }
    judge_mixture(data, checked, left, mixture);
    if (mixture->p > level) mixture->weight = mixture->effect = 0;
    free(checked);
}
