#include "write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "format/writer.h"

static json_t *digest_json(uint64_t digest) {
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, digest);
    return json_string(text);
}

static json_t *verdict_json(const struct verdict *verdict) {
    return json_pack("{s:b, s:f, s:f, s:f, s:f}", "kept", verdict->kept, "gain", verdict->gain,
                     "error", verdict->error, "p", verdict->p, "adjusted", verdict->adjusted);
}

static json_t *dimension_json(const struct candidate *candidate, const struct learned *learned,
                              const struct data *data) {
    static const char *const sources[] = {"user", "rating"};
    const struct rs_dimension *form = &candidate->form;
    json_t *json = json_object();
    json_object_set_new(json, "name", json_string_nocheck(form->name));
    json_object_set_new(json, "source",
                        json_string(form->source < RS_CONTEXT_N_TIMES
                                        ? "time"
                                        : sources[form->source - RS_CONTEXT_N_TIMES]));
    if (form->column != NULL)
        json_object_set_new(json, "column", json_string_nocheck(form->column));
    if (form->initial) json_object_set_new(json, "initial", json_true());
    json_object_set_new(json, "values", json_integer((json_int_t)form->values.n));
    json_object_set_new(json, "coverage", json_real((double)candidate->n_known / (double)data->n));
    if (learned->predict.tested)
        json_object_set_new(json, "predict", verdict_json(&learned->predict));
    if (learned->rank.tested) json_object_set_new(json, "rank", verdict_json(&learned->rank));
    if (learned->predict.kept)
        json_object_set_new(json, "scale", json_real(learned->predict.scale));
    if (learned->rank.kept) {
        json_object_set_new(json, "weight", json_real(learned->rank.weight));
        json_object_set_new(json, "of_user", json_real(learned->rank.of_user));
    }
    return json;
}

static void write_vectors(struct rs_writer *writer, const char *name, const double *rows, size_t n,
                          double scale) {
    float *vectors = rs_malloc(n * WIDTH, sizeof *vectors);
    for (size_t i = 0; i < n * WIDTH; i++) vectors[i] = (float)(scale * rows[i]);
    rs_writer_array(writer, name, (struct rs_array){RS_F32, n, WIDTH, vectors});
    free(vectors);
}

static void write_cells(struct rs_writer *writer, size_t d, const char *name, const float *cell,
                        size_t n_values, size_t n_items, double scale) {
    if (cell == NULL) return;
    char full[64];
    float *scaled = rs_malloc(n_values * n_items, sizeof *scaled);
    for (size_t i = 0; i < n_values * n_items; i++) scaled[i] = (float)scale * cell[i];
    snprintf(full, sizeof full, "d%zu_%s", d, name);
    rs_writer_array(writer, full, (struct rs_array){RS_F32, n_values, n_items, scaled});
    free(scaled);
}

static void write_camf(struct rs_writer *writer, const struct data *data, const struct camf *camf) {
    write_vectors(writer, "camf_user", camf->users.row, data->n_users, 1);
    write_vectors(writer, "camf_item", camf->items.row, data->n_items, 1);
    for (size_t c = 0; c < camf->n_dimensions; c++) {
        char name[64];
        snprintf(name, sizeof name, "d%zu_camf",
                 (size_t)(camf->layout[c]->candidate - data->candidates));
        write_vectors(writer, name, camf->values[c].row, camf->values[c].n, 1);
    }
    float known[WIDTH]; /* 1 / K */
    for (size_t k = 0; k < WIDTH; k++) known[k] = (float)(camf->users.prior[k] / camf->noise);
    rs_writer_f32(writer, "camf_known", known, WIDTH);
}

/* A row of all items for each trait, which is how they are used. */
static void write_traits(struct rs_writer *writer, const struct data *data) {
    float *traits = rs_malloc(data->n_items * WIDTH, sizeof *traits);
    for (size_t i = 0; i < data->n_items; i++)
        for (size_t k = 0; k < WIDTH; k++) traits[k * data->n_items + i] = data->x[i * WIDTH + k];
    rs_writer_array(writer, "item_trait", (struct rs_array){RS_F32, WIDTH, data->n_items, traits});
    free(traits);
}

static void write_shares(struct rs_writer *writer, size_t d, const struct layout *layout) {
    size_t n_users = layout->data->n_users, n = layout->user_start[n_users];
    char name[64];
    snprintf(name, sizeof name, "d%zu_user_start", d);
    rs_writer_u64(writer, name, layout->user_start, n_users + 1);
    snprintf(name, sizeof name, "d%zu_user_value", d);
    rs_writer_u8(writer, name, layout->user_value, n);
    snprintf(name, sizeof name, "d%zu_user_share", d);
    rs_writer_f32(writer, name, layout->user_share, n);
}

static void write_dimension(struct rs_writer *writer, size_t d, const struct data *data,
                            const struct learned *learned) {
    const struct rs_dimension *form = &data->candidates[d].form;
    const struct rs_ids *values = &form->values;
    char name[64];
    snprintf(name, sizeof name, "d%zu_value", d);
    rs_ids_write(writer, name, values);
    if (learned->predict.kept) {
        snprintf(name, sizeof name, "d%zu_effect", d);
        write_vectors(writer, name, learned->effects.c, values->n, learned->predict.scale);
        write_cells(writer, d, "cell", learned->effects.cell, values->n, data->n_items,
                    learned->predict.scale);
    }
    if (learned->rank.kept) {
        snprintf(name, sizeof name, "d%zu_affinity", d);
        write_vectors(writer, name, learned->affinity.a, values->n, 1);
        write_cells(writer, d, "count", learned->affinity.count, values->n, data->n_items, 1);
    }
    if (form->source != RS_CONTEXT_ITEM_AGE && (learned->predict.kept || learned->rank.kept))
        write_shares(writer, d, learned->layout);
}

/* The tables of all zones, one after the other. */
static void write_zones(struct rs_writer *writer, const struct data *data) {
    uint64_t start[RS_MAX_ZONES + 1] = {0};
    for (size_t z = 0; z < data->n_zones; z++) start[z + 1] = start[z] + data->zones[z].n;
    size_t n = start[data->n_zones];
    int64_t *from = rs_malloc(n, sizeof *from);
    int32_t *shift = rs_malloc(n, sizeof *shift);
    for (size_t z = 0; z < data->n_zones; z++) {
        memcpy(from + start[z], data->zones[z].from, data->zones[z].n * sizeof *from);
        memcpy(shift + start[z], data->zones[z].shift, data->zones[z].n * sizeof *shift);
    }
    rs_writer_u64(writer, "zone_start", start, data->n_zones + 1);
    rs_writer_array(writer, "zone_from", (struct rs_array){RS_I64, n, 1, from});
    rs_writer_array(writer, "zone_shift", (struct rs_array){RS_I32, n, 1, shift});
    if (data->n_zones > 1) rs_writer_u8(writer, "user_zone", data->user_zone, data->n_users);
    free(from);
    free(shift);
}

static json_t *mixture_json(const struct data *data, const struct mixture *mixture) {
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:{s:f, s:f, s:f}}", "weight",
                     mixture->weight, "effect", mixture->effect, "gain", mixture->gain, "error",
                     mixture->error, "p", mixture->p, "mean", data->matrix->mean, "unit",
                     data->matrix->deviation, "rank_weight", mixture->rank, "rank", "gain",
                     mixture->rank_gain, "error", mixture->rank_error, "p", mixture->rank_p);
}

void context_write(const struct data *data, const struct learned *learned,
                   const struct mixture *mixture, const struct camf *camf, FILE *file,
                   json_t *header) {
    json_t *dimensions = json_array();
    for (size_t d = 0; d < data->n_candidates; d++)
        json_array_append_new(dimensions, dimension_json(&data->candidates[d], &learned[d], data));
    json_object_set_new(header, "zone", json_string(data->zone_name));
    json_object_set_new(header, "catalogue", json_integer((json_int_t)data->n_items));
    json_object_set_new(header, "vectors", json_integer(WIDTH));
    json_object_set_new(header, "user_digest", digest_json(data->matrix->users.digest));
    json_object_set_new(header, "item_digest", digest_json(data->matrix->items.digest));
    json_object_set_new(header, "matrix", json_string(data->matrix->digest));
    json_object_set_new(header, "dimensions", dimensions);
    if (camf != NULL) json_object_set_new(header, "camf", mixture_json(data, mixture));
    struct rs_writer writer;
    rs_writer_init(&writer, file);
    rs_writer_begin(&writer, "context", header);
    write_traits(&writer, data);
    if (camf != NULL) write_camf(&writer, data, camf);
    float unknown[WIDTH]; /* 1 / K: 0 for never */
    for (size_t k = 0; k < WIDTH; k++) unknown[k] = (float)(1 / data->known[k]);
    rs_writer_f32(&writer, "known", unknown, WIDTH);
    write_zones(&writer, data);
    if (data->user_began != NULL) {
        rs_writer_array(&writer, "user_began",
                        (struct rs_array){RS_I64, data->n_users, 1, data->user_began});
        rs_writer_array(&writer, "item_appeared",
                        (struct rs_array){RS_I64, data->n_items, 1, data->item_appeared});
    }
    for (size_t d = 0; d < data->n_candidates; d++) write_dimension(&writer, d, data, &learned[d]);
    rs_writer_end(&writer, NULL);
}
