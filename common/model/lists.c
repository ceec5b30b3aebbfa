#include "model/lists.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "format/writer.h"
#include "model/listing.h"

static bool is_valid(const struct rs_lists *lists, const struct rs_matrix *matrix, uint64_t n,
                     bool trust) {
    size_t n_users = matrix->users.ids.n;
    if (lists->start[0] != 0 || lists->start[n_users] != n) return false;
    if (trust) return true;
    for (size_t u = 0; u < n_users; u++)
        if (lists->start[u] > lists->start[u + 1]) return false;
    for (uint64_t e = 0; e < n; e++)
        if (lists->item[e] >= matrix->items.ids.n || !isfinite(lists->score[e])) return false;
    return true;
}

static bool open_arrays(struct rs_lists *lists, const struct rs_matrix *matrix,
                        struct rs_error *err) {
    const struct rs_segment *segment = &lists->file->segments[0];
    const char *place = lists->file->name;
    const char *digest = json_string_value(json_object_get(segment->header, "matrix"));
    json_int_t most = json_integer_value(json_object_get(segment->header, "most"));
    const struct rs_array *item = rs_segment_find(segment, "item");
    size_t n = item == NULL ? 0 : item->n_rows * item->n_columns;
    if (digest == NULL || strcmp(digest, matrix->digest) != 0)
        return rs_fail(err, EX_DATAERR, "%s: was not made from the matrix of this model", place);
    if (lists->file->n_segments != 1 || most < 1)
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: its header makes no sense",
                       place);
    lists->most = (size_t)most;
    if (!rs_segment_array(place, segment, "start", RS_U64, matrix->users.ids.n + 1, &lists->start,
                          err) ||
        !rs_segment_array(place, segment, "item", RS_U32, n, &lists->item, err) ||
        !rs_segment_array(place, segment, "score", RS_F32, n, &lists->score, err))
        return false;
    return is_valid(lists, matrix, n, segment->trusted) ||
           rs_fail(err, EX_DATAERR, "%s: the file is damaged: its lists are inconsistent", place);
}

bool rs_lists_use(struct rs_lists *lists, struct rs_file *file, const struct rs_matrix *matrix,
                  struct rs_error *err) {
    *lists = (struct rs_lists){.file = file};
    if (open_arrays(lists, matrix, err)) return true;
    rs_lists_close(lists);
    return false;
}

void rs_lists_close(struct rs_lists *lists) {
    rs_file_close(lists->file);
    *lists = (struct rs_lists){0};
}

/* Making */

/* Fills BEST, one a user, whose entries have room for N. */
static void list_all(const struct rs_model *model, size_t n, struct rs_best *best) {
    const struct rs_matrix *matrix = model->matrix;
    const struct rs_wish wish = {.n = n};
    uint32_t done = 0;
    rs_progress_start("listed for", "users", matrix->users.ids.n);
#pragma omp parallel
    {
        struct rs_listing *listing = rs_listing_new(model, NULL);
#pragma omp for schedule(dynamic, 8)
        for (uint32_t user = 0; user < matrix->users.ids.n; user++) {
            struct rs_profile profile = rs_profile_of(matrix, user);
            if (profile.n > 0) rs_listing_fill(listing, &profile, &wish, &best[user]);
            rs_progress_count(&done);
        }
        rs_listing_free(listing);
    }
    rs_progress_end();
}

void rs_lists_write(FILE *file, const struct rs_model *model, size_t n, json_t *header) {
    size_t n_users = model->matrix->users.ids.n, total = 0;
    struct rs_listed *entries = rs_malloc(n_users * n, sizeof *entries);
    struct rs_best *best = rs_calloc(n_users, sizeof *best);
    for (size_t u = 0; u < n_users; u++) best[u].entries = entries + u * n;
    list_all(model, n, best);

    uint64_t *start = rs_malloc(n_users + 1, sizeof *start);
    uint32_t *item = rs_malloc(n_users * n, sizeof *item);
    float *score = rs_malloc(n_users * n, sizeof *score);
    for (size_t u = 0; u < n_users; u++) {
        start[u] = total;
        for (size_t k = 0; k < best[u].n; k++, total++) {
            item[total] = best[u].entries[k].item;
            score[total] = best[u].entries[k].score;
        }
    }
    start[n_users] = total;

    struct rs_writer writer;
    json_object_set_new(header, "matrix", json_string(model->matrix->digest));
    json_object_set_new(header, "most", json_integer((json_int_t)n));
    rs_writer_init(&writer, file);
    rs_writer_begin(&writer, "lists", header);
    rs_writer_u64(&writer, "start", start, n_users + 1);
    rs_writer_u32(&writer, "item", item, total);
    rs_writer_f32(&writer, "score", score, total);
    rs_writer_end(&writer, NULL);
    free(start);
    free(item);
    free(score);
    free(best);
    free(entries);
}
