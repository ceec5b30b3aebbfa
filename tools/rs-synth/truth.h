/* What was planted, as an rs file of kind "truth". */
#ifndef SYNTH_TRUTH_H
#define SYNTH_TRUTH_H

#include <jansson.h>
#include <stdio.h>

#include "world.h"

/* HEADER is consumed. */
void truth_write(const struct world *world, FILE *file, json_t *header);

#endif
