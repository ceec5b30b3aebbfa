#include "ratings/attributes.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/topk.h"
#include "ratings/coded.h"

/* Gives the codes that count features from FIRST on; RS_NONE to the rest. Returns how many. */
static size_t choose_codes(const struct rs_coded *coded, size_t n_lines, size_t first,
                           uint32_t *feature) {
    uint64_t *keys = rs_malloc(coded->n_codes, sizeof *keys);
    uint32_t *count = rs_calloc(coded->n_codes, sizeof *count);
    size_t n = 0, kept = 0;
    for (uint64_t e = 0; e < coded->start[n_lines]; e++) count[coded->code[e]]++;
    for (uint32_t c = 0; c < coded->n_codes; c++) {
        feature[c] = RS_NONE;
        if (count[c] >= 2) keys[n++] = rs_topk_key((float)count[c], c);
    }
    if (n > RS_ATTRIBUTE_VALUES) {
        rs_topk_partition(keys, n, RS_ATTRIBUTE_VALUES);
        n = RS_ATTRIBUTE_VALUES;
    }
    for (size_t k = 0; k < n; k++) feature[rs_topk_index(keys[k])] = 0;
    for (size_t c = 0; c < coded->n_codes; c++)
        if (feature[c] != RS_NONE) feature[c] = (uint32_t)(first + kept++);
    free(keys);
    free(count);
    return n;
}

/* Puts the columns, whose features are known by now, side by side. */
static void join(struct rs_attributes *a, const struct rs_coded *coded, uint32_t *const *feature,
                 size_t n_coded) {
    size_t n = 0;
    for (size_t c = 0; c < n_coded; c++) n += coded[c].start[a->n_lines];
    a->feature = rs_malloc(n, sizeof *a->feature);
    a->value = rs_malloc(n, sizeof *a->value);
    uint64_t at = 0;
    for (size_t r = 0; r < a->n_lines; r++) {
        for (size_t c = 0; c < n_coded; c++) {
            uint64_t begin = coded[c].start[r], end = coded[c].start[r + 1];
            for (uint64_t e = begin; e < end; e++) {
                uint32_t found = feature[c][coded[c].code[e]];
                if (found == RS_NONE) continue;
                a->feature[at] = found;
                a->value[at++] = (float)(1 / sqrt((double)(end - begin)));
            }
        }
        a->start[r + 1] = at;
    }
}

void rs_attributes_make(struct rs_attributes *attributes, const struct rs_table *table,
                        size_t n_lines) {
    struct rs_coded coded[RS_TABLE_MAX_COLUMNS];
    uint32_t *feature[RS_TABLE_MAX_COLUMNS];
    size_t n_coded = 0;
    *attributes = (struct rs_attributes){.n_lines = n_lines};
    attributes->start = rs_calloc(n_lines + 1, sizeof *attributes->start);
    for (size_t c = 0; c < table->n_columns; c++) {
        if (!rs_coded_make(&coded[n_coded], &table->columns[c], n_lines)) continue;
        feature[n_coded] = rs_malloc(coded[n_coded].n_codes, sizeof *feature[n_coded]);
        attributes->n_features +=
            choose_codes(&coded[n_coded], n_lines, attributes->n_features, feature[n_coded]);
        n_coded++;
    }
    join(attributes, coded, feature, n_coded);
    for (size_t c = 0; c < n_coded; c++) {
        rs_coded_free(&coded[c]);
        free(feature[c]);
    }
}

void rs_attributes_free(struct rs_attributes *attributes) {
    free(attributes->start);
    free(attributes->feature);
    free(attributes->value);
    *attributes = (struct rs_attributes){0};
}
