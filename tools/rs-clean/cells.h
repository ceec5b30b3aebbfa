/* A column of a side table as text, and what kind of column it makes. */
#ifndef CLEAN_CELLS_H
#define CLEAN_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/ids.h"
#include "format/table.h"

struct cells {
    size_t n;
    uint64_t *offset; /* n + 1 */
    char *bytes;
    size_t offset_capacity, bytes_capacity;
};

void cells_add(struct cells *cells, struct rs_id text);
void cells_free(struct cells *cells);

/* The kind by name and values: numbers, sets with '|' between their members, text where most
 * values differ, else a category. DECIMAL_COMMA: numbers have one. */
enum rs_column_kind cells_kind(const struct cells *cells, const char *name, bool decimal_comma);

/* Fills COLUMN, a column of KIND in TABLE. False if KIND is number and a value in row *BAD is none.
 */
bool cells_column(const struct cells *cells, const char *name, enum rs_column_kind kind,
                  bool decimal_comma, struct rs_table *table, struct rs_table_column *column,
                  size_t *bad);

/* The names by themselves, as the ids of the table. */
struct rs_ids cells_ids(const struct cells *cells, struct rs_table *table);

#endif
