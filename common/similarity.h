/* How alike two lines of a matrix are, from sums over the entries they share.
 *
 * Lines are items (or users); x and y are the values of two of them for the same user (item). Over
 * *co-rated* entries all sums run over the entries that both have, n of them. Over *full* vectors a
 * missing entry is a zero, and so the norms run over all entries a line has.
 *
 *   cosine            S(xy) / sqrt(S(xx) S(yy)) of the ratings as they are. Full is the cosine of
 * the sparse vectors, what scikit-learn and implicit compute; co-rated is Surprise's.
 *   adjusted-cosine   the cosine of r - m, m the mean of the entry's other side: of the user when
 *                     items are compared (Sarwar, Karypis, Konstan, Riedl: Item-based collaborative
 *                     filtering recommendation algorithms, WWW 2001, section 3.1.3).
 *   pearson           co-rated: the correlation about the means over the co-rated entries,
 *                     (n S(xy) - S(x) S(y)) / sqrt((n S(xx) - S(x)^2) (n S(yy) - S(y)^2)) (Resnick
 * et al.: GroupLens, CSCW 1994; Surprise's). Full: the cosine of r - mean of the line.
 *   pearson-baseline  the cosine of residuals r - (mean + b_u + b_i) (Koren: Factor in the
 * neighbors, ACM TKDD 2010, section 2.2, eq. 2-3). Its shrinkage is Koren's factor (n - 1) / (n - 1
 * + shrink). msd               1 / (1 + S((x - y)^2) / n), over co-rated entries only (Surprise's).
 *   jaccard           n / (n_x + n_y - n): who rated, not how.
 *
 * Every metric but pearson-baseline is multiplied by n / (n + shrink) when shrink > 0 (significance
 * weighting: Herlocker, Konstan, Borchers, Riedl, SIGIR 1999; this form: Bell, Koren, ICDM 2007).
 * A pair with fewer co-rated entries than min_support, with none, or with a zero under the root has
 * no similarity. Where the entries of a line differ by less than one part in a million of their
 * size a correlation takes them as equal.
 *
 * All functions are pure. */
#ifndef RS_SIMILARITY_H
#define RS_SIMILARITY_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "matrix.h"

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

/* Sums of a pair of lines over its n co-rated entries. */
struct rs_sums {
    double n, x, y, xx, yy, xy;
};

/* What is known of one line whatever the other is. */
struct rs_line_sums {
    double n;  /* entries */
    double xx; /* of all of them */
};

/* The value of an entry of LINE for OTHER, rated RATING, as the sums of the metric take it. It
 * differs from the definition by what the metric does not change with (a shift of the line), where
 * that keeps numbers small. */
double rs_similarity_value(const struct rs_similarity *how, const struct rs_matrix *matrix,
                           bool users, uint32_t line, uint32_t other, float rating);

/* The similarity of two lines. False if there is none. Symmetric to the last bit: exchanging x and
 * y gives the same. */
bool rs_similarity_of(const struct rs_similarity *how, const struct rs_line_sums *line_x,
                      const struct rs_line_sums *line_y, const struct rs_sums *sums,
                      double *similarity);

#endif
