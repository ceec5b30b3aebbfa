#include "factors/methods.h"

#include <string.h>

#include "factors/ease.h"
#include "factors/factors.h"
#include "factors/gibbs.h"
#include "factors/ials.h"
#include "factors/mf.h"
#include "factors/svd.h"

static const struct {
    const char *name;
    bool (*open)(struct rs_model *model, struct rs_error *err); /* sets class and state */
} methods[] = {
    {"ease", rs_ease_open}, {"gibbs", rs_gibbs_open}, {"ials", rs_ials_open},
    {"mf", rs_mf_open},     {"svd", rs_svd_open},     {"svd++", rs_mf_open},
};

bool rs_factors_open(struct rs_model *model, struct rs_error *err) {
    const char *place = model->file->name;
    if (model->file->n_segments != 1)
        return rs_fail(err, EX_DATAERR, "%s: holds %zu models: they do not concatenate", place,
                       model->file->n_segments);
    const json_t *header = model->file->segments[0].header;
    const char *name = json_string_value(json_object_get(header, "method"));
    if (name == NULL)
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: its header has no method", place);
    if (!rs_factors_same_items(model))
        return rs_fail(err, EX_DATAERR, "%s: was made from a matrix with other items", place);
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++)
        if (strcmp(methods[m].name, name) == 0) return methods[m].open(model, err);
    return rs_fail(err, EX_DATAERR, "%s: method '%s' is not known to this release", place, name);
}
