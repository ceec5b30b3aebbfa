/* Folding a user in: the neighbours of a profile that the graph of users has no line for, or whose
 * line no longer holds.
 *
 * The same similarity as the graph was made with, from the profile's ratings to every user of the
 * matrix: the multiply-adds of one line. */
#ifndef RS_FOLD_H
#define RS_FOLD_H

#include <jansson.h>

#include "model/model.h"
#include "neighbours/similarity.h"

/* What the folds of all threads share: the users' norms, and columns that many users have. Made in
 * one pass over the ratings. Read-only and thread-safe. */
struct rs_fold_base;

/* PARAMETERS are those in the header of a graph of users made from MATRIX, which must outlive the
 * base. */
struct rs_fold_base *rs_fold_base_new(const struct rs_matrix *matrix, const json_t *parameters);
void rs_fold_base_free(struct rs_fold_base *base);

struct rs_fold; /* of one thread */

/* BASE must outlive the fold. */
struct rs_fold *rs_fold_new(const struct rs_fold_base *base);
void rs_fold_free(struct rs_fold *fold);

/* Sets SIMILARITY, one element a user of the matrix and all 0 before, for the profile's neighbours,
 * and lists these in *users (borrowed until the next call) by descending similarity. Returns their
 * number. */
size_t rs_fold_neighbours(struct rs_fold *fold, const struct rs_profile *profile, float *similarity,
                          const uint32_t **users);

#endif
