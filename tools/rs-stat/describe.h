/* From what was gathered to the figures. */
#ifndef DESCRIBE_H
#define DESCRIBE_H

#include "figures.h"
#include "gather.h"

/* What the ratings are of. Tables are aligned to the ids; without columns where there is none. */
struct subject {
    const struct rs_ids *users, *items;
    struct rs_table user_table, item_table;
    bool implicit;
    size_t n_contexts;
    const struct rs_context *contexts;
};

void describe_summary(struct figures *figures, const struct gathered *gathered,
                      const struct subject *subject);
void describe_ratings(struct figures *figures, const struct gathered *gathered);
void describe_activity(struct figures *figures, const struct gathered *gathered);
void describe_times(struct figures *figures, const struct gathered *gathered);
void describe_density(struct figures *figures, const struct gathered *gathered, uint64_t steps);
void describe_categories(struct figures *figures, const struct gathered *gathered,
                         const struct subject *subject);
void describe_missing(struct figures *figures, const struct gathered *gathered,
                      const struct subject *subject);

#endif
