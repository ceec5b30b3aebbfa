/* Reads the inputs, text or rs files, one after another into a sink. */
#ifndef CLEAN_INPUTS_H
#define CLEAN_INPUTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/when.h"
#include "rejects.h"
#include "sink.h"
#include "text/form.h"

enum feedback { FEEDBACK_AUTO, FEEDBACK_EXPLICIT, FEEDBACK_IMPLICIT };

/* How inputs are read, as the command line says. */
struct reading {
    struct rs_form_given form;
    const char *columns, *encoding;
    uint64_t skip;
    const char *const *missing;
    size_t n_missing;
    double scale_min, scale_max; /* infinite: no scale */
    enum feedback feedback;
    double threshold; /* or NaN */
    enum rs_time_unit time_unit;
};

/* What was read. */
struct intake {
    struct sink *sink;
    struct rejects *rejects;
    bool is_only; /* there is one input */
    uint64_t n_inputs, n_records, n_rejected, n_missing, n_below, n_rounded;
    char **warnings; /* to be told if all goes well */
    size_t n_warnings, warning_capacity;
    char form[256];           /* of the first text, for people; "" without one */
    struct rs_table **tables; /* side tables that rs inputs brought */
    size_t n_tables, table_capacity;
};

/* Reads the text or the rs file at PATH ("-": standard input) to its end. False after filling *err.
 */
bool text_read(struct intake *intake, const char *path, const struct reading *reading,
               struct rs_error *err);
bool stream_read(struct intake *intake, const char *path, const struct reading *reading,
                 struct rs_error *err);

/* Whether the rs file at PATH, which was probed, says at its beginning that it may take ratings back. */
bool stream_takes_back(const char *path);

void intake_free(struct intake *intake);

#endif
