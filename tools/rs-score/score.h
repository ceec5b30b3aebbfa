/* What the two jobs of rs-score share. */
#ifndef SCORE_H
#define SCORE_H

#include <jansson.h>
#include <stdint.h>

#include "base/part.h"
#include "format/pairs.h"
#include "model/lists.h"
#include "model/model.h"
#include "neighbours/graph.h"
#include "profiles.h"
#include "situations.h"

struct scoring {
    const struct rs_matrix *matrix;
    const struct rs_model *model;
    const struct rs_lists *lists; /* made by the model before, or NULL */
    const struct profiles *profiles;
    const struct rs_graph *neighbours; /* of items, for variety; or NULL */
    double mmr;                        /* lambda of common/neighbours/mmr.h; 1: no variety */
    struct situations *situations;     /* of the pairs, or NULL */
    json_t *header; /* program, parameters, model, sources, scale, train: consumed by the writer */
    const char *output;
    struct rs_part part; /* of the users listed for, or of the pairs */
    uint64_t seed;
    bool mean_for_unknown; /* the global mean where user or item is unknown */
};

/* Scores every pair of a ratings file: expected ratings, or with RANKING where the item comes among
 * the user's candidates. With N_DRAWN > 0 (and RANKING) that many candidates more are drawn for
 * each of N_USERS users, the others are left out, and scores are made comparable between models
 * (rs_standardise). */
void score_pairs(struct scoring *scoring, const char *pairs_path, bool ranking, size_t n_drawn,
                 size_t n_users);

/* Lists the N best items for those named in USERS_PATH, or for everybody with ratings given, or for
 * every user of the matrix. */
void score_lists(struct scoring *scoring, const char *users_path, size_t n);

/* Answers those named in USERS_PATH one by one, each in a line of text (JSON or TSV) that is there
 * before the next name is read. */
void score_lines(struct scoring *scoring, const char *users_path, size_t n, bool json);

#endif
