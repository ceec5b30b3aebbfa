/* Side tables: what is known of users or items besides ratings, a row an id.
 *
 * A column holds text (a title), one category of a dictionary (sex, occupation), a set of them
 * (genres) or numbers (age). Rows are keyed by the table's own ids, in any order; rs_table_align
 * puts them in the order of a matrix. */
#ifndef RS_TABLE_H
#define RS_TABLE_H

#include <jansson.h>

#include "base/error.h"
#include "format/file.h"
#include "format/ids.h"
#include "format/writer.h"

enum rs_column_kind { RS_TEXT, RS_CATEGORY, RS_SET, RS_NUMBER, RS_N_COLUMN_KINDS };

enum { RS_TABLE_MAX_COLUMNS = 64 };

struct rs_table_column {
    char *name;
    enum rs_column_kind kind;
    struct rs_ids text;    /* TEXT: one a row; CATEGORY and SET: the categories */
    const uint32_t *code;  /* CATEGORY: one a row, RS_NONE where unknown; SET: all members */
    const uint64_t *start; /* SET: row r has code[start[r]] … code[start[r + 1] - 1] */
    const double *number;  /* NUMBER: one a row, NaN where unknown */
};

struct rs_table {
    struct rs_ids ids;
    size_t n_columns;
    struct rs_table_column *columns;
    struct rs_segment arrays; /* what a stream reader gathered and the table points into */
    void **owned;             /* what was made in memory */
    size_t n_owned, owned_capacity;
};

extern const char *const rs_column_kind_names[]; /* "text", "category", "set", "number", NULL */

/* Finds a column by name; NULL if there is none. */
const struct rs_table_column *rs_table_find(const struct rs_table *table, const char *name);

/* The column that names a row for people: "title" or "name", else the first text; NULL if none. */
const struct rs_table_column *rs_table_title(const struct rs_table *table);

/* Writes the arrays, each with PREFIX ("user_table", "item_table") in front of its name. */
void rs_table_write(struct rs_writer *writer, const char *prefix, const struct rs_table *table);

/* [{"name": …, "kind": …}, …]: goes into the segment's header under PREFIX, where rs_table_open
 * looks for it. */
json_t *rs_table_header(const struct rs_table *table);

/* Points a table into a segment's arrays. A segment without one gives a table without columns. */
bool rs_table_open(struct rs_table *table, const char *place, const json_t *header,
                   const struct rs_segment *segment, const char *prefix, struct rs_error *err);

/* A table whose row r is the row of ids[r] in TABLE, or all unknown. It borrows TABLE's and IDS's
 * memory. */
struct rs_table rs_table_align(const struct rs_table *table, const struct rs_ids *ids);

/* Frees what the table owns. */
void rs_table_free(struct rs_table *table);

/* For makers of tables: hands MEMORY over to the table. Returns it. */
void *rs_table_own(struct rs_table *table, void *memory);

#endif
