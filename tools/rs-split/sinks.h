/* The two parts on their way out. */
#ifndef RS_SPLIT_SINKS_H
#define RS_SPLIT_SINKS_H

#include "program/output.h"
#include "program/tool.h"
#include "split.h"

enum { MAX_SPLITS = 5 }; /* inside one another; the header would get too deep */

struct sinks {
    const struct rs_tool *tool;
    const char *paths[2]; /* training and test; NULL: not wanted */
    bool open;
    struct rs_output outputs[2];
    struct rs_pairs_writer *writers[2];
    unsigned columns;
    size_t n_contexts;
    const struct rs_pairs_reader *reader;
};

/* Begins both parts, with what of the reader's header survives a split. */
void sinks_open(struct sinks *sinks, const struct plan *plan, const struct rs_pairs_reader *reader,
                unsigned columns, size_t n_contexts);

/* Writes a batch's rows by their roles. */
void sinks_put(struct sinks *sinks, const struct rs_pairs *batch, const uint8_t *roles);

/* Ends both parts, puts COUNTS (consumed) into their ends, and says them with -v. */
void sinks_finish(struct sinks *sinks, json_t *counts);

#endif
