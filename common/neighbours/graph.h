/* The neighbour graph: for every user, or every item, the most similar others.
 *
 * A file of kind "graph" is one segment, or several that `cat` joined, each with the lines from..to of
 * the same side ("lines": [from, to] in the header). The names of the whole side are in each.
 *
 * INVARIANTS: the lines of a file's segments follow one another from 0 to n_lines; within a
 * line similarities descend, equal ones by ascending index; none is a line's own; all are
 * finite. Read-only and thread-safe once open. */
#ifndef RS_GRAPH_H
#define RS_GRAPH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "format/file.h"
#include "format/ids.h"

struct rs_graph {
    bool users;       /* lines are users; else items */
    size_t n_lines;
    const uint64_t *start;   /* n_lines + 1 */
    const uint32_t *other;   /* start[n_lines] neighbours */
    const float *similarity; /* of each */
    struct rs_ids ids;
    uint64_t digest;      /* of the ids: compare with rs_side.digest */
    const json_t *header; /* of the first segment: metric, parameters, the matrix's digest */
    struct rs_file *file;
    void *owned[3]; /* start, other, similarity where segments were joined in memory, or NULL */
};

/* Opens a graph file and checks its invariants. False after filling *err. */
bool rs_graph_open(struct rs_graph *graph, const char *path, struct rs_error *err);

/* Takes over an open file of kind "graph", closing it if it is wrong. */
bool rs_graph_use(struct rs_graph *graph, struct rs_file *file, struct rs_error *err);

void rs_graph_close(struct rs_graph *graph);

/* Writes the lines from..to-1 as one segment. START has to - from + 1 elements, from 0. HEADER
 * (program, parameters, "metric", "matrix": digest, …) is consumed; side, lines and counts are added. */
void rs_graph_write(FILE *file, bool users, const struct rs_ids *ids, size_t from, size_t to,
                    const uint64_t *start, const uint32_t *other, const float *similarity,
                    json_t *header);

#endif
