/* What the parts of rs-model know of one another. */
#ifndef RS_MODEL_TOOL_H
#define RS_MODEL_TOOL_H

#include "hybrid/folder.h"
#include "program/options.h"

/* What goes into a folder. */
struct ingredients {
    const char *matrix, *blend, *context, *name; /* NULL: none; name never NULL */
    const struct rs_list *models[RS_N_TASKS];    /* NAME[=FILE] */
    const struct rs_list *neighbours;            /* graphs */
    size_t n_listed;                             /* items of the lists to make, or 0 */
    json_t *program;                             /* as headers have it */
};

/* Makes the folder PATH, which appears when it is whole and on disk. */
void put_together(const char *path, const struct ingredients *ingredients);

/* Points the symlink LINK at the folder PATH by one rename. */
void publish(const char *link, const char *path);

/* Has what was done in the folder PATH survive a loss of power. */
void sync_folder(const char *path);

/* The folder that PATH lies in; the caller frees it. */
char *parent_of(const char *path);

#endif
