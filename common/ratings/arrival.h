/* Ratings as they arrive from a stream, by the stream's numbers. */
#ifndef RS_ARRIVAL_H
#define RS_ARRIVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/pairs.h"

/* A piece, so that growing moves nothing and what was used can go. */
struct rs_chunk {
    size_t n, capacity;
    uint32_t *user, *item;
    float *rating;
    int64_t *time; /* NULL unless times are kept */
    void *pages;
};

struct rs_arrival {
    uint64_t n;
    struct rs_chunk *chunks;
    size_t n_chunks, capacity;
    bool keep_times;
};

/* Copies the ratings of a batch, which must have them, from row FROM on: at most MOST. Returns how
 * many. */
size_t rs_arrival_add(struct rs_arrival *arrival, const struct rs_pairs *batch, size_t from,
                      size_t most);

/* Frees a chunk's memory, and that of all. */
void rs_chunk_free(struct rs_chunk *chunk);
void rs_arrival_free(struct rs_arrival *arrival);

/* Bytes of a rating. */
static inline size_t rs_arrival_bytes(bool keep_times) {
    return 2 * sizeof(uint32_t) + sizeof(float) + (keep_times ? sizeof(int64_t) : 0);
}

#endif
