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

/* CAMF: of the dimensions that move ratings; NULL if MIXTURE has no weight for it. */
void context_write(const struct data *data, const struct learned *learned,
                   const struct mixture *mixture, const struct camf *camf, FILE *file,
                   json_t *header);

#endif
