/* rs-view: looks into any rs file, and is the way out to jq, awk and spreadsheets.
 *
 * In: rs files of any kind. Out: their rows as JSON lines, CSV or TSV. Holds one batch of ratings
 * and scores with their names; other files are mapped, and held whole when they come through a
 * pipe. */
#include <string.h>

#include "base/message.h"
#include "program/options.h"
#include "program/output.h"
#include "view.h"

static const char *const form_names[] = {"json", "csv", "tsv", NULL};
static const char *const from_names[] = {"none", "json", "csv", "tsv", NULL};
static const char *const bias_names[] = {"none", "users", "items", NULL};
static const char *const all[] = {"all", NULL};

static int form = FORM_JSON, from = 0;
static int64_t limit = 9007199254740992;
static bool headers = false, check = false;
static struct asked asked;
static const char *name = "foreign";

static const struct rs_option options[] = {
    {"format", 'f', RS_CHOICE, "FORM", &form, 0, 0, form_names, false, "what to write"},
    {"columns", 'c', RS_STRING, "LIST", &asked.columns, 0, 0, NULL, false,
     "of ratings and scores only these columns, in this order, separated by commas; any column of "
     "the "
     "side tables may be among them"},
    {"limit", 'n', RS_INTEGER, "N", &limit, 1, 9007199254740992., all, false, "rows at most"},
    {"user", 'u', RS_LIST, "ID", &asked.users, 0, 0, NULL, false,
     "only rows of this user; may be given again"},
    {"item", 'i', RS_LIST, "ID", &asked.items, 0, 0, NULL, false,
     "only rows of this item; may be given again"},
    {.kind = RS_HEADING, .help = "Instead of the rows:"},
    {"header", 0, RS_FLAG, NULL, &headers, 0, 0, NULL, false,
     "the header and the end of every segment, as JSON"},
    {"check", 0, RS_FLAG, NULL, &check, 0, 0, NULL, false,
     "nothing, but read everything and verify checksums and what the kind promises"},
    {"users", 0, RS_FLAG, NULL, &asked.user_table, 0, 0, NULL, false, "what is known of the users"},
    {"items", 0, RS_FLAG, NULL, &asked.item_table, 0, 0, NULL, false, "what is known of the items"},
    {"biases", 0, RS_CHOICE, "SIDE", &asked.biases, 0, 0, bias_names, false,
     "of a matrix the number of ratings, mean, deviation and bias of every user or item"},
    {"array", 0, RS_STRING, "NAME", &asked.array, 0, 0, NULL, false,
     "the elements of this array, a row a line"},
    {.kind = RS_HEADING, .help = "The way back:"},
    {"from", 0, RS_CHOICE, "FORM", &from, 0, 0, from_names, false,
     "read scores from text of this form and write them as an rs file"},
    {"name", 0, RS_STRING, "NAME", &name, 0, 0, NULL, true, "the model they are of"},
    RS_OUTPUT_OPTION,
    RS_END_OPTIONS,
};

static const struct rs_example examples[] = {
    {"look at ratings", "rs-clean ratings.csv | rs-view -n 2",
     "{\"user\":\"1\",\"item\":\"101\",\"rating\":5,\"time\":\"2017-09-16T04:45:43Z\"}\n"
     "{\"user\":\"1\",\"item\":\"107\",\"rating\":4.5,\"time\":\"2017-09-16T06:59:05Z\"}"},
    {"as CSV, chosen columns", "rs-clean ratings.csv | rs-view -f csv -c item,rating -n 2",
     "item,rating\n101,5\n107,4.5"},
    {"predictions of another program",
     "printf 'user,item,score\\n7,101,3.5\\n' | rs-view --from csv --name mine -o mine.rs", ""},
    {"what it holds, whose it is and whether it is sound",
     "rs-view mine.rs && rs-view --check mine.rs",
     "{\"user\":\"7\",\"item\":\"101\",\"score\":3.5,\"source\":\"mine\"}"},
    {0},
};

static const struct rs_tool tool = {
    .name = "rs-view",
    .summary = "look into any rs file: JSON lines, CSV, checks",
    .operands = "[FILE]...",
    .about =
        "Prints the rows of rs files: ratings and scores with all their columns, a matrix by user, "
        "a "
        "graph from the nearest neighbour on; of any other kind its header and what arrays it "
        "has.\n\n"
        "Ids are strings. Times are ISO 8601 in UTC. What is missing is null in JSON and empty in "
        "CSV. "
        "Titles of items are printed where an item table knows them. Ratings as CSV go back in "
        "through "
        "rs-clean; scores through --from, whose text names its columns (user, item, score, and "
        "rating, rank, deviation, support, time where known) or has them in that order without a "
        "row "
        "of names.",
    .memory =
        "one batch and the names for ratings and scores; other kinds are mapped, and held whole "
        "when they come through a pipe.",
    .min_operands = 0,
    .max_operands = 1 << 20,
    .options = options,
    .examples = examples,
};

static bool is_pairs(const char *kind) {
    return strcmp(kind, "ratings") == 0 || strcmp(kind, "scores") == 0;
}

/* Opens an input in the way that fits its kind. WHOLE wants all arrays of any kind at once. */
static struct opened open_input(const char *path, bool whole) {
    struct rs_error err;
    const char *kind;
    struct rs_reader *reader = rs_reader_open(path, &err);
    if (reader == NULL || !rs_reader_kind(reader, &kind, &err)) rs_die_error(&err);
    if (is_pairs(kind) && !whole)
        return (struct opened){strcmp(kind, "scores") == 0 ? "scores" : "ratings", reader, NULL};
    struct rs_file *file = rs_file_reopen(reader, path, &err);
    if (file == NULL) rs_die_error(&err);
    return (struct opened){file->segments[0].kind, NULL, file};
}

static void view(const char *path, struct out *out) {
    struct opened opened = open_input(path, asked.array != NULL);
    if (opened.reader != NULL) {
        view_pairs(opened.reader, opened.kind, &asked, out);
    } else if (asked.array != NULL) {
        view_arrays(opened.file, &asked, out);
        rs_file_close(opened.file);
    } else if (strcmp(opened.kind, "matrix") == 0) {
        view_matrix(opened.file, &asked, out);
    } else if (strcmp(opened.kind, "graph") == 0) {
        view_graph(opened.file, &asked, out);
    } else {
        view_arrays(opened.file, &asked, out);
        rs_file_close(opened.file);
    }
}

static void view_header(const char *path, struct out *out) {
    struct rs_error err;
    struct rs_reader *reader = rs_reader_open(path, &err);
    if (reader == NULL) rs_die_error(&err);
    view_headers(reader, out);
    rs_reader_close(reader);
}

static void view_all(const char *const *paths, size_t n) {
    struct rs_output output = rs_output_open(rs_output_path, false);
    struct out out;
    out_start(&out, output.file, (enum form)form, (uint64_t)limit);
    for (size_t i = 0; i < n && out.n_rows < out.limit; i++) {
        if (headers) {
            view_header(paths[i], &out);
        } else {
            view(paths[i], &out);
        }
    }
    out_finish(&out);
    rs_output_commit(&output);
}

/* One thing at a time. */
static void check_usage(size_t n_operands) {
    int n = headers + check + asked.user_table + asked.item_table + (asked.biases != BIASES_NONE) +
            (asked.array != NULL) + (from != 0);
    if (n > 1)
        rs_usage_error("only one of --header, --check, --users, --items, --biases, --array and "
                       "--from at a time");
    if (from != 0 && n_operands > 1) rs_usage_error("--from reads one file");
}

int main(int argc, char **argv) {
    static const char *const standard_input[] = {"-"};
    char **operands;
    size_t n = rs_options_parse(&tool, argc, argv, &operands);
    check_usage(n);
    const char *const *paths = n > 0 ? (const char *const *)operands : standard_input;
    if (n == 0) n = 1;
    if (from != 0) {
        struct import import = {(enum form)(from - 1), asked.columns, name, &tool};
        import_scores(paths[0], &import, rs_output_path);
    } else if (check) {
        for (size_t i = 0; i < n; i++) {
            struct opened opened = open_input(paths[i], false);
            check_file(&opened);
        }
    } else {
        view_all(paths, n);
    }
    return rs_finish();
}
