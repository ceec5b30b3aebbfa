#include "context/context.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "linear/dense.h"

static const char *const source_names[] = {"time", "user", "rating"};

static bool is_of(const json_t *header, const char *name, uint64_t digest) {
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, digest);
    const char *found = json_string_value(json_object_get(header, name));
    return found != NULL && strcmp(found, text) == 0;
}

static bool damaged(const struct rs_context_model *context, const char *why, struct rs_error *err) {
    return rs_fail(err, EX_DATAERR, "%s: the file is damaged: %s", context->file->name, why);
}

/* A dimension's array of N floats, which may be absent. */
static bool open_floats(const struct rs_context_model *context, size_t d, const char *name,
                        size_t n, const float **data, struct rs_error *err) {
    const struct rs_segment *segment = &context->file->segments[0];
    char full[64];
    snprintf(full, sizeof full, "d%zu_%s", d, name);
    if (rs_segment_find(segment, full) == NULL) return true;
    if (!rs_segment_array(context->file->name, segment, full, RS_F32, n, data, err)) return false;
    for (size_t i = 0; i < n; i++)
        if (!isfinite((*data)[i])) return damaged(context, "an effect is no number", err);
    return true;
}

static bool open_shares(struct rs_context_model *context, size_t d, struct rs_error *err) {
    const struct rs_segment *segment = &context->file->segments[0];
    const char *place = context->file->name;
    struct rs_dimension *dimension = &context->dimensions[d];
    size_t n_users = context->matrix->users.ids.n;
    char name[64];
    snprintf(name, sizeof name, "d%zu_user_start", d);
    if (rs_segment_find(segment, name) == NULL ||
        !is_of(segment->header, "user_digest", context->matrix->users.digest))
        return true;
    const uint64_t *start = NULL;
    if (!rs_segment_array(place, segment, name, RS_U64, n_users + 1, &start, err)) return false;
    for (size_t u = 0; u < n_users; u++)
        if (start[u] > start[u + 1])
            return damaged(context, "shares of users are in no order", err);
    size_t n = start[n_users];
    snprintf(name, sizeof name, "d%zu_user_value", d);
    if (!rs_segment_array(place, segment, name, RS_U8, n, &dimension->user_value, err))
        return false;
    snprintf(name, sizeof name, "d%zu_user_share", d);
    if (!rs_segment_array(place, segment, name, RS_F32, n, &dimension->user_share, err))
        return false;
    for (size_t e = 0; e < n; e++)
        if (dimension->user_value[e] >= dimension->values.n || !isfinite(dimension->user_share[e]))
            return damaged(context, "a share is of no value", err);
    dimension->user_start = start;
    return start[0] == 0 || damaged(context, "shares of users are in no order", err);
}

static bool read_source(struct rs_dimension *dimension, const json_t *json) {
    const char *source = json_string_value(json_object_get(json, "source"));
    dimension->name = json_string_value(json_object_get(json, "name"));
    dimension->column = json_string_value(json_object_get(json, "column"));
    dimension->initial = json_is_true(json_object_get(json, "initial"));
    if (source == NULL || dimension->name == NULL) return false;
    if (strcmp(source, source_names[1]) == 0 || strcmp(source, source_names[2]) == 0) {
        dimension->source = strcmp(source, "user") == 0 ? RS_CONTEXT_USER : RS_CONTEXT_RATING;
        return dimension->column != NULL;
    }
    size_t s = 0;
    while (s < RS_CONTEXT_N_TIMES && strcmp(rs_context_names[s], dimension->name) != 0) s++;
    dimension->source = (enum rs_context_source)s;
    return s < RS_CONTEXT_N_TIMES;
}

static size_t values_of(enum rs_context_source source) {
    static const size_t n[RS_CONTEXT_N_TIMES] = {24, 7, 12, 4, RS_AGES, RS_AGES};
    return n[source];
}

static bool open_dimension(struct rs_context_model *context, size_t d, const json_t *json,
                           struct rs_error *err) {
    struct rs_dimension *dimension = &context->dimensions[d];
    char prefix[32];
    snprintf(prefix, sizeof prefix, "d%zu_value", d);
    if (!read_source(dimension, json)) return damaged(context, "a dimension has no name", err);
    if (!rs_ids_open(&dimension->values, context->file->name, &context->file->segments[0], prefix,
                     err))
        return false;
    size_t n = dimension->values.n, n_items = context->matrix->items.ids.n;
    if (n > RS_MAX_CONTEXT_VALUES ||
        (dimension->source < RS_CONTEXT_N_TIMES && n != values_of(dimension->source)))
        return damaged(context, "a dimension has too many values, or too few", err);
    dimension->weight = json_number_value(json_object_get(json, "weight"));
    dimension->of_user = json_number_value(json_object_get(json, "of_user"));
    if (!isfinite(dimension->weight) || !isfinite(dimension->of_user))
        return damaged(context, "a weight is no number", err);
    if (!open_floats(context, d, "effect", n * context->width, &dimension->effect, err) ||
        !open_floats(context, d, "camf", n * context->width, &dimension->camf, err) ||
        !open_floats(context, d, "cell", n * n_items, &dimension->cell, err) ||
        !open_floats(context, d, "affinity", n * context->width, &dimension->affinity, err) ||
        !open_floats(context, d, "count", n * n_items, &dimension->count, err))
        return false;
    dimension->predicts = dimension->effect != NULL;
    dimension->ranks = dimension->affinity != NULL;
    return open_shares(context, d, err);
}

static bool open_zones(struct rs_context_model *context, struct rs_error *err) {
    const struct rs_segment *segment = &context->file->segments[0];
    const char *place = context->file->name;
    const struct rs_array *array = rs_segment_find(segment, "zone_start");
    const uint64_t *start = NULL;
    const int64_t *from = NULL;
    const int32_t *shift = NULL;
    if (array == NULL || array->n_rows < 2 || array->n_rows > RS_MAX_ZONES + 1)
        return damaged(context, "it has no time zone, or too many", err);
    context->n_zones = array->n_rows - 1;
    if (!rs_segment_array(place, segment, "zone_start", RS_U64, array->n_rows, &start, err))
        return false;
    for (size_t z = 0; z < context->n_zones; z++)
        if (start[0] != 0 || start[z] >= start[z + 1])
            return damaged(context, "time zones are in no order", err);
    size_t n = start[context->n_zones];
    if (!rs_segment_array(place, segment, "zone_from", RS_I64, n, &from, err) ||
        !rs_segment_array(place, segment, "zone_shift", RS_I32, n, &shift, err))
        return false;
    for (size_t z = 0; z < context->n_zones; z++)
        context->zones[z] =
            (struct rs_zone){start[z + 1] - start[z], from + start[z], shift + start[z]};
    size_t n_users = context->matrix->users.ids.n;
    if (rs_segment_find(segment, "user_zone") == NULL ||
        !is_of(segment->header, "user_digest", context->matrix->users.digest))
        return true;
    if (!rs_segment_array(place, segment, "user_zone", RS_U8, n_users, &context->user_zone, err))
        return false;
    for (size_t u = 0; u < n_users; u++)
        if (context->user_zone[u] >= context->n_zones)
            return damaged(context, "a user is in no time zone", err);
    return true;
}

static bool open_times(struct rs_context_model *context, struct rs_error *err) {
    const struct rs_segment *segment = &context->file->segments[0];
    const char *place = context->file->name;
    if (!open_zones(context, err)) return false;
    size_t n_items = context->matrix->items.ids.n, n_users = context->matrix->users.ids.n;
    if (rs_segment_find(segment, "item_appeared") != NULL &&
        !rs_segment_array(place, segment, "item_appeared", RS_I64, n_items, &context->item_appeared,
                          err))
        return false;
    return rs_segment_find(segment, "user_began") == NULL ||
           !is_of(segment->header, "user_digest", context->matrix->users.digest) ||
           rs_segment_array(place, segment, "user_began", RS_I64, n_users, &context->user_began,
                            err);
}

/* The factorisation that knows contexts, if there is one; its users, if they are those of the
 * matrix. */
static bool open_camf(struct rs_context_model *context, struct rs_error *err) {
    const struct rs_segment *segment = &context->file->segments[0];
    const char *place = context->file->name;
    const json_t *json = json_object_get(segment->header, "camf");
    size_t n_users = context->matrix->users.ids.n * context->width;
    size_t n_items = context->matrix->items.ids.n * context->width;
    if (json == NULL) return true;
    context->camf_weight = json_number_value(json_object_get(json, "weight"));
    context->camf_mean = json_number_value(json_object_get(json, "mean"));
    context->camf_unit = json_number_value(json_object_get(json, "unit"));
    context->camf_effect = json_number_value(json_object_get(json, "effect"));
    context->camf_rank = json_number_value(json_object_get(json, "rank_weight"));
    if (!isfinite(context->camf_weight) || !isfinite(context->camf_effect) ||
        !isfinite(context->camf_rank) || !isfinite(context->camf_mean) ||
        !isfinite(context->camf_unit))
        return damaged(context, "a weight is no number", err);
    const float *user = NULL, *item = NULL;
    if (!rs_segment_array(place, segment, "camf_item", RS_F32, n_items, &item, err)) return false;
    for (size_t i = 0; i < n_items; i++)
        if (!isfinite(item[i])) return damaged(context, "an item's factor is no number", err);
    context->camf_item = item;
    if (!is_of(segment->header, "user_digest", context->matrix->users.digest)) return true;
    if (!rs_segment_array(place, segment, "camf_user", RS_F32, n_users, &user, err) ||
        !rs_segment_array(place, segment, "camf_known", RS_F32, context->width,
                          &context->camf_known, err))
        return false;
    for (size_t k = 0; k < context->width; k++)
        if (!(context->camf_known[k] >= 0 && isfinite(context->camf_known[k])))
            return damaged(context, "a weight is no number", err);
    for (size_t i = 0; i < n_users; i++)
        if (!isfinite(user[i])) return damaged(context, "a user's factor is no number", err);
    context->camf_user = user;
    return true;
}

static bool open_all(struct rs_context_model *context, struct rs_error *err) {
    const struct rs_segment *segment = &context->file->segments[0];
    const json_t *dimensions = json_object_get(segment->header, "dimensions");
    size_t n_items = context->matrix->items.ids.n;
    if (strcmp(segment->kind, "context") != 0 || context->file->n_segments != 1)
        return rs_fail(err, EX_DATAERR, "%s: holds %s where one context is needed",
                       context->file->name, segment->kind);
    if (!is_of(segment->header, "item_digest", context->matrix->items.digest))
        return rs_fail(err, EX_DATAERR, "%s: was made for other items than those of the matrix",
                       context->file->name);
    context->n = json_array_size(dimensions);
    json_int_t width = json_integer_value(json_object_get(segment->header, "vectors"));
    if (context->n > RS_MAX_DIMENSIONS || width < 1 || width > RS_MAX_CONTEXT_WIDTH ||
        width % RS_DENSE_WIDTH != 0)
        return damaged(context, "its header is incomplete", err);
    context->width = (size_t)width;
    if (!rs_segment_array(context->file->name, segment, "item_trait", RS_F32,
                          n_items * context->width, &context->item_trait, err) ||
        !rs_segment_array(context->file->name, segment, "known", RS_F32, context->width,
                          &context->known, err) ||
        !open_times(context, err) || !open_camf(context, err))
        return false;
    for (size_t i = 0; i < n_items * context->width; i++)
        if (!isfinite(context->item_trait[i]))
            return damaged(context, "an item's trait is no number", err);
    for (size_t k = 0; k < context->width; k++)
        if (!(context->known[k] >= 0 && isfinite(context->known[k])))
            return damaged(context, "a weight is no number", err);
    for (size_t d = 0; d < context->n; d++)
        if (!open_dimension(context, d, json_array_get(dimensions, d), err)) return false;
    return true;
}

bool rs_context_use(struct rs_context_model *context, struct rs_file *file,
                    const struct rs_matrix *matrix, struct rs_error *err) {
    *context = (struct rs_context_model){.matrix = matrix, .file = file};
    if (open_all(context, err)) return true;
    rs_context_close(context);
    return false;
}

bool rs_context_open(struct rs_context_model *context, const char *path,
                     const struct rs_matrix *matrix, struct rs_error *err) {
    struct rs_file *file = rs_file_open(path, "context", err);
    return file != NULL && rs_context_use(context, file, matrix, err);
}

void rs_context_close(struct rs_context_model *context) {
    rs_file_close(context->file);
    *context = (struct rs_context_model){0};
}
