/* The stack for ranking: a softmax over each user's candidates. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn.h"
#include "memory.h"
#include "random.h"

enum { MAX_STEPS = 80, TOP = 10 };

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

static double score_row(const struct lists *lists, const double *w, size_t row) {
    const float *z = lists->z + row * lists->n_parents;
    double score = 0;
    for (size_t m = 0; m < lists->n_parents; m++) score += w[m] * (double)z[m];
    return score;
}

static void add_gradient(const struct lists *lists, size_t row, double d, double *gradient) {
    const float *z = lists->z + row * lists->n_parents;
    for (size_t m = 0; m < lists->n_parents; m++) gradient[m] += d * (double)z[m];
}

/* The mean over the relevant items p of one user of log(1 + sum_n exp(s_n - s_p)), n over the
 * others, and its gradient. */
static double group_loss(const struct lists *lists, const struct group *group, const double *w,
                         double *scores, double *gradient) {
    double greatest = -INFINITY, others = 0, loss = 0, pull = 0;
    for (size_t k = 0; k < group->n; k++) {
        scores[k] = score_row(lists, w, group->begin + k);
        greatest = scores[k] > greatest ? scores[k] : greatest;
    }
    for (size_t k = group->n_relevant; k < group->n; k++)
        others += group->scale * exp(scores[k] - greatest);
    double share = 1 / (double)group->n_relevant;
    for (size_t k = 0; k < group->n_relevant; k++) {
        double own = exp(scores[k] - greatest), miss = others / (own + others);
        loss -= share * log(own / (own + others));
        pull += share * miss;
        add_gradient(lists, group->begin + k, -share * miss, gradient);
    }
    for (size_t k = group->n_relevant; k < group->n; k++)
        add_gradient(lists, group->begin + k,
                     pull * group->scale * exp(scores[k] - greatest) / others, gradient);
    return loss;
}

/* Which users count: all (-1), or those whose hash gives not / just PART. */
static bool counts(const struct group *group, int part, bool inside) {
    if (part < 0) return true;
    struct rs_random random = rs_random_stream(2, group->user, 0, 0);
    return ((int)rs_random_below(&random, 2) == part) == inside;
}

static double loss_of(const struct lists *lists, int part, const double *w, double *gradient) {
    size_t d = lists->n_parents, largest = 0, n = 0;
    for (size_t g = 0; g < lists->n_groups; g++)
        if (lists->groups[g].n > largest) largest = lists->groups[g].n;
    double *scores = rs_malloc(largest, sizeof *scores), loss = 0;
    memset(gradient, 0, d * sizeof *gradient);
    for (size_t g = 0; g < lists->n_groups; g++) {
        if (!counts(&lists->groups[g], part, false)) continue;
        loss += group_loss(lists, &lists->groups[g], w, scores, gradient);
        n++;
    }
    for (size_t j = 0; j < d; j++) gradient[j] = n > 0 ? gradient[j] / (double)n : 0;
    free(scores);
    return n > 0 ? loss / (double)n : 0;
}

/* Accelerated projected gradient with restarts (Beck, Teboulle 2009; O'Donoghue, Candes 2015). */
static void minimise(const struct lists *lists, int part, double *w) {
    size_t d = lists->n_parents;
    double *ahead = rs_malloc(d, sizeof *ahead), *next = rs_malloc(d, sizeof *next);
    double *gradient = rs_malloc(d, sizeof *gradient), *unused = rs_malloc(d, sizeof *unused);
    double step = 1, momentum = 1;
    memcpy(ahead, w, d * sizeof *w);
    for (int s = 0; s < MAX_STEPS; s++) {
        double loss = loss_of(lists, part, ahead, gradient), change = 0, along = 0, trial;
        for (int halving = 0; halving < 30; halving++, step /= 2) {
            double linear = 0, square = 0;
            for (size_t j = 0; j < d; j++) {
                next[j] = fmax(0, ahead[j] - step * gradient[j]);
                double move = next[j] - ahead[j];
                linear += gradient[j] * move;
                square += move * move;
            }
            trial = loss_of(lists, part, next, unused);
            if (trial <= loss + linear + square / (2 * step) + 1e-12) break;
        }
        for (size_t j = 0; j < d; j++) {
            change = fmax(change, fabs(next[j] - w[j]));
            along += (ahead[j] - next[j]) * (next[j] - w[j]);
        }
        double further = along > 0 ? 1 : (1 + sqrt(1 + 4 * momentum * momentum)) / 2;
        double beta = along > 0 ? 0 : (momentum - 1) / further;
        momentum = further;
        for (size_t j = 0; j < d; j++) {
            ahead[j] = next[j] + beta * (next[j] - w[j]);
            w[j] = next[j];
        }
        if (change < 1e-4) break;
        step *= 1.5;
    }
    free(ahead);
    free(next);
    free(gradient);
    free(unused);
}

/* NDCG@10 of one user: a drawn row above stands for `scale` items, ties share their places. */
static double group_ndcg(const struct lists *lists, const struct group *group, const double *w,
                         double *scores) {
    double gain = 0, ideal = 0;
    for (size_t k = 0; k < group->n; k++) scores[k] = score_row(lists, w, group->begin + k);
    for (size_t p = 0; p < group->n_relevant; p++) {
        double place = 1;
        for (size_t k = 0; k < group->n; k++) {
            double worth = k < group->n_relevant ? 1 : group->scale;
            if (k == p) continue;
            place += worth * ((scores[k] > scores[p]) + 0.5 * (scores[k] == scores[p]));
        }
        if (place <= TOP) gain += 1 / log2(place + 1);
        if (p < TOP) ideal += 1 / log2((double)p + 2);
    }
    return gain / ideal;
}

static double ndcg_of(const struct lists *lists, int part, const double *w) {
    size_t largest = 0, n = 0;
    for (size_t g = 0; g < lists->n_groups; g++)
        if (lists->groups[g].n > largest) largest = lists->groups[g].n;
    double *scores = rs_malloc(largest, sizeof *scores), sum = 0;
    for (size_t g = 0; g < lists->n_groups; g++) {
        if (!counts(&lists->groups[g], part, true)) continue;
        sum += group_ndcg(lists, &lists->groups[g], w, scores);
        n++;
    }
    free(scores);
    return n > 0 ? sum / (double)n : 0;
}

static double *weights_of_parent(const struct lists *lists, size_t parent) {
    double *w = rs_calloc(lists->n_parents, sizeof *w);
    w[parent] = 1;
    return w;
}

static size_t best_alone(const struct lists *lists, const struct samples *samples, json_t *figures,
                         double *best_ndcg) {
    size_t best = 0;
    json_t *ndcgs = json_object();
    *best_ndcg = -1;
    for (size_t m = 0; m < lists->n_parents; m++) {
        double *w = weights_of_parent(lists, m), ndcg = ndcg_of(lists, -1, w);
        json_object_set_new(ndcgs, samples->parents[m].name, json_real(ndcg));
        free(w);
        if (ndcg <= *best_ndcg) continue;
        *best_ndcg = ndcg;
        best = m;
    }
    json_object_set_new(figures, "ndcg_of_parents", ndcgs);
    return best;
}

void learn_rank(struct learned *learned, const struct samples *samples, double relevant) {
    struct lists lists;
    make_lists(&lists, samples, relevant);
    double alone, stacked = 0;
    size_t best = best_alone(&lists, samples, learned->figures, &alone);
    double *w[2] = {weights_of_parent(&lists, best), weights_of_parent(&lists, best)};
    for (int part = 0; part < 2; part++) {
        minimise(&lists, part, w[part]);
        stacked += ndcg_of(&lists, part, w[part]) / 2;
    }
    bool better = lists.n_groups > 0 && stacked > alone;
    if (better) {
        size_t d = lists.n_parents;
        for (size_t j = 0; j < d; j++) w[0][j] = (w[0][j] + w[1][j]) / 2;
        minimise(&lists, -1, w[0]);
        memcpy(learned->weights, w[0], d * sizeof *w[0]);
    } else {
        learned_alone(learned, best);
    }
    json_object_set_new(learned->figures, "ndcg_left_out", json_real(stacked));
    json_object_set_new(learned->figures, "users", json_integer((json_int_t)lists.n_groups));
    json_object_set_new(learned->figures, "chosen",
                        json_string(better ? "stack" : samples->parents[best].name));
    free(w[0]);
    free(w[1]);
    free_lists(&lists);
}

void learn_rank_switch(struct learned *learned, const struct samples *samples, double relevant) {
    struct lists lists;
    make_lists(&lists, samples, relevant);
    size_t n = lists.n_parents, f = learned->blend.n_functions, largest = 0;
    for (size_t g = 0; g < lists.n_groups; g++)
        if (lists.groups[g].n > largest) largest = lists.groups[g].n;
    double *sums = rs_calloc(n * 3, sizeof *sums);
    double *scores = rs_malloc(largest, sizeof *scores);
    for (size_t m = 0; m < n; m++) {
        double *w = weights_of_parent(&lists, m);
        for (size_t g = 0; g < lists.n_groups; g++) {
            const struct group *group = &lists.groups[g];
            const double *knots = learned->blend.knots;
            size_t cell =
                (size_t)(group->user_count >= knots[0]) + (size_t)(group->user_count >= knots[1]);
            sums[m * 3 + cell] += group_ndcg(&lists, group, w, scores);
        }
        free(w);
    }
    for (size_t cell = 0; cell < 3; cell++) {
        size_t best = 0;
        for (size_t m = 1; m < n; m++)
            if (sums[m * 3 + cell] > sums[best * 3 + cell]) best = m;
        for (size_t c = cell; c < f; c += 3) learned->weights[best * f + c] = 1;
    }
    free(scores);
    free(sums);
    free_lists(&lists);
}
