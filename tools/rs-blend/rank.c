/* The stack for ranking: the parents whose sum makes the best heads of lists, by ensemble selection
 * (Caruana, Niculescu-Mizil, Crew, Ksikes: Ensemble selection from libraries of models, ICML 2004).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "learn.h"

enum { ROUNDS = 12, TOP = 10 };

/* The best parent alone counts unless a sum of several gains more than this many standard errors:
 * a sum is the best of many that were tried. */
static const double MARGIN = 0.5;

/* The rows of one user, relevant ones first. */
struct group {
    size_t begin, n_relevant, n;
    double scale; /* candidates for which one drawn row stands */
    uint32_t user, user_count;
};

/* Users who have a relevant item, their rows side by side. */
struct lists {
    size_t n_groups, n_rows;
    struct group *groups;
    float *z; /* n_rows x n_parents */
    size_t n_parents;
};

static bool is_relevant(const struct samples *samples, size_t i, double relevant) {
    return !samples->sampled[i] && (double)samples->truth[i] >= relevant;
}

/* Rows in the order of their users, relevant ones first. */
static uint32_t *order_rows(const struct samples *samples, double relevant, uint64_t **start,
                            size_t *n_users) {
    *n_users = 0;
    for (size_t i = 0; i < samples->n; i++)
        if (samples->user[i] >= *n_users) *n_users = samples->user[i] + 1;
    *start = rs_calloc(*n_users + 1, sizeof **start);
    for (size_t i = 0; i < samples->n; i++) (*start)[samples->user[i] + 1]++;
    for (size_t u = 0; u < *n_users; u++) (*start)[u + 1] += (*start)[u];
    uint64_t *next = rs_malloc(*n_users, sizeof *next);
    memcpy(next, *start, *n_users * sizeof *next);
    uint32_t *order = rs_malloc(samples->n, sizeof *order);
    for (int wanted = 1; wanted >= 0; wanted--)
        for (size_t i = 0; i < samples->n; i++)
            if (is_relevant(samples, i, relevant) == (wanted == 1))
                order[next[samples->user[i]]++] = (uint32_t)i;
    free(next);
    return order;
}

static void copy_row(struct lists *lists, const struct samples *samples, size_t i) {
    for (size_t m = 0; m < lists->n_parents; m++)
        lists->z[lists->n_rows * lists->n_parents + m] = samples->parents[m].score[i];
    lists->n_rows++;
}

static void make_lists(struct lists *lists, const struct samples *samples, double relevant) {
    *lists = (struct lists){.n_parents = samples->n_parents};
    uint64_t *start;
    size_t n_users;
    uint32_t *order = order_rows(samples, relevant, &start, &n_users);
    lists->groups = rs_calloc(n_users, sizeof *lists->groups);
    lists->z = rs_malloc(samples->n * lists->n_parents, sizeof *lists->z);
    for (size_t u = 0; u < n_users; u++) {
        size_t n = start[u + 1] - start[u], n_relevant = 0, n_drawn = 0, candidates = 0;
        for (uint64_t k = start[u]; k < start[u + 1]; k++) {
            n_relevant += is_relevant(samples, order[k], relevant);
            n_drawn += samples->sampled[order[k]];
            candidates = samples->candidates[order[k]];
        }
        if (n_relevant == 0 || n_relevant == n) continue;
        size_t undrawn = n - n_drawn;
        double scale = n_drawn > 0 && candidates > undrawn
                           ? (double)(candidates - undrawn) / (double)n_drawn
                           : 1;
        lists->groups[lists->n_groups++] = (struct group){
            lists->n_rows, n_relevant, n, scale, (uint32_t)u, samples->user_count[order[start[u]]]};
        for (uint64_t k = start[u]; k < start[u + 1]; k++) copy_row(lists, samples, order[k]);
    }
    free(order);
    free(start);
}

static void free_lists(struct lists *lists) {
    free(lists->groups);
    free(lists->z);
}

static size_t largest_group(const struct lists *lists) {
    size_t largest = 0;
    for (size_t g = 0; g < lists->n_groups; g++)
        if (lists->groups[g].n > largest) largest = lists->groups[g].n;
    return largest;
}

/* NDCG@10 of one user from SCORES of the group's rows: a drawn row above stands for `scale` items,
 * ties share their places. */
static double group_ndcg(const struct group *group, const float *scores) {
    double gain = 0, ideal = 0;
    for (size_t p = 0; p < group->n_relevant; p++) {
        uint32_t above[2] = {0, 0}, tied[2] = {0, 0}; /* relevant ones, the others */
        for (size_t k = 0; k < group->n_relevant; k++) {
            above[0] += scores[k] > scores[p];
            tied[0] += scores[k] == scores[p];
        }
        for (size_t k = group->n_relevant; k < group->n; k++) {
            above[1] += scores[k] > scores[p];
            tied[1] += scores[k] == scores[p];
        }
        double place =
            1 + above[0] + 0.5 * (tied[0] - 1) + group->scale * (above[1] + 0.5 * tied[1]);
        if (place <= TOP) gain += 1 / log2(place + 1);
        if (p < TOP) ideal += 1 / log2((double)p + 2);
    }
    return gain / ideal;
}

/* The mean over users of NDCG@10 by SUMS (a row each; NULL: 0) and one more time parent M. VALUES
 * (or NULL) takes every user's. */
static double ndcg_with(const struct lists *lists, const float *sums, size_t m, double *values) {
    float *scores = rs_malloc(largest_group(lists), sizeof *scores);
    double sum = 0;
    for (size_t g = 0; g < lists->n_groups; g++) {
        const struct group *group = &lists->groups[g];
        for (size_t k = 0; k < group->n; k++) {
            size_t row = group->begin + k;
            scores[k] = lists->z[row * lists->n_parents + m] + (sums == NULL ? 0 : sums[row]);
        }
        double ndcg = group_ndcg(group, scores);
        if (values != NULL) values[g] = ndcg;
        sum += ndcg;
    }
    free(scores);
    return lists->n_groups > 0 ? sum / (double)lists->n_groups : 0;
}

static void add_parent(const struct lists *lists, float *sums, size_t m) {
    for (size_t row = 0; row < lists->n_rows; row++)
        sums[row] += lists->z[row * lists->n_parents + m];
}

/* The parent that makes the best lists together with SUMS. */
static size_t best_addition(const struct lists *lists, const float *sums, double *best_ndcg,
                            double *all) {
    size_t best = 0;
    *best_ndcg = -1;
    for (size_t m = 0; m < lists->n_parents; m++) {
        double ndcg = ndcg_with(lists, sums, m, NULL);
        if (all != NULL) all[m] = ndcg;
        if (ndcg <= *best_ndcg) continue;
        *best_ndcg = ndcg;
        best = m;
    }
    return best;
}

static json_t *figures_of_parents(const struct samples *samples, const double *ndcgs) {
    json_t *figures = json_object();
    for (size_t m = 0; m < samples->n_parents; m++)
        json_object_set_new(figures, samples->parents[m].name, json_real(ndcgs[m]));
    return figures;
}

/* NDCG@10 of every user by the weighted sum of the parents. */
static void ndcgs_of(const struct lists *lists, const double *weights, double *values) {
    float *scores = rs_malloc(largest_group(lists), sizeof *scores);
    for (size_t g = 0; g < lists->n_groups; g++) {
        const struct group *group = &lists->groups[g];
        for (size_t k = 0; k < group->n; k++) {
            const float *z = lists->z + (group->begin + k) * lists->n_parents;
            double sum = 0;
            for (size_t m = 0; m < lists->n_parents; m++) sum += weights[m] * (double)z[m];
            scores[k] = (float)sum;
        }
        values[g] = group_ndcg(group, scores);
    }
    free(scores);
}

/* What the sum gains over the parent BEST alone, the mean over users, and that mean's standard
 * error. */
static double gain_of(const struct lists *lists, const double *weights, size_t best,
                      double *error) {
    size_t n = lists->n_groups;
    double *single = rs_calloc(lists->n_parents, sizeof *single);
    double *with = rs_calloc(n, sizeof *with), *without = rs_calloc(n, sizeof *without);
    double sum = 0, squares = 0;
    single[best] = 1;
    ndcgs_of(lists, weights, with);
    ndcgs_of(lists, single, without);
    for (size_t g = 0; g < n; g++) sum += with[g] - without[g];
    double mean = n > 0 ? sum / (double)n : 0;
    for (size_t g = 0; g < n; g++) {
        double off = with[g] - without[g] - mean;
        squares += off * off;
    }
    *error = n > 1 ? sqrt(squares / (double)(n - 1) / (double)n) : 0;
    free(single);
    free(with);
    free(without);
    return mean;
}

static size_t best_of(const double *ndcgs, size_t n) {
    size_t best = 0;
    for (size_t m = 1; m < n; m++)
        if (ndcgs[m] > ndcgs[best]) best = m;
    return best;
}

/* Starts from the best parent and adds one after another, the same ones again where that helps; of
 * all the sums on the way the best counts. A weight is how often a parent was added. */
static double select_parents(const struct lists *lists, double *weights, double *alone) {
    size_t n = lists->n_parents;
    float *sums = rs_calloc(lists->n_rows, sizeof *sums);
    double *added = rs_calloc(n, sizeof *added);
    double greatest = -1, ndcg;
    for (int round = 0; round < ROUNDS; round++) {
        size_t next =
            best_addition(lists, round == 0 ? NULL : sums, &ndcg, round == 0 ? alone : NULL);
        added[next]++;
        add_parent(lists, sums, next);
        if (ndcg <= greatest) continue;
        greatest = ndcg;
        memcpy(weights, added, n * sizeof *added);
    }
    free(sums);
    free(added);
    return greatest;
}

void learn_rank(struct learned *learned, const struct samples *samples, double relevant) {
    struct lists lists;
    make_lists(&lists, samples, relevant);
    size_t n = lists.n_parents, n_used = 0;
    double *alone = rs_calloc(n, sizeof *alone), error;
    double greatest = select_parents(&lists, learned->weights, alone);
    size_t best = best_of(alone, n);
    double gain = gain_of(&lists, learned->weights, best, &error);
    if (gain <= MARGIN * error) {
        memset(learned->weights, 0, n * sizeof *learned->weights);
        learned->weights[best] = 1;
    }
    for (size_t m = 0; m < n; m++) n_used += learned->weights[m] > 0;
    json_object_set_new(learned->figures, "ndcg_of_parents", figures_of_parents(samples, alone));
    json_object_set_new(learned->figures, "ndcg", json_real(greatest));
    json_object_set_new(learned->figures, "gain", json_real(gain));
    json_object_set_new(learned->figures, "gain_error", json_real(error));
    json_object_set_new(learned->figures, "users", json_integer((json_int_t)lists.n_groups));
    json_object_set_new(learned->figures, "chosen",
                        json_string(n_used > 1 ? "stack" : samples->parents[best].name));
    free(alone);
    free_lists(&lists);
}

/* For each class of users, by the cells' knots, the parent with the best lists. */
void learn_rank_switch(struct learned *learned, const struct samples *samples, double relevant) {
    struct lists lists;
    make_lists(&lists, samples, relevant);
    size_t n = lists.n_parents, f = learned->blend.n_functions;
    const double *knots = learned->blend.knots;
    double *sums = rs_calloc(n * 3, sizeof *sums);
    double *values = rs_calloc(lists.n_groups, sizeof *values);
    for (size_t m = 0; m < n; m++) {
        ndcg_with(&lists, NULL, m, values);
        for (size_t g = 0; g < lists.n_groups; g++) {
            double count = lists.groups[g].user_count;
            sums[m * 3 + (size_t)(count >= knots[0]) + (size_t)(count >= knots[1])] += values[g];
        }
    }
    for (size_t cell = 0; cell < 3; cell++) {
        size_t best = 0;
        for (size_t m = 1; m < n; m++)
            if (sums[m * 3 + cell] > sums[best * 3 + cell]) best = m;
        for (size_t c = cell; c < f; c += 3) learned->weights[best * f + c] = 1;
    }
    free(values);
    free(sums);
    free_lists(&lists);
}
