/* rs-sim: the nearest neighbours of every user, or of every item.
 *
 * In: a matrix file, or standard input. Out: one graph file, or the part of one that --part asks
 * for. Holds the matrix and the neighbours found; never a similarity for every pair. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/message.h"
#include "base/part.h"
#include "base/scratch.h"
#include "neighbours/graph.h"
#include "neighbours/neighbours.h"
#include "program/options.h"
#include "program/output.h"
#include "ratings/matrix.h"

static const char *const side_names[] = {"user", "item", NULL};
static const char *const all_word[] = {"all", NULL};

static int side = 1;
static int metric = RS_PEARSON_BASELINE;
static int over = RS_CO_RATED;
static int64_t k = 100;
static double shrink = -1;
static int64_t min_support = 1;
static double min_similarity = 0;
static int64_t voters = 30;
static double amplify = 1;
static double damping = 0.3;
static const char *part = "1/1";
static int64_t memory = 0;

static const struct rs_option options[] = {
    {"side", 's', RS_CHOICE, "SIDE", &side, 0, 0, side_names, true, "whom to compare"},
    {"metric", 'm', RS_CHOICE, "METRIC", &metric, 0, 0, rs_metric_names, true,
     "how alike two lines are; see above"},
    {"over", 0, RS_CHOICE, "ENTRIES", &over, 0, 0, rs_over_names, true,
     "compare the entries that both lines have, or whole lines with zeros where entries are "
     "missing"},
    {"neighbours", 'k', RS_INTEGER, "N", &k, 1, UINT32_MAX, all_word, true,
     "keep the N most similar others of a line, or 'all'"},
    {"shrink", 0, RS_REAL, "S", &shrink, -1, 1e9, NULL, true,
     "multiply by n / (n + S), n the number of co-rated entries; by (n - 1) / (n - 1 + S) for "
     "pearson-baseline; -1: 100 for pearson-baseline, 0 for the rest"},
    {"min-support", 0, RS_INTEGER, "N", &min_support, 1, UINT32_MAX, NULL, true,
     "no neighbours with fewer co-rated entries"},
    {"min-similarity", 0, RS_REAL, "S", &min_similarity, -2, 1, NULL, true,
     "only neighbours more similar than S; -2 keeps all, negative ones too"},
    {.kind = RS_HEADING, .help = "How predictions use the graph (they remember it):"},
    {"voters", 0, RS_INTEGER, "N", &voters, 1, UINT32_MAX, all_word, true,
     "an expected rating is made of the N nearest neighbours that rated the item (of users), or "
     "that "
     "the user rated (of items)"},
    {"amplify", 0, RS_REAL, "X", &amplify, 0, 10, NULL, true,
     "the power of a similarity that is a neighbour's weight"},
    {"damping", 0, RS_REAL, "X", &damping, 0, 1e9, NULL, true,
     "weight of the centre (mean or baseline) beside the neighbours'"},
    {.kind = RS_HEADING, .help = "Always:"},
    {"part", 0, RS_STRING, "I/N", &part, 0, 0, NULL, false,
     "the I-th of N parts of about equal work; `cat` of all parts in their order is the whole "
     "graph"},
    {"memory", 0, RS_BYTES, "SIZE", &memory, 0, 1e15, NULL, false,
     "hold at most SIZE (as 800M or 2G), the matrix included, and be slower if need be; 0: what is "
     "fastest; results do not depend on it"},
    RS_OUTPUT_OPTION,
    RS_THREADS_OPTION,
    RS_END_OPTIONS,
};

static const struct rs_example examples[] = {
    {"The most similar items by the default metric",
     "rs-clean ratings.csv | rs-matrix -o matrix.rs && rs-sim matrix.rs -o item.rs && \\\n"
     "    rs-view -f csv -n 3 item.rs",
     "item,neighbour,similarity,rank\n"
     "101,119,0.15030448,1\n"
     "101,113,0.13907358,2\n"
     "101,107,0.13496469,3"},
    {"Users with similar taste, at least 20 films in common, in two parts that cat joins",
     "for i in 1 2; do rs-sim -s user -m pearson --min-support 20 --part $i/2 matrix.rs; done | "
     "\\\n"
     "    rs-view -f csv -n 2",
     "user,neighbour,similarity,rank\n"
     "4,82,0.6647847,1\n"
     "5,41,0.5569989,1"},
    {0},
};

static const struct rs_tool tool = {
    .name = "rs-sim",
    .summary = "find the nearest neighbours of users or items",
    .operands = "[MATRIX]",
    .about =
        "Compares every line of a matrix (standard input if no file is named) with every other and "
        "writes each line's most similar others, exactly: by descending similarity, ties by "
        "ascending id.\n\n"
        "With x and y the ratings of two lines for the same other side, n of which are co-rated, "
        "and S() sums over these:\n"
        "cosine: S(xy) / sqrt(S(xx) S(yy)). With --over=full the norms run over all of a line's "
        "entries, as scikit-learn and implicit have it; co-rated is Surprise's.\n"
        "adjusted-cosine: the cosine of r - m, m the mean of the entry's other side, so of the "
        "user where items are compared (Sarwar et al., WWW 2001).\n"
        "pearson: (n S(xy) - S(x) S(y)) / sqrt((n S(xx) - S(x)^2) (n S(yy) - S(y)^2)), about the "
        "co-rated means; with --over=full the cosine of r - the line's mean.\n"
        "pearson-baseline: the cosine of residuals r - (mean + b_u + b_i), with the matrix's "
        "damped "
        "biases (Koren, ACM TKDD 2010, section 2.2).\n"
        "msd: 1 / (1 + S((x - y)^2) / n); co-rated only.\n"
        "jaccard: n / (n_x + n_y - n); ratings do not matter.\n\n"
        "Only similarities above 0 are kept unless --min-similarity says otherwise.",
    .memory =
        "16 bytes a rating for the matrix, 8 (for ratings on a grid) or 24 more to work with, and "
        "8 to "
        "20 bytes a neighbour. With --memory it holds the ratings once, in 4 or 12 bytes each, and "
        "reads the file of the matrix in windows (what comes through a pipe by way of a temporary "
        "file beside the output, or in $TMPDIR or /var/tmp if that is standard output).",
    .max_operands = 1,
    .options = options,
    .examples = examples,
};

static json_t *graph_header(const struct rs_matrix *matrix) {
    json_t *header = rs_tool_header(&tool);
    json_object_set_new(header, "metric", json_string(rs_metric_names[metric]));
    json_object_set_new(header, "over", json_string(rs_over_names[over]));
    json_object_set_new(header, "k", json_integer(k));
    json_object_set_new(header, "shrink", json_real(shrink));
    json_object_set_new(header, "min_support", json_integer(min_support));
    json_object_set_new(header, "matrix", json_string(matrix->digest));
    return header;
}

static void check_options(void) {
    if (metric == RS_MSD && over == RS_FULL)
        rs_usage_error("--over: msd compares co-rated entries only");
    if (shrink < 0) shrink = rs_similarity_default_shrink((enum rs_metric)metric);
}

static void open_matrix(struct rs_matrix *matrix, const char *path) {
    struct rs_error err;
    char *folder = rs_scratch_folder(rs_output_path);
    /* What is freed between passes goes back at once. */
    if (memory > 0) mallopt(M_MMAP_THRESHOLD, 1 << 18);
    if (memory == 0 ? !rs_matrix_open(matrix, path, &err)
                    : !rs_matrix_open_frugally(matrix, path, folder, &err))
        rs_die_error(&err);
    free(folder);
}

int main(int argc, char **argv) {
    char **paths;
    size_t n_paths = rs_options_parse(&tool, argc, argv, &paths);
    struct rs_part asked;
    check_options();
    if (!rs_part_parse(&asked, part))
        rs_usage_error("--part: '%s' is not I/N with I from 1 to N", part);
    struct rs_output output = rs_output_open(rs_output_path, true);
    struct rs_error err;
    struct rs_matrix matrix;
    open_matrix(&matrix, n_paths > 0 ? paths[0] : "-");
    const struct rs_neighbours_options how = {
        .similarity = {(enum rs_metric)metric, (enum rs_over)over, shrink, (uint32_t)min_support},
        .users = side == 0,
        .k = (size_t)k,
        .min_similarity = (float)min_similarity,
        .memory = (size_t)memory,
    };
    size_t from, to;
    rs_neighbours_part(&matrix, how.users, asked.index, asked.of, &from, &to);
    struct rs_neighbours found;
    if (!rs_neighbours_find(&found, &matrix, &how, from, to, &err)) rs_die_error(&err);
    const struct rs_ids *ids = how.users ? &matrix.users.ids : &matrix.items.ids;
    rs_graph_write(output.file, how.users, ids, from, to, found.start, found.other,
                   found.similarity, graph_header(&matrix));
    rs_note("%llu neighbours of %zu lines", (unsigned long long)found.start[to - from], to - from);
    rs_neighbours_free(&found);
    rs_matrix_close(&matrix);
    rs_output_commit(&output);
    return rs_finish();
}
