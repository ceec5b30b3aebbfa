/* Side tables that tell something of the taste, as real ones do: genres of items, ages and
 * occupations of users. */
#ifndef SYNTH_SIDES_H
#define SYNTH_SIDES_H

#include <stdio.h>

#include "world.h"

void sides_print_users(const struct world *world, FILE *file);
void sides_print_items(const struct world *world, FILE *file);

#endif
