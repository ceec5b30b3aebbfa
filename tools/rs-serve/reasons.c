#include "reasons.h"

#include <math.h>
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

enum { PIECE = 64, AHEAD = 2 };

/* Puts where the neighbours from FROM on, at most PIECE and before END, have a place into FOUND.
 * Few have, so that they are sifted without a branch that would be guessed wrong. */
static size_t sift(const struct rs_graph *graph, uint64_t from, uint64_t end, const uint32_t *place,
                   uint64_t found[PIECE]) {
    size_t n = 0;
    if (end - from > PIECE) end = from + PIECE;
    for (uint64_t at = from; at < end; at++) {
        found[n] = at;
        n += place[graph->other[at]] != 0;
    }
    return n;
}

/* Asks for the beginning of a line before it is needed: lines lie all over the graph. */
static void fetch(const struct rs_graph *graph, uint32_t line) {
    enum { CACHE_LINE = 16 };
    uint64_t from = graph->start[line], end = graph->start[line + 1];
    if (end > from + PIECE) end = from + PIECE;
    for (uint64_t at = from; at < end; at += CACHE_LINE) {
        __builtin_prefetch(graph->other + at);
        __builtin_prefetch(graph->similarity + at);
    }
}

/* One item's reasons so far. */
struct heard {
    struct reason *reasons;
    size_t *n, k;
};

static void hear(struct heard heard, uint32_t entry, float similarity, double voice) {
    float weight = (float)((double)similarity * voice);
    if (weight > 0)
        insert(heard.reasons, heard.n, heard.k, (struct reason){entry, similarity, weight});
}

/* From the lines of the items asked about, with what is rated in its place. */
static void hear_asked(const struct snapshot *snapshot, uint32_t *place,
                       const struct rs_profile *profile, const uint32_t *items, size_t n_items,
                       size_t k, struct reason *reasons, size_t *n) {
    const struct rs_graph *graph = snapshot->neighbours[0];
    uint64_t found[PIECE];
    for (size_t e = 0; e < profile->n; e++) place[profile->item[e]] = (uint32_t)e + 1;
    for (size_t i = 0; i < n_items; i++) {
        uint64_t end = graph->start[items[i] + 1];
        for (uint64_t at = graph->start[items[i]]; at < end; at += PIECE) {
            size_t n_found = sift(graph, at, end, place, found);
            for (size_t f = 0; f < n_found; f++) {
                uint32_t e = place[graph->other[found[f]]] - 1;
                hear((struct heard){reasons + i * k, &n[i], k}, e, graph->similarity[found[f]],
                     voice_of(snapshot, profile, e));
            }
        }
    }
    for (size_t e = 0; e < profile->n; e++) place[profile->item[e]] = 0;
}

/* What a reason has to weigh at least to be among the K of any item. */
static float find_least(size_t n_items, size_t k, const struct reason *reasons, const size_t *n) {
    float least = INFINITY;
    for (size_t i = 0; i < n_items; i++) {
        if (n[i] < k) return 0;
        if (reasons[i * k + k - 1].weight < least) least = reasons[i * k + k - 1].weight;
    }
    return least;
}

/* The end of those of a line whose weight is LEAST or more: similarities descend. */
static uint64_t find_end(const struct rs_graph *graph, uint32_t line, double voice, float least) {
    uint64_t from = graph->start[line], to = graph->start[line + 1];
    while (from < to) {
        uint64_t middle = from + (to - from) / 2;
        if ((float)((double)graph->similarity[middle] * voice) >= least) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

/* From the lines of what is rated, with the items asked about, by their number from 1, in place. */
static void hear_rated(const struct snapshot *snapshot, uint32_t *place,
                       const struct rs_profile *profile, const uint32_t *items, size_t n_items,
                       size_t k, struct reason *reasons, size_t *n) {
    const struct rs_graph *graph = snapshot->neighbours[0];
    uint64_t found[PIECE];
    float least = find_least(n_items, k, reasons, n);
    for (size_t i = 0; i < n_items; i++) place[items[i]] = (uint32_t)i + 1;
    for (size_t e = 0; e < profile->n; e++) {
        double voice = voice_of(snapshot, profile, e);
        if (e + AHEAD < profile->n) fetch(graph, profile->item[e + AHEAD]);
        if (!(voice > 0)) continue;
        uint64_t end = find_end(graph, profile->item[e], voice, least);
        for (uint64_t at = graph->start[profile->item[e]]; at < end; at += PIECE) {
            size_t n_found = sift(graph, at, end, place, found);
            for (size_t f = 0; f < n_found; f++) {
                size_t i = place[graph->other[found[f]]] - 1;
                hear((struct heard){reasons + i * k, &n[i], k}, (uint32_t)e,
                     graph->similarity[found[f]], voice);
            }
        }
    }
    for (size_t i = 0; i < n_items; i++) place[items[i]] = 0;
}

void reasons_find(struct snapshot *snapshot, struct bench *bench, const struct rs_profile *profile,
                  const uint32_t *items, size_t n_items, size_t k, struct reason *reasons,
                  size_t *n) {
    memset(n, 0, n_items * sizeof *n);
    if (snapshot->neighbours[0] == NULL || profile->n == 0) return;
    if (bench->place == NULL)
        bench->place = rs_calloc(snapshot->matrix->items.ids.n, sizeof *bench->place);
    hear_asked(snapshot, bench->place, profile, items, n_items, k, reasons, n);
    hear_rated(snapshot, bench->place, profile, items, n_items, k, reasons, n);
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
