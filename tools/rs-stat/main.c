/* rs-stat: figures that describe ratings: how many, how spread, when, by whom and of what.
 *
 * In: a stream of ratings, or a matrix. Out: figures as text, JSON, CSV or an rs file of kind
 * "stats". One pass; holds sums by user and item, and as many pairs as --exact allows. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "describe.h"
#include "program/options.h"
#include "program/output.h"
#include "ratings/matrix.h"

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV, FORMAT_RS };
static const char *const format_names[] = {"text", "json", "csv", "rs", NULL};

static int format = FORMAT_TEXT;
static int64_t exact = 1000000;
static int64_t steps = 4000000;

static const struct rs_option options[] = {
    {"format", 'f', RS_CHOICE, "FORM", &format, 0, 0, format_names, false,
     "what to write; CSV has a line for every figure"},
    {"exact", 0, RS_INTEGER, "N", &exact, 1000, 4e9, NULL, true,
     "ratings up to which repeated pairs, co-rating and min-counts are of all; of more, the "
     "first two are estimated from the largest share 1/2, 1/4, … of the users (items) that has no "
     "more ratings than a quarter of this, chosen by a hash of their ids, and min-counts are left "
     "out"},
    {"steps", 0, RS_INTEGER, "N", &steps, 1000, 1e15, NULL, true,
     "work at most to find who has rated the same: beyond it, users (items) are examined in the "
     "order of that hash, and the share is an estimate with its standard error"},
    RS_OUTPUT_OPTION,
    RS_THREADS_OPTION,
    RS_END_OPTIONS,
};

static const struct rs_example examples[] = {
    {"A few figures for awk", "rs-clean ratings.csv | rs-stat -f csv | head -n 5",
     "figure,row,column,value\n"
     "summary,ratings,value,2660\n"
     "summary,users,value,120\n"
     "summary,items,value,90\n"
     "summary,sparsity,value,0.7537037037037038\n"},
    {"Who rates, by sex, with jq",
     "rs-clean ratings.csv --users users.csv | rs-stat -f json | "
     "jq -c '.\"user:sex\"[] | [.group, .n]'",
     "[\"F\",1126]\n[\"M\",1534]\n"},
    {"Keep the figures, and look one of them up",
     "rs-clean ratings.csv | rs-stat -o stats.rs -f rs && \\\n"
     "    rs-view --array min_count -f csv stats.rs | head -n 2",
     "1,120,90,2660,1,1,1\n2,120,90,2660,1,1,1\n"},
    {0},
};

static const struct rs_tool tool = {
    .name = "rs-stat",
    .summary = "describe ratings: how many, how spread, when, by whom, of what",
    .operands = "[RATINGS | MATRIX]...",
    .about =
        "Reads ratings, or a matrix, once and prints figures of them: counts and sparsity; how "
        "often each "
        "rating was given (each value while there are at most 100, else 50 bins); quantiles of the "
        "ratings, "
        "mean and standard deviation of users and of items; how unequal they are, by Gini's "
        "coefficient and "
        "the exponent of the tail; ratings by hour, weekday and month (UTC); by what side tables "
        "and "
        "contexts tell, age in bands and postal codes by their first character; what is missing "
        "and what "
        "is repeated; how many users have an item in common and how many items a user; and what "
        "each min-count would keep.\n\n"
        "The tail is a power law P(n) ~ n^-exponent from a bound on, both estimated as by Clauset, "
        "Shalizi "
        "and Newman (SIAM Review 2009): maximum likelihood for the exponent, Kolmogorov's distance "
        "for the bound. That it is estimated does not say that the law holds.\n\n"
        "Text leaves out ratings by rank, which the other forms have. A file of kind "
        "\"stats\" has every figure as an array of rows and columns, whose names are in its "
        "header; what "
        "there is no figure for is not a number there, null in JSON, nothing in CSV.",
    .memory = "57 bytes a user and item, the names, and 24 bytes a pair that --exact allows (52 at "
              "the end)",
    .max_operands = SIZE_MAX,
    .options = options,
    .examples = examples,
};

static void describe(struct figures *figures, const struct gathered *gathered,
                     const struct subject *subject) {
    describe_summary(figures, gathered, subject);
    describe_ratings(figures, gathered);
    describe_activity(figures, gathered);
    describe_times(figures, gathered);
    describe_categories(figures, gathered, subject);
    describe_missing(figures, gathered, subject);
    describe_density(figures, gathered, (uint64_t)steps);
}

static bool next_of_stream(void *what, struct taken *taken, bool *over, struct rs_error *err) {
    struct rs_pairs_reader *reader = what;
    struct rs_pairs *batch;
    if (!rs_pairs_next(reader, &batch, err)) return false;
    *over = batch == NULL;
    if (*over) return true;
    if (batch->rating == NULL)
        return rs_fail(err, EX_DATAERR, "%s: has no column of ratings",
                       rs_reader_name(reader->reader));
    taken->batch = *batch;
    rs_pairs_take(reader, &taken->arrays);
    return true;
}

/* The reader's first file is open already. */
static void of_stream(struct figures *figures, struct rs_reader *first, const char *const *paths,
                      size_t n_paths) {
    struct rs_error err;
    struct rs_pairs_reader reader;
    struct gathered gathered;
    if (!rs_pairs_use(&reader, first, paths, n_paths, "ratings", &err)) rs_die_error(&err);
    const struct source source = {.next = next_of_stream,
                                  .what = &reader,
                                  .users = &reader.users.ids,
                                  .items = &reader.items.ids};
    if (!gather_source(&gathered, &source, (size_t)exact, &err)) rs_die_error(&err);
    struct subject subject = {
        .users = &reader.users.ids,
        .items = &reader.items.ids,
        .user_table = rs_table_align(&reader.user_table, &reader.users.ids),
        .item_table = rs_table_align(&reader.item_table, &reader.items.ids),
        .implicit = rs_pairs_implicit(&reader),
        .n_contexts = reader.n_contexts,
        .contexts = reader.contexts,
    };
    describe(figures, &gathered, &subject);
    rs_table_free(&subject.user_table);
    rs_table_free(&subject.item_table);
    gathered_free(&gathered);
    rs_pairs_close(&reader);
}

/* Where reading a matrix by rows has got to. */
struct place {
    const struct rs_matrix *matrix;
    uint64_t rating;
    uint32_t user; /* of the rating before */
};

/* The columns lie in the matrix; users have to be written out. */
static bool next_of_matrix(void *what, struct taken *taken, bool *over, struct rs_error *err) {
    (void)err;
    struct place *place = what;
    const struct rs_matrix *matrix = place->matrix;
    uint64_t begin = place->rating, left = matrix->n_ratings - begin;
    struct rs_pairs *batch = &taken->batch;
    *over = left == 0;
    if (*over) return true;
    batch->n = left < RS_BATCH_ROWS ? (size_t)left : RS_BATCH_ROWS;
    batch->item = (uint32_t *)(uintptr_t)(matrix->rows.other + begin);
    batch->rating = (float *)(uintptr_t)(matrix->rows.rating + begin);
    if (matrix->time != NULL) batch->time = (int64_t *)(uintptr_t)(matrix->time + begin);
    batch->user = taken->made = rs_malloc(batch->n, sizeof *batch->user);
    for (size_t i = 0; i < batch->n; i++) {
        while (matrix->rows.start[place->user + 1] <= begin + i) place->user++;
        batch->user[i] = place->user;
    }
    place->rating += batch->n;
    return true;
}

static void of_matrix(struct figures *figures, struct rs_reader *reader, const char *path) {
    struct rs_error err;
    struct rs_matrix matrix;
    struct gathered gathered;
    struct rs_file *file = rs_file_reopen(reader, path, &err);
    if (file == NULL || !rs_matrix_use(&matrix, file, false, &err)) rs_die_error(&err);
    struct place place = {.matrix = &matrix};
    const struct source source = {.next = next_of_matrix,
                                  .what = &place,
                                  .users = &matrix.users.ids,
                                  .items = &matrix.items.ids};
    if (!gather_source(&gathered, &source, (size_t)exact, &err)) rs_die_error(&err);
    const struct subject subject = {
        .users = &matrix.users.ids,
        .items = &matrix.items.ids,
        .user_table = matrix.users.table,
        .item_table = matrix.items.table,
        .implicit = matrix.implicit,
    };
    describe(figures, &gathered, &subject);
    gathered_free(&gathered);
    rs_matrix_close(&matrix);
}

static void put(const struct figures *figures) {
    struct rs_output output = rs_output_open(rs_output_path, format == FORMAT_RS);
    switch ((enum format)format) {
    case FORMAT_TEXT:
        figures_text(figures, output.file);
        break;
    case FORMAT_JSON:
        figures_json(figures, output.file);
        break;
    case FORMAT_CSV:
        figures_csv(figures, output.file);
        break;
    case FORMAT_RS:
        figures_write(figures, output.file, rs_tool_header(&tool));
        break;
    }
    rs_output_commit(&output);
}

int main(int argc, char **argv) {
    static char dash[] = "-", *standard_input[] = {dash};
    char **paths;
    size_t n_paths = rs_options_parse(&tool, argc, argv, &paths);
    if (n_paths == 0) {
        paths = standard_input;
        n_paths = 1;
    }
    struct rs_error err;
    const char *kind = "";
    struct figures figures = {0};
    struct rs_reader *reader = rs_reader_open(paths[0], &err);
    if (reader == NULL || !rs_reader_kind(reader, &kind, &err)) rs_die_error(&err);
    if (strcmp(kind, "matrix") != 0) {
        of_stream(&figures, reader, (const char *const *)paths + 1, n_paths - 1);
    } else if (n_paths == 1) {
        of_matrix(&figures, reader, paths[0]);
    } else {
        rs_usage_error("a matrix must be the only file");
    }
    put(&figures);
    rs_note("%.0f ratings, %.0f users, %.0f items", figures.all[0].cells[0],
            figures.all[0].cells[1], figures.all[0].cells[2]);
    figures_free(&figures);
    return rs_finish();
}
