#include "ratings/arrival.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/pages.h"

/* Chunks grow with what has come, so that little takes little. */
enum { LEAST_ROWS = 1 << 14, MOST_ROWS = 1 << 20 };

static struct rs_chunk *chunk_with_room(struct rs_arrival *arrival) {
    struct rs_chunk *last = arrival->n_chunks > 0 ? &arrival->chunks[arrival->n_chunks - 1] : NULL;
    if (last != NULL && last->n < last->capacity) return last;
    rs_grow(&arrival->chunks, &arrival->capacity, arrival->n_chunks + 1, sizeof *arrival->chunks);
    size_t rows = LEAST_ROWS;
    while (rows < MOST_ROWS && rows < arrival->n) rows *= 2;
    struct rs_chunk *chunk = &arrival->chunks[arrival->n_chunks++];
    char *pages = rs_pages_new(rows * rs_arrival_bytes(arrival->keep_times));
    *chunk = (struct rs_chunk){.capacity = rows, .pages = pages};
    if (arrival->keep_times) {
        chunk->time = (int64_t *)(void *)pages;
        pages += rows * sizeof *chunk->time;
    }
    chunk->user = (uint32_t *)(void *)pages;
    chunk->item = chunk->user + rows;
    chunk->rating = (float *)(void *)(chunk->item + rows);
    return chunk;
}

size_t rs_arrival_add(struct rs_arrival *arrival, const struct rs_pairs *batch, size_t from,
                      size_t most) {
    size_t added = 0;
    if (most > batch->n - from) most = batch->n - from;
    while (added < most) {
        struct rs_chunk *chunk = chunk_with_room(arrival);
        size_t room = chunk->capacity - chunk->n, at = from + added;
        size_t n = most - added < room ? most - added : room;
        memcpy(chunk->user + chunk->n, batch->user + at, n * sizeof *chunk->user);
        memcpy(chunk->item + chunk->n, batch->item + at, n * sizeof *chunk->item);
        memcpy(chunk->rating + chunk->n, batch->rating + at, n * sizeof *chunk->rating);
        for (size_t i = 0; chunk->time != NULL && i < n; i++)
            chunk->time[chunk->n + i] = batch->time == NULL ? RS_NO_TIME : batch->time[at + i];
        chunk->n += n;
        arrival->n += n;
        added += n;
    }
    return added;
}

void rs_chunk_free(struct rs_chunk *chunk) {
    rs_pages_free(chunk->pages, chunk->capacity * rs_arrival_bytes(chunk->time != NULL));
    *chunk = (struct rs_chunk){0};
}

void rs_arrival_free(struct rs_arrival *arrival) {
    for (size_t c = 0; c < arrival->n_chunks; c++) rs_chunk_free(&arrival->chunks[c]);
    free(arrival->chunks);
    arrival->chunks = NULL;
    arrival->n = arrival->n_chunks = arrival->capacity = 0;
}
