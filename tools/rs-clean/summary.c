#include "summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/memory.h"
#include "base/message.h"

typedef unsigned long long ull;

struct summary summary_begin(void) {
    struct summary summary = {0};
    clock_gettime(CLOCK_MONOTONIC, &summary.begin);
    return summary;
}

/* Refusing */

/* Where a rating came from: "ratings.csv:17". The caller frees it. */
static char *place_name(const struct summary *summary, uint64_t place) {
    size_t input = (size_t)(place >> PLACE_LINE_BITS);
    bool standard = summary->n_paths == 0 || strcmp(summary->paths[input], "-") == 0;
    return rs_format("%s:%llu", standard ? "standard input" : summary->paths[input],
                     (ull)(place & ((1ull << PLACE_LINE_BITS) - 1)));
}

static int shown(struct rs_id id) {
    return (int)(id.length > 100 ? 100 : id.length);
}

static void refuse_repeated(const struct summary *summary) {
    const struct sink *sink = summary->intake->sink;
    const struct repeated *repeated = &sink->repeated;
    if (sink->dedupe != DEDUPE_ERROR || repeated->n_pairs == 0) return;
    struct rs_id user = rs_ids_get(&sink->users.dict.ids, repeated->user);
    struct rs_id item = rs_ids_get(&sink->items.dict.ids, repeated->item);
    rs_die(EX_DATAERR, "%s: user '%.*s' has rated item '%.*s' before, at %s (repeated pairs: %llu)",
           place_name(summary, repeated->place), shown(user), user.text, shown(item), item.text,
           place_name(summary, repeated->place_before), (ull)repeated->n_pairs);
}

void summary_refuse(const struct summary *summary) {
    const struct intake *intake = summary->intake;
    const struct sink *sink = intake->sink;
    refuse_repeated(summary);
    uint64_t n_gone = sink->repeated.n_dropped + sink->repeated.n_removed;
    if (sink->n_rows > sink->core.ratings_dropped + n_gone) return;
    if (sink->n_rows > 0 && sink->n_rows == sink->repeated.n_removed)
        rs_die(EX_DATAERR, "nothing is left: all ratings were taken back");
    if (sink->n_rows > 0)
        rs_die(EX_DATAERR,
               "nothing is left: no users with %llu ratings or more of items with %llu or more",
               (ull)sink->min_user, (ull)sink->min_item);
    rs_die(EX_DATAERR,
           "nothing is left: of %llu records %llu have no rating, %llu are rejected, "
           "%llu are below the threshold",
           (ull)intake->n_records, (ull)intake->n_missing, (ull)intake->n_rejected,
           (ull)intake->n_below);
}

/* Counting */

json_t *summary_counts(const struct summary *summary) {
    const struct intake *intake = summary->intake;
    const struct sink *sink = intake->sink;
    json_t *rejected = json_object(), *counts = json_object();
    for (int reason = 0; reason < N_REASONS; reason++)
        if (intake->rejects->count[reason] > 0 && reason != REASON_MISSING)
            json_object_set_new(rejected, reason_names[reason],
                                json_integer((json_int_t)intake->rejects->count[reason]));
    const struct {
        const char *name;
        uint64_t count;
    } rest[] = {
        {"records", intake->n_records},         {"missing", intake->n_missing},
        {"below_threshold", intake->n_below},   {"rounded", intake->n_rounded},
        {"repeated", sink->repeated.n_dropped}, {"outside_core", sink->core.ratings_dropped},
        {"removed", sink->repeated.n_removed}};
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        json_object_set_new(counts, rest[i].name, json_integer((json_int_t)rest[i].count));
    json_object_set_new(counts, "rejected", rejected);
    return counts;
}

/* Telling */

/* A side table that knows none of the ratings' ids has another key. */
static void check_side(const struct sink *sink, int side, const char *path) {
    const struct names *names = side == USERS ? &sink->users : &sink->items;
    const struct rs_ids *ids = &sink->tables[side]->ids;
    for (size_t r = 0; r < ids->n; r++)
        if (rs_dict_find(&names->dict, rs_ids_get(ids, r)) != RS_NONE) return;
    const char *what = side == USERS ? "user" : "item";
    rs_warn("%s: none of its %zu ids is a%s %s of the ratings (--%s-columns says where the id is)",
            path, ids->n, side == USERS ? "" : "n", what, what);
}

/* Adds ", N WHAT" to a line unless N is 0. */
static void add_count(char *line, size_t size, uint64_t n, const char *what) {
    size_t used = strlen(line);
    if (n > 0 && used < size) snprintf(line + used, size - used, ", %llu %s", (ull)n, what);
}

/* Which of a pair's ratings counts. */
static const char *dedupe_rule(const struct sink *sink) {
    switch (sink->dedupe) {
    case DEDUPE_LAST:
        return sink->any_time ? "repeated (the last by time counts)"
                              : "repeated (the last in order counts)";
    case DEDUPE_FIRST:
        return sink->any_time ? "repeated (the first by time counts)"
                              : "repeated (the first in order counts)";
    case DEDUPE_MEAN:
        return "repeated (their mean counts)";
    case DEDUPE_MAX:
        return "repeated (the highest counts)";
    case DEDUPE_SUM:
        return "repeated (their sum counts)";
    case DEDUPE_KEEP:
    case DEDUPE_ERROR:
        break;
    }
    return "repeated";
}

static void tell_figures(const struct summary *summary) {
    const struct intake *intake = summary->intake;
    const struct sink *sink = intake->sink;
    char counts[256] = "", scale[96] = "implicit feedback";
    struct timespec end;
    struct rusage usage;
    clock_gettime(CLOCK_MONOTONIC, &end);
    getrusage(RUSAGE_SELF, &usage);
    double seconds = (double)(end.tv_sec - summary->begin.tv_sec) +
                     1e-9 * (double)(end.tv_nsec - summary->begin.tv_nsec);
    if (!sink->implicit)
        snprintf(scale, sizeof scale, "scale %g..%g in steps of %g", (double)sink->scale.min,
                 (double)sink->scale.max, rs_scale_step(&sink->scale));
    add_count(counts, sizeof counts, intake->n_rejected, "rejected");
    add_count(counts, sizeof counts, intake->n_missing, "without a rating");
    add_count(counts, sizeof counts, intake->n_below, "below the threshold");
    add_count(counts, sizeof counts, sink->repeated.n_dropped, dedupe_rule(sink));
    add_count(counts, sizeof counts, sink->core.ratings_dropped, "outside the core");
    add_count(counts, sizeof counts, sink->repeated.n_removed, "taken back");
    rs_note(
        "%llu ratings of %llu users and %llu items, %s, from %llu records%s; %s%s%.2f s, %ld MiB",
        (ull)sink->n_written, (ull)sink->n_users, (ull)sink->n_items, scale, (ull)intake->n_records,
        counts, intake->form, intake->form[0] == '\0' ? "" : "; ", seconds, usage.ru_maxrss / 1024);
}

void summary_tell(const struct summary *summary) {
    const struct intake *intake = summary->intake;
    for (size_t w = 0; w < intake->n_warnings; w++) rs_warn("%s", intake->warnings[w]);
    rejects_tell(intake->rejects);
    if (intake->n_rounded > 0)
        rs_warn("%llu ratings have more digits than a 32-bit float holds and are rounded",
                (ull)intake->n_rounded);
    for (int side = 0; side < N_SIDES; side++)
        if (summary->side_paths[side] != NULL)
            check_side(intake->sink, side, summary->side_paths[side]);
    tell_figures(summary);
}
