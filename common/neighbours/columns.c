#include "neighbours/columns.h"

#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "base/pages.h"

enum { LINE = 64 /* bytes of the cache's */ };

/* Whether all values of a column are levels; these go to LEVELS, by user, unless it is NULL. */
static bool spread_column(const struct rs_matrix *matrix, uint32_t item, bool ones,
                          uint8_t *levels) {
    const struct rs_sparse *columns = &matrix->columns;
    for (uint64_t e = columns->start[item]; e < columns->start[item + 1]; e++) {
        uint8_t level;
        if (!rs_columns_level(ones ? 1 : (double)columns->rating[e], &level)) return false;
        if (levels != NULL) levels[columns->other[e]] = level;
    }
    return true;
}

void rs_columns_make(struct rs_columns *columns, const struct rs_matrix *matrix, bool ones) {
    const uint64_t *start = matrix->columns.start;
    size_t n_items = matrix->columns.n_lines;
    *columns = (struct rs_columns){.n_users = matrix->rows.n_lines};
    columns->stride = (columns->n_users + LINE - 1) / LINE * LINE;
    columns->number = rs_malloc(n_items, sizeof *columns->number);
    uint32_t n = 0;
    for (uint32_t item = 0; item < n_items; item++) {
        bool kept = RS_COLUMNS_SHARE * (start[item + 1] - start[item]) >= columns->n_users &&
                    spread_column(matrix, item, ones, NULL);
        columns->number[item] = kept ? n++ : RS_NONE;
    }
    columns->n = n;
    columns->level = rs_pages_new(n * columns->stride);
    for (uint32_t item = 0; item < n_items; item++)
        if (columns->number[item] != RS_NONE)
            spread_column(matrix, item, ones,
                          columns->level + columns->number[item] * columns->stride);
}

void rs_columns_free(struct rs_columns *columns) {
    free(columns->number);
    rs_pages_free(columns->level, columns->n * columns->stride);
    *columns = (struct rs_columns){0};
}

/* Sums of a stretch of users stay in the first cache, in words of two bytes; before one could
 * overflow they are handed over. */
enum { STRETCH = 8192, AT_ONCE = 4, MOST = UINT16_MAX / RS_COLUMNS_TOP };

RS_CLONES static void add_four(uint16_t *restrict sum, size_t n, const uint8_t *restrict a,
                               const uint8_t *restrict b, const uint8_t *restrict c,
                               const uint8_t *restrict d, const uint8_t level[AT_ONCE]) {
    uint16_t x = level[0], y = level[1], z = level[2], w = level[3];
    for (size_t i = 0; i < n; i++)
        sum[i] = (uint16_t)(sum[i] + a[i] * x + b[i] * y + c[i] * z + d[i] * w);
}

RS_CLONES static void hand_over(const uint16_t *restrict words, size_t n, double *restrict sum) {
    for (size_t i = 0; i < n; i++) sum[i] += (double)words[i] * (RS_COLUMNS_UNIT * RS_COLUMNS_UNIT);
}

/* The users from..from+n-1. */
static void add_stretch(const struct rs_columns *columns, const struct rs_columns_term *terms,
                        size_t n_terms, size_t from, size_t n, double *sum) {
    uint16_t words[STRETCH] = {0};
    unsigned levels = 0;
    for (size_t t = 0; t < n_terms; t += AT_ONCE) {
        const uint8_t *column[AT_ONCE];
        uint8_t level[AT_ONCE] = {0};
        unsigned more = 0;
        for (size_t i = 0; i < AT_ONCE; i++) {
            bool there = t + i < n_terms; /* else something that is multiplied with 0 */
            column[i] = columns->level + terms[there ? t + i : t].number * columns->stride + from;
            if (there) level[i] = terms[t + i].level;
            more += level[i];
        }
        if (levels + more > MOST) {
            hand_over(words, n, sum + from);
            memset(words, 0, sizeof words);
            levels = 0;
        }
        levels += more;
        add_four(words, n, column[0], column[1], column[2], column[3], level);
    }
    hand_over(words, n, sum + from);
}

void rs_columns_add(const struct rs_columns *columns, const struct rs_columns_term *terms, size_t n,
                    double *sum) {
    for (size_t from = 0; n > 0 && from < columns->n_users; from += STRETCH) {
        size_t left = columns->n_users - from;
        add_stretch(columns, terms, n, from, left < STRETCH ? left : STRETCH, sum);
    }
}
