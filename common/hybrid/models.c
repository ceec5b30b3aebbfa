#include "hybrid/models.h"

#include <string.h>

#include "base/memory.h"
#include "factors/methods.h"
#include "model/means.h"
#include "neighbours/knn.h"

struct rs_model *rs_model_use(const char *name, struct rs_file *file,
                              const struct rs_matrix *matrix, struct rs_error *err) {
    struct rs_model *model = rs_calloc(1, sizeof *model);
    const char *kind = file->segments[0].kind;
    model->name = rs_strdup(name);
    model->matrix = matrix;
    model->file = file;
    bool ok;
    if (strcmp(kind, "graph") == 0) {
        ok = rs_knn_open(model, err);
    } else if (strcmp(kind, "factors") == 0) {
        ok = rs_factors_open(model, err);
    } else {
        ok = rs_fail(err, EX_DATAERR, "%s: holds %s, which is no model", file->name, kind);
    }
    if (ok) return model;
    rs_model_close(model);
    return NULL;
}

/* What a file without a given name is called: its side or its method. */
static const char *own_name(const struct rs_file *file) {
    const json_t *header = file->segments[0].header;
    const char *name = json_string_value(json_object_get(header, "method"));
    if (name == NULL) name = json_string_value(json_object_get(header, "side"));
    return name == NULL ? file->segments[0].kind : name;
}

struct rs_model *rs_model_plain(const char *name, const struct rs_matrix *matrix, uint64_t seed) {
    struct rs_model *model = rs_calloc(1, sizeof *model);
    model->matrix = matrix;
    model->name = rs_strdup(name);
    if (rs_means_open(model, name, seed)) return model;
    rs_model_close(model);
    return NULL;
}

struct rs_model *rs_model_open(const char *spec, const struct rs_matrix *matrix, uint64_t seed,
                               struct rs_error *err) {
    struct rs_model *model = rs_model_plain(spec, matrix, seed);
    if (model != NULL) return model;
    const char *equals = strchr(spec, '=');
    struct rs_file *file = rs_file_open(equals == NULL ? spec : equals + 1, NULL, err);
    if (file == NULL) return NULL;
    char *name =
        equals == NULL ? rs_strdup(own_name(file)) : rs_strndup(spec, (size_t)(equals - spec));
    model = rs_model_use(name, file, matrix, err);
    free(name);
    return model;
}
