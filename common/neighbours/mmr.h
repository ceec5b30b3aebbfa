/* Lists with more variety: maximal marginal relevance (Carbonell and Goldstein, "The use of MMR",
 * SIGIR 1998).
 *
 * Of a pool of candidates, in a model's order, the next one of the list is always that with the
 * greatest
 *
 *     lambda r(i) - (1 - lambda) max s(i, j)  over the j that are in the list already
 *
 * where r is the score, shifted and scaled to 0..1 over the pool, and s the similarity of an item
 * graph: of i and j where one is a neighbour of the other, 0 where neither is or where it is
 * negative. Equal ones come in the model's order; lambda 1 leaves it as it is. Scores stay what the
 * model said, so that those of the list no longer descend.
 *
 *     struct rs_mmr *mmr = rs_mmr_new(graph);
 *     struct rs_wish wish = {.n = rs_mmr_pool(10)};
 *     rs_listing_fill(listing, &profile, &wish, &best);
 *     rs_mmr_order(mmr, 0.7, &best, 10);
 *
 * One thread works with it: 4 bytes an item, and 40 KB. */
#ifndef RS_MMR_H
#define RS_MMR_H

#include <stddef.h>

#include "model/listing.h"
#include "neighbours/graph.h"

enum { RS_MMR_POOL = 100 };

struct rs_mmr;

/* GRAPH, of items, must outlive it. */
struct rs_mmr *rs_mmr_new(const struct rs_graph *graph);
void rs_mmr_free(struct rs_mmr *mmr);

/* How many candidates a list of N is made of: always the same, so that pages of a list fit. */
size_t rs_mmr_pool(size_t n);

/* Puts the first RS_MMR_POOL of the best in order, those behind following as they are, and leaves
 * the first N of them. LAMBDA is in 0..1. */
void rs_mmr_order(struct rs_mmr *mmr, double lambda, struct rs_best *best, size_t n);

#endif
