/* Side tables: what is known of users or items besides ratings. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "view.h"

void out_table_cell(struct out *out, const struct rs_table_column *column, uint32_t r) {
    if (r == RS_NONE) {
        out_nothing(out);
        return;
    }
    switch (column->kind) {
    case RS_TEXT: {
        struct rs_id text = rs_ids_get(&column->text, r);
        if (text.length > 0) {
            out_text(out, text);
        } else {
            out_nothing(out);
        }
        break;
    }
    case RS_CATEGORY:
        if (column->code[r] != RS_NONE) {
            out_text(out, rs_ids_get(&column->text, column->code[r]));
        } else {
            out_nothing(out);
        }
        break;
    case RS_SET:
        out_set(out, &column->text, column->code + column->start[r],
                (size_t)(column->start[r + 1] - column->start[r]));
        break;
    case RS_NUMBER:
        out_double(out, column->number[r]);
        break;
    case RS_N_COLUMN_KINDS:
        break;
    }
}

void view_table(const struct rs_table *table, const struct rs_ids *ids, const char *key,
                struct out *out) {
    const char **names = rs_calloc(1 + table->n_columns, sizeof *names);
    names[0] = key;
    for (size_t c = 0; c < table->n_columns; c++) names[1 + c] = table->columns[c].name;
    out_columns(out, names, 1 + table->n_columns);
    free(names);
    if (table->n_columns > 0) ids = &table->ids;
    for (size_t r = 0; r < ids->n; r++) {
        out_text(out, rs_ids_get(ids, r));
        for (size_t c = 0; c < table->n_columns; c++)
            out_table_cell(out, &table->columns[c], (uint32_t)r);
        if (!out_end_row(out)) return;
    }
}
