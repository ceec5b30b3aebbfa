/* From evidence to results. */
#ifndef JUDGE_H
#define JUDGE_H

#include "results.h"

/* Adds the figures of all models, each fold and all folds together. */
bool judge_models(const struct evidence *evidence, const struct requests *requests,
                  const struct rules *rules, struct results *results, struct rs_error *err);

#endif
