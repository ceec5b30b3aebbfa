/* The ratings of one user: when, what, and what they are worth.
 *
 * Items are drawn without replacement in proportion to popularity at the time and to taste: by
 * rejection, which is quick while few items are taken, and for what users of great appetite still
 * want by exponential keys over all items left (Efraimidis and Spirakis: Weighted random sampling
 * with a reservoir, IPL 2006). Both draw from the same distribution. */
#ifndef SYNTH_HISTORY_H
#define SYNTH_HISTORY_H

#include "rows.h"
#include "world.h"

struct history;

/* One a thread. */
struct history *history_new(const struct world *world);
void history_free(struct history *history);

/* Appends the ratings of USER, in the order of time. */
void history_write(struct history *history, uint32_t user, struct rows *rows);

#endif
