#include "ratings/matrix.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/pages.h"
#include "base/scratch.h"

/* Entries of a window where memory is bounded. */
enum { WINDOW = 1 << 18, PAGE = 4096 };

const char *const rs_normalisation_names[] = {"none", "mean", "z-score", "baseline", NULL};

double rs_matrix_baseline(const struct rs_matrix *matrix, uint32_t user, uint32_t item) {
    double value = matrix->mean;
    if (user != RS_NONE) value += matrix->users.bias[user];
    if (item != RS_NONE) value += matrix->items.bias[item];
    return value;
}

/* The page that a range begins in goes, too: whoever gave back what is before it had to leave it.
 */
static void forget(const void *array, uint64_t from, uint64_t to) {
    rs_pages_drop(array, from > PAGE ? from - PAGE : 0, to);
}

void rs_sparse_forget(const struct rs_sparse *form, uint64_t from, uint64_t to) {
    forget(form->other, from * sizeof *form->other, to * sizeof *form->other);
    forget(form->rating, from * sizeof *form->rating, to * sizeof *form->rating);
}

static bool are_lines_valid(const struct rs_sparse *form, size_t first, size_t end) {
    int wrong = 0;
#pragma omp parallel for schedule(static)                                                          \
    reduction(|                                                                                    \
              : wrong) if (form->start[end] - form->start[first] > 100000)
    for (size_t line = first; line < end; line++) {
        int64_t before = -1;
        for (uint64_t e = form->start[line]; e < form->start[line + 1]; e++) {
            wrong |= form->other[e] <= before || !isfinite(form->rating[e]);
            before = form->other[e];
        }
        wrong |= before >= (int64_t)form->n_others;
    }
    return wrong == 0;
}

/* The invariants of one form. Reads every entry once, as the first use would. */
static bool is_valid(const struct rs_sparse *form, uint64_t n_ratings, bool trust,
                     uint64_t window) {
    if (form->start[0] != 0 || form->start[form->n_lines] != n_ratings) return false;
    if (trust) return true;
    for (size_t line = 0; line < form->n_lines; line++)
        if (form->start[line] > form->start[line + 1]) return false;
    bool valid = true;
    for (size_t first = 0, end = 0; first < form->n_lines && valid; first = end) {
        uint64_t begin = form->start[first];
        while (end < form->n_lines && (window == 0 || form->start[end] - begin < window)) end++;
        valid = are_lines_valid(form, first, end);
        if (window > 0) rs_sparse_forget(form, begin, form->start[end]);
    }
    return valid;
}

static bool open_form(struct rs_sparse *form, const char *place, const struct rs_segment *segment,
                      const char *prefix, const char *other, const struct rs_matrix *matrix,
                      bool trust, struct rs_error *err) {
    uint64_t n_ratings = matrix->n_ratings;
    char name[64];
    snprintf(name, sizeof name, "%s_start", prefix);
    if (!rs_segment_array(place, segment, name, RS_U64, form->n_lines + 1, &form->start, err))
        return false;
    snprintf(name, sizeof name, "%s_%s", prefix, other);
    if (!rs_segment_array(place, segment, name, RS_U32, n_ratings, &form->other, err)) return false;
    snprintf(name, sizeof name, "%s_rating", prefix);
    if (!rs_segment_array(place, segment, name, RS_F32, n_ratings, &form->rating, err))
        return false;
    if (is_valid(form, n_ratings, trust, matrix->window)) return true;
    return rs_fail(err, EX_DATAERR, "%s: the file is damaged: the matrix by %ss is inconsistent",
                   place, prefix);
}

static bool open_side(struct rs_side *side, const char *place, const struct rs_segment *segment,
                      const char *prefix, struct rs_error *err) {
    if (!rs_ids_open(&side->ids, place, segment, prefix, err)) return false;
    const struct {
        const char *name;
        const double **array;
    } arrays[] = {{"mean", &side->mean}, {"deviation", &side->deviation}, {"bias", &side->bias}};
    for (size_t i = 0; i < 3; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s_%s", prefix, arrays[i].name);
        if (!rs_segment_array(place, segment, name, RS_F64, side->ids.n, arrays[i].array, err))
            return false;
        for (size_t line = 0; !segment->trusted && line < side->ids.n; line++)
            if (!isfinite((*arrays[i].array)[line]))
                return rs_fail(err, EX_DATAERR, "%s: the file is damaged: a %s is not finite",
                               place, name);
    }
    char name[64];
    snprintf(name, sizeof name, "%s_table", prefix);
    if (!rs_table_open(&side->table, place, segment->header, segment, name, err)) return false;
    if (side->table.n_columns > 0 && side->table.ids.n != side->ids.n)
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: the table of %ss has %zu rows",
                       place, prefix, side->table.ids.n);
    snprintf(name, sizeof name, "%s_digest", prefix);
    side->digest = rs_ids_digest_of(&side->ids, segment, name);
    return true;
}

static bool read_header(struct rs_matrix *matrix, const char *place, const json_t *header,
                        struct rs_error *err) {
    const char *normalisation = json_string_value(json_object_get(header, "normalise"));
    int n = 0;
    while (rs_normalisation_names[n] != NULL &&
           (normalisation == NULL || strcmp(normalisation, rs_normalisation_names[n]) != 0))
        n++;
    const char *feedback = json_string_value(json_object_get(header, "feedback"));
    if (rs_normalisation_names[n] == NULL || feedback == NULL)
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: its header is incomplete", place);
    matrix->normalisation = (enum rs_normalisation)n;
    matrix->implicit = strcmp(feedback, "implicit") == 0;
    matrix->mean = json_number_value(json_object_get(header, "mean"));
    matrix->deviation = json_number_value(json_object_get(header, "deviation"));
    matrix->scale = rs_scale_from_json(json_object_get(header, "scale"));
    matrix->n_ratings = (uint64_t)json_integer_value(json_object_get(header, "ratings"));
    return true;
}

static bool open_forms(struct rs_matrix *matrix, const char *place,
                       const struct rs_segment *segment, bool trust, struct rs_error *err) {
    size_t n_users = matrix->users.ids.n, n_items = matrix->items.ids.n;
    uint64_t n = matrix->n_ratings;
    matrix->rows = (struct rs_sparse){.n_lines = n_users, .n_others = n_items};
    matrix->columns = (struct rs_sparse){.n_lines = n_items, .n_others = n_users};
    if (!open_form(&matrix->rows, place, segment, "row", "item", matrix, trust, err) ||
        !open_form(&matrix->columns, place, segment, "column", "user", matrix, trust, err))
        return false;
    return rs_segment_find(segment, "row_time") == NULL ||
           rs_segment_array(place, segment, "row_time", RS_I64, n, &matrix->time, err);
}

static bool use(struct rs_matrix *matrix, struct rs_file *file, bool trust, uint64_t window,
                struct rs_error *err) {
    const struct rs_segment *segment = &file->segments[0];
    trust |= segment->trusted;
    *matrix = (struct rs_matrix){.header = segment->header,
                                 .digest = rs_segment_digest(segment),
                                 .file = file,
                                 .window = file->map != NULL ? window : 0};
    bool ok = file->n_segments == 1;
    if (!ok)
        rs_fail(err, EX_DATAERR, "%s: holds %zu matrices: concatenate ratings, not matrices",
                file->name, file->n_segments);
    ok = ok && read_header(matrix, file->name, segment->header, err) &&
         open_side(&matrix->users, file->name, segment, "user", err) &&
         open_side(&matrix->items, file->name, segment, "item", err) &&
         open_forms(matrix, file->name, segment, trust, err);
    if (!ok) rs_matrix_close(matrix);
    return ok;
}

bool rs_matrix_use(struct rs_matrix *matrix, struct rs_file *file, bool trust,
                   struct rs_error *err) {
    return use(matrix, file, trust, 0, err);
}

bool rs_matrix_open(struct rs_matrix *matrix, const char *path, struct rs_error *err) {
    struct rs_file *file = rs_file_open(path, "matrix", err);
    return file != NULL && rs_matrix_use(matrix, file, false, err);
}

bool rs_matrix_open_frugally(struct rs_matrix *matrix, const char *path, const char *folder,
                             struct rs_error *err) {
    bool spooled = false;
    if (strcmp(path, "-") == 0 && !rs_scratch_spool(folder, &spooled, err)) return false;
    struct rs_file *file = rs_file_open(path, "matrix", err);
    if (file == NULL) return false;
    if (spooled && file->map != NULL && !rs_file_verify(file, err)) {
        rs_file_close(file);
        return false;
    }
    return use(matrix, file, false, WINDOW, err);
}

void rs_matrix_close(struct rs_matrix *matrix) {
    rs_table_free(&matrix->users.table);
    rs_table_free(&matrix->items.table);
    rs_file_close(matrix->file);
    *matrix = (struct rs_matrix){0};
}
