#include "describe.h"

#include <math.h>
#include <string.h>

void describe_title(struct body *body, const struct rs_matrix *matrix, uint32_t item) {
    const struct rs_table_column *title = rs_table_title(&matrix->items.table);
    if (title == NULL) return;
    body_text(body, ",\"Title\":");
    body_string(body, rs_ids_get(&title->text, item));
}

static void describe_set(struct body *body, const struct rs_table_column *column, size_t row) {
    body_text(body, "[");
    for (uint64_t m = column->start[row]; m < column->start[row + 1]; m++) {
        if (m > column->start[row]) body_text(body, ",");
        body_string(body, rs_ids_get(&column->text, column->code[m]));
    }
    body_text(body, "]");
}

void describe_labels(struct body *body, const struct rs_table *table, size_t row) {
    body_text(body, "{");
    for (size_t c = 0; c < table->n_columns; c++) {
        const struct rs_table_column *column = &table->columns[c];
        if (c > 0) body_text(body, ",");
        body_string(body, (struct rs_id){column->name, strlen(column->name)});
        body_text(body, ":");
        switch (column->kind) {
        case RS_TEXT:
            body_string(body, rs_ids_get(&column->text, row));
            break;
        case RS_CATEGORY:
            if (column->code[row] == RS_NONE) {
                body_text(body, "null");
            } else {
                body_string(body, rs_ids_get(&column->text, column->code[row]));
            }
            break;
        case RS_SET:
            describe_set(body, column, row);
            break;
        case RS_NUMBER:
            body_double(body, column->number[row]);
            break;
        case RS_N_COLUMN_KINDS:
            break;
        }
    }
    body_text(body, "}");
}

static uint32_t code_of(const struct rs_table_column *column, struct rs_id name) {
    for (size_t i = 0; i < column->text.n; i++) {
        struct rs_id category = rs_ids_get(&column->text, i);
        if (category.length == name.length && memcmp(category.text, name.text, name.length) == 0)
            return (uint32_t)i;
    }
    return RS_NONE;
}

bool describe_in_category(const struct rs_table *table, size_t n_rows, struct rs_id category,
                          uint8_t *allowed) {
    bool found = false;
    memset(allowed, 0, n_rows);
    for (size_t c = 0; c < table->n_columns; c++) {
        const struct rs_table_column *column = &table->columns[c];
        if (column->kind != RS_CATEGORY && column->kind != RS_SET) continue;
        uint32_t code = code_of(column, category);
        if (code == RS_NONE) continue;
        found = true;
        for (size_t row = 0; row < n_rows; row++) {
            if (column->kind == RS_CATEGORY) {
                allowed[row] |= column->code[row] == code;
                continue;
            }
            for (uint64_t m = column->start[row]; m < column->start[row + 1]; m++)
                allowed[row] |= column->code[m] == code;
        }
    }
    return found;
}
