/* How many threads a program has, and how they wait. */
#ifndef RS_THREADS_H
#define RS_THREADS_H

#include <stdint.h>

/* What --threads says: 1 to 1024, or 0 for as many as there are processors. */
extern int64_t rs_threads;

/* Makes parallel regions from here on have that many. */
void rs_threads_use(void);

#endif
