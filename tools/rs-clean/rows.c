#include "rows.h"

#include <stdlib.h>

#include "base/memory.h"

const char *const reason_names[N_REASONS] = {
    [REASON_FIELDS] = "wrong number of fields",
    [REASON_SYNTAX] = "malformed",
    [REASON_USER] = "unusable user",
    [REASON_ITEM] = "unusable item",
    [REASON_ENCODING] = "not of the encoding",
    [REASON_NUMBER] = "rating is not a number",
    [REASON_SCALE] = "rating outside the scale",
    [REASON_COUNT] = "count is not positive",
    [REASON_TIME] = "unreadable time",
    [REASON_REPEATED] = "id repeated",
    [REASON_MISSING] = "rating is missing",
};

void rows_reject(struct rows *rows, const struct rs_record *record, enum reason reason,
                 char *text) {
    rs_grow(&rows->rejects, &rows->reject_capacity, rows->n_rejects + 1, sizeof *rows->rejects);
    rows->rejects[rows->n_rejects++] = (struct reject){record->line, reason, text, record->raw};
}

void rows_empty(struct rows *rows) {
    for (size_t i = 0; i < rows->n_rejects; i++) free(rows->rejects[i].text);
    for (size_t i = 0; i < rows->n_arena; i++) free(rows->arena[i]);
    for (size_t r = 0; r < 2 + RS_MAX_CONTEXTS; r++) rows->latest[r] = RS_NONE;
    rows->n = rows->n_rejects = rows->n_arena = rows->n_names = 0;
    rows->n_records = rows->n_values = rows->n_missing = rows->n_below = rows->n_rounded = 0;
}

void rows_free(struct rows *rows) {
    rows_empty(rows);
    free(rows->user);
    free(rows->item);
    free(rows->rating);
    free(rows->time);
    free(rows->line);
    for (size_t c = 0; c < RS_MAX_CONTEXTS; c++) free(rows->context[c]);
    free(rows->names);
    free(rows->item_keys);
    free(rows->rejects);
    free(rows->arena);
    *rows = (struct rows){0};
}
