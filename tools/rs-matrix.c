/* rs-matrix: the user-item matrix of a ratings stream, by rows and by columns, with the means and
 * damped biases by which models centre it.
 *
 * In: ratings files, or standard input. Out: one matrix file, which other programs map in place.
 * Holds the ratings, because sorting needs them all, or as many as --memory allows. */
#include <stdlib.h>

#include "base/message.h"
#include "base/scratch.h"
#include "program/options.h"
#include "program/output.h"
#include "ratings/assembly.h"

static int normalise = RS_NORMALISE_BASELINE;
static double user_damping = 15;
static double item_damping = 10;
static int64_t sweeps = 10;
static int counts = RS_COUNTS_LOG;
static bool keep_times = false;
static int64_t memory = 0;

static const struct rs_option options[] = {
    {"normalise", 'n', RS_CHOICE, "HOW", &normalise, 0, 0, rs_normalisation_names, true,
     "what models that use the matrix take from a rating before they compare, and add to what they "
     "predict"},
    {"user-damping", 0, RS_REAL, "X", &user_damping, 0, 1e9, NULL, true,
     "ratings of no bias that a user's bias counts beside the user's own"},
    {"item-damping", 0, RS_REAL, "X", &item_damping, 0, 1e9, NULL, true,
     "the same for an item's bias"},
    {"sweeps", 0, RS_INTEGER, "N", &sweeps, 0, 1000, NULL, true,
     "alternations of item and user biases; 0 leaves all biases 0"},
    {"counts", 0, RS_CHOICE, "HOW", &counts, 0, 0, rs_counts_names, true,
     "implicit feedback only: what stands for a count; log is log2(1 + count)"},
    {"times", 0, RS_FLAG, NULL, &keep_times, 0, 0, NULL, true,
     "keep when each rating was given, for models that ask"},
    {"memory", 0, RS_BYTES, "SIZE", &memory, 0, 1e15, NULL, false,
     "hold at most SIZE (as 800M or 2G), sort the rest by way of temporary files beside the "
     "output, "
     "and be slower; 0: all in memory; results do not depend on it"},
    RS_OUTPUT_OPTION,
    RS_THREADS_OPTION,
    RS_END_OPTIONS,
};

static const struct rs_example examples[] = {
    {"Make a matrix of a file of ratings and look at its users",
     "rs-clean ratings.csv | rs-matrix -o matrix.rs && \\\n"
     "    rs-view -f csv --biases users -n 2 matrix.rs",
     "user,n,mean,deviation,bias\n"
     "1,26,4.076923076923077,0.8049403667867828,0.28995593511747\n"
     "2,18,3.8055555555555554,0.7291335971337047,0.1218883628235721"},
    {"Of several files, the later rating of a pair counts",
     "printf 'user,item,rating\\n1,101,1\\n' | rs-clean -o new.rs && \\\n"
     "    rs-clean ratings.csv | cat - new.rs | rs-matrix -q | rs-view -f csv -n 1",
     "user,item,rating\n"
     "1,101,1"},
    {0},
};

static const struct rs_tool tool = {
    .name = "rs-matrix",
    .summary = "make the user-item matrix of a stream of ratings",
    .operands = "[RATINGS]...",
    .about =
        "Reads ratings (standard input if no file is named) and writes the matrix that rs-sim, "
        "rs-factor and rs-score work on: every rating twice, by rows (a row a user) and by columns "
        "(a column an item), users and items sorted by id, numbers by value. Side tables of users "
        "and items come along, a row for every line.\n\n"
        "Beside the ratings it holds the mean and standard deviation of every user, every item and "
        "the whole, and damped biases: the baseline estimate of a rating is mean + b_u + b_i, "
        "fitted by alternating least squares, b_i = sum(r - mean - b_u) / (item-damping + n_i), "
        "then b_u = sum(r - mean - b_i) / (user-damping + n_u), from b_u = 0 (Koren, ACM TKDD "
        "2010, section 2.1).\n\n"
        "Where a pair of user and item was rated more than once the last rating counts, and a "
        "warning says how many went; rs-clean --dedupe has other ways.\n\n"
        "Equal sets of ratings give equal files, whatever their order and the number of threads.",
    .memory =
        "20 bytes a rating at the peak (36 with --times), and the names. With --memory at least "
        "17 bytes (34) for each rating of the longest row, and 150 bytes and the name for each "
        "user and item; it reads the ratings anew for every such share of them, from temporary "
        "files of 28 bytes a rating (44) beside the output (in $TMPDIR, or /var/tmp, if that is "
        "standard output), which have no name and so vanish with the program.",
    .max_operands = SIZE_MAX,
    .options = options,
    .examples = examples,
};

static void assemble(struct rs_assembly *assembly, struct rs_pairs_reader *ratings) {
    struct rs_error err;
    char *folder = rs_scratch_folder(rs_output_path);
    const struct rs_assembly_options how = {
        .counts = (enum rs_counts)counts,
        .baseline = {user_damping, item_damping, (int)sweeps},
        .normalisation = (enum rs_normalisation)normalise,
        .keep_times = keep_times,
        .memory = (size_t)memory,
        .folder = folder,
    };
    if (!rs_assemble(assembly, ratings, &how, &err)) rs_die_error(&err);
    free(folder);
    if (assembly->n_repeated > 0)
        rs_warn("%llu ratings went because a later one is of the same user and item",
                (unsigned long long)assembly->n_repeated);
    rs_note("%llu ratings, %zu users, %zu items", (unsigned long long)assembly->matrix.n_ratings,
            assembly->matrix.users.ids.n, assembly->matrix.items.ids.n);
}

int main(int argc, char **argv) {
    char **paths;
    size_t n_paths = rs_options_parse(&tool, argc, argv, &paths);
    struct rs_output output = rs_output_open(rs_output_path, true);
    struct rs_error err;
    struct rs_pairs_reader ratings; /* its side tables are written with the matrix */
    if (!rs_pairs_open(&ratings, (const char *const *)paths, n_paths, "ratings", &err))
        rs_die_error(&err);
    struct rs_assembly assembly;
    assemble(&assembly, &ratings);
    rs_assembly_write(&assembly, output.file, rs_tool_header(&tool));
    rs_assembly_free(&assembly);
    rs_pairs_close(&ratings);
    rs_output_commit(&output);
    return rs_finish();
}
