/* Reads a side table of users or items, from any delimited text or JSON lines. */
#ifndef CLEAN_SIDE_H
#define CLEAN_SIDE_H

#include <stdbool.h>

#include "base/error.h"
#include "format/table.h"
#include "rejects.h"

/* Reads PATH into TABLE. COLUMNS is --user-columns or --item-columns, named OPTION in errors, or
 * NULL to take all columns as they are; USERS says which side it is. False after filling *err;
 * there is nothing to free then. */
bool side_read(struct rs_table *table, const char *path, const char *columns, bool users,
               const char *encoding, struct rejects *rejects, struct rs_error *err);

#endif
