/* A method of rs-factor: a row of the table in main.c. A method has a file of its own here, with
 * the options that only it has. */
#ifndef METHOD_H
#define METHOD_H

#include <jansson.h>
#include <stdio.h>

#include "model/model.h"
#include "program/tool.h"
#include "ratings/matrix.h"

/* Options that methods share. Each method has its own default, which shared_count and shared_real
 * give where the user said nothing. */
struct shared_options {
    int64_t factors, sweeps, seed;
    double lambda;
    int preference;
    int64_t memory;
    const struct rs_model *from; /* of the same method and factors, to go on from; or NULL */
};

static inline int64_t shared_count(int64_t value, int64_t otherwise) {
    return value > 0 ? value : otherwise;
}

static inline double shared_real(double value, double otherwise) {
    return value >= 0 ? value : otherwise;
}

struct method {
    const char *name;
    bool goes_on;      /* from an earlier model, if there is one */
    const char *about; /* what it computes, with formula and paper: a paragraph of the help */
    const struct rs_option *options; /* its own, ends with a row of zeros */

    /* Fits the matrix and writes the model file. Dies when it can't. HEADER (program and
     * parameters) is consumed. */
    void (*fit)(const struct rs_matrix *matrix, const struct shared_options *shared, FILE *file,
                json_t *header);
};

extern const struct method method_ease, method_gibbs, method_ials, method_mf, method_sets,
    method_svd;

#endif
