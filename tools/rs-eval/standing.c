#include "standing.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "measures/ranks.h"

enum gain { GAIN_BINARY, GAIN_LINEAR, GAIN_EXPONENTIAL, GAIN_RELEVANT, N_GAINS };

/* The test items that stand high enough to count, and the gains of the best order. */
struct graded {
    bool wanted;
    struct rs_tie *ties;
    size_t n_ties, capacity;
    double *ideal; /* descending */
    size_t n_ideal, ideal_capacity;
};

struct standing {
    const struct rules *rules;
    uint32_t largest_k;
    double *log_sums, *geometric_sums;
    struct graded graded[N_GAINS];
    uint64_t n_relevant, n_found, candidates;
    uint32_t n_recommended;         /* of a list ranked by expected rating: relevant by that */
    double behind;                  /* see rs_ranks_auc */
    uint32_t *above, *tied, *order; /* of a list ranked by expected rating */
    size_t above_capacity, tied_capacity, order_capacity;
};

struct standing *standing_new(const struct requests *requests, const struct rules *rules) {
    struct standing *standing = rs_calloc(1, sizeof *standing);
    standing->rules = rules;
    standing->largest_k = requests->largest_k;
    standing->log_sums = rs_malloc((size_t)requests->largest_k + 1, sizeof(double));
    standing->geometric_sums = rs_malloc((size_t)requests->largest_k + 1, sizeof(double));
    rs_discounts_log(standing->log_sums, requests->largest_k);
    rs_discounts_geometric(standing->geometric_sums, requests->largest_k, 0.85);
    standing->graded[GAIN_BINARY].wanted = true;
    for (size_t r = 0; r < requests->n; r++) {
        standing->graded[GAIN_LINEAR].wanted |= requests->all[r].measure == NDCG_LINEAR;
        standing->graded[GAIN_EXPONENTIAL].wanted |= requests->all[r].measure == NDCG_EXP;
        standing->graded[GAIN_RELEVANT].wanted |= requests->all[r].measure == NDCG_EXP_RELEVANT;
    }
    return standing;
}

void standing_free(struct standing *standing) {
    for (int g = 0; g < N_GAINS; g++) {
        free(standing->graded[g].ties);
        free(standing->graded[g].ideal);
    }
    free(standing->log_sums);
    free(standing->geometric_sums);
    free(standing->above);
    free(standing->tied);
    free(standing->order);
    free(standing);
}

static double linear_gain(const struct rules *rules, double rating) {
    return rating > rules->gain_zero ? rating - rules->gain_zero : 0;
}

/* Of gains that are a power of two less one. */
static double exponent_of(const struct rules *rules, enum gain gain, double rating) {
    return gain == GAIN_RELEVANT ? rating - rules->threshold + 1 : linear_gain(rules, rating);
}

/* Exponential gains are 2^-SHIFT times what they are. */
static double gain_of(const struct rules *rules, enum gain gain, double rating, double shift) {
    if (gain == GAIN_LINEAR) return linear_gain(rules, rating);
    if (gain != GAIN_EXPONENTIAL && !rules_relevant(rules, rating)) return 0;
    if (gain == GAIN_BINARY) return 1;
    return exp2(exponent_of(rules, gain, rating) - shift) - exp2(-shift);
}

static int compare_descending(const void *a, const void *b) {
    double first = *(const double *)a, second = *(const double *)b;
    return first > second ? -1 : first < second;
}

/* The test items of one list. */
struct span {
    size_t n;
    const double *rating;
    const uint8_t *rows; /* NULL: all */
    const uint32_t *above, *tied;
};

static bool counts(const struct span *span, size_t i) {
    return span->rows == NULL || span->rows[i] != 0;
}

/* Gains of a list count beside each other only, and powers of two of large ratings, as counts may
 * be, are more than a double holds. */
static double find_shift(const struct rules *rules, enum gain gain, const struct span *span) {
    const double most = 1000;
    double top = 0;
    if (gain != GAIN_EXPONENTIAL && gain != GAIN_RELEVANT) return 0;
    for (size_t i = 0; i < span->n; i++)
        if (counts(span, i)) top = fmax(top, exponent_of(rules, gain, span->rating[i]));
    return top > most ? top - most : 0;
}

/* False if the ranks contradict each other. */
static bool read_graded(struct standing *standing, enum gain gain, const struct span *span) {
    struct graded *graded = &standing->graded[gain];
    rs_grow(&graded->ties, &graded->capacity, span->n, sizeof *graded->ties);
    rs_grow(&graded->ideal, &graded->ideal_capacity, span->n, sizeof *graded->ideal);
    double shift = find_shift(standing->rules, gain, span);
    size_t n = 0;
    graded->n_ideal = 0;
    for (size_t i = 0; i < span->n; i++) {
        if (!counts(span, i)) continue;
        double worth = gain_of(standing->rules, gain, span->rating[i], shift);
        if (worth <= 0) continue;
        graded->ideal[graded->n_ideal++] = worth;
        if (span->tied[i] == 0 || span->above[i] >= standing->largest_k) continue;
        graded->ties[n++] = (struct rs_tie){span->above[i], span->tied[i], 1, worth};
    }
    if (gain != GAIN_BINARY)
        qsort(graded->ideal, graded->n_ideal, sizeof *graded->ideal, compare_descending);
    return rs_ties_merge(graded->ties, n, &graded->n_ties);
}

static int compare_scores(const void *a, const void *b, void *scores) {
    const double *score = scores;
    double first = score[*(const uint32_t *)a], second = score[*(const uint32_t *)b];
    return first > second ? -1 : first < second;
}

/* Ranks the user's test items by expected rating. */
static void rank_rows(struct standing *standing, double *score, size_t n) {
    rs_grow(&standing->above, &standing->above_capacity, n, sizeof *standing->above);
    rs_grow(&standing->tied, &standing->tied_capacity, n, sizeof *standing->tied);
    rs_grow(&standing->order, &standing->order_capacity, n, sizeof *standing->order);
    for (size_t i = 0; i < n; i++) standing->order[i] = (uint32_t)i;
    qsort_r(standing->order, n, sizeof *standing->order, compare_scores, score);
    for (size_t i = 0; i < n;) {
        size_t next = i + 1;
        while (next < n && score[standing->order[next]] == score[standing->order[i]]) next++;
        for (size_t j = i; j < next; j++) {
            standing->above[standing->order[j]] = (uint32_t)i;
            standing->tied[standing->order[j]] = (uint32_t)(next - i);
        }
        i = next;
    }
}

bool standing_read(struct standing *standing, const struct answers *answers, size_t l,
                   const uint8_t *rows, bool among_test) {
    const struct fold *fold = answers->fold;
    size_t begin = fold->start[l], n = fold->start[l + 1] - begin;
    struct span span = {
        .n = n, .rating = fold->rating.v + begin, .rows = rows == NULL ? NULL : rows + begin};
    if (among_test) {
        rank_rows(standing, answers->score.v + begin, n);
        span.above = standing->above;
        span.tied = standing->tied;
        standing->candidates = n;
        standing->n_recommended = 0;
        for (size_t i = 0; i < n; i++)
            if (counts(&span, i))
                standing->n_recommended +=
                    rules_relevant(standing->rules, answers->score.v[begin + i]);
    } else {
        span.above = answers->above.v + begin;
        span.tied = answers->tied.v + begin;
        standing->candidates = answers->listed.v != NULL ? answers->listed.v[l]
                                                         : fold->candidates.v[fold->user.v[begin]];
    }
    for (int g = 0; g < N_GAINS; g++)
        if (standing->graded[g].wanted && !read_graded(standing, (enum gain)g, &span)) return false;
    standing->n_relevant = standing->graded[GAIN_BINARY].n_ideal;
    standing->n_found = 0;
    standing->behind = 0;
    for (size_t i = 0; i < n; i++) {
        if (span.tied[i] == 0 || !counts(&span, i) ||
            !rules_relevant(standing->rules, span.rating[i]))
            continue;
        standing->n_found++;
        standing->behind += span.above[i] + ((double)span.tied[i] - 1) / 2;
    }
    return true;
}

static bool graded_measure(const struct standing *standing, enum gain gain, uint32_t k,
                           double *num) {
    const struct graded *graded = &standing->graded[gain];
    double ideal = rs_ranks_ideal(graded->ideal, graded->n_ideal, k, standing->log_sums);
    if (ideal <= 0) return false;
    *num = rs_ranks_discounted(graded->ties, graded->n_ties, k, standing->log_sums) / ideal;
    return true;
}

/* Elliot's MAP: the mean of the expected precision at every length up to K. */
static double mean_precision(const struct rs_tie *ties, size_t n, uint32_t k) {
    double sum = 0;
    for (uint32_t length = 1; length <= k; length++) sum += rs_ranks_hits(ties, n, length) / length;
    return sum / k;
}

/* Those of Surprise, which take every user with test items. */
static double recommended_measure(const struct standing *standing, const struct request *request) {
    const struct graded *graded = &standing->graded[GAIN_BINARY];
    uint32_t k = standing->n_recommended < request->k ? standing->n_recommended : request->k;
    enum measure measure = request->measure;
    bool or_1 = measure == PRECISION_RECOMMENDED_OR_1 || measure == RECALL_RECOMMENDED_OR_1;
    bool precision = measure == PRECISION_RECOMMENDED || measure == PRECISION_RECOMMENDED_OR_1;
    double of = precision ? k : (double)standing->n_relevant;
    return of > 0 ? rs_ranks_hits(graded->ties, graded->n_ties, k) / of : or_1;
}

static double binary_measure(const struct standing *standing, const struct request *request,
                             double n_relevant) {
    const struct rs_tie *ties = standing->graded[GAIN_BINARY].ties;
    size_t n = standing->graded[GAIN_BINARY].n_ties;
    uint32_t k = request->k;
    double capped = n_relevant < k ? n_relevant : k;
    double returned = standing->candidates < k ? (double)standing->candidates : k;
    switch (request->measure) {
    case PRECISION:
        return rs_ranks_hits(ties, n, k) / k;
    case RECALL:
        return rs_ranks_hits(ties, n, k) / n_relevant;
    case RECALL_CAPPED:
        return rs_ranks_hits(ties, n, k) / capped;
    case F1:
        return 2 * rs_ranks_hits(ties, n, k) / (k + n_relevant);
    case HR:
        return rs_ranks_hit(ties, n, k);
    case MRR:
        return rs_ranks_reciprocal(ties, n, k);
    case MAP:
        return rs_ranks_precisions(ties, n, k) / capped;
    case MAP_RELEVANT:
        return rs_ranks_precisions(ties, n, k) / n_relevant;
    case PRECISION_MEAN:
        return mean_precision(ties, n, k);
    case PRECISION_RETURNED:
        return returned > 0 ? rs_ranks_hits(ties, n, k) / returned : 0;
    case RBP:
        return rs_ranks_discounted(ties, n, k, standing->geometric_sums);
    default: /* those whose denominators are added up apart */
        return rs_ranks_hits(ties, n, k);
    }
}

bool standing_measure(const struct standing *standing, const struct request *request, double *num,
                      double *den) {
    *den = 1;
    if (request->measure == NDCG_LINEAR)
        return graded_measure(standing, GAIN_LINEAR, request->k, num);
    if (request->measure == NDCG_EXP)
        return graded_measure(standing, GAIN_EXPONENTIAL, request->k, num);
    if (request->measure == NDCG_EXP_RELEVANT)
        return graded_measure(standing, GAIN_RELEVANT, request->k, num);
    if (measure_is_rerank(request->measure)) {
        *num = recommended_measure(standing, request);
        return true;
    }
    double n_relevant = (double)standing->n_relevant;
    if (n_relevant == 0) return false;
    if (request->measure == NDCG) return graded_measure(standing, GAIN_BINARY, request->k, num);
    if (request->measure == AUC) {
        *num = rs_ranks_auc(standing->behind, standing->n_found, standing->n_relevant,
                            standing->candidates);
        return *num >= 0;
    }
    *num = binary_measure(standing, request, n_relevant);
    if (request->measure == RECALL_MICRO) *den = n_relevant;
    if (request->measure == PRECISION_CAPPED)
        *den = n_relevant < request->k ? n_relevant : request->k;
    return true;
}
