/* rs-score: what a model says of given pairs of user and item, or which items it lists for users.
 *
 * In: a matrix and model files, or a model folder, and the pairs or the users. Out: a scores
 * stream, or lines of text. Maps the files; holds the pairs or the lists, and for each thread the
 * scores of one user. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "context/situated.h"
#include "neighbours/knn.h"
#include "open.h"
#include "program/options.h"
#include "score.h"

static const char *matrix_path = NULL;
static struct rs_list model_specs = {0};
static const char *blend_path = NULL;
static const char *name = NULL;
static const char *pairs_path = NULL;
static bool ranking = false;
static int64_t n_drawn = 0;
static int64_t n_draw_users = 400;
static int64_t n_top = 0;
static bool mean_for_unknown = false;
static const char *ratings_path = NULL;
static const char *users_path = NULL;
static double mmr = 1;
static const char *neighbours_path = NULL;
static int lines = 0; /* enum line_form */
static const char *context_path = NULL;
static const char *context_given = NULL;
static const char *context_from = NULL;
static bool context_off = false;
static int64_t seed = 1;
static const char *part = "1/1";

enum line_form { LINES_AUTO, LINES_NONE, LINES_TSV, LINES_JSON };
static const char *const line_forms[] = {"auto", "none", "tsv", "json", NULL};

static const struct rs_option options[] = {
    {"matrix", 'm', RS_STRING, "FILE", &matrix_path, 0, 0, NULL, false,
     "the matrix the models were made from"},
    {"model", 0, RS_LIST, "NAME[=FILE]", &model_specs, 0, 0, NULL, true,
     "a model: random, popular, global-mean, user-mean, item-mean or baseline, or a file of rs-sim "
     "or rs-factor under a name of your choice; several are the parents of --blend. Without "
     "--matrix a folder made by rs-model, which holds all that is needed"},
    {"blend", 0, RS_STRING, "FILE", &blend_path, 0, 0, NULL, false,
     "answer with the hybrid that rs-blend made of models of these names"},
    {"name", 0, RS_STRING, "NAME", &name, 0, 0, NULL, false,
     "what the model is called in the output; by default its own name, or 'hybrid'"},
    {.kind = RS_HEADING, .help = "What is asked, one of:"},
    {"pairs", 0, RS_STRING, "RATINGS", &pairs_path, 0, 0, NULL, false,
     "the expected rating of every pair in a ratings file ('-': standard input)"},
    {"top", 'n', RS_INTEGER, "N", &n_top, 1, 100000, NULL, true,
     "the N best items for each user among those that the user has not rated"},
    {.kind = RS_HEADING, .help = "With --pairs:"},
    {"rank", 0, RS_FLAG, NULL, &ranking, 0, 0, NULL, true,
     "instead of a rating, where the item comes among all items of the matrix that the user has "
     "not rated: how "
     "many have a greater score, how many the same"},
    {"draw", 0, RS_INTEGER, "N", &n_drawn, 0, 1000000, NULL, true,
     "with --rank, for rs-blend to learn from: add N items drawn for each user, and give scores "
     "standardised over the user's candidates"},
    {"draw-users", 0, RS_INTEGER, "N", &n_draw_users, 1, UINT32_MAX, NULL, true,
     "with --draw, only N of the users, the same ones whatever the model"},
    {"mean-for-unknown", 0, RS_FLAG, NULL, &mean_for_unknown, 0, 0, NULL, true,
     "expect the global mean where the user or the item is unknown, as Surprise does, instead of "
     "what is "
     "known of the other"},
    {.kind = RS_HEADING, .help = "With --top:"},
    {"users", 0, RS_STRING, "FILE", &users_path, 0, 0, NULL, false,
     "only the users named in FILE, one a line ('-': standard input), in that order"},
    {"mmr", 0, RS_REAL, "LAMBDA", &mmr, 0, 1, NULL, true,
     "lists with more variety: how much the score counts, against likeness to what stands above, "
     "from 1, the model's own order, to 0 (maximal marginal relevance). Orders the model's best "
     "100"},
    {"neighbours", 0, RS_STRING, "FILE", &neighbours_path, 0, 0, NULL, false,
     "with --mmr, which items are alike: a graph of rs-sim. A folder holds its own"},
    {"lines", 0, RS_CHOICE, "FORM", &lines, 0, 0, line_forms, false,
     "with --users, answer each line at once with a line of text, so that a coprocess can ask and "
     "read in turn. tsv: the user, what answered ('popular' for a stranger), then the items, best "
     "first; a tab or backslash within an id is written as \\t or \\\\. json: the same with "
     "scores, "
     "titles and how many ratings the user has. auto: tsv where a model folder is asked from "
     "standard input to standard output, else none"},
    {.kind = RS_HEADING, .help = "In a situation:"},
    {"context-model", 0, RS_STRING, "FILE", &context_path, 0, 0, NULL, false,
     "how context moves ratings and ranks, a file of rs-context"},
    {"context", 0, RS_STRING, "NAME=VALUE,...", &context_given, 0, 0, NULL, true,
     "answer for this situation, as in hour=21,region=94; time=2026-11-24T21:00:00Z gives hour, "
     "weekday, month, season and ages; what is not known to the model is left out, with a warning"},
    {"context-from", 0, RS_STRING, "NAME,...", &context_from, 0, 0, NULL, true,
     "with --pairs, take these from each pair (time: all that follows from it); with --rank the "
     "pairs of a user in each situation are a list of their own"},
    {"context-off", 0, RS_FLAG, NULL, &context_off, 0, 0, NULL, true,
     "with --context-from, move nothing: the same lists without context, to compare with"},
    {.kind = RS_HEADING, .help = "Always:"},
    {"part", 0, RS_STRING, "I/N", &part, 0, 0, NULL, false,
     "only the I-th of N parts of about equal work; `cat` of all parts in their order says the "
     "same as the whole"},
    {"ratings", 'r', RS_STRING, "RATINGS", &ratings_path, 0, 0, NULL, false,
     "further ratings of users, known to the matrix or not, which the model takes into account "
     "without being "
     "made anew; with --top their users are listed for"},
    RS_SEED_OPTION(&seed),
    RS_OUTPUT_OPTION,
    RS_THREADS_OPTION,
    RS_END_OPTIONS,
};

static const struct rs_example examples[] = {
    {"Make a matrix and its items' neighbours",
     "rs-clean ratings.csv --items items.csv | rs-matrix -o sample.matrix && \\\n"
     "    rs-sim sample.matrix --side item -o item.graph",
     ""},
    {"List three films for two users",
     "printf '7\\n42\\n' | rs-score -m sample.matrix --model item=item.graph --top 3 --users - | "
     "\\\n"
     "    rs-view --format csv --columns user,rank,item,title",
     "user,rank,item,title\n"
     "7,1,113,\"Paper Harbour, The (1984)\"\n"
     "7,2,137,\"Golden Mountain, The (1995)\"\n"
     "7,3,131,\"Amber Mountain, The (1967)\"\n"
     "42,1,130,\"Silver Letter, The (2006)\"\n"
     "42,2,190,\"Silver Station, The (2008)\"\n"
     "42,3,148,\"Crimson Orchard, The (1986)\""},
    {"Ask a model folder, a line of text for each line",
     "rs-model --matrix sample.matrix --rank item=item.graph -o monday && \\\n"
     "    printf '42\\nnobody\\n' | rs-score --model monday --top 3 --users - | tr "
     "'\\t' ' '",
     "42 item 130 190 148\n"
     "nobody popular 105 104 102"},
    {0},
};

static const struct rs_tool tool = {
    .name = "rs-score",
    .summary = "predict ratings and list recommendations with a model or a hybrid",
    .operands = "",
    .about =
        "Answers with one model, or with the hybrid of several. For each pair of --pairs it gives "
        "the expected "
        "rating (not clipped to the scale) with the support and the source of the answer: the "
        "model "
        "itself, or what stood in for it where the user or the item is unknown to it. --top gives "
        "ranked lists: exactly N items a user, or a warning and a count in the end map where fewer "
        "are "
        "left. A user who is not in the matrix gets what is popular.\n\n"
        "Items that a user has rated are taken out before the best are selected. Equal scores come "
        "in the "
        "order of their ids.",
    .memory =
        "the mapped files; 48 bytes a pair, or 8 bytes a list entry; 16 bytes an item for each "
        "thread; for lists by users' neighbours a byte for every cell of the matrix in rows that "
        "are "
        "filled to a sixteenth, and with --ratings in such columns.",
    .options = options,
    .examples = examples,
};

static void check_context(void) {
    bool asked = context_given != NULL || context_from != NULL;
    if (asked && context_path == NULL && !open_is_folder(model_specs.items[0]))
        rs_usage_error("--context and --context-from need --context-model");
    if (!asked && context_path != NULL)
        rs_usage_error("--context-model: in which situation? (--context or --context-from)");
    if (context_from != NULL && (context_given != NULL || pairs_path == NULL || n_drawn > 0))
        rs_usage_error("--context-from goes with --pairs, without --context and --draw");
    if (context_off && context_from == NULL)
        rs_usage_error("--context-off goes with --context-from");
}

static void check_models(void) {
    if (model_specs.n == 0) rs_usage_error("--model is missing");
    bool folder = model_specs.n == 1 && open_is_folder(model_specs.items[0]);
    if (folder && (matrix_path != NULL || blend_path != NULL))
        rs_usage_error("a model folder holds its own matrix and blend");
    if (!folder && matrix_path == NULL)
        rs_usage_error("--matrix is missing, and '%s' is no model folder", model_specs.items[0]);
    if (model_specs.n > RS_MAX_PARENTS) rs_usage_error("more than %d models", RS_MAX_PARENTS);
    if (model_specs.n > 1 && blend_path == NULL)
        rs_usage_error("%zu models and no --blend that says how to combine them", model_specs.n);
}

/* Who writes names to a model folder and reads back waits for each answer. */
static void settle_lines(const struct rs_part *asked) {
    bool in_turn = matrix_path == NULL && users_path != NULL && strcmp(users_path, "-") == 0 &&
                   strcmp(rs_output_path, "-") == 0 && asked->of == 1;
    if (lines == LINES_AUTO) lines = in_turn ? LINES_TSV : LINES_NONE;
}

static void check_usage(struct rs_part *asked) {
    check_models();
    if (!rs_part_parse(asked, part))
        rs_usage_error("--part: '%s' is not I/N with I from 1 to N", part);
    settle_lines(asked);
    if (asked->of > 1 && (n_drawn > 0 || lines != LINES_NONE))
        rs_usage_error("--part goes with neither --draw nor --lines");
    if ((pairs_path != NULL) == (n_top > 0)) rs_usage_error("give either --pairs or --top");
    if (pairs_path == NULL && (ranking || n_drawn > 0))
        rs_usage_error("--rank and --draw go with --pairs");
    check_context();
    if (n_drawn > 0 && !ranking) rs_usage_error("--draw goes with --rank");
    if (users_path != NULL && n_top == 0) rs_usage_error("--users goes with --top");
    if ((mmr < 1 || neighbours_path != NULL) && n_top == 0)
        rs_usage_error("--mmr and --neighbours go with --top");
    if (lines != LINES_NONE && users_path == NULL) rs_usage_error("--lines goes with --users");
}

static void warn_of(void *nothing, const char *note) {
    (void)nothing;
    rs_warn("--context: %s", note);
}

/* Opens the context model, of --context-model or of the folder; with --context, makes of the model
 * one that answers as it does there. */
static struct rs_model *in_situation(struct rs_context_model *context,
                                     const struct opened *opened) {
    struct rs_error err;
    char *path = context_path != NULL ? rs_strdup(context_path) : open_context_path(opened->folder);
    if (path == NULL)
        rs_usage_error("%s holds no context model, and --context-model is missing",
                       opened->folder->path);
    if (!rs_context_open(context, path, opened->matrix, &err)) rs_die_error(&err);
    free(path);
    if (context_given == NULL) return NULL;
    struct rs_situation situation = rs_situation_unknown();
    if (!rs_situation_parse(context, context_given, &situation, warn_of, NULL, &err))
        rs_usage_error("--context: %s", err.text);
    return rs_context_wrap(opened->model, context, &situation);
}

/* What tells which items are alike, of --neighbours or of the folder. */
static const struct rs_graph *open_neighbours(struct rs_graph *own, const struct opened *opened) {
    struct rs_error err;
    if (neighbours_path == NULL) {
        const struct rs_model *model =
            opened->folder == NULL ? NULL : opened->folder->neighbours[0];
        if (model == NULL) rs_usage_error("--mmr takes --neighbours of items");
        return rs_knn_graph(model);
    }
    if (!rs_graph_open(own, neighbours_path, &err)) rs_die_error(&err);
    if (own->users || own->digest != opened->matrix->items.digest)
        rs_die(EX_DATAERR, "%s: is no graph of the matrix's items", neighbours_path);
    return own;
}

static json_t *make_header(const struct rs_matrix *matrix, const struct rs_model *model) {
    json_t *header = rs_tool_header(&tool);
    json_object_set_new(header, "model", json_string_nocheck(name != NULL ? name : model->name));
    json_object_set_new(header, "sources", rs_sources_json(name != NULL ? name : model->name));
    json_object_set_new(header, "catalogue", json_integer((json_int_t)matrix->items.ids.n));
    if (matrix->scale.n > 0 && !matrix->implicit)
        json_object_set_new(header, "scale", rs_scale_json(&matrix->scale));
    json_object_set_new(header, "feedback",
                        json_string(matrix->implicit ? "implicit" : "explicit"));
    json_object_set_new(header, "train",
                        json_pack("{s:I, s:I, s:I, s:s}", "users", (json_int_t)matrix->users.ids.n,
                                  "items", (json_int_t)matrix->items.ids.n, "ratings",
                                  (json_int_t)matrix->n_ratings, "digest", matrix->digest));
    return header;
}

int main(int argc, char **argv) {
    char **operands;
    struct opened opened;
    rs_options_parse(&tool, argc, argv, &operands);
    struct rs_part asked;
    check_usage(&asked);
    open_choice(&opened, &(struct choice){.matrix = matrix_path,
                                          .models = &model_specs,
                                          .blend = blend_path,
                                          .task = n_top > 0 || ranking ? RS_TO_RANK : RS_TO_PREDICT,
                                          .seed = (uint64_t)seed});
    struct rs_context_model context = {0};
    struct rs_model *situated = NULL;
    struct situations situations;
    if (context_given != NULL || context_from != NULL) situated = in_situation(&context, &opened);
    if (context_from != NULL) situations_init(&situations, &context, context_from, context_off);
    struct profiles profiles;
    profiles_open(&profiles, opened.matrix, ratings_path);
    struct scoring scoring = {.profiles = &profiles,
                              .matrix = opened.matrix,
                              .model = situated == NULL ? opened.model : situated,
                              .lists = situated == NULL ? opened.lists : NULL,
                              .mmr = mmr,
                              .situations = context_from == NULL ? NULL : &situations,
                              .output = rs_output_path,
                              .header = make_header(opened.matrix, opened.model),
                              .part = asked,
                              .seed = (uint64_t)seed,
                              .mean_for_unknown = mean_for_unknown};
    struct rs_graph neighbours = {0};
    if (mmr < 1) scoring.neighbours = open_neighbours(&neighbours, &opened);
    if (lines != LINES_NONE) {
        score_lines(&scoring, users_path, (size_t)n_top, lines == LINES_JSON);
    } else if (n_top > 0) {
        score_lists(&scoring, users_path, (size_t)n_top);
    } else {
        score_pairs(&scoring, pairs_path, ranking, (size_t)n_drawn, (size_t)n_draw_users);
    }
    profiles_close(&profiles);
    if (context_from != NULL) situations_free(&situations);
    rs_model_close(situated);
    rs_context_close(&context);
    if (scoring.neighbours == &neighbours) rs_graph_close(&neighbours);
    open_close(&opened);
    return rs_finish();
}
