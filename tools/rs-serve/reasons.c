#include "reasons.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "describe.h"

/* Puts a reason in its place among the K best; one of the same entry is there once, the better. */
static void insert(struct reason *reasons, size_t *n, size_t k, struct reason reason) {
    size_t at = 0;
    while (at < *n && reasons[at].entry != reason.entry) at++;
    if (at < *n) {
        if (reasons[at].weight >= reason.weight) return;
    } else if (*n < k) {
        (*n)++;
    } else {
        at = k - 1;
        if (reasons[at].weight > reason.weight ||
            (reasons[at].weight == reason.weight && reasons[at].entry < reason.entry))
            return;
    }
    while (at > 0 &&
           (reasons[at - 1].weight < reason.weight ||
            (reasons[at - 1].weight == reason.weight && reasons[at - 1].entry > reason.entry))) {
        reasons[at] = reasons[at - 1];
        at--;
    }
    reasons[at] = reason;
}

static double voice_of(const struct snapshot *snapshot, const struct rs_profile *profile,
                       size_t entry) {
    const struct rs_matrix *matrix = snapshot->matrix;
    double rating = (double)profile->rating[entry];
    if (matrix->implicit) return rating;
    if (matrix->scale.n > 0 && profile->rating[entry] <= matrix->scale.min) return 0;
    double centre = profile->mean < matrix->mean ? profile->mean : matrix->mean;
    return rating - centre + rs_scale_step(&matrix->scale) / 2;
}

/* The entry of an item in the profile, or n. */
static size_t entry_of(const struct rs_profile *profile, uint32_t item) {
    size_t from = 0, to = profile->n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (profile->item[middle] < item) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from < profile->n && profile->item[from] == item ? from : profile->n;
}

void reasons_find(struct snapshot *snapshot, struct bench *bench, const struct rs_profile *profile,
                  const uint32_t *items, size_t n_items, size_t k, struct reason *reasons,
                  size_t *n) {
    const struct rs_graph *graph = snapshot->neighbours[0];
    memset(n, 0, n_items * sizeof *n);
    if (graph == NULL || profile->n == 0) return;
    if (bench->place == NULL)
        bench->place = rs_calloc(snapshot->matrix->items.ids.n, sizeof *bench->place);
    for (size_t i = 0; i < n_items; i++) bench->place[items[i]] = (uint16_t)(i + 1);
    for (size_t e = 0; e < profile->n; e++) {
        double voice = voice_of(snapshot, profile, e);
        uint32_t line = profile->item[e];
        for (uint64_t at = graph->start[line]; voice > 0 && at < graph->start[line + 1]; at++) {
            size_t i = bench->place[graph->other[at]];
            float weight = (float)((double)graph->similarity[at] * voice);
            if (i > 0 && weight > 0)
                insert(reasons + (i - 1) * k, &n[i - 1], k,
                       (struct reason){(uint32_t)e, graph->similarity[at], weight});
        }
    }
    for (size_t i = 0; i < n_items; i++) {
        bench->place[items[i]] = 0;
        for (uint64_t at = graph->start[items[i]]; at < graph->start[items[i] + 1]; at++) {
            size_t e = entry_of(profile, graph->other[at]);
            double voice = e < profile->n ? voice_of(snapshot, profile, e) : 0;
            float weight = (float)((double)graph->similarity[at] * voice);
            if (weight > 0)
                insert(reasons + i * k, &n[i], k,
                       (struct reason){(uint32_t)e, graph->similarity[at], weight});
        }
    }
}

void reasons_print(struct body *body, const struct snapshot *snapshot,
                   const struct rs_profile *profile, const struct reason *reasons, size_t n) {
    const struct rs_matrix *matrix = snapshot->matrix;
    body_text(body, "[");
    for (size_t r = 0; r < n; r++) {
        uint32_t item = profile->item[reasons[r].entry];
        body_text(body, r == 0 ? "{\"Id\":" : ",{\"Id\":");
        body_string(body, rs_ids_get(&matrix->items.ids, item));
        describe_title(body, matrix, item);
        body_text(body, ",\"Rating\":");
        body_float(body, snapshot_value(snapshot, profile->rating[reasons[r].entry]));
        body_text(body, ",\"Similarity\":");
        body_float(body, reasons[r].similarity);
        body_text(body, "}");
    }
    body_text(body, "]");
}
