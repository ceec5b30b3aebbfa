#include "panel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "measures/significance.h"

/* Columns of numbers by user, each kept once: the denominators of most measures are alike. */
struct columns {
    size_t n, capacity, n_users;
    double **all;
};

static size_t add_column(struct columns *columns, const double *by_position,
                         const uint32_t *users) {
    double *column = rs_malloc(columns->n_users, sizeof *column);
    for (size_t i = 0; i < columns->n_users; i++) column[i] = by_position[users[i]];
    for (size_t c = 0; c < columns->n; c++) {
        if (memcmp(columns->all[c], column, columns->n_users * sizeof *column) != 0) continue;
        free(column);
        return c;
    }
    rs_grow(&columns->all, &columns->capacity, columns->n + 1, sizeof *columns->all);
    columns->all[columns->n] = column;
    return columns->n++;
}

static void free_columns(struct columns *columns) {
    for (size_t c = 0; c < columns->n; c++) free(columns->all[c]);
    free(columns->all);
}

/* What is known of a model by a measure. */
struct cell {
    struct figure figure; /* n == 0: there is none, or it is of too few */
    size_t num, den;      /* columns */
    double *draws;        /* values under resampling, in the order of the draws */
};

/* The cells of a panel, by model and request. */
struct grid {
    const struct panel *panel;
    const struct requests *requests;
    const struct settings *settings;
    struct cell *cells;
    struct columns columns;
};

static struct cell *cell_at(const struct grid *grid, size_t m, size_t r) {
    return &grid->cells[m * grid->requests->n + r];
}

static void fill_grid(struct grid *grid) {
    const struct panel *panel = grid->panel;
    bool resampled = grid->settings->intervals || grid->settings->compare;
    bool whole = panel->segment == WHOLE;
    for (size_t m = 0; m < panel->evidence->n_models; m++)
        for (size_t r = 0; r < grid->requests->n; r++) {
            const struct tally *tally = &panel->tallies[m];
            struct cell *cell = cell_at(grid, m, r);
            cell->figure = tally_figure(tally, grid->requests, r, panel->users, panel->n_users);
            if (tally_is_mean_of_folds(grid->requests->all[r].measure)) cell->figure.n = 0;
            if (!whole && cell->figure.n < (uint64_t)grid->settings->min_cell) cell->figure.n = 0;
            if (cell->figure.n == 0 || !resampled) continue;
            cell->num = add_column(&grid->columns, tally->num + r * tally->n_users, panel->users);
            cell->den = add_column(&grid->columns, tally->den + r * tally->n_users, panel->users);
        }
}

/* Percentile intervals of the bootstrap over users (Efron & Tibshirani 1993, 13.3). */
static void resample(struct grid *grid) {
    size_t n_draws = (size_t)grid->settings->n_draws, n_models = grid->panel->evidence->n_models;
    struct rs_resampling bootstrap = {RS_BOOTSTRAP, (uint64_t)grid->settings->seed,
                                      grid->panel->n_users, n_draws};
    double *sums = rs_malloc(grid->columns.n * n_draws, sizeof *sums);
    rs_resample(&bootstrap, (const double *const *)grid->columns.all, grid->columns.n, sums);
    for (size_t m = 0; m < n_models; m++)
        for (size_t r = 0; r < grid->requests->n; r++) {
            struct cell *cell = cell_at(grid, m, r);
            if (cell->figure.n == 0) continue;
            cell->draws = rs_malloc(n_draws, sizeof *cell->draws);
            const double *num = sums + cell->num * n_draws, *den = sums + cell->den * n_draws;
            for (size_t d = 0; d < n_draws; d++) /* a draw may miss all users that enter */
                cell->draws[d] = den[d] > 0
                                     ? tally_value(grid->requests->all[r].measure, num[d], den[d])
                                     : cell->figure.value;
        }
    free(sums);
}

static int compare_doubles(const void *a, const void *b) {
    double first = *(const double *)a, second = *(const double *)b;
    return first < second ? -1 : first > second;
}

/* The ends of the interval that holds the stated share of VALUES, which are sorted. */
static void interval_of(const struct settings *settings, double *values, double *low,
                        double *high) {
    size_t n = (size_t)settings->n_draws;
    qsort(values, n, sizeof *values, compare_doubles);
    *low = rs_quantile(values, n, (1 - settings->confidence) / 2);
    *high = rs_quantile(values, n, (1 + settings->confidence) / 2);
}

static void add_figures(const struct grid *grid, struct results *results) {
    size_t n_draws = (size_t)grid->settings->n_draws;
    double *values = rs_malloc(n_draws, sizeof *values);
    for (size_t m = 0; m < grid->panel->evidence->n_models; m++)
        for (size_t r = 0; r < grid->requests->n; r++) {
            const struct cell *cell = cell_at(grid, m, r);
            struct result result = {.model = (uint32_t)m,
                                    .segment = grid->panel->segment,
                                    .fold = WHOLE,
                                    .request = (uint32_t)r,
                                    .value = cell->figure.value,
                                    .n = cell->figure.n,
                                    .low = NAN,
                                    .high = NAN};
            if (cell->figure.n == 0) continue;
            if (cell->draws != NULL && grid->settings->intervals) {
                memcpy(values, cell->draws, n_draws * sizeof *values);
                interval_of(grid->settings, values, &result.low, &result.high);
            }
            results_add(results, result);
        }
    free(values);
}

/* Comparisons */

/* A user's own figure by two models, for those who have both: the differences, and who is better.
 */
static size_t differences_of(const struct grid *grid, const struct cell *a, const struct cell *b,
                             int better, double *differences, double *wins) {
    const struct columns *columns = &grid->columns;
    size_t n = 0;
    double won = 0;
    for (size_t u = 0; u < columns->n_users; u++) {
        double a_den = columns->all[a->den][u], b_den = columns->all[b->den][u];
        if (a_den <= 0 || b_den <= 0) continue;
        double difference = columns->all[a->num][u] / a_den - columns->all[b->num][u] / b_den;
        differences[n++] = difference;
        won += difference * better > 0 ? 1 : difference == 0 ? 0.5 : 0;
    }
    *wins = n > 0 ? won / (double)n : 0.5;
    return n;
}

static void test_differences(const struct settings *settings, const double *differences, size_t n,
                             struct comparison *comparison) {
    struct rs_paired paired =
        settings->test == TEST_WILCOXON ? rs_wilcoxon(differences, n) : rs_paired_t(differences, n);
    comparison->p = paired.p;
    comparison->effect = paired.effect;
    if (settings->test != TEST_PERMUTATION || n == 0) return;
    double *sums = rs_malloc((size_t)settings->n_draws, sizeof *sums), observed = 0;
    struct rs_resampling flips = {RS_SIGN_FLIPS, (uint64_t)settings->seed, n,
                                  (size_t)settings->n_draws};
    for (size_t i = 0; i < n; i++) observed += differences[i];
    rs_resample(&flips, &differences, 1, sums);
    comparison->p = rs_flips_p(sums, (size_t)settings->n_draws, observed);
    free(sums);
}

/* The figure of a fold, NULL if there is none. RESULTS are those of the whole, not many yet. */
static const struct result *figure_of_fold(const struct results *results, size_t m, size_t f,
                                           size_t r) {
    for (size_t i = 0; i < results->n; i++) {
        const struct result *result = &results->all[i];
        if (result->model == m && result->fold == f + 1 && result->request == r) return result;
    }
    return NULL;
}

/* The corrected resampled t test of the folds' figures; NAN if folds or their training are not
 * known. */
static double test_folds(const struct grid *grid, const struct results *results, size_t m, size_t o,
                         size_t r) {
    const struct evidence *evidence = grid->panel->evidence;
    double *differences = rs_malloc(evidence->n_folds, sizeof *differences), ratio = 0, p = NAN;
    size_t n = 0;
    bool known = grid->panel->segment == WHOLE;
    for (size_t f = 0; known && f < evidence->n_folds; f++) {
        const struct fold *fold = evidence->folds[f];
        const struct result *first = figure_of_fold(results, m, f, r);
        const struct result *second = figure_of_fold(results, o, f, r);
        if (first == NULL || second == NULL) continue;
        known = fold->facts.train_ratings > 0;
        ratio += (double)fold->n / (double)fold->facts.train_ratings;
        differences[n++] = first->value - second->value;
    }
    if (known && n >= 2) p = rs_resampled_t(differences, n, ratio / (double)n).p;
    free(differences);
    return p;
}

/* Two models by one measure. */
struct pair {
    uint32_t m, o, r;
};

static struct comparison compare_pair(const struct grid *grid, struct pair pair,
                                      const struct results *results) {
    const struct cell *a = cell_at(grid, pair.m, pair.r), *b = cell_at(grid, pair.o, pair.r);
    size_t n_draws = (size_t)grid->settings->n_draws;
    struct comparison comparison = {.model = pair.m,
                                    .other = pair.o,
                                    .segment = grid->panel->segment,
                                    .request = pair.r,
                                    .difference = a->figure.value - b->figure.value};
    double *values = rs_malloc(n_draws, sizeof *values);
    for (size_t d = 0; d < n_draws; d++) values[d] = a->draws[d] - b->draws[d];
    interval_of(grid->settings, values, &comparison.low, &comparison.high);
    free(values);
    double *differences = rs_malloc(grid->panel->n_users, sizeof *differences);
    int better = measures[grid->requests->all[pair.r].measure].better;
    comparison.n = differences_of(grid, a, b, better, differences, &comparison.wins);
    test_differences(grid->settings, differences, comparison.n, &comparison);
    free(differences);
    comparison.p_folds = test_folds(grid, results, pair.m, pair.o, pair.r);
    return comparison;
}

/* The pairs that are asked for and can be compared, in order. */
static struct pair *find_pairs(const struct grid *grid, size_t *n) {
    const struct panel *panel = grid->panel;
    const char *against = grid->settings->against;
    struct pair *pairs = NULL;
    size_t capacity = 0;
    *n = 0;
    for (uint32_t r = 0; r < grid->requests->n; r++)
        for (uint32_t m = 0; m < panel->evidence->n_models; m++)
            for (uint32_t o = 0; o < panel->evidence->n_models; o++) {
                bool wanted = against == NULL ? m < o
                                              : m != o && strcmp(panel->evidence->models[o]->name,
                                                                 against) == 0;
                if (!wanted || measures[grid->requests->all[r].measure].better == 0 ||
                    cell_at(grid, m, r)->figure.n == 0 || cell_at(grid, o, r)->figure.n == 0)
                    continue;
                rs_grow(&pairs, &capacity, *n + 1, sizeof *pairs);
                pairs[(*n)++] = (struct pair){m, o, r};
            }
    return pairs;
}

static void compare_models(const struct grid *grid, struct results *results) {
    size_t n;
    struct pair *pairs = find_pairs(grid, &n);
    struct comparison *comparisons = rs_malloc(n, sizeof *comparisons);
#pragma omp parallel for schedule(dynamic, 1)
    for (size_t i = 0; i < n; i++) comparisons[i] = compare_pair(grid, pairs[i], results);
    for (size_t i = 0; i < n; i++) results_compare(results, comparisons[i]);
    free(comparisons);
    free(pairs);
}

void panel_judge(const struct panel *panel, const struct requests *requests,
                 const struct settings *settings, struct results *results) {
    struct grid grid = {panel,
                        requests,
                        settings,
                        rs_calloc(panel->evidence->n_models * requests->n, sizeof(struct cell)),
                        {.n_users = panel->n_users}};
    fill_grid(&grid);
    if (grid.columns.n > 0) resample(&grid);
    add_figures(&grid, results);
    if (settings->compare) compare_models(&grid, results);
    for (size_t c = 0; c < panel->evidence->n_models * requests->n; c++) free(grid.cells[c].draws);
    free(grid.cells);
    free_columns(&grid.columns);
}

void panel_correct(const struct requests *requests, struct results *results) {
    double *p = rs_malloc(results->n_comparisons, sizeof *p);
    double *adjusted = rs_malloc(results->n_comparisons, sizeof *adjusted);
    size_t *at = rs_malloc(results->n_comparisons, sizeof *at);
    for (size_t r = 0; r < requests->n; r++)
        for (int whole = 0; whole < 2; whole++) {
            size_t n = 0;
            for (size_t c = 0; c < results->n_comparisons; c++) {
                const struct comparison *comparison = &results->comparisons[c];
                bool is_whole = comparison->segment == WHOLE;
                if (comparison->request != r || is_whole != (whole == 1)) continue;
                p[n] = comparison->p;
                at[n++] = c;
            }
            rs_holm(p, n, adjusted);
            for (size_t i = 0; i < n; i++) results->comparisons[at[i]].p_holm = adjusted[i];
        }
    free(p);
    free(adjusted);
    free(at);
}
