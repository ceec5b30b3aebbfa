/* Judges what models answered: accuracy and ranking measures with stated formulas.
 *
 * In: files of scores from rs-score, or anybody's predictions and lists as text with --truth. Out:
 * a table for people, CSV, JSON, Markdown or an rs file of metrics. Holds the test pairs and, for
 * every model, what it said of them. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/number.h"
#include "base/progress.h"
#include "format/reader.h"
#include "input.h"
#include "judge.h"
#include "print.h"
#include "program/options.h"
#include "program/output.h"
#include "sample.h"
#include "segmentation.h"

static const char *metrics = NULL;
static const char *cutoffs = "10";
static const char *relevant = NULL;
static bool list_metrics = false;
static bool tune = false;
static int64_t n_negatives = 0;
static struct settings settings = {
    .test = TEST_WILCOXON, .n_draws = 1000, .seed = 1, .confidence = 0.95, .min_cell = 30};
static const char *segment_list = NULL;
static const char *training_path = NULL;
static const char *category = NULL;
static const char *graph_path = NULL;
static const char *truth = NULL;
static bool lists = false;
static const char *delimiter = NULL;
static const char *scale = NULL;
static int64_t catalogue = -1;

static const char *const test_names[] = {"wilcoxon", "permutation", "t", NULL};
static const char *const format_names[] = {"text", "csv", "tsv",   "json", "markdown",
                                           "rs",   "run", "qrels", NULL};
static void (*const print[])(FILE *, const struct report *) = {
    print_text, print_csv, print_tsv, print_json, print_markdown, print_rs, print_run, print_qrels};
enum { FORMAT_TEXT, FORMAT_RS = 5 };
static int format = FORMAT_TEXT;

static const struct rs_option options[] = {
    {.kind = RS_HEADING, .help = "What to measure"},
    {"metrics", 'm', RS_STRING, "LIST", &metrics, 0, 0, NULL, true,
     "measures, by default rmse,mae,precision,recall,ndcg,coverage; NAME@K for one list length; "
     "rerank-NAME ranks only the user's test items, by expected rating; 'all'"},
    {"k", 'k', RS_STRING, "LIST", &cutoffs, 0, 0, NULL, true,
     "lengths of the lists at which ranking is measured, as 5,10,20"},
    {"relevant", 0, RS_STRING, "RATING", &relevant, 0, 0, NULL, true,
     "test items rated so or better are relevant; by default the upper third of the scale (4 of 1 "
     "to 5); "
     "'all' takes every test item, as is done for implicit feedback"},
    {"sample-negatives", 0, RS_INTEGER, "N", &n_negatives, 0, 1e6, NULL, true,
     "rank each user's test items among N of the other candidates, drawn by --seed, and name the "
     "measures sampled(N)-...; 0: among all. Only to set figures beside others that were made so: "
     "they are not those of the full ranking, nor of another N, and may order models otherwise "
     "(Krichene & Rendle, KDD 2020)"},
    {"list-metrics", 0, RS_FLAG, NULL, &list_metrics, 0, 0, NULL, false,
     "print every measure with its formula and source"},
    {"tune", 0, RS_FLAG, NULL, &tune, 0, 0, NULL, false,
     "the figures will choose among models: refuse scores of a test set"},
    {.kind = RS_HEADING, .help = "How sure, and for whom"},
    {"intervals", 'i', RS_FLAG, NULL, &settings.intervals, 0, 0, NULL, true,
     "intervals of the bootstrap over users; in CSV as the measures NAME.low and NAME.high; in "
     "text with how far a segment's figure is from that of the whole"},
    {"compare", 'c', RS_FLAG, NULL, &settings.compare, 0, 0, NULL, true,
     "the differences between models with their tests; CSV holds them instead of the figures"},
    {"against", 0, RS_STRING, "MODEL", &settings.against, 0, 0, NULL, true,
     "compare the others with this model only, not all pairs; gives the measure stability"},
    {"test", 0, RS_CHOICE, "TEST", &settings.test, 0, 0, test_names, true,
     "the test over users: wilcoxon, permutation or t"},
    {"draws", 0, RS_INTEGER, "N", &settings.n_draws, 10, 1e5, NULL, true,
     "draws of the bootstrap and of the permutation test"},
    {"confidence", 0, RS_REAL, "SHARE", &settings.confidence, 0.5, 0.9999, NULL, true,
     "confidence of the intervals"},
    {"segments", 's', RS_STRING, "LIST", &segment_list, 0, 0, NULL, true,
     "the same for groups of users (activity, taste, habit, spread, sex, age, occupation or "
     "another "
     "column of theirs; user: each alone) and of test pairs (popularity, genre, time, hour, "
     "weekday)"},
    {"min-cell", 0, RS_INTEGER, "N", &settings.min_cell, 1, 1e9, NULL, true,
     "leave out figures of segments with fewer test pairs or users"},
    {.kind = RS_HEADING, .help = "What else is known"},
    {"train", 0, RS_STRING, "FILE", &training_path, 0, 0, NULL, true,
     "the training ratings, or all ratings, of which those are taken that are not tested: gives "
     "popularity, profiles, habits and side tables where the scores do not"},
    {"category", 0, RS_STRING, "COLUMN", &category, 0, 0, NULL, true,
     "the items' column for diversity, calibration and genre; by default their first set of "
     "categories"},
    {"graph", 0, RS_STRING, "FILE", &graph_path, 0, 0, NULL, true,
     "similarities of items, of rs-sim, for dissimilarity"},
    {.kind = RS_HEADING, .help = "Predictions and lists of other programs"},
    {"truth", 0, RS_STRING, "FILE", &truth, 0, 0, NULL, true,
     "the true ratings: an rs file, text 'user item rating [time]', or qrels"},
    {"lists", 0, RS_FLAG, NULL, &lists, 0, 0, NULL, true,
     "text files are recommendation lists 'user item [score]', best first, not predictions of the "
     "test "
     "pairs"},
    {"delimiter", 'd', RS_STRING, "CHAR", &delimiter, 0, 0, NULL, false,
     "what separates fields of text files, if it is not to be found out"},
    {"scale", 0, RS_STRING, "MIN:MAX", &scale, 0, 0, NULL, true,
     "the rating scale, to which predictions are clipped; by default the range of the true "
     "ratings"},
    {"catalogue", 0, RS_INTEGER, "N", &catalogue, -1, 4294967294., NULL, true,
     "items that could be recommended; -1: unknown"},
    {.kind = RS_HEADING, .help = "Output"},
    {"format", 'f', RS_CHOICE, "FORMAT", &format, 0, 0, format_names, false,
     "text, csv, tsv, json, markdown, rs, or files of trec_eval: the run of one model, the qrels"},
    RS_SEED_OPTION(&settings.seed),
    RS_OUTPUT_OPTION,
    RS_THREADS_OPTION,
    RS_END_OPTIONS};

static const struct rs_example examples[] = {
    {"Judge predictions of another program: here, 3.5 for every pair",
     "awk -F, 'NR > 1 { print $1, $2, 3.5, $3 }' ratings.csv | rs-eval constant=- -m rmse,mae,bias",
     "2660 test pairs; scale 1 to 5 (as seen in them); relevant: rating >= 4\n\n"
     "model       rmse      mae      bias\n"
     "constant  0.8699   0.7169   -0.0647\n"
     "n           2660     2660      2660\n"},
    {"The same as CSV, with what another constant is worth beside it",
     "for c in 3 4; do awk -F, -v c=$c 'NR > 1 { print $1, $2, c, $3 }' ratings.csv >$c.txt; done; "
     "\\\n"
     "    rs-eval -m rmse -f csv 3.txt 4.txt",
     "model,fold,segment,metric,value,n\n"
     "3,all,all,rmse,1.0350983390135313,2660\n"
     "4,all,all,rmse,0.9706210708396428,2660\n"},
    {0}};

static const struct rs_tool tool = {
    .name = "rs-eval",
    .summary = "judge predictions, rankings and recommendation lists",
    .operands = "[[MODEL[:FOLD]=]FILE]...",
    .about =
        "Reads what models answered to the same test sets and prints accuracy and ranking "
        "measures. Files "
        "are those of rs-score, or text: predictions 'user item score [rating]', with --lists "
        "recommendations 'user item [score]', or runs of trec_eval. Models are put side by side "
        "only if "
        "they answered the same test pairs; anything else ends with an error that names the "
        "files.\n\n"
        "Several folds are pooled: fold 'all' is computed over all their rows. Rankings are of the "
        "full catalogue unless --sample-negatives is given; where scores tie, a measure is its "
        "expected value over all orders, so that a constant score is worth as much as a random "
        "one.\n\n"
        "Accuracy is that of predictions clipped to the scale of the training ratings; rmse-raw "
        "and "
        "mae-raw leave them as they are.",
    .memory = "24 bytes a test pair (32 with times); 17 bytes a pair and model (25 with "
              "deviations), 16 bytes an entry of a "
              "list; 20 bytes a user, measure and model; 16 bytes a training rating of --train",
    .max_operands = 100000,
    .options = options,
    .examples = examples,
};

static struct rs_scale parse_scale(const char *text) {
    struct rs_scale parsed = {0};
    if (text == NULL) return parsed;
    const char *colon = strchr(text, ':');
    double ends[2];
    if (colon == NULL || !rs_number_parse(text, (size_t)(colon - text), &ends[0]) ||
        !rs_number_parse(colon + 1, strlen(colon + 1), &ends[1]) || ends[0] >= ends[1])
        rs_usage_error("--scale: '%s' is not MIN:MAX", text);
    float both[2] = {(float)ends[0], (float)ends[1]};
    rs_scale_add(&parsed, both, 2);
    return parsed;
}

/* The operands, in the order in which they can be understood: rs files that say of which fold they
 * are; the truth; lists that do not say it; text, which may name pairs only. */
static void read_inputs(struct evidence *evidence, struct training *training, struct input *inputs,
                        size_t n) {
    struct text_options text = {lists, delimiter, parse_scale(scale), catalogue};
    struct rs_error err;
    bool *is_text = rs_calloc(n, sizeof *is_text), *waits = rs_calloc(n, sizeof *waits);
    rs_progress_start("read", "files", n);
    for (size_t i = 0; i < n; i++) {
        rs_progress_at(i);
        is_text[i] = !rs_reader_probe(inputs[i].path);
        if (!is_text[i] && !input_stream(evidence, &inputs[i], false, &waits[i], &err))
            rs_die_error(&err);
    }
    rs_progress_end();
    if (truth != NULL && !input_truth(evidence, truth, &text, &err)) rs_die_error(&err);
    for (size_t i = 0; i < n; i++)
        if (waits[i] && !input_stream(evidence, &inputs[i], true, &waits[i], &err))
            rs_die_error(&err);
    for (size_t i = 0; i < n; i++)
        if (is_text[i] && !input_text(evidence, &inputs[i], &text, &err)) rs_die_error(&err);
    if (training_path != NULL && !training_read(training, evidence, training_path, &text, &err))
        rs_die_error(&err);
    free(is_text);
    free(waits);
}

static void read_operands(struct evidence *evidence, struct training *training, char **operands,
                          size_t n) {
    static char standard_input[] = "-", *only[] = {standard_input};
    if (n == 0) {
        operands = only;
        n = 1;
    }
    struct input *inputs = rs_calloc(n, sizeof *inputs);
    for (size_t i = 0; i < n; i++) {
        inputs[i] = input_parse(operands[i]);
        if (inputs[i].fold != NULL && strcmp(inputs[i].fold, "all") == 0)
            rs_usage_error("'%s': 'all' is no fold but all of them", operands[i]);
    }
    read_inputs(evidence, training, inputs, n);
    for (size_t i = 0; i < n; i++) input_free(&inputs[i]);
    free(inputs);
}

/* What --tune is for: figures that choose a model can't judge it as well. */
static void refuse_test_sets(const struct evidence *evidence) {
    for (size_t f = 0; tune && f < evidence->n_folds; f++) {
        const struct fold *fold = evidence->folds[f];
        if (fold->facts.role != NULL && strcmp(fold->facts.role, "test") == 0)
            rs_die(EX_DATAERR,
                   "%s: is of a test set, which must not choose among models: split the "
                   "training ratings once more",
                   fold->facts_file);
    }
}

static void warn(const struct evidence *evidence) {
    for (size_t f = 0; f < evidence->n_folds; f++) {
        const struct fold *fold = evidence->folds[f];
        if (fold->counts_differ)
            rs_warn("the models%s%s were trained on different ratings",
                    fold->label[0] == '\0' ? "" : " of fold ", fold->label);
    }
}

/* The model that --against names, or NULL. */
static const struct model *find_reference(const struct evidence *evidence) {
    if (settings.against == NULL) return NULL;
    for (size_t m = 0; m < evidence->n_models; m++)
        if (strcmp(evidence->models[m]->name, settings.against) == 0) return evidence->models[m];
    rs_die(EX_USAGE, "--against: there is no model '%s'", settings.against);
}

/* A measure that somebody names and nobody can be given is an error, not an empty column. */
static void check_requests(const struct requests *requests, const struct results *results) {
    for (size_t r = 0; requests->given && r < requests->n; r++) {
        bool any = false;
        for (size_t i = 0; i < results->n; i++) any |= results->all[i].request == r;
        if (any) continue;
        static const char *const needs[] = {
            "predictions of ratings (rs-score --pairs)",
            "ranks (rs-score --pairs --rank) or long enough lists",
            ("recommendation lists (rs-score --top) and what is known of their items (--train, "
             "--graph)"),
            "recommendation lists (rs-score --top) and the size of the catalogue"};
        rs_die(EX_DATAERR, "no figure for %s: it needs %s", requests->all[r].name,
               needs[requests->all[r].among_test ? BASIS_SCORES
                                                 : measures[requests->all[r].measure].basis]);
    }
}

static void write_report(const struct judge *judge, struct results *results) {
    bool trec = print[format] == print_run || print[format] == print_qrels;
    check_requests(judge->requests, results);
    if (results->n == 0 && !trec)
        rs_die(EX_DATAERR, "nothing to judge: no measure that was asked for fits the input");
    results_arrange(results, judge->evidence, judge->segments, judge->requests);
    if (judge->segments->asked)
        results_beware(results, judge->evidence, judge->segments, judge->requests);
    struct report report = {judge, results, rs_tool_header(&tool)};
    struct rs_output output = rs_output_open(rs_output_path, format == FORMAT_RS);
    print[format](output.file, &report);
    rs_output_commit(&output);
    json_decref(report.header);
    rs_note("%zu figures of %zu models", results->n, judge->evidence->n_models);
}

/* Judges what was read and writes the report. */
static void judge_evidence(struct evidence *evidence, const struct training *training,
                           const struct requests *requests) {
    struct rs_error err;
    struct rs_graph graph;
    if (graph_path != NULL && !rs_graph_open(&graph, graph_path, &err)) rs_die_error(&err);
    struct rules rules = rules_make(evidence, relevant);
    struct categories categories = categories_open(evidence, category);
    struct similarity similarity = similarity_open(evidence, graph_path == NULL ? NULL : &graph);
    struct segments segments = segments_make(evidence, training, &categories, segment_list);
    struct results results = {0};
    struct judge judge = {evidence,    requests,    &rules,    training,
                          &categories, &similarity, &segments, find_reference(evidence),
                          &settings};
    if (!judge_all(&judge, &results, &err)) rs_die_error(&err);
    write_report(&judge, &results);
    results_free(&results);
    segments_free(&segments, evidence->n_folds);
    similarity_free(&similarity);
    categories_free(&categories);
    if (graph_path != NULL) rs_graph_close(&graph);
}

int main(int argc, char **argv) {
    char **operands;
    size_t n_operands = rs_options_parse(&tool, argc, argv, &operands);
    if (list_metrics) {
        requests_list();
        return rs_finish();
    }
    struct requests requests = requests_parse(metrics, cutoffs, (uint32_t)n_negatives);
    struct evidence evidence;
    struct training training = {0};
    struct rs_error err;
    evidence_init(&evidence);
    read_operands(&evidence, &training, operands, n_operands);
    refuse_test_sets(&evidence);
    warn(&evidence);
    if (!evidence_arrange(&evidence, &err)) rs_die_error(&err);
    if (n_negatives > 0 && requests.use_basis[BASIS_RANKS] &&
        !evidence_sample(&evidence, (uint32_t)n_negatives, settings.seed, &err))
        rs_die_error(&err);
    training_arrange(&training, &evidence);
    judge_evidence(&evidence, &training, &requests);
    requests_free(&requests);
    training_free(&training);
    evidence_free(&evidence);
    return rs_finish();
}
