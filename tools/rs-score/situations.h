/* The situation in which each of the given pairs is asked about. */
#ifndef SITUATIONS_H
#define SITUATIONS_H

#include "context/situation.h"
#include "format/pairs.h"

struct situations {
    const struct rs_context_model *model;
    const char *from;              /* --context-from: "time,region" */
    bool off;                      /* pairs are told apart by situation, but nothing moves */
    bool taken[RS_MAX_DIMENSIONS]; /* dimensions that are taken from the pairs */
    struct rs_situation *of_pair;  /* by row */
    size_t n, capacity;
    uint64_t n_unknown; /* pairs with a value that the model does not know */
    /* The pairs by user and situation, as lists of their own, to rank: */
    struct rs_dict lists;
    uint32_t *list; /* by row */
};

/* Understands FROM. Warns of what the model does not know. */
void situations_init(struct situations *situations, const struct rs_context_model *model,
                     const char *from, bool off);

/* Takes the situations of a batch of pairs, but for what follows from the user. */
void situations_add(struct situations *situations, const struct rs_pairs_reader *reader,
                    const struct rs_pairs *batch);

/* All pairs have come. LINE is the user's line in the matrix, by number in NAMES; USER each row's
 * number. With LISTED also makes the lists. */
void situations_finish(struct situations *situations, const struct rs_ids *names,
                       const uint32_t *line, const uint32_t *user, bool listed);

void situations_free(struct situations *situations);

#endif
