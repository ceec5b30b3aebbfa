/* The ratings that models learned from, given with --train: popularity, profiles, habits, times.
 *
 * One file may serve all folds: of a fold's training ratings those are left out that are test pairs
 * of the fold. So the whole data set is as good as a training set. */
#ifndef TRAINING_H
#define TRAINING_H

#include "evidence.h"
#include "input.h"

struct training {
    bool given;
    /* As they were read, in dictionary numbers; sorted by training_arrange. */
    struct u32_column user, item;
    struct f64_column rating;
    struct i64_column time;
    size_t *start; /* ratings of the user at position u: start[u] … start[u + 1] - 1, by item */
};

/* Reads the file; call it before evidence_arrange, since it may bring names. */
bool training_read(struct training *training, struct evidence *evidence, const char *path,
                   const struct text_options *options, struct rs_error *err);

/* Sorts the ratings and tells the folds what their files did not: counts, catalogue, leak. */
void training_arrange(struct training *training, struct evidence *evidence);

void training_free(struct training *training);

/* A user's own ratings: those of the training data that are no test pairs of the fold or, without
 * training data, the test pairs themselves. */
struct profile {
    size_t n;
    uint32_t *item;
    double *rating;
    size_t item_capacity, rating_capacity;
};

void profile_read(struct profile *profile, const struct training *training, const struct fold *fold,
                  uint32_t user);
void profile_free(struct profile *profile);

/* Rows of the fold that are the user's: *begin … *end - 1. */
void fold_rows_of(const struct fold *fold, uint32_t user, size_t *begin, size_t *end);

#endif
