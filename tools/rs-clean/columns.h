/* Which column of a text is the user, the item, the rating, the time or a context. */
#ifndef CLEAN_COLUMNS_H
#define CLEAN_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "form.h"
#include "pairs.h"

#define NO_COLUMN SIZE_MAX

struct columns {
    size_t user, item, rating, time; /* positions, or NO_COLUMN */
    size_t context[RS_MAX_CONTEXTS];
    char *context_name[RS_MAX_CONTEXTS];
    size_t n_contexts;
    size_t n_fields;   /* what a record must have; of JSON lines the number of keys known */
    bool looks_counted; /* the rating column's name says counts, plays, clicks */
    /* Wide: a record is a user and its ratings of all items. */
    bool wide;
    size_t first_item;
    char **item_names; /* n_fields, borrowed from the form or made: "1", "2", … */
};

/* Decides by GIVEN (the --columns option; NULL to find out by names and places). */
bool columns_find(struct columns *columns, const struct rs_form *form, const char *given,
                  bool wide, const char *place, struct rs_error *err);

void columns_free(struct columns *columns, const struct rs_form *form);

#endif
