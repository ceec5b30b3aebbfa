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

/* One of the profile's ratings that may speak for others. */
struct voice {
    uint32_t entry, item;
    double weight; /* above 0 */
};

/* Puts those of the profile into VOICES, which has room for all entries; returns their number. */
static size_t find_voices(const struct rs_matrix *matrix, const struct rs_profile *profile,
                          struct voice *voices) {
    bool graded = !matrix->implicit;
    double foot = graded && matrix->scale.n > 0 ? (double)matrix->scale.min : -INFINITY;
    double centre = !graded ? 0 : profile->mean < matrix->mean ? profile->mean : matrix->mean;
    double half_step = graded ? rs_scale_step(&matrix->scale) / 2 : 0;
    size_t n = 0;
    for (size_t e = 0; e < profile->n; e++) {
        double rating = (double)profile->rating[e], weight = rating - centre + half_step;
        voices[n] = (struct voice){(uint32_t)e, profile->item[e], weight};
        n += (rating > foot) & (weight > 0); /* no branch: it would be guessed wrong */
    }
    return n;
}

enum { PIECE = 32, AHEAD = 8 };

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

/* What a reason has to weigh at least to be among them. */
static float least_of(struct heard heard) {
    return *heard.n < heard.k ? 0 : heard.reasons[heard.k - 1].weight;
}

static void hear(struct heard heard, const struct voice *voice, float similarity) {
    float weight = (float)((double)similarity * voice->weight);
    if (weight > 0 && weight >= least_of(heard))
        insert(heard.reasons, heard.n, heard.k, (struct reason){voice->entry, similarity, weight});
}

/* From the lines of the items asked about, with the voices, by their number from 1, in place.
 * Similarities descend, so that a line is heard until the loudest voice would not matter. */
static void hear_asked(const struct rs_graph *graph, uint32_t *place, const struct voice *voices,
                       size_t n_voices, const uint32_t *items, struct heard *heard,
                       size_t n_items) {
    double loudest = 0;
    uint64_t found[PIECE];
    for (size_t i = 0; i < n_items; i++) fetch(graph, items[i]);
    for (size_t v = 0; v < n_voices; v++) {
        place[voices[v].item] = (uint32_t)v + 1;
        loudest = voices[v].weight > loudest ? voices[v].weight : loudest;
    }
    for (size_t i = 0; i < n_items; i++) {
        uint64_t end = graph->start[items[i] + 1];
        for (uint64_t at = graph->start[items[i]]; at < end; at += PIECE) {
            if ((float)((double)graph->similarity[at] * loudest) < least_of(heard[i])) break;
            size_t n_found = sift(graph, at, end, place, found);
            for (size_t f = 0; f < n_found; f++)
                hear(heard[i], &voices[place[graph->other[found[f]]] - 1],
                     graph->similarity[found[f]]);
        }
    }
    for (size_t v = 0; v < n_voices; v++) place[voices[v].item] = 0;
}

/* What a reason has to weigh at least to be among those of any item. */
static float find_least(const struct heard *heard, size_t n_items) {
    float least = INFINITY;
    for (size_t i = 0; i < n_items; i++) {
        float own = least_of(heard[i]);
        least = own < least ? own : least;
    }
    return least;
}

/* Puts those of N voices that LEAST lets be heard into LOUD, their lines being fetched meanwhile:
 * few have even their first neighbour near enough. */
static size_t find_loud(const struct rs_graph *graph, const struct voice *voices, size_t n,
                        float least, const struct voice *loud[PIECE]) {
    size_t n_loud = 0;
    for (size_t v = 0; v < n; v++) {
        uint64_t first = graph->start[voices[v].item];
        if (first == graph->start[voices[v].item + 1] ||
            (float)((double)graph->similarity[first] * voices[v].weight) < least)
            continue;
        fetch(graph, voices[v].item);
        loud[n_loud++] = &voices[v];
    }
    return n_loud;
}

/* From the lines of what is rated, with the items asked about, by their number from 1, in place. */
static void hear_rated(const struct rs_graph *graph, uint32_t *place, const struct voice *voices,
                       size_t n_voices, const uint32_t *items, struct heard *heard,
                       size_t n_items) {
    uint64_t found[PIECE];
    const struct voice *loud[PIECE];
    float least = find_least(heard, n_items);
    for (size_t v = 0; v < n_voices; v++)
        __builtin_prefetch(graph->similarity + graph->start[voices[v].item]);
    for (size_t i = 0; i < n_items; i++) place[items[i]] = (uint32_t)i + 1;
    for (size_t from = 0; from < n_voices; from += PIECE) {
        size_t n = n_voices - from < PIECE ? n_voices - from : PIECE;
        size_t n_loud = find_loud(graph, voices + from, n, least, loud);
        for (size_t l = 0; l < n_loud; l++) {
            uint64_t end = graph->start[loud[l]->item + 1];
            for (uint64_t at = graph->start[loud[l]->item]; at < end; at += PIECE) {
                if ((float)((double)graph->similarity[at] * loud[l]->weight) < least) break;
                size_t n_found = sift(graph, at, end, place, found);
                for (size_t f = 0; f < n_found; f++)
                    hear(heard[place[graph->other[found[f]]] - 1], loud[l],
                         graph->similarity[found[f]]);
            }
        }
    }
    for (size_t i = 0; i < n_items; i++) place[items[i]] = 0;
}

void reasons_find(struct snapshot *snapshot, struct bench *bench, const struct rs_profile *profile,
                  const uint32_t *items, size_t n_items, size_t k, struct reason *reasons,
                  size_t *n) {
    const struct rs_graph *graph = snapshot->neighbours[0];
    memset(n, 0, n_items * sizeof *n);
    if (graph == NULL || profile->n == 0) return;
    if (bench->place == NULL)
        bench->place = rs_calloc(snapshot->matrix->items.ids.n, sizeof *bench->place);
    struct voice *voices = rs_malloc(profile->n + 1, sizeof *voices);
    struct heard *heard = rs_malloc(n_items, sizeof *heard);
    for (size_t i = 0; i < n_items; i++) heard[i] = (struct heard){reasons + i * k, &n[i], k};
    size_t n_voices = find_voices(snapshot->matrix, profile, voices);
    hear_asked(graph, bench->place, voices, n_voices, items, heard, n_items);
    hear_rated(graph, bench->place, voices, n_voices, items, heard, n_items);
    free(voices);
    free(heard);
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
