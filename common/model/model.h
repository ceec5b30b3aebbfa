/* A model: what answers "how would this user rate that item" and "what should this user see".
 *
 * Every kind of model (means, neighbours, factors, a blend of others) is a struct rs_model_class
 * with the same few functions, so that rs-score, rs-blend and the server use one as the other. A
 * model answers for a *profile*, the ratings of a user, and not for a line of the matrix: a user
 * whom the matrix does not know, or who has rated since it was made, is answered the same way
 * (folded in).
 *
 * An open model is read-only; threads share it, each with a workspace of its own. */
#ifndef RS_MODEL_H
#define RS_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "format/file.h"
#include "ratings/matrix.h"

/* Whom a model answers for. Items ascend. */
struct rs_profile {
    uint32_t user; /* line in the matrix, or RS_NONE: not in it */
    bool changed;  /* the ratings are not (or no longer) those of the user's line in the matrix */
    size_t n;
    const uint32_t *item;
    const float *rating;
    const int64_t *time; /* milliseconds since 1970 or RS_NO_TIME; NULL: unknown */
    double mean, deviation,
        bias; /* as in struct rs_side; the matrix's mean, deviation, 0 if n == 0 */
};

/* What is asked about a profile. */
struct rs_query {
    size_t n;
    const uint32_t *item; /* RS_NONE: an item the matrix does not know */
    const int64_t *time;  /* when the rating would be given; NULL or RS_NO_TIME: unknown */
};

/* What gave an answer: the model itself, or what stood in for it. */
enum rs_source {
    RS_FROM_MODEL,
    RS_FROM_BASELINE,    /* mean + user bias + item bias */
    RS_FROM_ITEM_BIAS,   /* mean + item bias: the user is unknown */
    RS_FROM_USER_BIAS,   /* mean + user bias: the item is unknown */
    RS_FROM_GLOBAL_MEAN, /* both are unknown, or the model centres nothing */
    RS_FROM_USER_MEAN,
    RS_FROM_ITEM_MEAN,
    RS_FROM_POPULARITY, /* in a list for somebody of whom nothing is known */
    RS_N_SOURCES,
    RS_FROM_NOTHING = 255 /* for a class to say that it has no answer */
};

/* An expected rating, neither clipped to the scale nor rounded. */
struct rs_answer {
    float score;
    float deviation; /* standard deviation of the rating about the score; 0: the model has none */
    float support;   /* how much evidence: 0 none; a class says what it counts */
    uint8_t source;  /* of enum rs_source */
};

struct rs_model;

struct rs_model_class {
    const char *kind; /* "means", "neighbours", "ease" … */

    /* A workspace for one thread, or NULL when the class needs none; freed by free_workspace. */
    void *(*new_workspace)(const struct rs_model *model);
    void (*free_workspace)(void *workspace);

    /* Expected ratings. NULL: the class only ranks. A query that the class can't answer gets source
     * RS_FROM_NOTHING, and rs_model_predict falls back to the baseline. */
    void (*predict)(const struct rs_model *model, void *workspace, const struct rs_profile *profile,
                    const struct rs_query *query, struct rs_answer *answers);

    /* A score for every item of the matrix (n_items), higher is better, comparable within the
     * profile only. NULL: rank by expected rating. */
    void (*rank)(const struct rs_model *model, void *workspace, const struct rs_profile *profile,
                 float *scores);

    /* The form of rank for a class with evidence for a few of the items, in its place: adds what
     * speaks for each to SCORES, n_items elements that are all 0 before, and leaves the others 0.
     * Returns what these score instead, in order of the items; all that is below 0, so that
     * whatever has more than 0 comes before. */
    const float *(*evidence)(const struct rs_model *model, void *workspace,
                             const struct rs_profile *profile, float *scores);

    void (*close)(struct rs_model *model); /* frees state; the file is closed by rs_model_close */
};

struct rs_model {
    const struct rs_model_class *class;
    char *name; /* as it appears in results: "item", "baseline" */
    const struct rs_matrix *matrix;
    struct rs_file *file; /* NULL for what needs no file */
    void *state;          /* the class's own */
};

void rs_model_close(struct rs_model *model);

void *rs_model_workspace(const struct rs_model *model);
void rs_model_free_workspace(const struct rs_model *model, void *workspace);

/* True if the model says what a rating would be, and not only what comes before what. */
bool rs_model_predicts(const struct rs_model *model);

/* Answers every query, from the model or its fallback. */
void rs_model_predict(const struct rs_model *model, void *workspace,
                      const struct rs_profile *profile, const struct rs_query *query,
                      struct rs_answer *answers);

/* Scores all items of the matrix for ranking. */
void rs_model_rank(const struct rs_model *model, void *workspace, const struct rs_profile *profile,
                   float *scores);

/* Scores all items of the matrix by the number of their ratings. */
void rs_rank_popular(const struct rs_matrix *matrix, float *scores);

/* Makes a ranking of evidence (see the class): puts what an item scores INSTEAD where it has 0. */
void rs_model_stand_in(float *scores, const float *instead, size_t n);

/* [NAME, "baseline", "item-bias", …]: the words for enum rs_source in a header. */
json_t *rs_sources_json(const char *name);

/* The baseline, or what of it is known: answers a query for an item (RS_NONE: unknown). */
struct rs_answer rs_baseline_answer(const struct rs_matrix *matrix,
                                    const struct rs_profile *profile, uint32_t item);

/* The profile of a user of the matrix; RS_NONE: of one without ratings. */
struct rs_profile rs_profile_of(const struct rs_matrix *matrix, uint32_t user);

/* The profile of somebody with these N ratings (items ascending), whose memory it borrows. Its
 * mean, deviation and bias are made as the matrix's are. USER is the line this replaces, or
 * RS_NONE. */
struct rs_profile rs_profile_from(const struct rs_matrix *matrix, uint32_t user, size_t n,
                                  const uint32_t *item, const float *rating);

#endif
