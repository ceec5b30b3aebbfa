/* What a fold's items are like: how popular, of which categories, how similar. List measures and
 * segments ask for it. */
#ifndef SHELF_H
#define SHELF_H

#include "evidence.h"
#include "neighbours/graph.h"
#include "training.h"

/* Categories of the items, the same in all folds. */
struct categories {
    const struct rs_table_column *column; /* NULL: none is known */
    size_t n, words;
    uint64_t *bits; /* of the item at position i: bits[i * words] … */
};

/* The column of that name or, NULL, the first with sets of categories, else the first with one
 * each. Dies if NAME is not there. */
struct categories categories_open(const struct evidence *evidence, const char *name);
void categories_free(struct categories *categories);

/* Similar items, by position. */
struct similarity {
    const struct rs_graph *graph; /* NULL: none was given */
    uint32_t *line;               /* line of the graph by position, RS_NONE: not in it */
    uint32_t *position;           /* position by line */
};

struct similarity similarity_open(const struct evidence *evidence, const struct rs_graph *graph);
void similarity_free(struct similarity *similarity);

/* A fold's shelf. REFERENCE may be NULL. */
struct shelf {
    const struct fold *fold;
    const struct training *training;
    const struct categories *categories;
    const struct similarity *similarity;
    const struct lists *reference; /* of the model that others are compared with, or NULL */
    uint8_t *tail; /* 1: outside the most popular items with 80 % of the ratings; NULL: not known */
};

struct shelf shelf_open(const struct evidence *evidence, const struct fold *fold,
                        const struct training *training, const struct categories *categories,
                        const struct similarity *similarity, const struct model *reference);
void shelf_free(struct shelf *shelf);

#endif
