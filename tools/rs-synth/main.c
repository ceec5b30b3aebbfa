/* rs-synth: ratings of any size with the shape of real ones, and known truth planted in them.
 *
 * In: parameters, or with --expand a stream of real ratings to enlarge. Out: CSV, or a ratings
 * stream; side tables and the truth in files of their own. Holds users, items and their factors;
 * the ratings too if they have to be sorted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/when.h"
#include "expand.h"
#include "program/options.h"
#include "program/output.h"
#include "sides.h"
#include "synthesis.h"
#include "truth.h"

static int like = 0;
static int64_t n_users = 943, n_items = 1682, n_ratings = 100000, least = 20;
static double activity = 1.41, most = 0.45, popularity = 0.86, tail = 2;
static const char *start = "1997-09-20";
static double days = 215, old_share = 0.9, decay = 200;
static int64_t n_factors = 8;
static double taste = 0.46, user_bias = 0.46, item_bias = 0.56, noise = 0.87, mean = 3.58;
static double selection = 0.8, whole = 0;
static const char *scale = "1,5,1";
static struct rs_list contexts;
static bool implicit = false;
static int order = ORDER_USER, format = FORMAT_CSV;
static const char *expand_path, *expand_by = "2x2";
static const char *truth_path, *users_path, *items_path;
static int64_t seed = 1;

static int shuffle = 0;
static const char *const shuffle_names[] = {"all", "near", NULL};
static const char *const order_names[] = {"user", "time", "random", NULL};
static const char *const format_names[] = {"csv", "rs", NULL};

static const struct rs_option options[] = {
    {"like", 0, RS_CHOICE, "SET", &like, 0, 0, shape_names, true,
     "take size, shape, scale and times after a known set; what is given besides counts more"},
    {"users", 0, RS_INTEGER, "N", &n_users, 1, 1e9, NULL, true, "how many users there are"},
    {"items", 0, RS_INTEGER, "N", &n_items, 1, 1e9, NULL, true,
     "how many items; each is rated at least once"},
    {"ratings", 'n', RS_INTEGER, "N", &n_ratings, 1, 1e12, NULL, true, "how many ratings"},
    {"least", 0, RS_INTEGER, "N", &least, 1, 1e6, NULL, true, "ratings every user gives at least"},
    {"activity", 0, RS_REAL, "X", &activity, 0, 3, NULL, true,
     "how unequal users are: the standard deviation of the logarithm of their appetite for more"},
    {"most", 0, RS_REAL, "X", &most, 0.01, 100, NULL, true,
     "share of the items that the greatest appetite tends to: a user of appetite x gives the least "
     "and x / (1 + x / (X * items)) ratings"},
    {"popularity", 0, RS_REAL, "X", &popularity, 0.05, 2, NULL, true,
     "how unequal items are: the item of rank r is rated 1 + A exp(-(r / r0)^X) times; the smaller "
     "X, the heavier the tail"},
    {"tail", 0, RS_REAL, "X", &tail, 0.001, 1e6, NULL, true,
     "how often the least popular item is rated beyond once, on average; sets r0"},
    {NULL, 0, RS_HEADING, NULL, NULL, 0, 0, NULL, false, "Ratings"},
    {"scale", 0, RS_STRING, "LOW,HIGH,STEP", &scale, 0, 0, NULL, true,
     "the ratings that can be given"},
    {"mean", 0, RS_REAL, "X", &mean, -1e6, 1e6, NULL, true,
     "mean rating, before ratings are held to the scale"},
    {"factors", 'f', RS_INTEGER, "K", &n_factors, 1, MAX_FACTORS, NULL, true,
     "latent factors of taste"},
    {"taste", 0, RS_REAL, "X", &taste, 0, 1e6, NULL, true, "standard deviation that taste adds"},
    {"user-bias", 0, RS_REAL, "X", &user_bias, 0, 1e6, NULL, true, "the same of user biases"},
    {"item-bias", 0, RS_REAL, "X", &item_bias, 0, 1e6, NULL, true, "the same of item biases"},
    {"noise", 0, RS_REAL, "X", &noise, 0, 1e6, NULL, true, "the same of noise"},
    {"selection", 0, RS_REAL, "X", &selection, 0, 20, NULL, true,
     "how much users rate what they like: the logit of rating an item grows by X with every "
     "standard deviation of taste"},
    {"whole", 0, RS_REAL, "X", &whole, 0, 1, NULL, true,
     "share of the users who give whole numbers only"},
    {"implicit", 0, RS_FLAG, NULL, &implicit, 0, 0, NULL, true,
     "counts instead of ratings: 1 + floor(e^x), where x would be the rating"},
    {NULL, 0, RS_HEADING, NULL, NULL, 0, 0, NULL, false, "Time and context"},
    {"start", 0, RS_STRING, "DATE", &start, 0, 0, NULL, true, "the first day (UTC)"},
    {"days", 0, RS_REAL, "X", &days, 1, 24000, NULL, true, "until the last"},
    {"old", 0, RS_REAL, "X", &old_share, 0, 1, NULL, true,
     "share of the items that are there on the first day; the others appear one by one"},
    {"decay", 0, RS_REAL, "X", &decay, 0, 24000, NULL, true,
     "days in which a new item's popularity halves, down to a tenth; 0: it stays"},
    {"context", 'c', RS_LIST, "NAME[:KEY=VALUE,...]", &contexts, 0, 0, NULL, true,
     "let a circumstance matter: hour, weekday, month, region or a column of any other name; keys "
     "are strength=0.05 (share of the variance), kind=taste|item|bias and values=N"},
    {NULL, 0, RS_HEADING, NULL, NULL, 0, 0, NULL, false, "Instead of all these"},
    {"expand", 0, RS_STRING, "RATINGS", &expand_path, 0, 0, NULL, true,
     "enlarge a real set: a ratings stream, or '-' for standard input"},
    {"expand-by", 0, RS_STRING, "UxI", &expand_by, 0, 0, NULL, true,
     "U times the users and I times the items"},
    {"shuffle", 0, RS_CHOICE, "WHOM", &shuffle, 0, 0, shuffle_names, true,
     "what a user, or item, of one copy may become in another: any, as in the paper, whose users "
     "and items come out more equal than the source's; or one of about as many ratings"},
    {NULL, 0, RS_HEADING, NULL, NULL, 0, 0, NULL, false, "Output"},
    {"format", 0, RS_CHOICE, "FORMAT", &format, 0, 0, format_names, false,
     "text, or a ratings stream as rs-clean would make of it"},
    {"order", 0, RS_CHOICE, "ORDER", &order, 0, 0, order_names, true,
     "user by user, each in the order of time; or all sorted by time; or shuffled"},
    {"truth", 0, RS_STRING, "FILE", &truth_path, 0, 0, NULL, false, "write what was planted"},
    {"users-table", 0, RS_STRING, "FILE", &users_path, 0, 0, NULL, false,
     "write age, sex, occupation, zip and region of users (CSV)"},
    {"items-table", 0, RS_STRING, "FILE", &items_path, 0, 0, NULL, false,
     "write titles and genres of items (CSV)"},
    RS_SEED_OPTION(&seed),
    RS_OUTPUT_OPTION,
    RS_THREADS_OPTION,
    RS_END_OPTIONS,
};

static const struct rs_example examples[] = {
    {"A small set to play with",
     "rs-synth --users 30 --items 20 --ratings 200 --least 3 | head -n 4",
     "user,item,rating,timestamp\n1,8,5,880660998\n1,14,4,880661015\n1,16,5,880661021\n"},
    {"Plant an effect of the device that makes up a tenth of the variance",
     "rs-synth --context device:values=3,strength=0.1 | head -n 3",
     "user,item,rating,timestamp,device\n1,1549,4,876139727,2\n1,391,4,876519417,3\n"},
    {"Ratings as large as MovieLens 1M, ready to use, and what lies behind them",
     "rs-synth --like ml-1m --format rs --truth truth.rs -o ratings.rs", ""},
    {"Enlarge real ratings: four times the users, three times the items",
     "rs-clean ratings.csv | rs-synth --expand - --expand-by 4x3 | head -n 3",
     "user,item,rating,timestamp\n1,165,4.5,1514577137\n1,229,4.5,1514730871\n"},
    {0},
};

static const struct rs_tool tool = {
    .name = "rs-synth",
    .summary = "make ratings with the shape of real ones and known truth in them",
    .operands = "",
    .about =
        "Prints ratings as CSV: user, item, rating and timestamp, then a column for every context "
        "that is not made from these. No pair occurs twice, every user and every item occurs, and "
        "the "
        "number of ratings is the one asked for. Ids are shuffled, so that they tell nothing.\n\n"
        "Sizes. A user gives the least number of ratings and x / (1 + x / (most * items)) more, "
        "where x "
        "is log-normal. The item of rank r is rated 1 + A exp(-(r / r0)^popularity) times: a "
        "stretched "
        "exponential (Laherrere and Sornette, Eur. Phys. J. B 1998). The sets that --like knows "
        "have "
        "the size of the real ones and, to within some percent, their sums of n_u^2 and n_i^2 "
        "(which is how much work neighbours are), quartiles, spread of biases and noise. ml-25m is "
        "made to have 1.55e10 and 4.4e11.\n\n"
        "Ratings. A rating is intercept + user bias + item bias + user factors * item factors + "
        "the "
        "effects of contexts + noise, held to the scale and rounded to its steps. Item factors "
        "have "
        "standard deviations that fall with the number of the factor, f, as 1 / sqrt(f). Better "
        "items "
        "are more popular, and users rate more of what they like (--selection).\n\n"
        "Time. Users arrive evenly; half of them rate all they rate in one session, the others "
        "come "
        "back after days or months. New items appear with the first user who rates them, rise for "
        "two weeks and decay. Sessions begin at all hours, most at nine in the evening.\n\n"
        "Context. hour, weekday (0 is Monday) and month (0 is January) follow from the timestamp "
        "in "
        "UTC; region is the user's and is a column; any other name is a column whose value is the "
        "same "
        "throughout a session and by habit in every second one of a user. Values of columns are "
        "numbers from 1. "
        "Of kind 'taste' a value adds factors of its own to every user's, of kind 'item' it moves "
        "every "
        "item by an amount of its own, of kind 'bias' all items alike; the first two decide, like "
        "taste, "
        "what is rated as well. The strength is the effect's share of the variance before "
        "ratings are held to the scale; a strength of 0 makes a context that does not matter.\n\n"
        "Truth. The file that --truth writes is of kind \"truth\". Its header has intercept, "
        "noise, "
        "scale and contexts (name, kind, strength, number of values); its arrays are the names of "
        "users "
        "and items, user_bias and item_bias, user_factors (users by factors) and item_factors, "
        "item_appeared (milliseconds since 1970) and for the context of number c, from 0, "
        "contextC_effect: values by factors, to be multiplied with the item's, for kind 'taste'; "
        "items by "
        "values for 'item'; values for 'bias'. Row k is of id k + 1, or of value k for the hour, "
        "weekday and month and k + 1 for columns.\n\n"
        "Expansion. With --expand the result is made of a real set: a randomised Kronecker product "
        "with "
        "a reduced version of itself (Belletti et al., arXiv:1901.08910). Every element p of that "
        "matrix, "
        "which has --expand-by rows and columns and the same largest singular values, becomes a "
        "copy of the set, users and items shuffled anew (--shuffle), of which every rating is kept "
        "with "
        "probability "
        "p. Ratings and times stay what they were; side tables and contexts do not come along; a "
        "user "
        "or item of whom nothing is kept is left out.\n\n"
        "A seed gives the same file with any number of threads.",
    .memory =
        "4 (factors + 8) bytes a user and 4 factors + 12 * 32 + 60 an item; 36 a rating besides "
        "if --order is time or random; with --expand 20 a rating of the source.",
    .options = options,
    .examples = examples,
};

/* Takes from the set that --like names what was not given. */
static void take_after(const struct shape *set) {
    struct {
        const char *option;
        int64_t *whole;
        double *real;
        int64_t whole_value;
        double real_value;
    } taken[] = {
        {"users", &n_users, NULL, set->users, 0},
        {"items", &n_items, NULL, set->items, 0},
        {"ratings", &n_ratings, NULL, set->ratings, 0},
        {"least", &least, NULL, set->least, 0},
        {"activity", NULL, &activity, 0, set->activity},
        {"most", NULL, &most, 0, set->most},
        {"popularity", NULL, &popularity, 0, set->popularity},
        {"tail", NULL, &tail, 0, set->tail},
        {"mean", NULL, &mean, 0, set->mean},
        {"taste", NULL, &taste, 0, set->taste},
        {"user-bias", NULL, &user_bias, 0, set->user_bias},
        {"item-bias", NULL, &item_bias, 0, set->item_bias},
        {"noise", NULL, &noise, 0, set->noise},
        {"whole", NULL, &whole, 0, set->whole},
        {"days", NULL, &days, 0, set->days},
        {"old", NULL, &old_share, 0, set->old},
        {"decay", NULL, &decay, 0, set->decay},
    };
    for (size_t k = 0; k < sizeof taken / sizeof *taken; k++) {
        if (rs_option_given(&tool, taken[k].option)) continue;
        if (taken[k].whole != NULL) *taken[k].whole = taken[k].whole_value;
        if (taken[k].real != NULL) *taken[k].real = taken[k].real_value;
    }
    if (!rs_option_given(&tool, "start")) start = set->start;
    if (!rs_option_given(&tool, "scale"))
        scale = rs_format("%g,%g,%g", set->low, set->high, set->step);
}

enum { MAX_LEVELS = 100000 };

static void parse_scale(struct shape *shape) {
    char *end;
    shape->low = strtod(scale, &end);
    bool good = end != scale && *end == ',';
    const char *next = end + good;
    shape->high = good ? strtod(next, &end) : 0;
    good = good && end != next && *end == ',';
    next = end + good;
    shape->step = good ? strtod(next, &end) : 0;
    good = good && end != next && *end == '\0' && isfinite(shape->low) && isfinite(shape->high) &&
           shape->high > shape->low && shape->step > 0 &&
           (shape->high - shape->low) / shape->step <= MAX_LEVELS - 1;
    if (!good)
        rs_usage_error("--scale: '%s' is not LOW,HIGH,STEP with fewer than %d steps", scale,
                       MAX_LEVELS);
}

static struct shape shape_given(void) {
    struct shape shape = {
        .users = n_users,
        .items = n_items,
        .ratings = n_ratings,
        .activity = activity,
        .least = least,
        .most = most,
        .popularity = popularity,
        .tail = tail,
        .whole = whole,
        .mean = mean,
        .user_bias = user_bias,
        .item_bias = item_bias,
        .taste = taste,
        .noise = noise,
        .days = days,
        .old = old_share,
        .decay = decay,
    };
    if (n_users > n_ratings / least)
        rs_usage_error("--ratings: %lld are fewer than %lld for each of %lld users (--least)",
                       (long long)n_ratings, (long long)least, (long long)n_users);
    if (n_items > n_ratings)
        rs_usage_error("--ratings: %lld are fewer than one for each of %lld items",
                       (long long)n_ratings, (long long)n_items);
    if (least > n_items || n_ratings > n_users * n_items)
        rs_usage_error("--ratings: %lld of %lld users are more than %lld items for each",
                       (long long)n_ratings, (long long)n_users, (long long)n_items);
    parse_scale(&shape);
    return shape;
}

static void parse_contexts(struct plan *plan) {
    double strength = 0;
    if (contexts.n > MAX_CONTEXTS) rs_usage_error("--context: at most %d", MAX_CONTEXTS);
    plan->n_contexts = contexts.n;
    plan->contexts = rs_calloc(contexts.n, sizeof *plan->contexts);
    for (size_t c = 0; c < contexts.n; c++) {
        context_parse(&plan->contexts[c], contexts.items[c]);
        strength += plan->contexts[c].strength;
        for (size_t other = 0; other < c; other++)
            if (strcmp(plan->contexts[other].name, plan->contexts[c].name) == 0)
                rs_usage_error("--context: '%s' is given twice", plan->contexts[c].name);
    }
    if (strength > 0.99)
        rs_usage_error("--context: the strengths add up to %g and leave nothing for the rest",
                       strength);
}

static struct plan make_plan(void) {
    struct plan plan = {.shape = shape_given(),
                        .seed = (uint64_t)seed,
                        .n_factors = (size_t)n_factors,
                        .selection = selection,
                        .implicit = implicit};
    int64_t when;
    if (!rs_when_parse(start, strlen(start), RS_TIME_AUTO, &when) || when < 0)
        rs_usage_error("--start: '%s' is not a date since 1970 such as 2001-02-28", start);
    plan.start = when / 1000;
    parse_contexts(&plan);
    return plan;
}

static struct press make_press(const struct world *world, FILE *file) {
    struct press press = {
        .file = file,
        .order = (enum rows_order)order,
        .format = (enum rows_format)format,
        .seed = (uint64_t)seed,
        .n_users = world->n_users,
        .n_items = world->n_items,
        .implicit = implicit,
        .has_time = true,
        .header = rs_tool_header(&tool),
    };
    for (size_t c = 0; c < world->plan.n_contexts; c++) {
        const struct context *context = &world->plan.contexts[c];
        if (!context_is_column(context)) continue;
        press.context_names[press.n_contexts] = context->name;
        press.context_values[press.n_contexts++] = context->n_values;
    }
    return press;
}

static void write_beside(const struct world *world) {
    if (truth_path != NULL) {
        struct rs_output output = rs_output_open(truth_path, true);
        truth_write(world, output.file, rs_tool_header(&tool));
        rs_output_commit(&output);
    }
    if (users_path != NULL) {
        struct rs_output output = rs_output_open(users_path, false);
        sides_print_users(world, output.file);
        rs_output_commit(&output);
    }
    if (items_path != NULL) {
        struct rs_output output = rs_output_open(items_path, false);
        sides_print_items(world, output.file);
        rs_output_commit(&output);
    }
}

static void report(const struct press *press) {
    rs_note("%llu ratings, %u users, %u items; sum of n_u^2 %.4g, of n_i^2 %.4g",
            (unsigned long long)press->n_rows, press->n_users, press->n_items, press->users_squared,
            press->items_squared);
}

static void synthesise(FILE *file) {
    struct plan plan = make_plan();
    struct world world;
    world_make(&world, &plan);
    struct press press = make_press(&world, file);
    synthesis_print(&world, &press);
    write_beside(&world);
    report(&press);
    world_free(&world);
    free(plan.contexts);
}

/* What a real set has of its own can't be given besides. */
static void refuse_options(void) {
    for (const struct rs_option *o = options; !rs_option_is_last(o); o++) {
        bool own = o->result || o->value == &truth_path || o->value == &users_path ||
                   o->value == &items_path;
        if (!own || o->value == &seed || o->value == &order || o->value == &expand_path ||
            o->value == &expand_by || o->value == &shuffle)
            continue;
        if (rs_option_given(&tool, o->name))
            rs_usage_error("--%s: has no meaning with --expand", o->name);
    }
}

static void parse_times(size_t times[2]) {
    const char *text = expand_by;
    for (int k = 0; k < 2; k++) {
        times[k] = 0;
        while (*text >= '0' && *text <= '9' && times[k] <= MAX_TIMES)
            times[k] = times[k] * 10 + (size_t)(*text++ - '0');
        bool ends = k == 0 ? *text == 'x' : *text == '\0';
        if (times[k] == 0 || times[k] > MAX_TIMES || !ends)
            rs_usage_error("--expand-by: '%s' is not two numbers up to %d such as 16x32", expand_by,
                           MAX_TIMES);
        text++;
    }
}

static void expand(FILE *file) {
    struct expansion expansion;
    size_t times[2];
    refuse_options();
    parse_times(times);
    expansion_open(&expansion, expand_path, times[0], times[1], shuffle == 1, (uint64_t)seed);
    struct press press = {
        .file = file,
        .order = (enum rows_order)order,
        .format = (enum rows_format)format,
        .seed = (uint64_t)seed,
        .n_users = (uint32_t)expansion.n_users,
        .n_items = (uint32_t)expansion.n_items,
        .implicit = expansion.implicit,
        .has_time = expansion.has_time,
        .levels = expansion.levels,
        .n_levels = expansion.n_levels,
        .decimals = -1,
        .header = rs_tool_header(&tool),
    };
    if (order == ORDER_TIME && !press.has_time)
        rs_usage_error("--order time: %s has no times", expand_path);
    press_run(&press, expansion.n_blocks, expansion_fill, &expansion);
    report(&press);
    expansion_close(&expansion);
}

int main(int argc, char **argv) {
    char **operands;
    rs_options_parse(&tool, argc, argv, &operands);
    if (expand_path == NULL) {
        if (rs_option_given(&tool, "expand-by") || rs_option_given(&tool, "shuffle"))
            rs_usage_error("--expand-by and --shuffle have no meaning without --expand");
        take_after(&shapes[like]);
    }
    struct rs_output output = rs_output_open(rs_output_path, format == FORMAT_RS);
    if (expand_path == NULL) {
        synthesise(output.file);
    } else {
        expand(output.file);
    }
    rs_output_commit(&output);
    return rs_finish();
}
