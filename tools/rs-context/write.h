/* Writes what was learned as a file of kind "context" (context.h). */
#ifndef CONTEXT_WRITE_H
#define CONTEXT_WRITE_H

#include <jansson.h>
#include <stdio.h>

#include "affinity.h"
#include "choose.h"

/* What is written of each candidate. */
struct learned {
    const struct layout *layout;
    struct verdict predict, rank;
    struct effects effects;   /* if predict.kept */
    struct affinity affinity; /* if rank.kept */
};

void context_write(const struct data *data, const struct learned *learned, FILE *file,
                   json_t *header);

#endif
