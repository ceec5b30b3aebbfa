/* Tables for people: see print.h. */
#include "print.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "layout.h"

static char *value_text(double value) {
    return fabs(value) < 1000 ? rs_format("%.4f", value) : rs_format("%.1f", value);
}

static char *interval_text(double low, double high) {
    char *first = value_text(low), *last = value_text(high);
    char *text = rs_format("%s..%s", first, last);
    free(first);
    free(last);
    return text;
}

static char *p_text(double p) {
    if (isnan(p)) return rs_strdup("-");
    return p < 0.0001 ? rs_strdup("<0.0001") : rs_format("%.4f", p);
}

/* The best value of a request over the models; NAN if no direction is better or there is only one.
 */
static double best_of(const struct report *report, size_t segment, size_t r) {
    const struct requests *requests = report->judge->requests;
    int better = measures[requests->all[r].measure].better;
    double best = NAN, first = NAN;
    bool differ = false;
    for (size_t m = 0; m < report->judge->evidence->n_models; m++) {
        const struct result *result = results_at(report->results, segment, m, r);
        if (result == NULL) continue;
        if (isnan(first)) first = result->value;
        differ |= result->value != first;
        if (isnan(best) || (result->value - best) * better > 0) best = result->value;
    }
    return differ && better != 0 ? best : NAN;
}

/* How many entered, of the first model that has the figure. */
static char *count_text(const struct report *report, size_t segment, size_t r) {
    for (size_t m = 0; m < report->judge->evidence->n_models; m++) {
        const struct result *result = results_at(report->results, segment, m, r);
        if (result != NULL) return rs_format("%llu", (unsigned long long)result->n);
    }
    return rs_strdup("-");
}

/* Requests for which somebody has a figure. */
static size_t *columns_of(const struct report *report, size_t *n) {
    size_t n_requests = report->judge->requests->n;
    size_t *columns = rs_malloc(n_requests, sizeof *columns);
    *n = 0;
    for (size_t r = 0; r < n_requests; r++) {
        bool any = false;
        for (size_t m = 0; m < report->judge->evidence->n_models; m++)
            any |= results_at(report->results, WHOLE, m, r) != NULL;
        if (any) columns[(*n)++] = r;
    }
    return columns;
}

static void add_figure(struct layout *layout, const struct result *result, double best) {
    if (result == NULL) {
        layout_add(layout, rs_strdup("-"), false);
    } else {
        layout_add(layout, value_text(result->value), result->value == best);
    }
}

/* The interval of a figure; empty without one. */
static void add_interval(struct layout *layout, const struct result *result) {
    bool has = result != NULL && !isnan(result->low);
    layout_add(layout, has ? interval_text(result->low, result->high) : rs_strdup(""), false);
}

/* A row a model, a column a measure. */
static struct layout wide_layout(const struct report *report, const size_t *columns, size_t n) {
    const struct evidence *evidence = report->judge->evidence;
    const struct requests *requests = report->judge->requests;
    struct layout layout = {.n_columns = n + 1, .n_left = 1};
    layout_add(&layout, rs_strdup("model"), false);
    for (size_t c = 0; c < n; c++)
        layout_add(&layout, rs_strdup(requests->all[columns[c]].name), false);
    for (size_t m = 0; m < evidence->n_models; m++) {
        layout_add(&layout, rs_strdup(evidence->models[m]->name), false);
        for (size_t c = 0; c < n; c++)
            add_figure(&layout, results_at(report->results, WHOLE, m, columns[c]),
                       best_of(report, WHOLE, columns[c]));
        if (!report->judge->settings->intervals) continue;
        layout_add(&layout, rs_strdup(""), false);
        for (size_t c = 0; c < n; c++)
            add_interval(&layout, results_at(report->results, WHOLE, m, columns[c]));
    }
    layout_add(&layout, rs_strdup("n"), false);
    for (size_t c = 0; c < n; c++)
        layout_add(&layout, count_text(report, WHOLE, columns[c]), false);
    return layout;
}

/* A row a measure, a column a model: for many measures. */
static struct layout long_layout(const struct report *report, const size_t *columns, size_t n) {
    const struct evidence *evidence = report->judge->evidence;
    const struct requests *requests = report->judge->requests;
    struct layout layout = {.n_columns = evidence->n_models + 2, .n_left = 1};
    layout_add(&layout, rs_strdup("measure"), false);
    layout_add(&layout, rs_strdup("n"), false);
    for (size_t m = 0; m < evidence->n_models; m++)
        layout_add(&layout, rs_strdup(evidence->models[m]->name), false);
    for (size_t c = 0; c < n; c++) {
        layout_add(&layout, rs_strdup(requests->all[columns[c]].name), false);
        layout_add(&layout, count_text(report, WHOLE, columns[c]), false);
        for (size_t m = 0; m < evidence->n_models; m++)
            add_figure(&layout, results_at(report->results, WHOLE, m, columns[c]),
                       best_of(report, WHOLE, columns[c]));
        if (!report->judge->settings->intervals) continue;
        layout_add(&layout, rs_strdup(""), false);
        layout_add(&layout, rs_strdup(""), false);
        for (size_t m = 0; m < evidence->n_models; m++)
            add_interval(&layout, results_at(report->results, WHOLE, m, columns[c]));
    }
    return layout;
}

enum { MOST_COLUMNS = 8 };

static struct layout whole_layout(const struct report *report) {
    size_t n;
    size_t *columns = columns_of(report, &n);
    struct layout layout =
        n <= MOST_COLUMNS ? wide_layout(report, columns, n) : long_layout(report, columns, n);
    free(columns);
    return layout;
}

/* The interval of a segment's figure, and how far that is from the figure of the whole. */
static void add_gap(struct layout *layout, const struct result *result, const struct result *all) {
    if (result == NULL || isnan(result->low) || all == NULL) {
        add_interval(layout, result);
        return;
    }
    char *interval = interval_text(result->low, result->high);
    layout_add(layout, rs_format("%s %+.4f", interval, result->value - all->value), false);
    free(interval);
}

/* One measure by segment: a row a segment, a column a model. Without rows if there are none. */
static struct layout segment_layout(const struct report *report, size_t r) {
    const struct evidence *evidence = report->judge->evidence;
    const struct segments *segments = report->judge->segments;
    struct layout layout = {.n_columns = evidence->n_models + 2, .n_left = 1};
    for (uint32_t s = WHOLE; s <= segments->n; s++) {
        bool any = false;
        for (size_t m = 0; m < evidence->n_models; m++)
            any |= results_at(report->results, s, m, r) != NULL;
        if (!any) continue;
        if (layout.n_cells == 0) {
            layout_add(&layout, rs_strdup(report->judge->requests->all[r].name), false);
            layout_add(&layout, rs_strdup("n"), false);
            for (size_t m = 0; m < evidence->n_models; m++)
                layout_add(&layout, rs_strdup(evidence->models[m]->name), false);
        }
        layout_add(&layout, rs_strdup(result_segment(segments, s)), false);
        layout_add(&layout, count_text(report, s, r), false);
        for (size_t m = 0; m < evidence->n_models; m++)
            add_figure(&layout, results_at(report->results, s, m, r), best_of(report, s, r));
        if (!report->judge->settings->intervals) continue;
        layout_add(&layout, rs_strdup(""), false);
        layout_add(&layout, rs_strdup(""), false);
        for (size_t m = 0; m < evidence->n_models; m++) {
            const struct result *result = results_at(report->results, s, m, r);
            if (s == WHOLE) {
                add_interval(&layout, result);
            } else {
                add_gap(&layout, result, results_at(report->results, WHOLE, m, r));
            }
        }
    }
    return layout;
}

static struct layout comparison_layout(const struct report *report) {
    static const char *const names[] = {"model", "other",  "measure", "difference", "interval",
                                        "wins",  "effect", "p",       "p (Holm)",   "p (folds)"};
    struct model *const *models = report->judge->evidence->models;
    struct layout layout = {.n_columns = 10, .n_left = 3};
    for (size_t c = 0; c < layout.n_columns; c++) layout_add(&layout, rs_strdup(names[c]), false);
    for (size_t i = 0; i < report->results->n_comparisons; i++) {
        const struct comparison *comparison = &report->results->comparisons[i];
        if (comparison->segment != WHOLE) continue;
        layout_add(&layout, rs_strdup(models[comparison->model]->name), false);
        layout_add(&layout, rs_strdup(models[comparison->other]->name), false);
        layout_add(&layout, rs_strdup(report->judge->requests->all[comparison->request].name),
                   false);
        layout_add(&layout, rs_format("%+.4f", comparison->difference), false);
        layout_add(&layout, interval_text(comparison->low, comparison->high), false);
        layout_add(&layout, rs_format("%.1f %%", 100 * comparison->wins), false);
        layout_add(&layout,
                   isnan(comparison->effect) ? rs_strdup("-")
                                             : rs_format("%+.3f", comparison->effect),
                   false);
        layout_add(&layout, p_text(comparison->p), false);
        layout_add(&layout, p_text(comparison->p_holm), comparison->p_holm < 0.05);
        layout_add(&layout, p_text(comparison->p_folds), false);
    }
    return layout;
}

/* Words */

static void say_relevance(FILE *file, const struct rules *rules) {
    if (rules->scale.n > 0)
        fprintf(file, "; scale %g to %g%s", (double)rules->scale.min, (double)rules->scale.max,
                rules->scale_seen ? " (as seen in them)" : "");
    if (rules->everything) {
        fputs("; every test item is relevant\n", file);
    } else {
        fprintf(file, "; relevant: rating >= %g\n", rules->threshold);
    }
}

/* "split: folds (seed 1, folds 10)", as rs-split tells it; nothing where nobody does. */
static void say_split(FILE *file, const struct evidence *evidence) {
    static const char *const told[] = {"method", "role", "fold", "leak", "outer"};
    json_t *split = evidence->n_folds > 0 ? evidence->folds[0]->facts.split : NULL;
    const char *method = json_string_value(json_object_get(split, "method")), *key;
    if (method == NULL) return;
    fprintf(file, "split: %s", method);
    json_t *value;
    bool any = false;
    json_object_foreach(split, key, value) {
        bool skip = false;
        for (size_t i = 0; i < sizeof told / sizeof *told; i++) skip |= strcmp(key, told[i]) == 0;
        if (skip) continue;
        fprintf(file, "%s%s", any ? ", " : " (", key);
        any = true;
        if (json_is_number(value)) fprintf(file, " %g", json_number_value(value));
        if (json_is_string(value)) fprintf(file, " %s", json_string_value(value));
    }
    fputs(any ? ")\n" : "\n", file);
}

/* "pruned before: users with fewer than 20 ratings: 3.1 % of the ratings, 12.0 % of the users, …" */
static void say_pruned(FILE *file, const struct evidence *evidence) {
    static const char *const what[] = {"ratings", "users", "items"};
    const json_t *pruned = evidence->n_folds > 0 ? evidence->folds[0]->facts.pruned : NULL;
    if (!json_is_object(pruned)) return;
    json_int_t min_user = json_integer_value(json_object_get(pruned, "min_user"));
    json_int_t min_item = json_integer_value(json_object_get(pruned, "min_item"));
    fputs("pruned before:", file);
    if (min_user > 1) fprintf(file, " users with fewer than %lld ratings", (long long)min_user);
    if (min_user > 1 && min_item > 1) fputs(" and", file);
    if (min_item > 1) fprintf(file, " items with fewer than %lld", (long long)min_item);
    for (int w = 0; w < 3; w++) {
        const json_t *part = json_object_get(pruned, what[w]);
        double of = json_number_value(json_object_get(part, "of"));
        double dropped = json_number_value(json_object_get(part, "dropped"));
        fprintf(file, "%s %.1f %% of the %s", w == 0 ? ":" : ",",
                of > 0 ? 100 * dropped / of : 0, what[w]);
    }
    putc('\n', file);
}

static void say_leak(FILE *file, const struct evidence *evidence) {
    double least = 1, most = -1;
    for (size_t f = 0; f < evidence->n_folds; f++) {
        double leak = evidence->folds[f]->facts.leak;
        if (leak >= 0 && leak < least) least = leak;
        if (leak > most) most = leak;
    }
    if (most <= 0) return;
    fprintf(file, "leak: %.1f", 100 * least);
    if (most > least) fprintf(file, " to %.1f", 100 * most);
    fputs(" % of the training ratings are later than the median test rating\n", file);
}

/* "1682", "1650 to 1682". */
static void say_range(FILE *file, int64_t least, int64_t most) {
    fprintf(file, "%lld", (long long)least);
    if (most > least) fprintf(file, " to %lld", (long long)most);
}

/* Ranks are those among the whole catalogue, or among N_NEGATIVES > 0 drawn items of it. */
static void say_ranks(FILE *file, const struct evidence *evidence, uint32_t n_negatives) {
    struct candidates all = {.least = UINT32_MAX};
    int64_t least = INT64_MAX, most = -1;
    for (size_t f = 0; f < evidence->n_folds; f++) {
        const struct fold *fold = evidence->folds[f];
        fold_candidates(fold, &all);
        if (fold->facts.catalogue < least) least = fold->facts.catalogue;
        if (fold->facts.catalogue > most) most = fold->facts.catalogue;
    }
    if (all.n == 0) return;
    fputs("ranked: ", file);
    if (n_negatives > 0)
        fprintf(file, "sampled(%u), the test items and %u drawn of ", n_negatives, n_negatives);
    fputs("the full catalogue", file);
    if (least >= 0) fputs(" of ", file);
    if (least >= 0) say_range(file, least, most);
    fprintf(file, " but for the user's training items, %.0f candidates a user (",
            all.sum / (double)all.n);
    say_range(file, all.least, all.most);
    fputs(")\n", file);
}

/* Lists are of what those who made them chose from, of which the catalogue is all that is known. */
static void say_lists(FILE *file, const struct evidence *evidence) {
    uint32_t longest = 0;
    int64_t least = INT64_MAX, most = -1;
    for (size_t f = 0; f < evidence->n_folds; f++)
        for (size_t m = 0; m < evidence->n_models; m++) {
            const struct answers *answers =
                model_answers(evidence->models[m], evidence->folds[f]);
            if (answers == NULL || answers->listed.v == NULL) continue;
            int64_t catalogue = answers_catalogue(answers);
            if (answers->lists.longest > longest) longest = answers->lists.longest;
            if (catalogue < least) least = catalogue;
            if (catalogue > most) most = catalogue;
        }
    if (longest == 0) return;
    fprintf(file, "ranked: lists of up to %u items out of ", longest);
    if (least >= 0) {
        fputs("a catalogue of ", file);
        say_range(file, least, most);
        putc('\n', file);
    } else {
        fputs("candidates that nothing is said of\n", file);
    }
}

/* Of whom there are no figures of ranks. */
static void say_left_out(FILE *file, const struct report *report) {
    const struct evidence *evidence = report->judge->evidence;
    size_t left_out = 0, all = 0;
    for (size_t f = 0; f < evidence->n_folds; f++) {
        left_out += rules_left_out(report->judge->rules, evidence->folds[f]);
        all += evidence->folds[f]->n_lists;
    }
    if (left_out == 0) return;
    fprintf(file, "left out of what is ranked: %zu of %zu users%s, who have no relevant test item\n",
            left_out, all, evidence->n_folds > 1 ? " (once a fold)" : "");
}

static void say_candidates(FILE *file, const struct report *report) {
    const struct requests *requests = report->judge->requests;
    bool ranks = false, among_test = false, relevant = false;
    for (size_t i = 0; i < report->results->n; i++) {
        const struct request *request = &requests->all[report->results->all[i].request];
        among_test |= request->among_test;
        ranks |= !request->among_test && measures[request->measure].basis == BASIS_RANKS;
        relevant |= measure_needs_relevant(request->measure);
    }
    if (ranks) say_ranks(file, report->judge->evidence, requests->n_negatives);
    if (ranks) say_lists(file, report->judge->evidence);
    if (among_test) fputs("ranked by rerank-: the user's test items alone\n", file);
    if (ranks || among_test)
        fputs("equal scores: the expected value over all of their orders\n", file);
    if (relevant) say_left_out(file, report);
}

static void say_protocol(FILE *file, const struct report *report) {
    const struct evidence *evidence = report->judge->evidence;
    size_t pairs = 0;
    for (size_t f = 0; f < evidence->n_folds; f++) pairs += evidence->folds[f]->n;
    fprintf(file, "%zu test pairs", pairs);
    if (evidence->n_folds > 1) fprintf(file, " in %zu folds", evidence->n_folds);
    say_relevance(file, report->judge->rules);
    say_candidates(file, report);
    say_pruned(file, evidence);
    say_split(file, evidence);
    say_leak(file, evidence);
    const struct segments *segments = report->judge->segments;
    if (segments->n_cold_users > 0 || segments->n_cold_items > 0)
        fprintf(file, "without training ratings: the users of %llu test pairs, the items of %llu\n",
                (unsigned long long)segments->n_cold_users,
                (unsigned long long)segments->n_cold_items);
    for (size_t i = 0; i < segments->n_left_out; i++)
        fprintf(file, "no segments by %s\n", segments->left_out[i]);
}

static void say_comparisons(FILE *file, const struct settings *settings) {
    static const char *const tests[] = {"Wilcoxon's signed-rank test", "a randomisation test",
                                        "Student's t test"};
    static const char *const effects[] = {"rank-biserial correlation", "Cohen's d", "Cohen's d"};
    fprintf(file,
            "Differences between models, with %g %% intervals of the bootstrap over users; p of %s "
            "over users, whose effect is the %s; wins: share of users for whom the first is "
            "better; p (folds): corrected resampled t test\n",
            100 * settings->confidence, tests[settings->test], effects[settings->test]);
}

static void print_layout(FILE *file, struct layout *layout, bool markdown) {
    if (layout->n_cells > 0) {
        putc('\n', file);
        if (markdown) {
            layout_markdown(layout, file);
        } else {
            layout_text(layout, file);
        }
    }
    layout_free(layout);
}

static void print_tables(FILE *file, const struct report *report, bool markdown) {
    say_protocol(file, report);
    struct layout layout = whole_layout(report);
    print_layout(file, &layout, markdown);
    if (report->judge->settings->compare) {
        putc('\n', file);
        say_comparisons(file, report->judge->settings);
        layout = comparison_layout(report);
        print_layout(file, &layout, markdown);
    }
    for (size_t r = 0; report->judge->segments->asked && r < report->judge->requests->n; r++) {
        layout = segment_layout(report, r);
        print_layout(file, &layout, markdown);
    }
    if (report->results->n_notes > 0) putc('\n', file);
    for (size_t i = 0; i < report->results->n_notes; i++)
        fprintf(file, "Beware: %s\n", report->results->notes[i]);
}

void print_text(FILE *file, const struct report *report) {
    print_tables(file, report, false);
}

void print_markdown(FILE *file, const struct report *report) {
    print_tables(file, report, true);
}
