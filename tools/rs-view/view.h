/* What the parts of rs-view share: what was asked for, and a function for every kind of file.
 *
 * All of them end the program when the input is wrong. */
#ifndef RS_VIEW_H
#define RS_VIEW_H

#include "format/file.h"
#include "format/pairs.h"
#include "out.h"
#include "program/tool.h"

/* The command line. */
struct asked {
    const char *columns;         /* names separated by commas, or NULL for the usual ones */
    struct rs_list users, items; /* only rows of these, unless empty */
    bool user_table, item_table; /* instead of the rows */
    int biases;                  /* enum biases */
    const char *array;           /* the array to print, or NULL */
};
enum biases { BIASES_NONE, BIASES_USERS, BIASES_ITEMS };

/* Ratings and scores, batch by batch. */
void view_pairs(struct rs_reader *reader, const char *kind, const struct asked *asked,
                struct out *out);

/* A matrix: its ratings by user, the columns of one item, its biases. Takes over the file. */
void view_matrix(struct rs_file *file, const struct asked *asked, struct out *out);

/* A neighbour graph, a row a neighbour. Takes over the file. */
void view_graph(struct rs_file *file, const struct asked *asked, struct out *out);

/* Any file: its headers, and its arrays by name, type and shape; or the elements of one of them. */
void view_arrays(const struct rs_file *file, const struct asked *asked, struct out *out);

/* The header and the end of every segment. */
void view_headers(struct rs_reader *reader, struct out *out);

/* A side table, or bare ids where TABLE has no columns. KEY is "user" or "item". */
void view_table(const struct rs_table *table, const struct rs_ids *ids, const char *key,
                struct out *out);

/* The cell of row R, or nothing if R is RS_NONE. */
void out_table_cell(struct out *out, const struct rs_table_column *column, uint32_t r);

/* An input: a reader at its beginning where ratings or scores stream, else the whole file. */
struct opened {
    const char *kind; /* of the first segment */
    struct rs_reader *reader;
    struct rs_file *file;
};

/* Reads the file through and dies at the first thing that is wrong. Closes it. */
void check_file(const struct opened *opened);

/* How scores in text look, and whose they are. */
struct import {
    enum form form;
    const char *columns; /* the columns' names, separated by commas, or NULL */
    const char *name;    /* of the model */
    const struct rs_tool *tool;
};

/* Reads scores from text and writes them as an rs file. */
void import_scores(const char *path, const struct import *import, const char *output);

#endif
