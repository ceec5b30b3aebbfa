/* Why an item: the ratings of a profile that speak for it, by the graph of items.
 *
 * A rated item speaks when it and the item are neighbours, whichever has the other in its list. Its
 * weight is the similarity times how far its rating lies above the mean, the profile's or that of
 * all ratings, whichever is lower, and half a step of the scale more, so that what is rated as the
 * user always rates, a first rating above all, speaks too (times the rating where feedback is
 * implicit). What lies further below, or at the foot of the scale, speaks against and is left out.
 */
#ifndef SERVE_REASONS_H
#define SERVE_REASONS_H

#include <stddef.h>
#include <stdint.h>

#include "body.h"
#include "model/model.h"
#include "snapshot.h"

struct reason {
    uint32_t entry; /* of the profile */
    float similarity, weight;
};

/* The best reasons for each of N_ITEMS items: reasons[i * k] … of item i, n[i]
 * of them, the weightiest first. */
void reasons_find(struct snapshot *snapshot, struct bench *bench, const struct rs_profile *profile,
                  const uint32_t *items, size_t n_items, size_t k, struct reason *reasons,
                  size_t *n);

/* [{"Id":…,"Title":…,"Rating":…,"Similarity":…}, …] */
void reasons_print(struct body *body, const struct snapshot *snapshot,
                   const struct rs_profile *profile, const struct reason *reasons, size_t n);

#endif
