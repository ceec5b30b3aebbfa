/* rs-split: cuts ratings into a training and a test part.
 *
 * In: a ratings stream. Out: two ratings streams, or one of them. What a rating's role depends on
 * is the seed, the ids and the times, never its place, so that any machine and any order agree.
 * Holds one batch and the names where a rating's role can be told from the rating alone, else all
 * ratings. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/number.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/when.h"
#include "program/options.h"
#include "sinks.h"
#include "split.h"

static const char *const part_names[] = {"train", "test", NULL};

static int64_t folds = 0, seed = 1, given = 0, min_train = 0;
static const char *fold, *holdout, *last, *after, *cold_users, *cold_items, *fold_column;
static bool stratify = false;
static const char *train_path, *test_path;
static int part = ROLE_TRAIN;

static const struct rs_option options[] = {
    {.kind = RS_HEADING, .help = "Methods, of which one is needed:"},
    {"folds", 0, RS_INTEGER, "K", &folds, 2, 1000000, NULL, true,
     "K folds of all ratings by hash; fold I is the test"},
    {"fold-column", 0, RS_STRING, "NAME", &fold_column, 0, 0, NULL, true,
     "the folds that this column names; those where it is I are the test"},
    {"holdout", 0, RS_STRING, "N", &holdout, 0, 0, NULL, true,
     "N ratings of every user, or a share of them (0.2, 20%), by hash"},
    {"last", 0, RS_STRING, "N", &last, 0, 0, NULL, true,
     "the last N ratings of every user, or a share of them; of equal times by item id"},
    {"after", 0, RS_STRING, "TIME", &after, 0, 0, NULL, true,
     "ratings from TIME on (ISO 8601 or a number); or a share: the latest of all ratings, where "
     "those "
     "of one moment stay together"},
    {"cold-users", 0, RS_STRING, "SHARE", &cold_users, 0, 0, NULL, true,
     "all ratings of a share of the users, by hash"},
    {"cold-items", 0, RS_STRING, "SHARE", &cold_items, 0, 0, NULL, true,
     "all ratings of a share of the items, by hash"},
    {.kind = RS_HEADING, .help = "How:"},
    {"fold", 'i', RS_STRING, "I", &fold, 0, 0, NULL, true,
     "the fold that is the test: 1 to K, or a value of the column"},
    {"stratify", 0, RS_FLAG, NULL, &stratify, 0, 0, NULL, true,
     "spread every user's ratings evenly over the folds"},
    {"given", 0, RS_INTEGER, "N", &given, 0, 1e9, NULL, true,
     "ratings of a cold user or item that stay in training, by hash"},
    {"min-train", 0, RS_INTEGER, "N", &min_train, 0, 1e9, NULL, true,
     "leave test ratings out altogether whose user has fewer ratings than that in training"},
    RS_SEED_OPTION(&seed),
    {.kind = RS_HEADING, .help = "Output:"},
    {"train", 0, RS_STRING, "FILE", &train_path, 0, 0, NULL, false,
     "write the training part to FILE ('-': standard output)"},
    {"test", 0, RS_STRING, "FILE", &test_path, 0, 0, NULL, false, "write the test part to FILE"},
    {"part", 0, RS_CHOICE, "PART", &part, 0, 0, part_names, false,
     "where neither --train nor --test is given, what --output gets"},
    RS_OUTPUT_OPTION,
    RS_END_OPTIONS,
};

static const struct rs_example examples[] = {
    {"the first of five folds: both parts",
     "rs-clean ratings.csv -o all.rs && \\\n"
     "    rs-split --folds 5 --fold 1 all.rs --train train.rs --test test.rs",
     ""},
    {"what the test says of the split", "rs-view --header test.rs | head -n 1 | jq -c .split",
     "{\"method\":\"folds\",\"role\":\"test\",\"seed\":1,\"folds\":5,\"fold\":1}"},
    {"the last rating of every user as the test, in a pipe",
     "rs-split --last 1 --part test all.rs | rs-view -n 2",
     "{\"user\":\"1\",\"item\":\"185\",\"rating\":4,\"time\":\"2017-09-29T07:43:13Z\"}\n"
     "{\"user\":\"2\",\"item\":\"187\",\"rating\":4,\"time\":\"2018-02-24T01:01:00Z\"}"},
    {0},
};

static const struct rs_tool tool = {
    .name = "rs-split",
    .summary = "cut ratings into a training and a test part",
    .operands = "[RATINGS]...",
    .about =
        "Every rating goes to one part: training and test together are the input, but for what "
        "--min-train leaves out. What is drawn is drawn by a hash of the seed, the user's and the "
        "item's id, so that neither order nor numbering nor machine matters. A split of a split "
        "draws "
        "anew.\n\n"
        "Both parts keep the scale that was declared, the side tables and the columns; the method "
        "stands in their header under \"split\", and under the same name in their end the number "
        "of "
        "ratings of both parts, how many test ratings are of users or items without training, and "
        "how "
        "much of the training was given in a later hour than the first and the median test rating: "
        "what a model could not have known when it had to answer.",
    .memory =
        "one batch, the names, and a count per user, item and hour. All ratings (about 50 bytes "
        "each) with --holdout, --last, --stratify, --given, --min-train and --after SHARE.",
    .min_operands = 0,
    .max_operands = 1 << 20,
    .options = options,
    .examples = examples,
};

/* The command line as a plan */

static struct amount need_amount(const char *option, const char *text, bool share_only) {
    struct amount amount;
    if (!amount_parse(text, &amount) || (share_only && !amount.is_share))
        rs_usage_error("--%s: '%s' is no share such as 0.2 or 20%%%s", option, text,
                       share_only ? "" : ", nor a number from 1");
    return amount;
}

static uint32_t need_fold(void) {
    double number;
    if (!rs_number_parse(fold, strlen(fold), &number) || number < 1 || number > (double)folds ||
        number != (double)(uint32_t)number)
        rs_usage_error("--fold: '%s' is not a whole number from 1 to %lld", fold, (long long)folds);
    return (uint32_t)number;
}

static void take_after(struct plan *plan) {
    plan->cut = RS_NO_TIME;
    if (amount_parse(after, &plan->amount) && plan->amount.is_share) return;
    if (!rs_when_parse(after, strlen(after), RS_TIME_AUTO, &plan->cut))
        rs_usage_error("--after: '%s' is neither a time such as 2014-02-28 nor a share such as 0.2",
                       after);
}

static void check_options(const struct plan *plan) {
    bool with_fold = plan->method == METHOD_FOLDS || plan->method == METHOD_FOLD_COLUMN;
    bool cold = plan->method == METHOD_COLD_USERS || plan->method == METHOD_COLD_ITEMS;
    if (with_fold && fold == NULL) rs_usage_error("--fold I is needed: which is the test?");
    if (!with_fold && fold != NULL) rs_usage_error("--fold goes with --folds and --fold-column");
    if (stratify && plan->method != METHOD_FOLDS) rs_usage_error("--stratify goes with --folds");
    if (given > 0 && !cold) rs_usage_error("--given goes with --cold-users and --cold-items");
    bool paths = train_path != NULL || test_path != NULL;
    if (paths && (rs_option_given(&tool, "part") || rs_option_given(&tool, "output")))
        rs_usage_error("--part and --output go without --train and --test");
    if (train_path != NULL && test_path != NULL && strcmp(train_path, test_path) == 0)
        rs_usage_error("--train and --test are the same file");
}

static struct plan make_plan(void) {
    const struct {
        enum method method;
        bool given;
    } methods[] = {{METHOD_FOLDS, folds > 0},
                   {METHOD_HOLDOUT, holdout != NULL},
                   {METHOD_LAST, last != NULL},
                   {METHOD_AFTER, after != NULL},
                   {METHOD_COLD_USERS, cold_users != NULL},
                   {METHOD_COLD_ITEMS, cold_items != NULL},
                   {METHOD_FOLD_COLUMN, fold_column != NULL}};
    struct plan plan = {.seed = (uint64_t)seed,
                        .folds = (uint32_t)folds,
                        .column = fold_column,
                        .value = fold,
                        .stratify = stratify,
                        .given = (uint64_t)given,
                        .min_train = (uint64_t)min_train};
    size_t n = 0;
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        if (methods[m].given) plan.method = methods[m].method;
        n += methods[m].given;
    }
    if (n != 1)
        rs_usage_error("%s of --folds, --fold-column, --holdout, --last, --after, --cold-users and "
                       "--cold-items is needed",
                       n == 0 ? "one" : "only one");
    check_options(&plan);
    if (plan.method == METHOD_FOLDS) plan.fold = need_fold();
    if (plan.method == METHOD_AFTER) take_after(&plan);
    if (holdout != NULL) plan.amount = need_amount("holdout", holdout, false);
    if (last != NULL) plan.amount = need_amount("last", last, false);
    if (cold_users != NULL) plan.amount = need_amount("cold-users", cold_users, true);
    if (cold_items != NULL) plan.amount = need_amount("cold-items", cold_items, true);
    return plan;
}

/* Reading and writing */

static void split_batches(struct plan *plan, struct rs_pairs_reader *reader, struct sinks *sinks,
                          struct tally *tally) {
    struct rs_error err;
    struct rs_pairs *batch;
    uint8_t *roles = rs_malloc(RS_BATCH_ROWS, 1);
    while (true) {
        if (!rs_pairs_next(reader, &batch, &err)) rs_die_error(&err);
        if (batch == NULL) break;
        rs_progress_at(rs_reader_position(reader->reader));
        decide_batch(plan, reader, batch, roles);
        if (!sinks->open)
            sinks_open(sinks, plan, reader, rs_pairs_columns(batch), reader->n_contexts);
        sinks_put(sinks, batch, roles);
        tally_batch(tally, reader, batch, roles);
    }
    if (!sinks->open)
        sinks_open(sinks, plan, reader, rs_pairs_listed(reader->header), reader->n_contexts);
    free(roles);
}

static void split_held(struct plan *plan, struct rs_pairs_reader *reader, struct sinks *sinks,
                       struct tally *tally) {
    struct held held = {0};
    held_read(&held, reader);
    decide_held(plan, reader, &held);
    unsigned columns = held.n_chunks == 0 ? rs_pairs_listed(reader->header) : 0;
    for (size_t c = 0; c < held.n_chunks; c++) columns |= held.chunks[c].columns;
    sinks_open(sinks, plan, reader, columns, reader->n_contexts);
    for (size_t c = 0; c < held.n_chunks; c++) {
        const struct chunk *chunk = &held.chunks[c];
        sinks_put(sinks, &chunk->rows, held.roles + chunk->first);
        tally_batch(tally, reader, &chunk->rows, held.roles + chunk->first);
    }
    held_free(&held);
}

/* One key a level of splitting, so that the folds of a fold are not all one. */
static uint64_t make_key(uint64_t from_seed, const json_t *header) {
    char depth = 0;
    for (const json_t *split = json_object_get(header, "split"); split != NULL;
         split = json_object_get(split, "outer"))
        depth++;
    if (depth >= MAX_SPLITS) rs_die(EX_DATAERR, "the ratings were split %d times already", depth);
    return rs_random_hash(from_seed, "split", 5, &depth, 1);
}

static void warn_of_nothing(const struct tally *tally) {
    if (tally->n[ROLE_TRAIN] == 0) rs_warn("no rating is left for training");
    if (tally->n[ROLE_TEST] == 0) rs_warn("no rating is in the test");
}

int main(int argc, char **argv) {
    char **operands;
    size_t n = rs_options_parse(&tool, argc, argv, &operands);
    struct plan plan = make_plan();
    struct rs_error err;
    struct rs_pairs_reader reader;
    if (!rs_pairs_open(&reader, (const char *const *)operands, n, "ratings", &err))
        rs_die_error(&err);
    plan.key = make_key(plan.seed, reader.header);
    if (n <= 1) rs_progress_start("reads", "bytes", rs_reader_size(reader.reader));
    struct sinks sinks = {.tool = &tool, .paths = {train_path, test_path}};
    if (train_path == NULL && test_path == NULL) sinks.paths[part] = rs_output_path;
    struct tally tally = {0};
    if (plan_streams(&plan)) {
        split_batches(&plan, &reader, &sinks, &tally);
    } else {
        split_held(&plan, &reader, &sinks, &tally);
    }
    rs_progress_end();
    if (plan.method == METHOD_FOLD_COLUMN && tally.n[ROLE_TEST] + tally.n[ROLE_LEFT_OUT] == 0)
        rs_die(EX_DATAERR, "no rating has '%s' in column '%s'", plan.value, plan.column);
    warn_of_nothing(&tally);
    sinks_finish(&sinks, tally_finish(&tally));
    rs_pairs_close(&reader);
    return rs_finish();
}
