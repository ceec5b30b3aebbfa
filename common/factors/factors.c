#include "factors/factors.h"

#include <math.h>

#include "base/memory.h"

static bool is_digest(const json_t *header, const char *name, uint64_t digest) {
    json_t *expected = rs_ids_digest_json(digest);
    bool same = json_equal(json_object_get(header, name), expected) == 1;
    json_decref(expected);
    return same;
}

uint32_t *rs_factors_match(const struct rs_ids *ids, const struct rs_ids *earlier) {
    uint32_t *line = rs_malloc(ids->n, sizeof *line);
    for (size_t u = 0; u < ids->n; u++) line[u] = rs_ids_find(earlier, rs_ids_get(ids, u));
    return line;
}

void rs_factors_describe(json_t *header, const char *method, const struct rs_matrix *matrix) {
    json_object_set_new(header, "method", json_string(method));
    json_object_set_new(header, "users", json_integer((json_int_t)matrix->users.ids.n));
    json_object_set_new(header, "items", json_integer((json_int_t)matrix->items.ids.n));
    json_object_set_new(header, "user_digest", rs_ids_digest_json(matrix->users.digest));
    json_object_set_new(header, "item_digest", rs_ids_digest_json(matrix->items.digest));
    json_object_set_new(header, "matrix", json_string(matrix->digest));
}

static const json_t *header_of(const struct rs_model *model) {
    return model->file->segments[0].header;
}

bool rs_factors_same_users(const struct rs_model *model) {
    return is_digest(header_of(model), "user_digest", model->matrix->users.digest);
}

bool rs_factors_same_items(const struct rs_model *model) {
    return is_digest(header_of(model), "item_digest", model->matrix->items.digest);
}

bool rs_factors_trusted(const struct rs_model *model) {
    return model->file->segments[0].trusted;
}

bool rs_factors_number(const struct rs_model *model, const char *name, double *number,
                       struct rs_error *err) {
    const json_t *value = json_object_get(header_of(model), name);
    *number = json_number_value(value);
    if (json_is_number(value) && isfinite(*number)) return true;
    return rs_fail(err, EX_DATAERR, "%s: the file is damaged: its header has no %s",
                   model->file->name, name);
}

bool rs_factors_array(const struct rs_model *model, const char *name, enum rs_type type, size_t n,
                      const void *data, struct rs_error *err) {
    return rs_segment_array(model->file->name, &model->file->segments[0], name, type, n, data, err);
}

bool rs_factors_floats(const struct rs_model *model, const char *name, size_t n, float **data,
                       struct rs_error *err) {
    const float *found = NULL;
    if (!rs_factors_array(model, name, RS_F32, n, &found, err)) return false;
    for (size_t i = 0; !rs_factors_trusted(model) && i < n; i++)
        if (!isfinite(found[i]))
            return rs_fail(err, EX_DATAERR, "%s: the file is damaged: a number of %s is not finite",
                           model->file->name, name);
    *data = (float *)(uintptr_t)found;
    return true;
}
