/* Where a user's test items stand in one list, and what the ranking measures make of it. */
#ifndef STANDING_H
#define STANDING_H

#include "evidence.h"
#include "request.h"
#include "rules.h"

struct standing;

/* A workspace for one thread. */
struct standing *standing_new(const struct requests *requests, const struct rules *rules);
void standing_free(struct standing *standing);

/* Reads list L of the fold: the ranks among all candidates or, AMONG_TEST, among the user's test
 * items by expected rating. Only items with ROWS not 0 (NULL: all) can be relevant. False if the
 * ranks contradict each other. */
bool standing_read(struct standing *standing, const struct answers *answers, size_t l,
                   const uint8_t *rows, bool among_test);

/* What the list read last adds to a measure; false if the user does not enter it. */
bool standing_measure(const struct standing *standing, const struct request *request, double *num,
                      double *den);

#endif
