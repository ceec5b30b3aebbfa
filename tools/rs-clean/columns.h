/* Which column of a text is the user, the item, the rating, the time or a context. */
#ifndef CLEAN_COLUMNS_H
#define CLEAN_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "format/pairs.h"
#include "text/form.h"

#define NO_COLUMN SIZE_MAX

enum role { ROLE_USER, ROLE_ITEM, ROLE_RATING, ROLE_TIME, N_ROLES };

struct columns {
    size_t at[N_ROLES]; /* positions, or NO_COLUMN */
    size_t context[RS_MAX_CONTEXTS];
    char *context_name[RS_MAX_CONTEXTS];
    size_t n_contexts;
    size_t n_fields; /* what a record must have; of JSON lines the number of keys known */
    bool counted;    /* there is no rating, or its column's name says counts, plays, clicks */
    bool wide;       /* a record is a user and its ratings of all items */
    size_t first_item;
    char **item_names; /* wide: n_fields, borrowed from the form or made: "1", "2", … */
};

/* True for a name that columns of ratings or of side tables go by: "userId", "title". */
bool columns_is_name(const char *text, size_t length);

/* True if the name is one of those for users, items … */
bool columns_is_role(const char *name, enum role role);

/* Decides by GIVEN (the --columns option; NULL to find out by names and places). */
bool columns_find(struct columns *columns, const struct rs_form *form, const char *given, bool wide,
                  const char *place, struct rs_error *err);

void columns_free(struct columns *columns, const struct rs_form *form);

/* "user 'userId', item 'movieId', …" for people. Writes at most SIZE bytes. */
void columns_describe(const struct columns *columns, const struct rs_form *form, char *out,
                      size_t size);

#endif
