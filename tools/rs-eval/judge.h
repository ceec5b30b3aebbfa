/* From evidence to results. */
#ifndef JUDGE_H
#define JUDGE_H

#include "panel.h"
#include "segments.h"
#include "shelf.h"
#include "training.h"

/* What is judged, and how. */
struct judge {
    const struct evidence *evidence;
    const struct requests *requests;
    const struct rules *rules;
    const struct training *training;
    const struct categories *categories;
    const struct similarity *similarity;
    const struct segments *segments;
    const struct model *reference; /* that others are compared with; NULL: each with each */
    const struct settings *settings;
};

/* Adds all figures and comparisons: of the whole, then of each segment. False after filling *err.
 */
bool judge_all(const struct judge *judge, struct results *results, struct rs_error *err);

#endif
