#include "neighbours/mmr.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct rs_mmr {
    const struct rs_graph *graph;
    uint32_t *place; /* of each item in the pool, from 1; zeros between calls */
    float similarity[RS_MMR_POOL][RS_MMR_POOL];
};

/* A candidate on its way into the list. */
struct candidate {
    struct rs_listed entry;
    double relevance; /* 0..1 */
    float nearest;    /* similarity to what is listed, the greatest */
    size_t place;     /* in the pool */
};

struct rs_mmr *rs_mmr_new(const struct rs_graph *graph) {
    struct rs_mmr *mmr = rs_malloc(1, sizeof *mmr);
    mmr->graph = graph;
    mmr->place = rs_calloc(graph->n_lines, sizeof *mmr->place);
    return mmr;
}

void rs_mmr_free(struct rs_mmr *mmr) {
    if (mmr == NULL) return;
    free(mmr->place);
    free(mmr);
}

size_t rs_mmr_pool(size_t n) {
    return n < RS_MMR_POOL ? RS_MMR_POOL : n;
}

static void find_similarities(struct rs_mmr *mmr, const struct rs_listed *entries, size_t n) {
    const struct rs_graph *graph = mmr->graph;
    for (size_t a = 0; a < n; a++) {
        memset(mmr->similarity[a], 0, n * sizeof mmr->similarity[a][0]);
        mmr->place[entries[a].item] = (uint32_t)a + 1;
    }
    for (size_t a = 0; a < n; a++) {
        uint32_t item = entries[a].item;
        for (uint64_t e = graph->start[item]; e < graph->start[item + 1]; e++) {
            uint32_t place = mmr->place[graph->other[e]];
            if (place == 0 || !(graph->similarity[e] > mmr->similarity[a][place - 1])) continue;
            mmr->similarity[a][place - 1] = mmr->similarity[place - 1][a] = graph->similarity[e];
        }
    }
    for (size_t a = 0; a < n; a++) mmr->place[entries[a].item] = 0;
}

static void begin(const struct rs_listed *entries, size_t n, struct candidate *candidates) {
    double least = INFINITY, most = -INFINITY;
    for (size_t a = 0; a < n; a++) {
        double score = (double)entries[a].score;
        if (score < least) least = score;
        if (score > most) most = score;
    }
    double range = most > least ? most - least : 1;
    for (size_t a = 0; a < n; a++)
        candidates[a] =
            (struct candidate){entries[a], ((double)entries[a].score - least) / range, 0, a};
}

static size_t find_next(const struct candidate *candidates, size_t n, double lambda) {
    double best = -INFINITY;
    size_t next = 0;
    for (size_t c = 0; c < n; c++) {
        double value =
            lambda * candidates[c].relevance - (1 - lambda) * (double)candidates[c].nearest;
        if (value > best) {
            best = value;
            next = c;
        }
    }
    return next;
}

void rs_mmr_order(struct rs_mmr *mmr, double lambda, struct rs_best *best, size_t n) {
    struct candidate candidates[RS_MMR_POOL];
    struct rs_listed *entries = best->entries;
    size_t pool = best->n < RS_MMR_POOL ? best->n : RS_MMR_POOL;
    find_similarities(mmr, entries, pool);
    begin(entries, pool, candidates);
    for (size_t k = 0; k < pool; k++) {
        size_t left = pool - k, next = find_next(candidates, left, lambda);
        const float *similarity = mmr->similarity[candidates[next].place];
        entries[k] = candidates[next].entry;
        memmove(&candidates[next], &candidates[next + 1], (left - next - 1) * sizeof *candidates);
        for (size_t c = 0; c < left - 1; c++) {
            float near = similarity[candidates[c].place];
            if (near > candidates[c].nearest) candidates[c].nearest = near;
        }
    }
    if (best->n > n) best->n = n;
}
