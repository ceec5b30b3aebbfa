/* rs-factor: latent factors and linear models of a user-item matrix.
 *
 * In: a matrix file, or standard input. Out: one model file, which rs-score maps in place. Holds
 * the matrix and the model. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/message.h"
#include "describe.h"
#include "factors/factors.h"
#include "factors/svd.h"
#include "hybrid/models.h"
#include "method.h"
#include "program/options.h"
#include "program/output.h"
#include "ratings/preference.h"

static const struct method *const methods[] = {&method_ease, &method_gibbs, &method_ials,
                                               &method_mf,   &method_sets,  &method_svd};
enum { N_METHODS = sizeof methods / sizeof *methods };

static struct shared_options shared = {.factors = 0, .sweeps = 0, .seed = 1, .lambda = -1};

static const char *from_path, *from_matrix_path;
static const char *describe_path;
static int64_t shown = 5;

static const char *method_names[N_METHODS + 1];
static int method;

static const struct rs_option common_options[] = {
    {"method", 'm', RS_CHOICE, "METHOD", &method, 0, 0, method_names, true, "the model; see above"},
    {"factors", 'f', RS_INTEGER, "N", &shared.factors, 1, 512, NULL, true,
     "latent factors; each method has its own default"},
    {"sweeps", 0, RS_INTEGER, "N", &shared.sweeps, 1, 100000, NULL, true,
     "passes over users and items; each method has its own default"},
    {"lambda", 'l', RS_REAL, "X", &shared.lambda, 0, 1e12, NULL, true,
     "regularisation; each method has its own default"},
    {"preference", 0, RS_CHOICE, "HOW", &shared.preference, 0, 0, rs_preference_names, true,
     "what models that rank make of a rating: scaled, by its place on the scale (the least counts "
     "0.1, the best 1); log, log(1 + count); binary, 1; auto takes log for implicit feedback, "
     "scaled for ratings"},
    {"memory", 0, RS_BYTES, "BYTES", &shared.memory, 1, 9007199254740992., NULL, false,
     "what fitting may take beside the matrix; a method that needs more says so before it starts"},
    {"from", 0, RS_STRING, "MODEL", &from_path, 0, 0, NULL, false,
     "go on from an earlier model of the same method, of ratings of which these are a few more: in "
     "a part of the sweeps, and nearly as good. Users and items are matched by id; who is new "
     "begins as usual. Factors are as many as it has. The header's \"from\" is its checksum"},
    {"from-matrix", 0, RS_STRING, "MATRIX", &from_matrix_path, 0, 0, NULL, false,
     "the matrix that the earlier model was made from"},
    RS_SEED_OPTION(&shared.seed),
    {0},
};

static const struct rs_option last_options[] = {
    {.kind = RS_HEADING, .help = "Instead of fitting:"},
    {"describe", 0, RS_STRING, "MODEL", &describe_path, 0, 0, NULL, false,
     "say what each factor of an SVD of this matrix means: a line of JSON with its share of the "
     "sum "
     "of squares and the titles of the items of greatest and of least entries"},
    {"shown", 0, RS_INTEGER, "N", &shown, 1, RS_SVD_SHOWN, NULL, false,
     "with --describe, so many titles of each"},
    {.kind = RS_HEADING, .help = "Always:"},
    RS_OUTPUT_OPTION,
    RS_THREADS_OPTION,
    RS_END_OPTIONS,
};

static const struct rs_example examples[] = {
    {"Rank by EASE", "rs-clean ratings.csv | rs-matrix | rs-factor --method ease -o ease.model",
     ""},
    {"See what the first two factors mean",
     "rs-clean ratings.csv --items items.csv | rs-matrix -o sample.matrix && \\\n"
     "rs-factor --method svd --values residual -f 2 sample.matrix -o svd.model && \\\n"
     "rs-factor --describe svd.model sample.matrix | jq -c '[.share, .most[0], .least[0]]'",
     "[0.0859,\"Paper Harbour, The (1984)\",\"Distant Harbour, The (1998)\"]\n"
     "[0.0736,\"Hidden Letter, The (2012)\",\"Iron Harbour, The (1960)\"]\n"},
    {0},
};

static struct rs_tool tool = {
    .name = "rs-factor",
    .summary = "fit latent factors and linear models to a matrix",
    .operands = "[MATRIX]",
    .memory = "the mapped matrix and what the method says.",
    .max_operands = 1,
    .examples = examples,
};

static size_t count_options(const struct rs_option *options) {
    size_t n = 0;
    while (!rs_option_is_last(&options[n])) n++;
    return n;
}

static struct rs_option *append(struct rs_option *to, const struct rs_option *options) {
    size_t n = count_options(options);
    memcpy(to, options, n * sizeof *to);
    return to + n;
}

/* The options of one method, or of all (NULL), under headings, between those that all have. The
 * caller frees them. */
static struct rs_option *make_options(const struct method *only) {
    size_t n = count_options(common_options) + count_options(last_options) + N_METHODS + 1;
    for (size_t m = 0; m < N_METHODS; m++) n += count_options(methods[m]->options);
    struct rs_option *options = rs_calloc(n, sizeof *options);
    struct rs_option *end = append(options, common_options);
    for (size_t m = 0; m < N_METHODS; m++) {
        if ((only != NULL && methods[m] != only) || count_options(methods[m]->options) == 0)
            continue;
        *end++ = (struct rs_option){.kind = RS_HEADING, .help = methods[m]->name};
        end = append(end, methods[m]->options);
    }
    append(end, last_options);
    return options;
}

/* What comes before the methods in the help. */
static const char *const opening =
    "Fits a model to a matrix (standard input if no file is named) and writes it to one file, for "
    "rs-score to answer with. Methods that rank say what comes before what; methods that predict "
    "say what a rating would be. A user whom the matrix does not know, or who has rated since, is "
    "folded in from the ratings in closed form.";

static char *make_about(void) {
    char *about = rs_strdup(opening);
    for (size_t m = 0; m < N_METHODS; m++) {
        char *longer = rs_format("%s\n\n%s", about, methods[m]->about);
        free(about);
        about = longer;
    }
    return about;
}

/* Half of the machine's memory. */
static int64_t default_memory(void) {
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (int64_t)pages / 2 * (int64_t)size : INT64_MAX;
}

/* An option that the method does not take does nothing: say so. */
static void refuse_foreign_options(void) {
    static const char *const some_take[] = {"factors", "sweeps", "lambda", "preference"};
    for (size_t i = 0; i < sizeof some_take / sizeof *some_take; i++) {
        char name[16];
        snprintf(name, sizeof name, " %s ", some_take[i]);
        if (rs_option_given(&tool, some_take[i]) && strstr(methods[method]->takes, name) == NULL)
            rs_usage_error("--%s: is not for --method %s", some_take[i], methods[method]->name);
    }
    for (size_t m = 0; m < N_METHODS; m++)
        for (const struct rs_option *o = methods[m]->options; !rs_option_is_last(o); o++)
            if ((int)m != method && o->name != NULL && rs_option_given(&tool, o->name))
                rs_usage_error("--%s: is for --method %s", o->name, methods[m]->name);
}

/* The earlier model of --from, whose matrix becomes *earlier. A fit would carry damage on from
 * night to night: both are read through. */
static struct rs_model *open_earlier(struct rs_matrix *earlier) {
    struct rs_error err;
    if (!methods[method]->goes_on)
        rs_usage_error("--from: --method %s begins anew every time", method_names[method]);
    if (from_matrix_path == NULL)
        rs_usage_error("--from: --from-matrix is missing, which says whose vectors these are");
    if (!rs_matrix_open(earlier, from_matrix_path, &err)) rs_die_error(&err);
    struct rs_model *model = rs_model_open(from_path, earlier, 0, &err);
    if (model == NULL || !rs_file_verify(earlier->file, &err)) rs_die_error(&err);
    if (model->file != NULL && !rs_file_verify(model->file, &err)) rs_die_error(&err);
    return model;
}

/* Refuses an earlier model that fitting can't go on from; its factors are those of this one. */
static void check_earlier(const struct rs_model *model) {
    const json_t *header = model->file == NULL ? NULL : model->file->segments[0].header;
    const char *made_by = json_string_value(json_object_get(header, "method"));
    if (made_by == NULL || strcmp(made_by, method_names[method]) != 0)
        rs_die(EX_DATAERR, "%s: is no model of --method %s", from_path, method_names[method]);
    if (!rs_factors_same_users(model))
        rs_die(EX_DATAERR, "%s: was made from a matrix with other users", from_path);
    int64_t factors = json_integer_value(json_object_get(header, "factors"));
    if (shared.factors > 0 && shared.factors != factors)
        rs_die(EX_DATAERR, "%s: has %lld factors: it can't be gone on from with --factors %lld",
               from_path, (long long)factors, (long long)shared.factors);
    shared.factors = factors;
}

static void fit(const struct rs_matrix *matrix) {
    struct rs_matrix earlier;
    struct rs_model *from = from_path == NULL ? NULL : open_earlier(&earlier);
    shared.from = from;
    if (from != NULL) check_earlier(from);
    struct rs_output output = rs_output_open(rs_output_path, true);
    struct rs_option *chosen = make_options(methods[method]);
    struct rs_tool described = tool; /* only the method's own options go into the header */
    described.options = chosen;
    json_t *header = rs_tool_header(&described);
    if (from != NULL)
        json_object_set_new(header, "from",
                            json_string(rs_segment_digest(&from->file->segments[0])));
    methods[method]->fit(matrix, &shared, output.file, header);
    rs_output_commit(&output);
    free(chosen);
    rs_model_close(from);
    if (from != NULL) rs_matrix_close(&earlier);
}

int main(int argc, char **argv) {
    char **paths;
    for (size_t m = 0; m < N_METHODS; m++) method_names[m] = methods[m]->name;
    struct rs_option *all = make_options(NULL);
    char *about = make_about();
    tool.options = all;
    tool.about = about;
    shared.memory = 0;
    size_t n_paths = rs_options_parse(&tool, argc, argv, &paths);
    if (shared.memory == 0) shared.memory = default_memory();
    refuse_foreign_options();
    struct rs_error err;
    struct rs_matrix matrix;
    if (!rs_matrix_open(&matrix, n_paths > 0 ? paths[0] : "-", &err)) rs_die_error(&err);
    if (describe_path != NULL) {
        describe_factors(describe_path, &matrix, (size_t)shown, rs_output_path);
    } else {
        fit(&matrix);
    }
    rs_matrix_close(&matrix);
    free(all);
    free(about);
    return rs_finish();
}
