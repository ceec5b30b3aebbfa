/* rs-clean: reads any text of ratings, checks every record, and encodes what is good.
 *
 * In: delimited text, JSON lines, or rs files that it wrote before; side tables of users and items.
 * Out: one ratings stream. Holds a few blocks of text and the names, unless repeated pairs or a
 * core are asked for, which need all ratings. */
#include <math.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "base/number.h"
#include "format/reader.h"
#include "inputs.h"
#include "program/options.h"
#include "program/output.h"
#include "side.h"
#include "summary.h"

static const char *const header_names[] = {"no", "yes", "auto", NULL};
static const char *const decimal_names[] = {"auto", "point", "comma", NULL};
static const char *const feedback_names[] = {"auto", "explicit", "implicit", NULL};
static const char *const dedupe_names[] = {"keep", "last", "first", "mean",
                                           "max",  "sum",  "error", NULL};

static const char *columns, *delimiter, *encoding, *scale, *rejects_path;
static const char *max_rejects = "auto";
static const char *users_path, *items_path, *user_columns, *item_columns;
static int header = 2, decimal = RS_DECIMAL_AUTO, time_unit = RS_TIME_AUTO;
static int feedback = FEEDBACK_AUTO, dedupe = DEDUPE_KEEP;
static int64_t skip = 0, min_user = 1, min_item = 1;
static bool wide = false;
static struct rs_list missing;
static double threshold = NAN;

static const struct rs_option options[] = {
    {.kind = RS_HEADING, .help = "Reading:"},
    {"columns", 'c', RS_STRING, "LIST", &columns, 0, 0, NULL, true,
     "which column is what, by place (user,item,rating,time) or as in "
     "user=uid,item=3,rating=Stars: "
     "by a name in the header or a number; '-' leaves one out, any other word is the name of a "
     "context column; default: by the names in the header, else in that order"},
    {"delimiter", 'd', RS_STRING, "SEP", &delimiter, 0, 0, NULL, false,
     "what separates fields: tab, space, ::, any one or two bytes, or json; default: found"},
    {"header", 0, RS_CHOICE, "WHEN", &header, 0, 0, header_names, false,
     "whether the first record names the columns"},
    {"skip", 0, RS_INTEGER, "N", &skip, 0, 1e15, NULL, true, "lines to pass over at the beginning"},
    {"encoding", 0, RS_STRING, "NAME", &encoding, 0, 0, NULL, false,
     "of the text, as iconv knows it; default: by its byte order mark, else UTF-8 where its "
     "first 4 MiB are that, else Latin-1"},
    {"decimal", 0, RS_CHOICE, "MARK", &decimal, 0, 0, decimal_names, false,
     "the decimal point of numbers"},
    {"time-unit", 0, RS_CHOICE, "UNIT", &time_unit, 0, 0, rs_time_unit_names, true,
     "of times that are numbers; auto tells by their size, or date where all are such as 20140228 "
     "or 20140228134530"},
    {"wide", 'w', RS_FLAG, NULL, &wide, 0, 0, NULL, true,
     "a record is a user with a rating of every item or none, its first field the user; --columns "
     "may say otherwise, with '*' where the items begin"},
    {.kind = RS_HEADING, .help = "What ratings mean:"},
    {"missing", 'm', RS_LIST, "WORD", &missing, 0, 0, NULL, true,
     "a rating that stands for none, such as 99 or 0; may be given again. Empty, NA, N/A, NaN, "
     "null, "
     "None, \\N, ? and - always do"},
    {"scale", 's', RS_STRING, "MIN,MAX", &scale, 0, 0, NULL, true,
     "ratings outside are rejected; default: what is found, told at the end of the stream"},
    {"feedback", 0, RS_CHOICE, "KIND", &feedback, 0, 0, feedback_names, true,
     "ratings, or counts of clicks and plays; auto: implicit where there is no rating or "
     "its column is named count, plays, weight or the like"},
    {"threshold", 0, RS_REAL, "R", &threshold, -1e28, 1e28, NULL, true,
     "make implicit feedback of ratings: those from R on count 1, the others are left out"},
    {.kind = RS_HEADING, .help = "Which ratings stay:"},
    {"dedupe", 0, RS_CHOICE, "RULE", &dedupe, 0, 0, dedupe_names, true,
     "of ratings of one item by one user: keep all (rs-matrix then takes the last in the stream) "
     "or make one of them; last and first go by time where both have one, else by order"},
    {"min-user", 0, RS_INTEGER, "N", &min_user, 0, 4294967295., NULL, true,
     "drop users with fewer ratings, repeatedly, until both minima hold"},
    {"min-item", 0, RS_INTEGER, "N", &min_item, 0, 4294967295., NULL, true,
     "the same for items; the header says how much that leaves out, and rs-eval repeats it"},
    {"rejects", 'r', RS_STRING, "FILE", &rejects_path, 0, 0, NULL, false,
     "write every record that gives no rating to FILE: place, reason, text, separated by tabs"},
    {"max-rejects", 0, RS_STRING, "N", &max_rejects, 0, 0, NULL, false,
     "fail when more records of an input are rejected than N or, as in 5%, than a share; auto: 1%, "
     "but ten in any case unless they are half. Missing ratings are not rejects"},
    {.kind = RS_HEADING, .help = "Side tables:"},
    {"users", 0, RS_STRING, "FILE", &users_path, 0, 0, NULL, false,
     "what is known of the users, a record each: any text that ratings may be in"},
    {"items", 0, RS_STRING, "FILE", &items_path, 0, 0, NULL, false, "the same for items"},
    {"user-columns", 0, RS_STRING, "LIST", &user_columns, 0, 0, NULL, true,
     "the columns of --users, by place or with =NAME by the header: id is the key, '-' leaves one "
     "out, NAME takes one, NAME:KIND as text, category, set or number, NAME{A|B|C} takes 0-or-1 "
     "columns as a set; default: all, the kinds by their values; MovieLens' tables without a "
     "header are known"},
    {"item-columns", 0, RS_STRING, "LIST", &item_columns, 0, 0, NULL, true, "the same for --items"},
    {.kind = RS_HEADING, .help = "And:"},
    RS_OUTPUT_OPTION,
    RS_THREADS_OPTION,
    RS_END_OPTIONS,
};

static const struct rs_example examples[] = {
    {"look what it makes of a file", "rs-clean ratings.csv | rs-view -n 1",
     "{\"user\":\"1\",\"item\":\"101\",\"rating\":5,\"time\":\"2017-09-16T04:45:43Z\"}"},
    {"titles, genres and what is known of the users come along",
     "rs-clean ratings.csv --items items.csv --users users.csv -o all.rs && \\\n"
     "    rs-view -f csv -c user,age,item,title,genres,rating -n 2 all.rs",
     "user,age,item,title,genres,rating\n"
     "1,34,101,\"Amber Harbour, The (1982)\",Adventure,5\n"
     "1,34,107,\"Golden Harbour, The (1983)\",Adventure,4.5"},
    {"keep what was rejected",
     "printf 'who;what;grade\\nann;tea;4,5\\nbob;tea;good\\ncid;tea;3\\n' | \\\n"
     "    rs-clean -q -r bad.txt | rs-view -f csv; cat bad.txt",
     "user,item,rating\nann,tea,4.5\ncid,tea,3\n"
     "standard input:3\trating 'good' is not a number\tbob;tea;good"},
    {"a row a user, a column an item, 99 for no rating",
     "printf '5,99,3\\n99,1,99\\n' | rs-clean --wide --columns '*' --missing 99 | rs-view -f csv",
     "user,item,rating\n1,1,5\n1,3,3\n2,2,1"},
    {"likes out of ratings, of users with twenty or more",
     "rs-clean --threshold 4 --min-user 20 ratings.csv | rs-view -f csv -c user,item,rating -n 1",
     "user,item,rating\n41,115,1"},
    {"add to what was clean what came since, which counts where both know a rating",
     "printf '1,101,2,1600000000\\n' > today.csv && rs-clean ratings.csv -o all.rs && \\\n"
     "    rs-clean --dedupe last all.rs today.csv | rs-view -f csv | tail -n 1",
     "1,101,2,2020-09-13T12:26:40Z"},
    {0},
};

static const struct rs_tool tool = {
    .name = "rs-clean",
    .summary = "read ratings from any text, check and encode them",
    .operands = "[FILE]...",
    .about =
        "Reads ratings (standard input if no file is named, several files as one) and writes them "
        "as "
        "a stream that every other program takes. Files that rs-clean wrote before may be among "
        "them and are merged in their order, so that the journal of rs-serve can be added to a "
        "base: what users took back there is left out, with all that came of the pair before.\n\n"
        "The form is found out: separators , ; tab | :: and blanks, a header and what stands "
        "above it, quotes, line ends, encoding, decimal commas, JSON lines; -v tells what was "
        "found, and every part can be "
        "given. "
        "Ids are any text of up to 65535 bytes. Times are seconds, milliseconds, microseconds, "
        "nanoseconds or ISO 8601.\n\n"
        "Nothing is dropped, clipped or changed in silence. A record that gives no rating is "
        "rejected "
        "with a reason; a warning a reason counts them, --rejects keeps them, and more than "
        "--max-rejects fails without output. A missing rating is no fault, and is counted. "
        "Ratings are held as 32-bit floats; those with more digits are counted in a warning.\n\n"
        "Repeated pairs pass through unless --dedupe is given, because finding them takes all "
        "ratings in memory.",
    .memory =
        "the side tables, the names, the first 4 MiB of a text and two or three blocks of 256 KiB "
        "a "
        "thread, whatever the size of the input. --dedupe, --min-user, --min-item and a journal "
        "hold all ratings: 16 bytes each, 8 more with times, 4 more for a core and for each "
        "context column.",
    .max_operands = SIZE_MAX,
    .options = options,
    .examples = examples,
};

static void parse_scale(struct reading *reading, struct sink *sink) {
    reading->scale_min = -INFINITY;
    reading->scale_max = INFINITY;
    if (scale == NULL) return;
    const char *comma = strchr(scale, ',');
    bool ok = comma != NULL &&
              rs_number_parse(scale, (size_t)(comma - scale), &reading->scale_min) &&
              rs_number_parse(comma + 1, strlen(comma + 1), &reading->scale_max) &&
              reading->scale_min < reading->scale_max && fabs(reading->scale_min) <= 1e28 &&
              fabs(reading->scale_max) <= 1e28;
    if (!ok) rs_usage_error("--scale: '%s' is not MIN,MAX as in 1,5", scale);
    sink->declared = (struct rs_scale){.n = 1,
                                       .min = (float)reading->scale_min,
                                       .max = (float)reading->scale_max,
                                       .off_step = (1u << RS_SCALE_N_STEPS) - 1};
}

static struct reading make_reading(struct sink *sink) {
    struct reading reading = {.form = {.separator = delimiter,
                                       .header = header == 2 ? -1 : header,
                                       .decimal = (enum rs_decimal)decimal,
                                       .wide = wide,
                                       .is_name = columns_is_name},
                              .columns = columns,
                              .encoding = encoding,
                              .skip = (uint64_t)skip,
                              .missing = missing.items,
                              .n_missing = missing.n,
                              .feedback = (enum feedback)feedback,
                              .threshold = threshold,
                              .time_unit = (enum rs_time_unit)time_unit};
    parse_scale(&reading, sink);
    if (wide && feedback == FEEDBACK_AUTO) reading.feedback = FEEDBACK_EXPLICIT;
    if (user_columns != NULL && users_path == NULL) rs_usage_error("--user-columns: needs --users");
    if (item_columns != NULL && items_path == NULL) rs_usage_error("--item-columns: needs --items");
    return reading;
}

/* Ends the program with an error, after keeping the record of what was rejected. What is still in
 * the buffer of standard output is of no use to a reader. */
static _Noreturn void give_up(const struct sink *sink, struct rejects *rejects,
                              const struct rs_error *err) {
    rejects_commit(rejects);
    __fpurge(sink->file);
    rs_die_error(err);
}

static void read_side(struct rs_table *table, const char *path, const char *list, int side,
                      struct sink *sink, struct rejects *rejects) {
    struct rs_error err;
    if (path == NULL) return;
    if (!side_read(table, path, list, side == USERS, encoding, rejects, &err))
        give_up(sink, rejects, &err);
    sink->tables[side] = table;
}

static void read_inputs(struct intake *intake, char **paths, size_t n_paths,
                        const struct reading *reading) {
    static char standard_input[] = "-", *only[] = {standard_input};
    struct rs_error err;
    if (n_paths == 0) {
        paths = only;
        n_paths = 1;
    }
    intake->is_only = n_paths == 1;
    for (size_t p = 0; p < n_paths; p++)
        if (strcmp(paths[p], "-") != 0 && rs_reader_probe(paths[p]))
            intake->sink->takes_back |= stream_takes_back(paths[p]);
    for (; intake->n_inputs < n_paths; intake->n_inputs++) {
        const char *path = paths[intake->n_inputs];
        bool ok = rs_reader_probe(path) ? stream_read(intake, path, reading, &err)
                                        : text_read(intake, path, reading, &err);
        if (!ok) give_up(intake->sink, intake->rejects, &err);
    }
}

static void finish(struct intake *intake, struct rs_output *output, struct summary *summary) {
    struct sink *sink = intake->sink;
    sink_resolve(sink);
    summary_refuse(summary);
    sink_finish(sink, summary_counts(summary));
    rs_output_commit(output);
    summary_tell(summary);
}

int main(int argc, char **argv) {
    struct summary summary = summary_begin();
    size_t n_paths = rs_options_parse(&tool, argc, argv, &summary.paths);
    struct sink sink = {.dedupe = (enum dedupe)dedupe,
                        .min_user = (uint64_t)min_user,
                        .min_item = (uint64_t)min_item};
    struct reading reading = make_reading(&sink);
    struct rejects rejects;
    rejects_open(&rejects, rejects_path, max_rejects);
    struct rs_output output = rs_output_open(rs_output_path, true);
    sink.file = output.file;
    sink.header = rs_tool_header(&tool);
    sink_open(&sink);
    struct rs_table users = {0}, items = {0};
    read_side(&users, users_path, user_columns, USERS, &sink, &rejects);
    read_side(&items, items_path, item_columns, ITEMS, &sink, &rejects);
    struct intake intake = {.sink = &sink, .rejects = &rejects};
    read_inputs(&intake, summary.paths, n_paths, &reading);
    rejects_commit(&rejects);
    summary.intake = &intake;
    summary.n_paths = n_paths;
    summary.side_paths[USERS] = users_path;
    summary.side_paths[ITEMS] = items_path;
    finish(&intake, &output, &summary);
    rs_table_free(&users);
    rs_table_free(&items);
    intake_free(&intake);
    rejects_free(&rejects);
    sink_close(&sink);
    return rs_finish();
}
