/* All the methods of factorising there are: opens a model by the one that made its file. */
#ifndef RS_FACTORS_METHODS_H
#define RS_FACTORS_METHODS_H

#include "model/model.h"

/* Makes MODEL, whose file is of kind "factors", a model by the method in the header, after checking
 * that it was made for the items of the model's matrix. False after filling *err. */
bool rs_factors_open(struct rs_model *model, struct rs_error *err);

#endif
