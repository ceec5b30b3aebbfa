/* A line of progress on stderr for work of more than a second, when stderr is a terminal. */
#ifndef RS_PROGRESS_H
#define RS_PROGRESS_H

#include <stdint.h>

/* Starts to count towards TOTAL (0: unknown) of UNIT ("bytes", "users", …). */
void rs_progress_start(const char *what, const char *unit, uint64_t total);

/* So much is done. Cheap: call it as often as you like, from the thread that started it. */
void rs_progress_at(uint64_t done);

/* Counts one more in *done and shows it: for a team of threads, any of which may call it and which
 * do not wait for one another. */
void rs_progress_count(uint32_t *done);

/* Wipes the line. */
void rs_progress_end(void);

#endif
