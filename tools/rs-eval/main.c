/* Judges what models answered: accuracy and ranking measures with stated formulas.
 *
 * In: files of scores from rs-score, or anybody's predictions and lists as text with --truth. Out:
 * a table for people, CSV, JSON, Markdown or an rs file of metrics. Holds the test pairs and, for
 * every model, what it said of them. */
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "judge.h"
#include "memory.h"
#include "message.h"
#include "number.h"
#include "options.h"
#include "output.h"
#include "print.h"
#include "reader.h"

enum format { FORMAT_TEXT, FORMAT_CSV, FORMAT_JSON, FORMAT_MARKDOWN, FORMAT_RS };
static const char *const format_names[] = {"text", "csv", "json", "markdown", "rs", NULL};

static const char *metrics = NULL;
static const char *cutoffs = "10";
static const char *relevant = NULL;
static int format = FORMAT_TEXT;
static bool list_metrics = false;
static const char *truth = NULL;
static bool lists = false;
static const char *delimiter = NULL;
static const char *scale = NULL;
static int64_t catalogue = -1;

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
    {"list-metrics", 0, RS_FLAG, NULL, &list_metrics, 0, 0, NULL, false,
     "print every measure with its formula and source"},
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
     "text, csv, json, markdown or rs"},
    RS_OUTPUT_OPTION,
    RS_THREADS_OPTION,
    RS_END_OPTIONS};

static const struct rs_example examples[] = {
    {"Judge predictions of another program: here, 3.5 for every pair",
     "awk -F, 'NR > 1 { print $1, $2, 3.5, $3 }' ratings.csv | rs-eval constant=- -m rmse,mae,bias",
     "2660 test pairs; scale 1 to 5 (as seen in them); relevant: rating >= 4\n\n"
     "model            rmse          mae         bias\n"
     "constant      0.8699       0.7169      -0.0647\n"
     "n               2660         2660         2660\n"},
    {"The same as CSV, with what another constant is worth beside it",
     "for c in 3 4; do awk -F, -v c=$c 'NR > 1 { print $1, $2, c, $3 }' ratings.csv >$c.txt; done; "
     "rs-eval -m rmse -f csv 3.txt 4.txt",
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
        "full "
        "catalogue; where scores tie, a measure is its expected value over all orders, so that a "
        "constant score is worth as much as a random one.\n\n"
        "Accuracy is that of predictions clipped to the scale of the training ratings; rmse-raw "
        "and "
        "mae-raw leave them as they are.",
    .memory = "24 bytes a test pair and 17 bytes a pair and model",
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

/* rs files first: they know the test sets that text may only name pairs of. */
static void read_inputs(struct evidence *evidence, char **operands, size_t n) {
    struct text_options text = {lists, delimiter, parse_scale(scale), catalogue};
    struct rs_error err;
    static char standard_input[] = "-", *only[] = {standard_input};
    if (n == 0) {
        operands = only;
        n = 1;
    }
    struct input *inputs = rs_calloc(n, sizeof *inputs);
    bool *is_text = rs_calloc(n, sizeof *is_text);
    for (size_t i = 0; i < n; i++) {
        inputs[i] = input_parse(operands[i]);
        is_text[i] = !rs_reader_probe(inputs[i].path);
        if (!is_text[i] && !input_stream(evidence, &inputs[i], &err)) rs_die_error(&err);
    }
    if (truth != NULL && !input_truth(evidence, "", truth, &text, &err)) rs_die_error(&err);
    for (size_t i = 0; i < n; i++) {
        if (is_text[i] && !input_text(evidence, &inputs[i], &text, &err)) rs_die_error(&err);
        input_free(&inputs[i]);
    }
    free(inputs);
    free(is_text);
}

/* A measure that somebody names and nobody can be given is an error, not an empty column. */
static void check_requests(const struct requests *requests, const struct results *results) {
    for (size_t r = 0; requests->given && r < requests->n; r++) {
        bool any = false;
        for (size_t i = 0; i < results->n; i++) any |= results->all[i].request == r;
        if (any) continue;
        static const char *const needs[] = {"predictions of ratings (rs-score --task predict)",
                                            "ranks (rs-score --task rank) or long enough lists",
                                            "recommendation lists (rs-score --task top)",
                                            "recommendation lists (rs-score --task top)"};
        rs_die(EX_DATAERR, "no figure for %s: it needs %s and somebody who enters it",
               requests->all[r].name, needs[measures[requests->all[r].measure].basis]);
    }
    if (results->n == 0) rs_die(EX_DATAERR, "nothing to judge: there are no test pairs or lists");
}

int main(int argc, char **argv) {
    char **operands;
    size_t n_operands = rs_options_parse(&tool, argc, argv, &operands);
    if (list_metrics) {
        requests_list();
        return rs_finish();
    }
    struct requests requests = requests_parse(metrics, cutoffs);
    struct evidence evidence;
    struct results results = {0};
    struct rs_error err;
    evidence_init(&evidence);
    read_inputs(&evidence, operands, n_operands);
    if (!evidence_arrange(&evidence, &err)) rs_die_error(&err);
    struct rules rules = rules_make(&evidence, relevant);
    if (!judge_models(&evidence, &requests, &rules, &results, &err)) rs_die_error(&err);
    check_requests(&requests, &results);
    struct report report = {&evidence, &requests, &rules, &results, rs_tool_header(&tool)};
    static void (*const print[])(FILE *,
                                 const struct report *) = {[FORMAT_TEXT] = print_text,
                                                           [FORMAT_CSV] = print_csv,
                                                           [FORMAT_JSON] = print_json,
                                                           [FORMAT_MARKDOWN] = print_markdown,
                                                           [FORMAT_RS] = print_rs};
    struct rs_output output = rs_output_open(rs_output_path, format == FORMAT_RS);
    print[format](output.file, &report);
    rs_output_commit(&output);
    json_decref(report.header);
    results_free(&results);
    requests_free(&requests);
    evidence_free(&evidence);
    return rs_finish();
}
