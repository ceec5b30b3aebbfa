/* Prints the ratings of a world. */
#ifndef SYNTH_SYNTHESIS_H
#define SYNTH_SYNTHESIS_H

#include "rows.h"
#include "world.h"

/* Takes the levels of the scale from the world; all else of PRESS is given. */
void synthesis_print(const struct world *world, struct press *press);

#endif
