/* How much a rating says that a user wants an item: what models of ranking put into the matrix.
 *
 * On a rating scale the worst rating still tells that the user chose the item, and counts
 * PREFERENCE_LEAST; the best counts 1, what lies between in proportion. Counts of implicit feedback
 * enter by log(1 + count). Then all are divided by their root mean square over the matrix, so that
 * a regularisation means the same on every scale: so many typical ratings. */
#ifndef RS_PREFERENCE_H
#define RS_PREFERENCE_H

#include <jansson.h>

#include "ratings/matrix.h"

enum rs_preference_kind {
    RS_PREFER_AUTO,   /* scaled for ratings, log for counts */
    RS_PREFER_SCALED, /* by place on the scale */
    RS_PREFER_LOG,    /* log(1 + rating), at least 0 */
    RS_PREFER_BINARY, /* 1 */
};
extern const char *const rs_preference_names[]; /* "auto", "scaled", "log", "binary", NULL */

struct rs_preference {
    enum rs_preference_kind kind; /* not AUTO */
    double low, range;            /* of the scale; range 0: all count alike */
    double unit;                  /* the root mean square */
};

/* The preference of a matrix's ratings. */
struct rs_preference rs_preference_make(const struct rs_matrix *matrix,
                                        enum rs_preference_kind kind);

/* What a rating counts; positive and finite, whatever it is. */
float rs_preference_of(const struct rs_preference *preference, float rating);

/* {"kind": …, "low": …, "range": …, "unit": …} and back; false if it is not all there. */
json_t *rs_preference_json(const struct rs_preference *preference);
bool rs_preference_from_json(struct rs_preference *preference, const json_t *json);

#endif
