#include "segments.h"

#include <stdlib.h>

#include "base/memory.h"

struct segment *segments_add(struct segments *segments, char *name, bool of_users) {
    rs_grow(&segments->all, &segments->capacity, segments->n + 1, sizeof *segments->all);
    struct segment *segment = &segments->all[segments->n++];
    *segment = (struct segment){.name = name, .of_users = of_users};
    return segment;
}

void segments_leave_out(struct segments *segments, char *line) {
    rs_grow(&segments->left_out, &segments->left_out_capacity, segments->n_left_out + 1,
            sizeof *segments->left_out);
    segments->left_out[segments->n_left_out++] = line;
}

void segments_free(struct segments *segments, size_t n_folds) {
    for (size_t s = 0; s < segments->n; s++) {
        struct segment *segment = &segments->all[s];
        free(segment->name);
        free(segment->users);
        for (size_t f = 0; segment->rows != NULL && f < n_folds; f++) free(segment->rows[f]);
        free(segment->rows);
    }
    for (size_t i = 0; i < segments->n_left_out; i++) free(segments->left_out[i]);
    free(segments->left_out);
    free(segments->all);
    *segments = (struct segments){0};
}
