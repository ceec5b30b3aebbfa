#include "context/context.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/when.h"
#include "format/pairs.h"
#include "linear/dense.h"

const char *const rs_context_names[RS_CONTEXT_N_TIMES] = {"hour",   "weekday",  "month",
                                                          "season", "user-age", "item-age"};
const char *const rs_weekday_names[7] = {"monday", "tuesday",  "wednesday", "thursday",
                                         "friday", "saturday", "sunday"};
const char *const rs_season_names[4] = {"winter", "spring", "summer", "autumn"};
const char *const rs_age_names[RS_AGES] = {"0", "1", "7", "30", "90", "365", "1000"};
static const char *const source_names[] = {"time", "user", "rating"};

uint8_t rs_age_of(int64_t since, int64_t when) {
    static const int64_t least[RS_AGES] = {0, 1, 7, 30, 90, 365, 1000};
    if (since == RS_NO_TIME || when == RS_NO_TIME || when < since) return RS_NO_VALUE;
    int64_t days = (when - since) / 86400000;
    uint8_t age = 0;
    while (age + 1 < RS_AGES && days >= least[age + 1]) age++;
    return age;
}

uint8_t rs_context_time_value(enum rs_context_source source, const struct rs_local *local) {
    if (source == RS_CONTEXT_HOUR) return (uint8_t)local->hour;
    if (source == RS_CONTEXT_WEEKDAY) return (uint8_t)local->weekday;
    if (source == RS_CONTEXT_MONTH) return (uint8_t)local->month;
    return (uint8_t)((local->month + 1) % 12 / 3); /* SEASON: winter begins in December */
}

bool rs_context_is_postal(const char *column) {
    static const char *const names[] = {"zip", "zipcode", "zip_code", "postcode", "postal_code"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(column, names[i]) == 0) return true;
    return false;
}

enum { WIDTH_MAX = 1024 };

/* Opening */

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
    if (context->n > RS_MAX_DIMENSIONS || width < 1 || width > WIDTH_MAX ||
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

/* Situations */

struct rs_situation rs_situation_unknown(void) {
    struct rs_situation situation = {.time = RS_NO_TIME};
    memset(situation.value, RS_NO_VALUE, sizeof situation.value);
    return situation;
}

/* The first character of a postal code, whole if it takes more than a byte. */
static struct rs_id initial_of(struct rs_id text) {
    size_t length = text.length > 0 ? 1 : 0;
    while (length > 0 && length < text.length && (text.text[length] & 0xc0) == 0x80) length++;
    return (struct rs_id){text.text, length};
}

static uint8_t find_value(const struct rs_dimension *dimension, struct rs_id value) {
    for (size_t v = 0; v < dimension->values.n; v++)
        if (rs_id_compare(rs_ids_get(&dimension->values, v), value) == 0) return (uint8_t)v;
    return RS_NO_VALUE;
}

struct rs_id rs_context_user_text(const struct rs_dimension *dimension,
                                  const struct rs_matrix *matrix, uint32_t user, char room[64]) {
    const struct rs_table_column *column = rs_table_find(&matrix->users.table, dimension->column);
    struct rs_id text = {"", 0};
    if (user == RS_NONE || column == NULL) return text;
    if (column->kind == RS_TEXT) text = rs_ids_get(&column->text, user);
    if (column->kind == RS_CATEGORY && column->code[user] != RS_NONE)
        text = rs_ids_get(&column->text, column->code[user]);
    if (column->kind == RS_NUMBER && isfinite(column->number[user]))
        text = (struct rs_id){room, (size_t)snprintf(room, 64, "%.15g", column->number[user])};
    return dimension->initial ? initial_of(text) : text;
}

uint8_t rs_context_user_value(const struct rs_dimension *dimension, const struct rs_matrix *matrix,
                              uint32_t user) {
    char room[64];
    struct rs_id text = rs_context_user_text(dimension, matrix, user, room);
    return text.length == 0 ? RS_NO_VALUE : find_value(dimension, text);
}

void rs_situation_fill(const struct rs_context_model *context, uint32_t user, int64_t when,
                       struct rs_situation *situation) {
    if (situation->time == RS_NO_TIME) situation->time = when;
    bool timed = situation->time != RS_NO_TIME;
    struct rs_local local = {0};
    size_t zone = user == RS_NONE || context->user_zone == NULL ? 0 : context->user_zone[user];
    bool told = false; /* what LOCAL is */
    for (size_t d = 0; d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        bool moves = dimension->predicts || dimension->ranks;
        if (situation->value[d] != RS_NO_VALUE || !moves) continue;
        if (dimension->source == RS_CONTEXT_USER) {
            situation->value[d] = rs_context_user_value(dimension, context->matrix, user);
        } else if (dimension->source == RS_CONTEXT_USER_AGE) {
            if (timed && user != RS_NONE && context->user_began != NULL)
                situation->value[d] = rs_age_of(context->user_began[user], situation->time);
        } else if (timed && dimension->source < RS_CONTEXT_USER_AGE) {
            if (!told) local = rs_zone_local(&context->zones[zone], situation->time);
            told = true;
            situation->value[d] = rs_context_time_value(dimension->source, &local);
        }
    }
}

void rs_situation_set(const struct rs_context_model *context, struct rs_id name, struct rs_id value,
                      struct rs_situation *situation, bool *known, char *note, size_t size) {
    *known = false;
    for (size_t d = 0; d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        if (strlen(dimension->name) != name.length ||
            memcmp(dimension->name, name.text, name.length) != 0)
            continue;
        uint8_t found = find_value(dimension, value);
        *known = found != RS_NO_VALUE;
        if (*known) situation->value[d] = found;
        if (!*known)
            snprintf(note, size, "context %.*s=%.*s is not known and left out", (int)name.length,
                     name.text, (int)value.length, value.text);
        return;
    }
    snprintf(note, size, "context %.*s is not known and left out", (int)name.length, name.text);
}

bool rs_situation_parse(const struct rs_context_model *context, const char *text,
                        struct rs_situation *situation, void (*noted)(void *, const char *),
                        void *of_noted, struct rs_error *err) {
    while (true) {
        size_t length = strcspn(text, ",");
        const char *equals = memchr(text, '=', length);
        if (equals == NULL || equals == text)
            return rs_fail(err, EX_USAGE, "context '%.*s' is not NAME=VALUE", (int)length, text);
        struct rs_id name = {text, (size_t)(equals - text)};
        struct rs_id value = {equals + 1, length - name.length - 1};
        if (name.length == 4 && memcmp(name.text, "time", 4) == 0) {
            if (!rs_when_parse(value.text, value.length, RS_TIME_AUTO, &situation->time))
                return rs_fail(err, EX_USAGE, "context time '%.*s' is no time", (int)value.length,
                               value.text);
        } else {
            bool known;
            char note[256];
            rs_situation_set(context, name, value, situation, &known, note, sizeof note);
            if (!known && noted != NULL) noted(of_noted, note);
        }
        if (text[length] == '\0') return true;
        text += length + 1;
    }
}

/* A dimension whose value depends on the item. */
static bool is_by_item(const struct rs_context_model *context, size_t d,
                       const struct rs_situation *situation) {
    return context->dimensions[d].source == RS_CONTEXT_ITEM_AGE &&
           situation->value[d] == RS_NO_VALUE && situation->time != RS_NO_TIME &&
           context->item_appeared != NULL;
}

bool rs_situation_predicts(const struct rs_context_model *context,
                           const struct rs_situation *situation) {
    for (size_t d = 0; d < context->n; d++)
        if (context->dimensions[d].predicts &&
            (situation->value[d] != RS_NO_VALUE || is_by_item(context, d, situation)))
            return true;
    return false;
}

bool rs_situation_ranks(const struct rs_context_model *context,
                        const struct rs_situation *situation) {
    for (size_t d = 0; d < context->n; d++)
        if (context->dimensions[d].ranks && situation->value[d] != RS_NO_VALUE) return true;
    return false;
}

/* Effects */

/* Adds FACTOR times the mean over the user's shares of the rows of VECTORS. */
static void add_shares(const struct rs_dimension *dimension, uint32_t user, size_t width,
                       const float *vectors, double factor, double *sum) {
    if (user == RS_NONE || dimension->user_start == NULL) return;
    for (uint64_t e = dimension->user_start[user]; e < dimension->user_start[user + 1]; e++) {
        const float *vector = vectors + dimension->user_value[e] * width;
        double share = factor * (double)dimension->user_share[e];
        for (size_t k = 0; k < width; k++) sum[k] += share * (double)vector[k];
    }
}

/* What x_i is multiplied with for ratings, apart from dimensions whose value depends on the item.
 */
static void combine_effects(const struct rs_context_model *context,
                            const struct rs_situation *situation, const struct rs_profile *profile,
                            double *sum) {
    double own[WIDTH_MAX], n = (double)profile->n;
    memset(sum, 0, context->width * sizeof *sum);
    memset(own, 0, context->width * sizeof *own);
    for (size_t d = 0; d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        uint8_t v = situation->value[d];
        if (!dimension->predicts || v == RS_NO_VALUE) continue;
        const float *effect = dimension->effect + v * context->width;
        for (size_t k = 0; k < context->width; k++) sum[k] += (double)effect[k];
        add_shares(dimension, profile->user, context->width, dimension->effect, 1, own);
    }
    for (size_t k = 0; k < context->width; k++) {
        double known = n * (double)context->known[k];
        sum[k] -= known / (1 + known) * own[k];
    }
}

/* The product of a vector with an item's, whose elements lie a row of all items apart. */
static double dot(const struct rs_context_model *context, const double *sum, uint32_t item) {
    const float *x = context->item_trait + item;
    double product = 0;
    for (size_t k = 0; k < context->width; k++)
        product += sum[k] * (double)x[k * context->matrix->items.ids.n];
    return product;
}

/* What a dimension whose value depends on the item does to it. */
static double by_age(const struct rs_context_model *context, const struct rs_dimension *dimension,
                     int64_t when, uint32_t item) {
    uint8_t v = rs_age_of(context->item_appeared[item], when);
    if (v == RS_NO_VALUE) return 0;
    const float *effect = dimension->effect + v * context->width;
    double sum[WIDTH_MAX];
    for (size_t k = 0; k < context->width; k++) sum[k] = (double)effect[k];
    double shift = dot(context, sum, item);
    if (dimension->cell != NULL)
        shift += (double)dimension->cell[v * context->matrix->items.ids.n + item];
    return shift;
}

/* What the factorisation makes of EXPECTED, of a user and an item that it knows. */
static double camf_shift(const struct rs_context_model *context,
                         const struct rs_situation *situation, const struct rs_profile *profile,
                         uint32_t item, double expected) {
    double added[WIDTH_MAX], own[WIDTH_MAX], n = (double)profile->n;
    memset(added, 0, context->width * sizeof *added); /* all of it takes longer than the rest */
    memset(own, 0, context->width * sizeof *own);
    for (size_t d = 0; d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        uint8_t v = situation->value[d];
        if (is_by_item(context, d, situation))
            v = rs_age_of(context->item_appeared[item], situation->time);
        if (dimension->camf == NULL || v == RS_NO_VALUE) continue;
        const float *row = dimension->camf + v * context->width;
        for (size_t k = 0; k < context->width; k++) added[k] += (double)row[k];
        add_shares(dimension, profile->user, context->width, dimension->camf, 1, own);
    }
    const float *user = context->camf_user + profile->user * context->width;
    const float *row = context->camf_item + item * context->width;
    double taste = (double)user[0] + (double)row[0], moved = 0, effect = 0;
    for (size_t k = 0; k < context->width; k++) {
        double x = k == 0 ? 1 : (double)row[k], known = n * (double)context->camf_known[k];
        if (k > 0) taste += (double)user[k] * x;
        moved += added[k] * x;
        effect += (added[k] - known / (1 + known) * own[k]) * x;
    }
    double camf = context->camf_mean + context->camf_unit * (taste + moved);
    return context->camf_weight * (camf - expected) +
           context->camf_effect * context->camf_unit * effect;
}

double rs_context_shift(const struct rs_context_model *context,
                        const struct rs_situation *situation, const struct rs_profile *profile,
                        uint32_t item, double expected) {
    double sum[WIDTH_MAX];
    if (context->camf_user != NULL && profile->user != RS_NONE && item != RS_NONE)
        return camf_shift(context, situation, profile, item, expected);
    combine_effects(context, situation, profile, sum);
    if (item == RS_NONE) return sum[0];
    double shift = dot(context, sum, item);
    for (size_t d = 0; d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        if (!dimension->predicts) continue;
        if (situation->value[d] != RS_NO_VALUE && dimension->cell != NULL)
            shift +=
                (double)dimension->cell[situation->value[d] * context->matrix->items.ids.n + item];
        if (is_by_item(context, d, situation))
            shift += by_age(context, dimension, situation->time, item);
    }
    return shift;
}

static void add_row(float *to, const float *row, size_t n, float factor) {
    for (size_t i = 0; i < n; i++) to[i] += factor * row[i];
}

static void multiply_vectors(const struct rs_context_model *context, const double *sum,
                             float *out) {
    size_t n_items = context->matrix->items.ids.n;
    memset(out, 0, n_items * sizeof *out);
    for (size_t k = 0; k < context->width; k++)
        if (sum[k] != 0) add_row(out, context->item_trait + k * n_items, n_items, (float)sum[k]);
}

/* Adds how much better items are liked in the situation. What its usual values do for the user's
 * taste the lifts have taken off. */
static void add_liking(const struct rs_context_model *context, const struct rs_situation *situation,
                       float *lifts) {
    float taste[WIDTH_MAX] = {0};
    if (context->camf_item == NULL || context->camf_rank == 0) return;
    for (size_t d = 0; d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        uint8_t v = situation->value[d];
        if (!dimension->ranks || dimension->camf == NULL || v == RS_NO_VALUE) continue;
        for (size_t k = 1; k < context->width; k++)
            taste[k] += (float)(context->camf_rank * context->camf_unit) *
                        dimension->camf[v * context->width + k];
    }
    for (size_t i = 0; i < context->matrix->items.ids.n; i++)
        lifts[i] += rs_dense_dot(taste, context->camf_item + i * context->width, context->width);
}

void rs_context_lifts(const struct rs_context_model *context, const struct rs_situation *situation,
                      const struct rs_profile *profile, float *lifts) {
    double sum[WIDTH_MAX] = {0};
    size_t n_items = context->matrix->items.ids.n;
    for (size_t d = 0; d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        uint8_t v = situation->value[d];
        if (!dimension->ranks || v == RS_NO_VALUE) continue;
        const float *affinity = dimension->affinity + v * context->width;
        for (size_t k = 0; k < context->width; k++)
            sum[k] += dimension->weight * (double)affinity[k];
        add_shares(dimension, profile->user, context->width, dimension->affinity,
                   dimension->of_user, sum);
    }
    multiply_vectors(context, sum, lifts);
    for (size_t d = 0; d < context->n; d++) {
        const struct rs_dimension *dimension = &context->dimensions[d];
        uint8_t v = situation->value[d];
        if (dimension->ranks && v != RS_NO_VALUE && dimension->count != NULL)
            add_row(lifts, dimension->count + v * n_items, n_items, (float)dimension->weight);
    }
    add_liking(context, situation, lifts);
}

/* asinh to within 3e-7 of its size or so, in operations that processors do on many numbers at once:
 * the logarithm of |z| + sqrt(z^2 + 1), by exponent and a series of the mantissa's (m - 1) / (m +
 * 1). */
static inline float quick_asinh(float z) {
    float size = fabsf(z), y = size + sqrtf(size * size + 1);
    uint32_t bits, sign;
    memcpy(&bits, &y, sizeof bits);
    uint32_t exponent = (bits - 0x3f3504f3u) >> 23; /* y = 2^exponent m, m from sqrt(1/2); y >= 1 */
    bits -= exponent << 23;
    float m;
    memcpy(&m, &bits, sizeof m);
    float r = (m - 1) / (m + 1), q = r * r;
    float series = 2 * r * (1 + q * (1 / 3.f + q * (1 / 5.f + q * (1 / 7.f + q * (1 / 9.f)))));
    float value = (float)exponent * 0.69314718056f + series;
    memcpy(&sign, &z, sizeof sign);
    return sign >> 31 ? -value : value;
}

/* As rs_standardise, but for its sums in eight parts. */
void rs_context_rank(const struct rs_profile *profile, size_t n_items, const float *lifts,
                     float *scores) {
    enum { PARTS = 8 };
    double sum[PARTS] = {0}, squares[PARTS] = {0}, mean = 0, variance = 0;
    size_t whole = n_items / PARTS * PARTS, n = n_items - profile->n;
    for (size_t i = 0; i < whole; i += PARTS)
        for (size_t p = 0; p < PARTS; p++) sum[p] += (double)scores[i + p];
    for (size_t i = whole; i < n_items; i++) sum[0] += (double)scores[i];
    for (size_t e = 0; e < profile->n; e++) sum[0] -= (double)scores[profile->item[e]];
    for (size_t p = 0; p < PARTS; p++) mean += n > 0 ? sum[p] / (double)n : 0;
    for (size_t i = 0; i < whole; i += PARTS)
        for (size_t p = 0; p < PARTS; p++) {
            double off = (double)scores[i + p] - mean;
            squares[p] += off * off;
        }
    for (size_t i = whole; i < n_items; i++)
        squares[0] += ((double)scores[i] - mean) * ((double)scores[i] - mean);
    for (size_t e = 0; e < profile->n; e++) {
        double off = (double)scores[profile->item[e]] - mean;
        squares[0] -= off * off;
    }
    for (size_t p = 0; p < PARTS; p++) variance += n > 0 ? squares[p] / (double)n : 0;
    double deviation = variance > 0 ? sqrt(variance) : 0;
    bool alike = !(deviation > 1e-9 * (1 + fabs(mean)));
    float scale = alike ? 0 : (float)(1 / deviation), middle = (float)mean;
    for (size_t i = 0; i < n_items; i++)
        scores[i] = quick_asinh((scores[i] - middle) * scale) + lifts[i];
}
