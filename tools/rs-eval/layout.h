/* A table of texts, for a terminal or as Markdown. */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct layout_cell {
    char *text;
    bool marked; /* the best of its kind */
};

struct layout {
    size_t n_columns, n_left; /* columns flush left; the others are flush right */
    size_t n_cells, capacity;
    struct layout_cell *cells; /* row by row; the first row holds the names of the columns */
};

/* Adds the next cell, which takes TEXT over. */
void layout_add(struct layout *layout, char *text, bool marked);

/* Prints the rows. Marks are asterisks in text, bold face in Markdown. Lines do not end in blanks.
 */
void layout_text(const struct layout *layout, FILE *file);
void layout_markdown(const struct layout *layout, FILE *file);

void layout_free(struct layout *layout);

#endif
