/* How alike two lines of a matrix are, from sums over the entries they share.
 *
 * Lines are items (or users); x and y are the values of two of them for the same user (item). Over
 * *co-rated* entries all sums S run over the entries that both have, n of them. Over *full* vectors
 * a missing entry is a zero, and so the norms run over all entries a line has.
 *
 * - cosine: S(xy) / sqrt(S(xx) S(yy)) of the ratings as they are. Full is the cosine of the sparse
 *   vectors, what scikit-learn and implicit compute; co-rated is Surprise's.
 * - adjusted-cosine: the cosine of r - m, m the mean of the entry's other side: of the user when
 *   items are compared (Sarwar, Karypis, Konstan, Riedl: Item-based collaborative filtering
 *   recommendation algorithms, WWW 2001, section 3.1.3).
 * - pearson: over co-rated entries the correlation about their means, (n S(xy) - S(x) S(y)) /
 *   sqrt((n S(xx) - S(x)^2) (n S(yy) - S(y)^2)) (Resnick et al.: GroupLens, CSCW 1994; Surprise's).
 *   Over full vectors the cosine of r - mean of the line.
 * - pearson-baseline: the cosine of residuals r - (mean + b_u + b_i) (Koren: Factor in the
 *   neighbors, ACM TKDD 2010, section 2.2, eq. 2-3). Needs two co-rated entries, since it counts
 *   n - 1 of them.
 * - msd: 1 / (1 + S((x - y)^2) / n), over co-rated entries only (Surprise's).
 * - jaccard: n / (n_x + n_y - n): who rated, not how.
 *
 * Shrinkage multiplies pearson-baseline by (n - 1) / (n - 1 + shrink), Koren's factor, and all
 * others by n / (n + shrink) (Bell, Koren: Scalable collaborative filtering with jointly derived
 * neighborhood interpolation weights, ICDM 2007, section 4.2). A pair with fewer co-rated entries
 * than min_support, with none, or with a zero under the root has no similarity. Where the co-rated
 * entries of a line differ by less than one part in a million of their size a correlation takes
 * them as equal, and a similarity below 1e-12 in size is rounding and becomes 0.
 *
 * All functions are pure, and symmetric to the last bit: exchanging x and y gives the same. */
#ifndef RS_SIMILARITY_H
#define RS_SIMILARITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ratings/matrix.h"

enum rs_metric {
    RS_COSINE,
    RS_ADJUSTED_COSINE,
    RS_PEARSON,
    RS_PEARSON_BASELINE,
    RS_MSD,
    RS_JACCARD,
};
extern const char *const rs_metric_names[]; /* "cosine", …, NULL */

enum rs_over { RS_CO_RATED, RS_FULL };
extern const char *const rs_over_names[]; /* "co-rated", "full", NULL */

struct rs_similarity {
    enum rs_metric metric;
    enum rs_over over;
    double shrink;
    uint32_t min_support; /* 0 counts as 1 */
};

/* The shrinkage that is customary: 100 for pearson-baseline (Koren; Surprise), none for the rest.
 */
double rs_similarity_default_shrink(enum rs_metric metric);

/* The value of an entry of LINE for OTHER, rated RATING, as real-valued sums take it. It differs
 * from the definition by what the metric does not change with (a shift of the line), where that
 * keeps numbers small. */
double rs_similarity_value(const struct rs_similarity *how, const struct rs_matrix *matrix,
                           bool users, uint32_t line, uint32_t other, float rating);

/* What is known of lines whatever they are compared with: arrays with an element a line. */
struct rs_line_facts {
    double *n;    /* entries */
    double *root; /* of S(xx) over all entries, of x - mean in pearson over full vectors */
    double
        *mean; /* what pearson over full vectors takes from x and y; 0 where that is done already */
};

/* The same of one line. */
struct rs_line_fact {
    double n, root, mean;
};

static inline struct rs_line_fact rs_line_fact(const struct rs_line_facts *facts, size_t line) {
    return (struct rs_line_fact){facts->n[line], facts->root[line], facts->mean[line]};
}

/* The sums that a metric needs; the others may be anything finite, but n has to be at least 1 for a
 * pair that has anything in common. */
enum rs_sum { RS_SUM_N, RS_SUM_X, RS_SUM_Y, RS_SUM_XX, RS_SUM_YY, RS_SUM_XY, RS_N_SUMS };
unsigned rs_similarity_needs(const struct rs_similarity *how); /* bits 1 << RS_SUM_… */

/* Sums of one line x with RS_PAIRS others. */
enum { RS_PAIRS = 64 };
struct rs_sums {
    double sum[RS_N_SUMS][RS_PAIRS];
};

/* Stands for "no similarity" where one is expected. */
#define RS_NO_SIMILARITY (-4.0f)

/* Similarities of a line X with the lines Y..Y + RS_PAIRS - 1 of FACTS. A difference of 1 between
 * values is UNIT in ratings. */
void rs_similarity_of(const struct rs_similarity *how, const struct rs_sums *sums, double unit,
                      const struct rs_line_fact *x, const struct rs_line_facts *facts, size_t y,
                      float *similarity);

/* The same for one pair and a metric that needs only S(xy) (cosine over full vectors) or n
 * (jaccard), which is SUM; there is no similarity where it is 0. */
float rs_similarity_of_product(const struct rs_similarity *how, double sum,
                               const struct rs_line_facts *facts, size_t x, size_t y);

/* The same of a line X with the lines 0..N-1 of FACTS. */
void rs_similarity_of_products(const struct rs_similarity *how, const double *sum,
                               const struct rs_line_fact *x, const struct rs_line_facts *facts,
                               size_t n, float *similarity);

#endif
