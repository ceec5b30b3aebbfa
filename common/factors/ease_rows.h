/* What EASE regresses: the preferences of the chosen items, users weighted. Shared by the fit
 * (ease.c) and by the model (ease_model.c); nobody else includes this. */
#ifndef RS_EASE_ROWS_H
#define RS_EASE_ROWS_H

#include "factors/ease.h"

/* Y: the preferences of the chosen items, rows weighted, in both forms. */
struct rs_ease_rows {
    struct rs_sparse rows, columns;
    uint64_t *row_start, *column_start;
    uint32_t *row_other, *column_other;
    float *row_value, *column_value;
};

void rs_ease_rows_make(struct rs_ease_rows *y, const struct rs_ease *ease);
void rs_ease_rows_free(struct rs_ease_rows *y);

/* What D does to a profile of N ratings. */
double rs_ease_row_weight(const struct rs_matrix *matrix, double power, size_t n);

/* The number of every item of the matrix among the M chosen ones (ascending; NULL: all), or
 * RS_NONE. The caller frees it. */
uint32_t *rs_ease_number_items(const struct rs_matrix *matrix, const uint32_t *item, size_t m);

#endif
