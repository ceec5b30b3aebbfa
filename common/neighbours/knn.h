/* Collaborative filtering by neighbours: the model over a graph of users or of items.
 *
 * Expected rating (Herlocker, Konstan, Borchers, Riedl 1999; Sarwar et al. 2001; Koren 2010, eq.
 * 2), over the nearest K among the neighbours that rated the item (user-based), or that the user
 * rated (item-based), with weights w = sign(s) |s|^AMPLIFY:
 *
 *     centre(u,i) + spread * sum w (r - centre) / spread / (DAMPING + sum |w|)
 *
 * where centre and spread follow the matrix's normalisation. K, AMPLIFY and DAMPING are the graph's
 * parameters "voters", "amplify", "damping", so that whoever opens it predicts alike. Without a
 * neighbour that speaks the answer is the centre, which the source tells. Support is sum |w|.
 *
 * Ranking: user-based, the similarities of the neighbours who rated the item, times their rating;
 * item-based, those of the rated items whose neighbour it is, times the user's rating. Items for
 * which nobody speaks follow by their popularity. */
#ifndef RS_KNN_H
#define RS_KNN_H

#include "model/model.h"
#include "neighbours/graph.h"

/* Makes MODEL, whose file is a graph, a neighbour model. */
bool rs_knn_open(struct rs_model *model, struct rs_error *err);

/* The graph of a neighbour model; NULL for a model of another class. */
const struct rs_graph *rs_knn_graph(const struct rs_model *model);

#endif
