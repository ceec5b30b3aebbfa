/* Which fields of a side table become which columns. */
#ifndef CLEAN_PLAN_H
#define CLEAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "format/table.h"
#include "text/form.h"

struct planned_column {
    char *name;
    int kind;     /* of enum rs_column_kind, or -1: to be found out */
    size_t field; /* the first */
    char **flags; /* names of the members that this field and the next say yes or no to, or NULL */
    size_t n_flags;
};

struct plan {
    size_t id; /* the field of the id */
    size_t n;
    struct planned_column columns[RS_TABLE_MAX_COLUMNS];
};

/* By GIVEN (--user-columns or --item-columns, which OPTION names in errors) or, if it is NULL, by
 * the header: every column as it is, the id by its name or in the first place. Without a header the
 * tables of MovieLens are known. */
bool plan_make(struct plan *plan, const struct rs_form *form, const char *given, const char *option,
               bool users, const char *place, struct rs_error *err);

void plan_free(struct plan *plan);

#endif
