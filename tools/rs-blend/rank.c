/* The stack for ranking: a softmax over each user's candidates. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn.h"
#include "memory.h"
#include "random.h"

enum { MAX_STEPS = 30, TOP = 10 };
#define RIDGE 1e-4

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

/* A loss with its first and second derivatives, over n_parents weights. */
struct curve {
    double loss;
    double *gradient, *hessian; /* d, d x d */
};

/* The mean over the relevant items p of one user of log(1 + sum_n exp(s_n - s_p)), n over the
 * others, added to CURVE. Its derivatives are moments of z: with q the softmax over the others, and
 * miss the probability that one of them comes before p, z has mean (1 - miss) z_p + miss E_q z. */
static void add_group(const struct lists *lists, const struct group *group, const double *w,
                      double *scores, struct curve *curve) {
    size_t d = lists->n_parents;
    double mean[RS_MAX_PARENTS] = {0}, greatest = -INFINITY, others = 0;
    double share = 1 / (double)group->n_relevant, pull = 0;
    for (size_t k = 0; k < group->n; k++) {
        scores[k] = score_row(lists, w, group->begin + k);
        greatest = scores[k] > greatest ? scores[k] : greatest;
    }
    for (size_t k = 0; k < group->n; k++) {
        scores[k] = exp(scores[k] - greatest);
        if (k >= group->n_relevant) others += group->scale * scores[k];
    }
    for (size_t k = group->n_relevant; k < group->n; k++) {
        const float *z = lists->z + (group->begin + k) * d;
        double q = group->scale * scores[k] / others;
        for (size_t m = 0; m < d; m++) mean[m] += q * (double)z[m];
    }
    for (size_t k = 0; k < group->n_relevant; k++) {
        const float *z = lists->z + (group->begin + k) * d;
        double miss = others / (scores[k] + others), spread = share * miss * (1 - miss);
        curve->loss -= share * log(scores[k] / (scores[k] + others));
        pull += share * miss;
        for (size_t m = 0; m < d; m++) {
            double difference = (double)z[m] - mean[m];
            curve->gradient[m] -= share * miss * difference;
            for (size_t j = 0; j <= m; j++)
                curve->hessian[m * d + j] += spread * difference * ((double)z[j] - mean[j]);
        }
    }
    for (size_t k = group->n_relevant; k < group->n; k++) {
        const float *z = lists->z + (group->begin + k) * d;
        double q = pull * group->scale * scores[k] / others;
        for (size_t m = 0; m < d; m++)
            for (size_t j = 0; j <= m; j++)
                curve->hessian[m * d + j] +=
                    q * ((double)z[m] - mean[m]) * ((double)z[j] - mean[j]);
    }
}

/* Which users count: all (-1), or those whose hash gives not / just PART. */
static bool counts(const struct group *group, int part, bool inside) {
    if (part < 0) return true;
    struct rs_random random = rs_random_stream(2, group->user, 0, 0);
    return ((int)rs_random_below(&random, 2) == part) == inside;
}

static size_t largest_group(const struct lists *lists) {
    size_t largest = 0;
    for (size_t g = 0; g < lists->n_groups; g++)
        if (lists->groups[g].n > largest) largest = lists->groups[g].n;
    return largest;
}

/* The mean over users, with a ridge that keeps the curve from being flat. */
static void evaluate(const struct lists *lists, int part, const double *w, struct curve *curve) {
    size_t d = lists->n_parents, n = 0;
    double *scores = rs_malloc(largest_group(lists), sizeof *scores);
    curve->loss = 0;
    memset(curve->gradient, 0, d * sizeof *curve->gradient);
    memset(curve->hessian, 0, d * d * sizeof *curve->hessian);
    for (size_t g = 0; g < lists->n_groups; g++) {
        if (!counts(&lists->groups[g], part, false)) continue;
        add_group(lists, &lists->groups[g], w, scores, curve);
        n++;
    }
    free(scores);
    double scale = n > 0 ? 1 / (double)n : 0;
    curve->loss *= scale;
    for (size_t m = 0; m < d; m++) {
        curve->gradient[m] = curve->gradient[m] * scale + RIDGE * w[m];
        curve->loss += RIDGE * w[m] * w[m] / 2;
        for (size_t j = 0; j <= m; j++) {
            double value = curve->hessian[m * d + j] * scale + (m == j ? RIDGE : 0);
            curve->hessian[m * d + j] = curve->hessian[j * d + m] = value;
        }
    }
}

/* The step that minimises g's + s'Hs/2 with w + s not negative, by coordinate descent over the
 * parents in USE. */
static void newton_step(const struct curve *curve, const double *w, const bool *use, size_t d,
                        double *step) {
    memset(step, 0, d * sizeof *step);
    for (int sweep = 0; sweep < 200; sweep++) {
        double largest = 0;
        for (size_t m = 0; m < d; m++) {
            if (!use[m]) continue;
            double slope = curve->gradient[m];
            for (size_t j = 0; j < d; j++) slope += curve->hessian[m * d + j] * step[j];
            double next = fmax(step[m] - slope / curve->hessian[m * d + m], -w[m]);
            largest = fmax(largest, fabs(next - step[m]));
            step[m] = next;
        }
        if (largest < 1e-9) break;
    }
}

/* Projected Newton steps over the parents in USE, halved until the loss falls. */
static void minimise(const struct lists *lists, int part, const bool *use, double *w) {
    size_t d = lists->n_parents;
    struct curve curves[2];
    for (int c = 0; c < 2; c++)
        curves[c] =
            (struct curve){0, rs_malloc(d, sizeof(double)), rs_malloc(d * d, sizeof(double))};
    double *step = rs_malloc(d, sizeof *step), *next = rs_malloc(d, sizeof *next);
    struct curve *here = &curves[0], *there = &curves[1];
    evaluate(lists, part, w, here);
    for (int s = 0; s < MAX_STEPS; s++) {
        double fall = 0;
        newton_step(here, w, use, d, step);
        for (double length = 1; length > 1e-6; length /= 2) {
            for (size_t m = 0; m < d; m++) next[m] = fmax(0, w[m] + length * step[m]);
            evaluate(lists, part, next, there);
            fall = here->loss - there->loss;
            if (fall >= 0) break;
        }
        if (!(fall > 1e-7)) break;
        memcpy(w, next, d * sizeof *w);
        struct curve *swap = here;
        here = there;
        there = swap;
    }
    for (int c = 0; c < 2; c++) {
        free(curves[c].gradient);
        free(curves[c].hessian);
    }
    free(step);
    free(next);
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
    size_t n = 0;
    double *scores = rs_malloc(largest_group(lists), sizeof *scores), sum = 0;
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

/* NDCG@10 on each half of the users of weights learned on the other, over the parents in USE. */
static double crossed_ndcg(const struct lists *lists, const bool *use) {
    double sum = 0;
    for (int part = 0; part < 2; part++) {
        double *w = rs_calloc(lists->n_parents, sizeof *w);
        minimise(lists, part, use, w);
        sum += ndcg_of(lists, part, w) / 2;
        free(w);
    }
    return sum;
}

/* Leaves out one parent after another as long as that does not make the lists worse: likelihood
 * looks at whole rankings, and what helps it may hurt their heads. Returns the measure of what is
 * left. */
static double eliminate(const struct lists *lists, bool *use) {
    size_t n_left = lists->n_parents;
    double current = crossed_ndcg(lists, use);
    while (n_left > 1) {
        size_t worst = lists->n_parents;
        double best = current;
        for (size_t m = 0; m < lists->n_parents; m++) {
            if (!use[m]) continue;
            use[m] = false;
            double without = crossed_ndcg(lists, use);
            use[m] = true;
            if (without < best) continue;
            best = without;
            worst = m;
        }
        if (worst == lists->n_parents) break;
        use[worst] = false;
        current = best;
        n_left--;
    }
    return current;
}

void learn_rank(struct learned *learned, const struct samples *samples, double relevant) {
    struct lists lists;
    make_lists(&lists, samples, relevant);
    size_t d = lists.n_parents;
    bool *use = rs_malloc(d, sizeof *use);
    for (size_t m = 0; m < d; m++) use[m] = true;
    double alone, stacked = eliminate(&lists, use);
    size_t best = best_alone(&lists, samples, learned->figures, &alone);
    bool better = lists.n_groups > 0 && stacked > alone;
    if (better) {
        minimise(&lists, -1, use, learned->weights);
    } else {
        learned_alone(learned, best);
    }
    json_object_set_new(learned->figures, "ndcg_left_out", json_real(stacked));
    json_object_set_new(learned->figures, "users", json_integer((json_int_t)lists.n_groups));
    json_object_set_new(learned->figures, "chosen",
                        json_string(better ? "stack" : samples->parents[best].name));
    free(use);
    free_lists(&lists);
}

void learn_rank_switch(struct learned *learned, const struct samples *samples, double relevant) {
    struct lists lists;
    make_lists(&lists, samples, relevant);
    size_t n = lists.n_parents, f = learned->blend.n_functions;
    double *sums = rs_calloc(n * 3, sizeof *sums);
    double *scores = rs_malloc(largest_group(&lists), sizeof *scores);
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
