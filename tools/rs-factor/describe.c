/* Says what the factors of an SVD mean: a line of JSON for each. */
#include "describe.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "factors/svd.h"
#include "hybrid/models.h"
#include "model/model.h"
#include "program/output.h"

/* The title of an item, or its id. */
static json_t *name_of(const struct rs_matrix *matrix, uint32_t item) {
    const struct rs_table_column *title = rs_table_title(&matrix->items.table);
    struct rs_id id = rs_ids_get(&matrix->items.ids, item);
    if (title != NULL && rs_ids_get(&title->text, item).length > 0)
        id = rs_ids_get(&title->text, item);
    json_t *name = json_stringn(id.text, id.length);
    return name != NULL ? name : json_sprintf("item %u", item);
}

static json_t *names_of(const struct rs_matrix *matrix, const uint32_t *item, size_t shown) {
    json_t *names = json_array();
    for (size_t s = 0; s < shown; s++)
        if (item[s] < matrix->items.ids.n) json_array_append_new(names, name_of(matrix, item[s]));
    return names;
}

/* To four decimals: what is shown is for people. */
static json_t *rounded(double value) {
    return json_real(round(value * 1e4) / 1e4);
}

void describe_factors(const char *path, const struct rs_matrix *matrix, size_t shown,
                      const char *to) {
    struct rs_error err;
    struct rs_model *model = rs_model_open(path, matrix, 1, &err);
    if (model == NULL) rs_die_error(&err);
    const struct rs_segment *segment = model->file == NULL ? NULL : &model->file->segments[0];
    const json_t *header = segment == NULL ? NULL : segment->header;
    const char *method = json_string_value(json_object_get(header, "method"));
    if (method == NULL || strcmp(method, "svd") != 0)
        rs_die(EX_DATAERR, "%s: only models of --method svd have factors to describe", path);
    size_t n = (size_t)json_integer_value(json_object_get(header, "factors"));
    double total = json_number_value(json_object_get(header, "total"));
    const double *singular = NULL;
    const uint32_t *strongest = NULL;
    if (!rs_segment_array(path, segment, "singular", RS_F64, n, &singular, &err) ||
        !rs_segment_array(path, segment, "strongest", RS_U32, n * 2 * RS_SVD_SHOWN, &strongest,
                          &err))
        rs_die_error(&err);
    struct rs_output output = rs_output_open(to, false);
    for (size_t f = 0; f < n; f++, strongest += 2 * RS_SVD_SHOWN) {
        json_t *line = json_pack("{s:I, s:o, s:o, s:o, s:o}", "factor", (json_int_t)f + 1, "share",
                                 rounded(singular[f] * singular[f] / total), "singular",
                                 rounded(singular[f]), "most", names_of(matrix, strongest, shown),
                                 "least", names_of(matrix, strongest + RS_SVD_SHOWN, shown));
        char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(6));
        fprintf(output.file, "%s\n", text);
        free(text);
        json_decref(line);
    }
    rs_output_commit(&output);
    rs_model_close(model);
}
