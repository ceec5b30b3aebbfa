/* rs-blend: learns how to combine models into a hybrid, for ratings and for ranking.
 *
 * In: scores streams of several models for the same pairs with their true ratings, which no model
 * saw in training. Out: a blend, which rs-score takes. Holds all rows. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "learn.h"
#include "program/options.h"
#include "program/output.h"

static int method = METHOD_STACK;
static const char *fixed_weights = NULL;
static double relevant = 0;

static const struct rs_option options[] = {
    {"method", 0, RS_CHOICE, "HOW", &method, 0, 0, method_names, true,
     "learned weights that depend on how much is known of user and item; the best single model for "
     "each class of users and items; or fixed weights"},
    {"weights", 0, RS_STRING, "NAME=W,...", &fixed_weights, 0, 0, NULL, true,
     "the weights of --method fixed; they are scaled to add up to 1"},
    {"relevant", 0, RS_REAL, "R", &relevant, -1e30, 1e30, NULL, true,
     "for ranking, ratings of at least R are of relevant items; by default 70 % up the scale (4 of "
     "1..5), or all where there is no scale"},
    RS_OUTPUT_OPTION,
    RS_THREADS_OPTION,
    RS_END_OPTIONS,
};

static const struct rs_example examples[] = {
    {"Combine two models with equal weights, without learning",
     "rs-blend --method fixed --weights user=1,item=1 | rs-view --header | head -n 1 | "
     "jq -c .parents",
     "[\"user\",\"item\"]"},
    {0},
};

static const struct rs_tool tool = {
    .name = "rs-blend",
    .summary = "learn a hybrid of several models",
    .operands = "[SCORES]...",
    .about =
        "Reads what several models said of the same pairs (rs-score --pairs, one file a model, or "
        "several "
        "where there are several folds) and learns how to combine them. The pairs must be such as "
        "the models did not see: folds within the training data, never the test.\n\n"
        "For ratings (files without --rank) it is a linear stack: expected rating = baseline + sum "
        "of weight x (model - baseline), the weights not negative and interpolated between users "
        "and "
        "items of few and of many ratings, more where a model had more support (feature-weighted "
        "linear "
        "stacking, Sill et al. 2009); ridge regression, whose strength is chosen on users left "
        "out. The "
        "baseline's scores must be among the files. If on users left out the stack is not better "
        "than "
        "the best model alone, the blend is that model.\n\n"
        "For ranking (files of --rank --draw) models are added up one after another, from the best "
        "one on and the same one again where that helps, as long as the heads of the lists get "
        "better (ensemble selection, Caruana et al., ICML 2004; NDCG@10). Where the sum gains less "
        "than half a standard error over the best model alone, the blend is that model.\n\n"
        "The header says what was chosen and the figures.",
    .memory = "12 bytes a row and model, 40 a row.",
    .min_operands = 0,
    .max_operands = SIZE_MAX,
    .options = options,
    .examples = examples,
};

/* The relevance threshold, from the option or the scale. */
static double threshold(const struct samples *samples) {
    if (rs_option_given(&tool, "relevant")) return relevant;
    if (samples->scale_max <= samples->scale_min) return -1e30;
    return samples->scale_min + 0.7 * (samples->scale_max - samples->scale_min);
}

static void write_blend(struct rs_output *output, const struct learned *learned) {
    json_t *header = rs_tool_header(&tool);
    json_object_update(header, learned->figures);
    rs_blend_write(output->file, &learned->blend, header);
}

static void learn(struct rs_output *output, enum rs_task task, const struct samples *samples) {
    struct learned learned;
    enum rs_basis stacked = task == RS_TO_RANK ? RS_BASIS_CONSTANT : RS_BASIS_BILINEAR;
    learned_init(&learned, task, method == METHOD_SWITCH ? RS_BASIS_CELLS : stacked, samples);
    if (task == RS_TO_RANK) {
        (method == METHOD_SWITCH ? learn_rank_switch : learn_rank)(&learned, samples,
                                                                   threshold(samples));
    } else {
        (method == METHOD_SWITCH ? learn_switch : learn_stack)(&learned, samples);
    }
    const char *chosen = json_string_value(json_object_get(learned.figures, "chosen"));
    rs_note("to %s: %s of %zu models on %zu rows", rs_task_names[task],
            chosen == NULL ? "a switch" : chosen, samples->n_parents, samples->n);
    write_blend(output, &learned);
    learned_free(&learned);
}

/* Reads NAME=W,NAME=W. */
static void write_fixed(struct rs_output *output) {
    struct samples samples = {0}; /* no rows, only names */
    double weights[RS_MAX_PARENTS], sum = 0;
    char *text = rs_strdup(fixed_weights), *rest = text;
    for (char *entry; (entry = strsep(&rest, ",")) != NULL;) {
        char *equals = strchr(entry, '='), *end = NULL;
        double weight = equals == NULL ? -1 : strtod(equals + 1, &end);
        if (equals == NULL || equals == entry || end == equals + 1 || *end != '\0' ||
            !(weight >= 0 && weight <= 1e9))
            rs_usage_error("--weights: '%s' is not NAME=WEIGHT", entry);
        if (samples.n_parents == RS_MAX_PARENTS) rs_usage_error("--weights: too many models");
        *equals = '\0';
        weights[samples.n_parents] = weight;
        samples.parents[samples.n_parents++].name = rs_strdup(entry);
        sum += weight;
    }
    if (!(sum > 0)) rs_usage_error("--weights: all are 0");
    for (int task = 0; task < RS_N_TASKS; task++) {
        struct learned learned;
        learned_init(&learned, (enum rs_task)task, RS_BASIS_CONSTANT, &samples);
        for (size_t m = 0; m < samples.n_parents; m++) learned.weights[m] = weights[m] / sum;
        write_blend(output, &learned);
        learned_free(&learned);
    }
    samples_free(&samples);
    free(text);
}

static void learn_all(struct rs_output *output, char **paths, size_t n) {
    bool any = false;
    for (int task = 0; task < RS_N_TASKS; task++) {
        struct samples samples;
        samples_read(&samples, paths, n, (enum rs_task)task);
        if (samples.n > 0) learn(output, (enum rs_task)task, &samples);
        any |= samples.n > 0;
        samples_free(&samples);
    }
    if (!any) rs_die(EX_DATAERR, "none of the files holds scores of --pairs");
}

int main(int argc, char **argv) {
    char **paths;
    size_t n = rs_options_parse(&tool, argc, argv, &paths);
    if ((method == METHOD_FIXED) != (fixed_weights != NULL))
        rs_usage_error("--method fixed and --weights go together");
    if ((method == METHOD_FIXED) != (n == 0))
        rs_usage_error(n == 0 ? "no scores to learn from" : "fixed weights need no scores");
    for (size_t i = 0; i < n; i++)
        if (strcmp(paths[i], "-") == 0)
            rs_usage_error("'-': files are read more than once and can't come from a pipe");
    struct rs_output output = rs_output_open(rs_output_path, true);
    if (method == METHOD_FIXED) {
        write_fixed(&output);
    } else {
        learn_all(&output, paths, n);
    }
    rs_output_commit(&output);
    return rs_finish();
}
