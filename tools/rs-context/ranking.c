#include "ranking.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "symmetric.h"

enum { N_LIFTS = 2 };

struct search {
    const struct data *data;
    const struct layout *layouts;
    const struct choices *choices;
    float *score;              /* of the choices, moved by the dimensions kept */
    double plain[N_FOLDS + 1]; /* b without lifts, fitted without each fold, and to all */
    const double *usual;       /* what weights are if choices say nothing */
    size_t n_kept;
    struct affinity kept[RS_MAX_DIMENSIONS][N_FOLDS];
};

/* Conditional logit */

/* Lifts of one dimension for all choices: N_LIFTS numbers an item. */
struct lifts {
    float *f;                   /* n x N_ITEMS x N_LIFTS */
    double weight[1 + N_LIFTS]; /* b, w */
};

/* The log-likelihood of one choice at WEIGHT, F being its lifts (NULL for a single weight), and its
 * derivatives added up unless NULL. */
static double look(const float *score, const float *f, const double *weight, size_t n_weights,
                   double *gradient, double *hessian) {
    double eta[N_ITEMS], most = -INFINITY, sum = 0, first[1 + N_LIFTS] = {0};
    double second[(1 + N_LIFTS) * (1 + N_LIFTS)] = {0};
    for (size_t k = 0; k < N_ITEMS; k++) {
        eta[k] = weight[0] * (double)score[k];
        for (size_t w = 1; w < n_weights; w++) eta[k] += weight[w] * (double)f[k * N_LIFTS + w - 1];
        if (eta[k] > most) most = eta[k];
    }
    for (size_t k = 0; k < N_ITEMS; k++) {
        double p = exp(eta[k] - most), z[1 + N_LIFTS] = {(double)score[k]};
        sum += p;
        if (gradient == NULL) continue;
        for (size_t w = 1; w < n_weights; w++) z[w] = (double)f[k * N_LIFTS + w - 1];
        for (size_t w = 0; w < n_weights; w++) {
            first[w] += p * z[w];
            for (size_t v = 0; v <= w; v++) second[w * n_weights + v] += p * z[w] * z[v];
        }
    }
    for (size_t w = 0; gradient != NULL && w < n_weights; w++) {
        double chosen = w == 0 ? (double)score[0] : (double)f[w - 1];
        gradient[w] += chosen - first[w] / sum;
        for (size_t v = 0; v <= w; v++)
            hessian[w * n_weights + v] +=
                second[w * n_weights + v] / sum - first[w] / sum * (first[v] / sum);
    }
    return eta[0] - most - log(sum);
}

/* What weights are if scores and lifts are what they say and a model takes half of what a user's
 * usual values do for the user's taste; and how sure that is: as sure as 25 choices could make it
 * by lifts of variance 1. */
static const double usual_weight[1 + N_LIFTS] = {1, 1, -0.5};
static const double usual_precision[1 + N_LIFTS] = {1, 25, 25};
/* The same of what is added to lifts that scores have already. */
static const double usual_besides[1 + N_LIFTS] = {1, 0, 0};

/* Newton's method from WEIGHT on over the choices of users outside fold LEFT_OUT. */
static void fit_weights(const struct search *search, const float *f, size_t n_weights,
                        unsigned left_out, double *weight) {
    const struct choices *choices = search->choices;
    const struct data *data = search->data;
    for (int round = 0; round < 12; round++) {
        double gradient[1 + N_LIFTS] = {0}, hessian[(1 + N_LIFTS) * (1 + N_LIFTS)] = {0};
        for (size_t c = 0; c < choices->n; c++) {
            if (data->fold[data->user[choices->rating[c]]] == left_out) continue;
            look(search->score + c * N_ITEMS, n_weights > 1 ? f + c * N_ITEMS * N_LIFTS : NULL,
                 weight, n_weights, gradient, hessian);
        }
        for (size_t w = 0; w < n_weights; w++) {
            hessian[w * n_weights + w] += usual_precision[w];
            gradient[w] -= usual_precision[w] * (weight[w] - search->usual[w]);
        }
        symmetric_solve(n_weights, hessian, gradient, NULL);
        double moved = 0;
        for (size_t w = 0; w < n_weights; w++) {
            double step = fmax(-2, fmin(gradient[w], 2));
            weight[w] += step;
            moved = fmax(moved, fabs(step));
        }
        if (moved < 1e-3) break;
    }
}

static void fit_plain(struct search *search) {
    search->plain[N_FOLDS] = 1;
    fit_weights(search, NULL, 1, N_FOLDS, &search->plain[N_FOLDS]);
    for (unsigned fold = 0; fold < N_FOLDS; fold++) {
        search->plain[fold] = search->plain[N_FOLDS];
        fit_weights(search, NULL, 1, fold, &search->plain[fold]);
    }
}

/* By fits of dimension C without each fold, which become FITTED. */
static void find_lifts(const struct search *search, size_t c, struct affinity *fitted, float *f) {
    const struct data *data = search->data;
    const struct layout *layout = &search->layouts[c];
    memset(f, 0, search->choices->n * N_ITEMS * N_LIFTS * sizeof *f);
    for (unsigned fold = 0; fold < N_FOLDS; fold++) {
        const struct affinity *before[RS_MAX_DIMENSIONS];
        for (size_t k = 0; k < search->n_kept; k++) before[k] = &search->kept[k][fold];
        affinity_fit(&fitted[fold], layout, before, search->n_kept, fold);
        for (size_t n = 0; n < search->choices->n; n++) {
            uint32_t r = search->choices->rating[n], user = data->user[r];
            uint8_t v = layout->candidate->value[r];
            double mean[WIDTH];
            if (data->fold[user] != fold || v == RS_NO_VALUE) continue;
            affinity_of_user(&fitted[fold], user, mean);
            for (size_t k = 0; k < N_ITEMS; k++) {
                uint32_t item = search->choices->other[n * N_ITEMS + k];
                const float *x = data->x + item * WIDTH;
                double usual = 0;
                for (size_t j = 1; j < WIDTH; j++) usual += mean[j] * (double)x[j];
                float *at = f + (n * N_ITEMS + k) * N_LIFTS;
                at[0] = (float)affinity_at(&fitted[fold], v, item);
                at[1] = (float)usual;
            }
        }
    }
}

/* The users who chose, in order: gains per user in front of GAIN; how many. */
static size_t gather(const struct search *search, const float *f, const double *weight,
                     double *gain) {
    const struct data *data = search->data;
    uint8_t *chose = rs_calloc(data->n_users, 1);
    for (unsigned fold = 0; fold < N_FOLDS; fold++) {
        double with[1 + N_LIFTS];
        memcpy(with, weight, sizeof with);
        fit_weights(search, f, 1 + N_LIFTS, fold, with);
        for (size_t c = 0; c < search->choices->n; c++) {
            uint32_t user = data->user[search->choices->rating[c]];
            const float *score = search->score + c * N_ITEMS;
            const float *lift = f + c * N_ITEMS * N_LIFTS;
            if (data->fold[user] != fold) continue;
            chose[user] = 1;
            if (with[1] <= 0) continue; /* what is taken up more must not come later */
            gain[user] += look(score, lift, with, 1 + N_LIFTS, NULL, NULL) -
                          look(score, NULL, &search->plain[fold], 1, NULL, NULL);
        }
    }
    size_t n = 0;
    for (size_t u = 0; u < data->n_users; u++)
        if (chose[u]) gain[n++] = gain[u];
    free(chose);
    return n;
}

/* What the lifts F are worth. */
static void weigh(const struct search *search, const float *f, struct verdict *verdict) {
    double *gain = rs_calloc(search->data->n_users, sizeof *gain), mean, error;
    double weight[1 + N_LIFTS];
    memcpy(weight, search->usual, sizeof weight);
    fit_weights(search, f, 1 + N_LIFTS, N_FOLDS, weight);
    size_t n = gather(search, f, weight, gain);
    verdict->tested = true;
    verdict->p = choose_p(gain, n, &mean, &error);
    verdict->gain = mean * (double)n / (double)search->choices->n;
    verdict->error = error * (double)n / (double)search->choices->n;
    double slope = fmax(weight[0], 0.05);
    verdict->weight = fmax(weight[1], 0) / slope;
    verdict->of_user = verdict->weight > 0 ? fmin(weight[2] / slope, 0) : 0;
    free(gain);
}

static void judge(const struct search *search, size_t c, struct verdict *verdict) {
    float *f = rs_malloc(search->choices->n * N_ITEMS * N_LIFTS, sizeof *f);
    struct affinity fitted[N_FOLDS];
    find_lifts(search, c, fitted, f);
    for (unsigned fold = 0; fold < N_FOLDS; fold++) affinity_free(&fitted[fold]);
    weigh(search, f, verdict);
    free(f);
}

/* Adds the lifts of a dimension that is kept to all scores. */
static void put_in(struct search *search, size_t c, const struct verdict *verdict) {
    size_t n = search->choices->n * N_ITEMS;
    float *f = rs_malloc(n * N_LIFTS, sizeof *f);
    find_lifts(search, c, search->kept[search->n_kept], f);
    for (size_t k = 0; k < n; k++)
        search->score[k] +=
            (float)verdict->weight * f[k * N_LIFTS] + (float)verdict->of_user * f[k * N_LIFTS + 1];
    free(f);
    search->n_kept++;
    fit_plain(search);
}

/* What is left for somebody who has been here long, and what is there of an item's age, changes by
 * what was taken before: no taste of an age can be told from that. */
static bool can_rank(const struct candidate *candidate) {
    return candidate->form.source != RS_CONTEXT_USER_AGE &&
           candidate->form.source != RS_CONTEXT_ITEM_AGE;
}

static struct search *search_begin(const struct data *data, const struct layout *layouts,
                                   const struct choices *choices) {
    struct search *search = rs_calloc(1, sizeof *search);
    *search = (struct search){
        .data = data, .layouts = layouts, .choices = choices, .usual = usual_weight};
    search->score = rs_malloc(choices->n * N_ITEMS, sizeof *search->score);
    memcpy(search->score, choices->score, choices->n * N_ITEMS * sizeof *search->score);
    fit_plain(search);
    return search;
}

static void search_end(struct search *search) {
    for (size_t k = 0; k < search->n_kept; k++)
        for (unsigned fold = 0; fold < N_FOLDS; fold++) affinity_free(&search->kept[k][fold]);
    free(search->score);
    free(search);
}

void choose_ranking(const struct data *data, const struct layout *layouts,
                    const struct choices *choices, double level, struct verdict *verdicts) {
    struct search *search = search_begin(data, layouts, choices);
    for (size_t kept = 0; kept < data->n_candidates; kept++) {
#pragma omp parallel for schedule(dynamic, 1)
        for (size_t c = 0; c < data->n_candidates; c++)
            if (!verdicts[c].kept && can_rank(&data->candidates[c])) judge(search, c, &verdicts[c]);
        size_t best = SIZE_MAX, left = 0;
        for (size_t c = 0; c < data->n_candidates; c++) {
            if (verdicts[c].kept || !verdicts[c].tested) continue;
            left++;
            if (best == SIZE_MAX || verdicts[c].p < verdicts[best].p) best = c;
        }
        for (size_t c = 0; c < data->n_candidates; c++)
            if (!verdicts[c].kept && verdicts[c].tested)
                verdicts[c].adjusted = fmin(1, verdicts[c].p * (double)left);
        if (best == SIZE_MAX || verdicts[best].adjusted > level) break;
        verdicts[best].kept = true;
        verdicts[best].order = kept;
        put_in(search, best, &verdicts[best]);
    }
    search_end(search);
}

/* Of every choice: how much more the items would be liked in its context, of the dimensions that
 * move ranks, and the lifts that they have already. */
static void find_liking(const struct search *search, const struct camf *camf,
                        const struct verdict *verdicts, float *f) {
    const struct data *data = search->data;
    bool wanted[RS_MAX_DIMENSIONS];
    for (size_t d = 0; d < camf->n_dimensions; d++)
        wanted[d] = verdicts[camf->layout[d]->candidate - data->candidates].kept;
    for (size_t c = 0; c < search->choices->n; c++) {
        double added[WIDTH];
        camf_added_at(camf, search->choices->rating[c], wanted, added);
        for (size_t at = c * N_ITEMS; at < (c + 1) * N_ITEMS; at++) {
            const double *item = camf->items.row + search->choices->other[at] * WIDTH;
            double liking = 0;
            for (size_t k = 1; k < WIDTH; k++) liking += added[k] * item[k];
            f[at * N_LIFTS] = (float)(data->matrix->deviation * liking);
            f[at * N_LIFTS + 1] = search->score[at] - search->choices->score[at];
        }
    }
}

/* Liking and lifts say much the same by different traits of items: what one gets the others lose.
 */
static void weigh_liking(struct search *search, const struct camf *camf, struct verdict *verdicts,
                         struct mixture *mixture) {
    struct verdict liking = {0};
    float *f = rs_malloc(search->choices->n * N_ITEMS * N_LIFTS, sizeof *f);
    find_liking(search, camf, verdicts, f);
    search->usual = usual_besides;
    weigh(search, f, &liking);
    free(f);
    mixture->rank_gain = liking.gain;
    mixture->rank_error = liking.error;
    mixture->rank_p = liking.p;
    if (liking.gain <= 0) return;
    mixture->rank = liking.weight;
    for (size_t c = 0; c < search->data->n_candidates; c++) {
        verdicts[c].weight *= fmax(1 + liking.of_user, 0);
        verdicts[c].of_user *= fmax(1 + liking.of_user, 0);
    }
}

void choose_weights(const struct data *data, const struct layout *layouts,
                    const struct choices *choices, const struct camf *camf,
                    struct verdict *verdicts, struct mixture *mixture) {
    struct search *search = search_begin(data, layouts, choices);
    size_t c;
    for (size_t k = 0; (c = choose_nth(verdicts, data->n_candidates, k)) != SIZE_MAX; k++) {
        struct verdict again = {0};
        judge(search, c, &again);
        verdicts[c].weight = again.weight;
        verdicts[c].of_user = again.of_user;
        put_in(search, c, &verdicts[c]);
    }
    if (camf != NULL && search->n_kept > 0) weigh_liking(search, camf, verdicts, mixture);
    search_end(search);
}
