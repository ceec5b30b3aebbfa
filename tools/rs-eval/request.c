#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "program/options.h"

/* Of the formulas below; --list-metrics ends with it. */
static const char *const notation =
    "r true rating, p predicted one, c(p) p clipped to the scale of the training ratings\n"
    "u user of a fold, R_u their relevant test items, h_u = |R_u in the first K| of the ranking\n"
    "pop(i) training ratings of item i\n"
    "means over users take those with a relevant test item, once a fold\n"
    "sampled(N)-NAME is NAME where u's test items are ranked among N drawn ones of u's other "
    "candidates, not among all (--sample-negatives)\n"
    "where scores tie, each figure of ranks is its expected value over all orders of equal ones\n";

const struct measure_row measures[N_MEASURES] = {
    [RMSE] = {"rmse", BASIS_SCORES, false, -1, "sqrt(mean over test pairs of (c(p) - r)^2)",
              "Herlocker et al., ACM TOIS 2004"},
    [MAE] = {"mae", BASIS_SCORES, false, -1, "mean over test pairs of |c(p) - r|",
             "Herlocker et al., ACM TOIS 2004"},
    [RMSE_RAW] = {"rmse-raw", BASIS_SCORES, false, -1, "sqrt(mean over test pairs of (p - r)^2)",
                  "rmse without clipping"},
    [MAE_RAW] = {"mae-raw", BASIS_SCORES, false, -1, "mean over test pairs of |p - r|",
                 "mae without clipping"},
    [RMSE_USER] = {"rmse-user", BASIS_SCORES, false, -1,
                   "mean over users of sqrt(mean over u's test pairs of (c(p) - r)^2)",
                   "LensKit's per-user (macro) RMSE"},
    [MAE_USER] = {"mae-user", BASIS_SCORES, false, -1,
                  "mean over users of the mean over u's test pairs of |c(p) - r|",
                  "LensKit's per-user (macro) MAE"},
    [RMSE_FOLDS] = {"rmse-mean-of-folds", BASIS_SCORES, false, -1,
                    "mean over folds of the fold's rmse, which is not the rmse over all folds",
                    "how most tables of cross-validation give it"},
    [MAE_FOLDS] = {"mae-mean-of-folds", BASIS_SCORES, false, -1,
                   "mean over folds of the fold's mae",
                   "how most tables of cross-validation give it"},
    [BIAS] = {"bias", BASIS_SCORES, false, 0, "mean over test pairs of c(p) - r",
              "mean error: positive when predictions are too high"},
    [COVERAGE] = {"coverage", BASIS_SCORES, false, +1,
                  "share of test pairs that the model itself answered, not its fallback",
                  "Herlocker et al., ACM TOIS 2004"},
    [WITHIN_DEVIATION] =
        {"within-deviation", BASIS_SCORES, false, 0,
         "share of |p - r| <= the deviation that the model states, over the test pairs for "
         "which it states one",
         "0.68 where errors are normal and deviations right"},
    [PRECISION] = {"precision", BASIS_RANKS, true, +1, "mean over users of h_u / K",
                   "Manning et al., Introduction to Information Retrieval, 8.4"},
    [RECALL] = {"recall", BASIS_RANKS, true, +1, "mean over users of h_u / |R_u|",
                "Manning et al., Introduction to Information Retrieval, 8.4"},
    [NDCG] = {"ndcg", BASIS_RANKS, true, +1,
              "mean over users of DCG / ideal DCG, DCG = sum over positions k <= K of [relevant] / "
              "log2(k + 1), the ideal over min(|R_u|, K) positions",
              "Järvelin & Kekäläinen, ACM TOIS 2002; binary gain; nDCGRendle2020 of Elliot; of "
              "MyMediaLite with K of the catalogue's size"},
    [HR] = {"hr", BASIS_RANKS, true, +1, "share of users with h_u >= 1",
            "Deshpande & Karypis, ACM TOIS 2004"},
    [MRR] = {"mrr", BASIS_RANKS, true, +1,
             "mean over users of 1 / position of the first relevant item, 0 beyond K",
             "Voorhees, TREC-8, 1999"},
    [MAP] = {"map", BASIS_RANKS, true, +1,
             "mean over users of (sum over k <= K of [relevant] * precision@k) / min(|R_u|, K)",
             "Manning et al., 8.4, denominator cut at K; of implicit, RecBole"},
    [MAP_RELEVANT] = {"map-relevant", BASIS_RANKS, true, +1,
                      "mean over users of (sum over k <= K of [relevant] * precision@k) / |R_u|",
                      "MAP of gorse and Microsoft's recommenders; of MyMediaLite and trec_eval "
                      "with K of the catalogue's size"},
    [PRECISION_MEAN] = {"precision-mean", BASIS_RANKS, true, +1,
                        "mean over users of the mean over k <= K of precision@k",
                        "what Elliot calls MAP"},
    [PRECISION_RETURNED] = {"precision-returned", BASIS_RANKS, true, +1,
                            "mean over users of h_u / min(K, candidates of u), of given lists of "
                            "h_u / min(K, length of u's list)",
                            "precision of LensKit and gorse: of the items that a list holds"},
    [F1] = {"f1", BASIS_RANKS, true, +1, "mean over users of 2 P R / (P + R) = 2 h_u / (K + |R_u|)",
            "van Rijsbergen, Information Retrieval, 1979"},
    [PRECISION_CAPPED] = {"precision-capped", BASIS_RANKS, true, +1,
                          "(sum over users of h_u) / (sum over users of min(K, |R_u|))",
                          "'precision' of implicit's ranking_metrics_at_k"},
    [RECALL_CAPPED] = {"recall-capped", BASIS_RANKS, true, +1,
                       "mean over users of h_u / min(K, |R_u|)",
                       "Liang et al., WWW 2018; LensKit's recall"},
    [RECALL_MICRO] = {"recall-micro", BASIS_RANKS, true, +1,
                      "(sum over users of h_u) / (sum over users of |R_u|)",
                      "the share of all relevant test pairs that is found"},
    [PRECISION_RECOMMENDED] =
        {"precision-recommended", BASIS_RANKS, true, +1,
         "rerank- only: mean over users with test items of |R_u in the first k| / k, k = min(K, "
         "test items of u with p >= the threshold), 0 where k is 0",
         "precision of Surprise's FAQ"},
    [RECALL_RECOMMENDED] =
        {"recall-recommended", BASIS_RANKS, true, +1,
         "rerank- only: mean over users with test items of |R_u in the first k| / |R_u|, 0 without "
         "R_u, k as in precision-recommended",
         "recall of Surprise's FAQ"},
    [PRECISION_RECOMMENDED_OR_1] = {"precision-recommended-or-1", BASIS_RANKS, true, +1,
                                    "rerank- only: precision-recommended, but 1 where k is 0",
                                    "precision of Surprise's FAQ in older versions"},
    [RECALL_RECOMMENDED_OR_1] = {"recall-recommended-or-1", BASIS_RANKS, true, +1,
                                 "rerank- only: recall-recommended, but 1 without R_u",
                                 "recall of Surprise's FAQ in older versions"},
    [NDCG_LINEAR] =
        {"ndcg-linear", BASIS_RANKS, true, +1,
         "mean over users with test items of DCG / ideal DCG with gain r - (lowest rating "
         "of the scale - one step), 0 for items without test rating",
         "Järvelin & Kekäläinen 2002; scikit-learn's ndcg_score"},
    [NDCG_EXP] = {"ndcg-exp", BASIS_RANKS, true, +1, "ndcg-linear with gain 2^gain - 1",
                  "Burges et al., ICML 2005"},
    [NDCG_EXP_RELEVANT] =
        {"ndcg-exp-relevant", BASIS_RANKS, true, +1,
         "ndcg with gain 2^(r - t + 1) - 1 instead of [relevant], t the threshold of relevance, 0 "
         "where every test item is relevant",
         "nDCG of Elliot"},
    [RBP] = {"rbp", BASIS_RANKS, true, +1,
             "mean over users of sum over k <= K of [relevant] * 0.15 * 0.85^(k - 1)",
             "Moffat & Zobel, ACM TOIS 2008, patience 0.85"},
    [AUC] = {"auc", BASIS_RANKS, false, +1,
             "mean over users of P(relevant item above another candidate), a tie counting 1/2",
             "Mann & Whitney 1947; Rendle et al., UAI 2009"},
    [CATALOGUE_COVERAGE] = {"catalogue-coverage", BASIS_EXPOSURE, true, +1,
                            "share of the catalogue that is in somebody's first K",
                            "Ge et al., RecSys 2010"},
    [GINI] = {"gini", BASIS_EXPOSURE, true, -1,
              "Gini coefficient over the catalogue of how often an item is in somebody's first K",
              "Fleder & Hosanagar, Management Science 2009"},
    [ENTROPY] = {"entropy", BASIS_EXPOSURE, true, +1,
                 "- sum over the catalogue of q log2 q, q the item's share of all first K places",
                 "Shannon 1948"},
    [PERSONALISATION] = {"personalisation", BASIS_EXPOSURE, true, +1,
                         "mean over pairs of users of 1 - |items in both first K| / K",
                         "Zhou et al., PNAS 2010 (Hamming distance of lists)"},
    [NOVELTY] = {"novelty", BASIS_LISTS, true, +1,
                 "mean over lists of the mean over the first K of -log2(max(pop(i), 1) / training "
                 "users)",
                 "Zhou et al., PNAS 2010 (self-information); an item without ratings as one with "
                 "one"},
    [EFD] = {"efd", BASIS_LISTS, true, +1,
             "mean over lists of the mean over the first K of -log2(max(pop(i), 1) / training "
             "ratings)",
             "Vargas & Castells, RecSys 2011 (expected free discovery), without discount and "
             "relevance"},
    [EPC] = {"epc", BASIS_LISTS, true, +1,
             "mean over lists of the mean over the first K of 1 - pop(i) / training users",
             "Vargas & Castells, RecSys 2011, without discount and relevance"},
    [POPULARITY] = {"popularity", BASIS_LISTS, true, 0,
                    "mean over lists of the mean over the first K of pop(i)",
                    "ARP of Yin et al., VLDB 2012"},
    [POPULARITY_LIFT] =
        {"popularity-lift", BASIS_LISTS, true, 0,
         "mean over users of (mean pop(i) of the first K) / (mean pop(i) of the user's "
         "own ratings) - 1",
         "Abdollahpouri et al., RMSE workshop at RecSys 2019"},
    [TAIL] =
        {"tail", BASIS_LISTS, true, 0,
         "mean over lists of the share of the first K outside the most popular items that hold "
         "80 % of the training ratings",
         "APLT of Abdollahpouri et al., FLAIRS 2019"},
    [DIVERSITY] =
        {"diversity", BASIS_LISTS, true, +1,
         "mean over lists of the mean over pairs of the first K of 1 - Jaccard similarity of "
         "their categories",
         "Ziegler et al., WWW 2005 (intra-list similarity)"},
    [DISSIMILARITY] =
        {"dissimilarity", BASIS_LISTS, true, +1,
         "mean over lists of the mean over pairs of the first K of 1 - similarity in the graph of "
         "--graph, whose missing pairs count 0",
         "Smyth & McClave, ICCBR 2001"},
    [STABILITY] = {"stability", BASIS_LISTS, true, 0,
                   "mean over users of the rank-biased overlap, with p = 0.9 and extrapolated, of "
                   "the first K "
                   "with those of the model of --against",
                   "Webber, Moffat & Zobel, ACM TOIS 2010, equation 30"},
    [CALIBRATION] =
        {"calibration", BASIS_LISTS, true, -1,
         "mean over users of KL(p || 0.99 q + 0.01 p), p and q the shares of the categories "
         "in the user's own ratings and in the first K",
         "Steck, RecSys 2018, alpha 0.01"},
    [FILLED] = {"filled", BASIS_LISTS, true, +1, "mean over lists of min(length, K) / K",
                "1 unless a model could not find K items"},
};

static const char default_names[] = "rmse,mae,precision,recall,ndcg,coverage";
enum { MAX_K = 100000 };

static const char among_test_prefix[] = "rerank-";

/* What ranking among fewer than all candidates puts before the name of a measure. */
static void print_prefix(char out[24], const struct requests *requests, enum basis basis,
                         bool among_test) {
    out[0] = '\0';
    if (among_test) {
        snprintf(out, 24, "%s", among_test_prefix);
    } else if (basis == BASIS_RANKS && requests->n_negatives > 0) {
        snprintf(out, 24, "sampled(%u)-", requests->n_negatives);
    }
}

static uint32_t parse_k(const char *text, size_t length) {
    uint32_t k = 0;
    for (size_t i = 0; i < length && k <= MAX_K; i++) {
        if (text[i] < '0' || text[i] > '9') k = MAX_K;
        k = k * 10 + (uint32_t)(text[i] - '0');
    }
    if (length == 0 || k == 0 || k > MAX_K)
        rs_usage_error("'%.*s' is not a list length from 1 to %d", (int)length, text, MAX_K);
    return k;
}

static bool add(struct requests *requests, enum measure measure, uint32_t k, bool among_test) {
    const struct measure_row *row = &measures[measure];
    struct request request = {measure, row->at_k ? k : 0, among_test, ""};
    char prefix[24];
    print_prefix(prefix, requests, row->basis, among_test);
    if (row->at_k) {
        snprintf(request.name, sizeof request.name, "%s%s@%u", prefix, row->name, k);
    } else {
        snprintf(request.name, sizeof request.name, "%s%s", prefix, row->name);
    }
    for (size_t i = 0; i < requests->n; i++)
        if (strcmp(requests->all[i].name, request.name) == 0) return false;
    requests->all = rs_realloc(requests->all, requests->n + 1, sizeof *requests->all);
    requests->all[requests->n++] = request;
    requests->use_basis[among_test ? BASIS_SCORES : row->basis] = true;
    requests->use_among_test |= among_test;
    if (request.k > requests->largest_k) requests->largest_k = request.k;
    return true;
}

/* Adds a measure at every cutoff of the list, or once if it has none. */
static void add_at(struct requests *requests, enum measure measure, bool among_test,
                   const char *cutoffs) {
    const char *at = cutoffs;
    do {
        size_t length = strcspn(at, ",");
        add(requests, measure, parse_k(at, length), among_test);
        at += length;
        if (*at == ',') at++;
    } while (*at != '\0' && measures[measure].at_k);
}

static void add_name(struct requests *requests, const char *name, size_t length,
                     const char *cutoffs) {
    size_t prefix = sizeof among_test_prefix - 1;
    bool among_test = length > prefix && strncmp(name, among_test_prefix, prefix) == 0;
    const char *base = among_test ? name + prefix : name;
    size_t base_length = among_test ? length - prefix : length;
    const char *at = memchr(base, '@', base_length);
    size_t name_length = at == NULL ? base_length : (size_t)(at - base);
    for (int m = 0; m < N_MEASURES; m++) {
        const struct measure_row *row = &measures[m];
        if (strlen(row->name) != name_length || strncmp(row->name, base, name_length) != 0)
            continue;
        if ((at != NULL && !row->at_k) || (among_test && row->basis != BASIS_RANKS)) break;
        if (!among_test && measure_is_rerank((enum measure)m))
            rs_usage_error("--metrics: '%s' ranks test items: it is rerank-%s", row->name,
                           row->name);
        if (at == NULL) {
            add_at(requests, (enum measure)m, among_test, cutoffs);
        } else {
            add(requests, (enum measure)m, parse_k(at + 1, base_length - name_length - 1),
                among_test);
        }
        return;
    }
    rs_usage_error("--metrics: there is no measure '%.*s' (--list-metrics names them)", (int)length,
                   name);
}

struct requests requests_parse(const char *names, const char *cutoffs, uint32_t n_negatives) {
    struct requests requests = {.given = names != NULL, .n_negatives = n_negatives};
    parse_k(cutoffs, strcspn(cutoffs, ","));
    if (names == NULL) names = default_names;
    if (strcmp(names, "all") == 0) {
        requests.given = false;
        for (int m = 0; m < N_MEASURES; m++)
            if (!measure_is_rerank((enum measure)m))
                add_at(&requests, (enum measure)m, false, cutoffs);
        return requests;
    }
    while (*names != '\0') {
        size_t length = strcspn(names, ",");
        add_name(&requests, names, length, cutoffs);
        names += length;
        if (*names == ',') names++;
    }
    if (requests.n == 0) rs_usage_error("--metrics: names no measure");
    return requests;
}

void requests_free(struct requests *requests) {
    free(requests->all);
    *requests = (struct requests){0};
}

void requests_list(void) {
    static const char *const needs[] = {"predictions", "ranks", "top-N lists", "top-N lists"};
    for (int m = 0; m < N_MEASURES; m++) {
        const struct measure_row *row = &measures[m];
        printf("%s%s: of %s\n    %s\n    %s\n", row->name, row->at_k ? "@K" : "", needs[row->basis],
               row->formula, row->source);
    }
    printf("\nNotation:\n%s", notation);
}
