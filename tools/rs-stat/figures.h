/* The figures to be printed: tables of numbers, each with a name, a line that says what it holds,
 * named columns and, mostly, named rows. */
#ifndef FIGURES_H
#define FIGURES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { FIGURE_COLUMNS = 8 };

struct figure {
    char *name;       /* "rating", "user:sex" */
    const char *says; /* a line for people */
    const char *key;  /* what the rows' names are, or NULL where rows have none */
    bool too_long;    /* for people: text leaves it out */
    size_t n_columns;
    const char *columns[FIGURE_COLUMNS]; /* one called "when" holds milliseconds since 1970 */
    size_t n_rows, cell_capacity, label_capacity;
    double *cells; /* by rows; NAN where there is no figure */
    char **labels; /* NULL without key */
};

struct figures {
    size_t n, capacity;
    struct figure *all;
    size_t n_left_out, left_out_capacity;
    struct left_out {
        char *what, *why;
    } * left_out;
};

/* Adds an empty figure, whose NAME and labels it copies. COLUMNS end with NULL. The pointer lives
 * until the next one is added. */
struct figure *figures_add(struct figures *figures, const char *name, const char *says,
                           const char *key, const char *const *columns);

/* Adds a row; LABEL is ignored where rows have no names. */
void figure_row(struct figure *figure, const char *label, size_t length, const double *cells);

/* Notes that WHAT is not there, and the reason. WHY is handed over. */
void figures_leave_out(struct figures *figures, const char *what, char *why);

void figures_free(struct figures *figures);

void figures_text(const struct figures *figures, FILE *file);
void figures_csv(const struct figures *figures, FILE *file);
void figures_json(const struct figures *figures, FILE *file);

/* As a file of kind "stats": an array of f64 a figure, rows by columns; names in the header, which
 * is consumed. */
void figures_write(const struct figures *figures, FILE *file, json_t *header);

#endif
