/* What becomes of the counts of implicit feedback, which run over orders of magnitude. */
#ifndef RS_COUNTS_H
#define RS_COUNTS_H

#include <stdint.h>

enum rs_counts {
    RS_COUNTS_LOG, /* log2(1 + count), so that once is 1 */
    RS_COUNTS_RAW,
    RS_COUNTS_BINARY, /* 1 */
};
extern const char *const rs_counts_names[]; /* "log", "raw", "binary", NULL */

void rs_counts_transform(float *counts, uint64_t n, enum rs_counts how);

#endif
