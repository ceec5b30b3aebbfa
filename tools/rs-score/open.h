/* What rs-score answers with: a model, or the hybrid of several, over the matrix they were made
 * from; or what a model folder has for the task. */
#ifndef SCORE_OPEN_H
#define SCORE_OPEN_H

#include "hybrid/blend.h"
#include "hybrid/folder.h"
#include "program/options.h"

/* What the options name. */
struct choice {
    const char *matrix; /* NULL: the only model is a folder */
    const struct rs_list *models;
    const char *blend; /* NULL: the only model answers for itself */
    enum rs_task task;
    uint64_t seed;
};

struct opened {
    const struct rs_matrix *matrix;
    struct rs_model *model;       /* which answers */
    const struct rs_lists *lists; /* what it lists, where a folder has that, or NULL */
    struct rs_folder *folder;
    struct rs_matrix own; /* what follows is for want of a folder */
    struct rs_model *models[RS_MAX_PARENTS + 1];
    size_t n_models;
};

/* Whether a --model is a folder, or a symlink that leads to one. */
bool open_is_folder(const char *model);

/* The path of the folder's context model, which the caller frees; NULL if it has none. */
char *open_context_path(const struct rs_folder *folder);

/* Opens what was chosen; dies if it can't. */
void open_choice(struct opened *opened, const struct choice *choice);
void open_close(struct opened *opened);

#endif
