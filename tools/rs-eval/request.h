/* The measures: what each is called, what it needs, its formula and where that comes from; and
 * which of them were asked for. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum measure {
    RMSE,
    MAE,
    RMSE_RAW,
    MAE_RAW,
    RMSE_USER,
    MAE_USER,
    RMSE_FOLDS,
    MAE_FOLDS,
    BIAS,
    COVERAGE,
    WITHIN_DEVIATION,
    PRECISION,
    RECALL,
    NDCG,
    HR,
    MRR,
    MAP,
    F1,
    MAP_RELEVANT,
    PRECISION_MEAN,
    PRECISION_RETURNED,
    PRECISION_CAPPED,
    RECALL_CAPPED,
    RECALL_MICRO,
    PRECISION_RECOMMENDED,
    RECALL_RECOMMENDED,
    PRECISION_RECOMMENDED_OR_1,
    RECALL_RECOMMENDED_OR_1,
    NDCG_LINEAR,
    NDCG_EXP,
    NDCG_EXP_RELEVANT,
    RBP,
    AUC,
    CATALOGUE_COVERAGE,
    GINI,
    ENTROPY,
    PERSONALISATION,
    NOVELTY,
    EFD,
    EPC,
    POPULARITY,
    POPULARITY_LIFT,
    TAIL,
    DIVERSITY,
    DISSIMILARITY,
    STABILITY,
    CALIBRATION,
    FILLED,
    N_MEASURES
};

/* What a measure is computed from. */
enum basis {
    BASIS_SCORES,  /* expected ratings of the test pairs */
    BASIS_RANKS,   /* where the test items stand among the candidates */
    BASIS_LISTS,   /* the lists of recommendations, one by one */
    BASIS_EXPOSURE /* all lists of a fold together */
};

struct measure_row {
    const char *name;
    enum basis basis;
    bool at_k;
    int better; /* +1 greater, -1 smaller, 0 neither */
    const char *formula;
    const char *source;
};

extern const struct measure_row measures[N_MEASURES];

/* True for measures of expected ratings that rank, which exist among the test items only. */
static inline bool measure_is_rerank(enum measure measure) {
    return measure >= PRECISION_RECOMMENDED && measure <= RECALL_RECOMMENDED_OR_1;
}

/* True for measures of ranks that leave out users without a relevant test item: those of graded
 * gains, and those that rank expected ratings, take them in. */
static inline bool measure_needs_relevant(enum measure measure) {
    return measures[measure].basis == BASIS_RANKS && !measure_is_rerank(measure) &&
           measure != NDCG_LINEAR && measure != NDCG_EXP;
}

struct request {
    enum measure measure;
    uint32_t k;      /* 0: the measure has none */
    bool among_test; /* ranks among the user's test items only, by expected rating */
    char name[48];   /* "ndcg@10", "rerank-ndcg@10", "sampled(100)-ndcg@10" */
};

struct requests {
    size_t n;
    struct request *all;
    bool given; /* by the user: asking for what the input can't give is an error */
    uint32_t largest_k;
    uint32_t n_negatives; /* drawn for each user to rank among; 0: all are ranked */
    bool use_basis[4], use_among_test;
};

/* Reads "10" or "5,10,20" and "rmse,ndcg@20,…", "all", or NULL for the default; bad ones end the
 * program with EX_USAGE. With N_NEGATIVES > 0 measures of ranks are named by it. */
struct requests requests_parse(const char *names, const char *cutoffs, uint32_t n_negatives);
void requests_free(struct requests *requests);

/* Prints every measure with its formula and source on stdout. */
void requests_list(void);

#endif
