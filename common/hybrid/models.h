/* All the kinds of models there are: opens one by its name or file. */
#ifndef RS_MODELS_H
#define RS_MODELS_H

#include "model/model.h"

/* Opens a model. SPEC is the name of one that needs no file (random, popular, global-mean,
 * user-mean, item-mean, baseline), or NAME=FILE, or FILE, whose name is then its side or method.
 * SEED is for random. The matrix must outlive the model. NULL after filling *err. */
struct rs_model *rs_model_open(const char *spec, const struct rs_matrix *matrix, uint64_t seed,
                               struct rs_error *err);

/* One that needs no file, or NULL if NAME is not its name. */
struct rs_model *rs_model_plain(const char *name, const struct rs_matrix *matrix, uint64_t seed);

/* As rs_model_open, for a file that is open already, which the model takes over. */
struct rs_model *rs_model_use(const char *name, struct rs_file *file,
                              const struct rs_matrix *matrix, struct rs_error *err);

#endif
