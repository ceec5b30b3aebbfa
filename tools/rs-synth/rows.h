/* Ratings on their way out: gathered in blocks, put in order, printed. */
#ifndef SYNTH_ROWS_H
#define SYNTH_ROWS_H

#include <jansson.h>

#include "context.h"
#include "format/ids.h"

/* Users and items by id, from 1. */
struct rows {
    size_t n, capacity;
    uint32_t *user, *item;
    uint32_t *value; /* an index of the press's levels, or a count */
    int64_t *time;   /* seconds since 1970, or RS_NO_TIME */
    uint8_t *context[MAX_CONTEXTS];
    size_t n_contexts;
};

/* Makes room for N more rows. */
void rows_room(struct rows *rows, size_t n);
void rows_free(struct rows *rows);

/* Sorts the rows from FROM on by time, equal ones in their order. */
void rows_sort(struct rows *rows, size_t from);

/* The ids "1" … "n". */
struct names {
    struct rs_ids ids;
    uint64_t *offset;
    char *bytes;
};
struct names names_make(size_t n);
void names_free(struct names *names);

enum rows_order { ORDER_USER, ORDER_TIME, ORDER_RANDOM };
enum rows_format { FORMAT_CSV, FORMAT_RS };

struct press {
    FILE *file;
    enum rows_order order;
    enum rows_format format;
    uint64_t seed; /* of the random order */
    uint32_t n_users, n_items;
    bool implicit, has_time;
    const float *levels; /* the ratings that occur; NULL: rows hold the counts themselves */
    size_t n_levels;
    int decimals;      /* of a rating in text; -1: as many as it takes */
    size_t n_contexts; /* columns */
    const char *context_names[MAX_CONTEXTS];
    size_t context_values[MAX_CONTEXTS];
    json_t *header; /* of the rs format; consumed */

    uint64_t n_rows;                     /* what was printed */
    double users_squared, items_squared; /* sum of n_u^2, of n_i^2 */
    struct press_private *private;
};

/* Appends the rows of block B. Called from several threads at once. */
typedef void rows_fill(void *source, size_t block, struct rows *rows);

/* Prints N_BLOCKS blocks, in that order or sorted. */
void press_run(struct press *press, size_t n_blocks, rows_fill *fill, void *source);

#endif
