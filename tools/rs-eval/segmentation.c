#include "segmentation.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "grouping.h"
#include "program/options.h"

/* What a segmentation needs, and how it is made. */

static bool has_times(const struct evidence *evidence) {
    for (size_t f = 0; f < evidence->n_folds; f++)
        if (evidence->folds[f]->time.v != NULL) return true;
    return false;
}

static bool has_counts(const struct evidence *evidence, bool users) {
    for (size_t f = 0; f < evidence->n_folds; f++) {
        const struct fold *fold = evidence->folds[f];
        if (fold->n == 0) continue;
        uint32_t known =
            users ? fold->user_count.v[fold->user.v[0]] : fold->item_count.v[fold->item.v[0]];
        if (known != RS_NONE) return true;
    }
    return false;
}

enum need {
    NEEDS_NOTHING,
    NEEDS_COUNTS_OF_USERS,
    NEEDS_COUNTS_OF_ITEMS,
    NEEDS_TRAINING,
    NEEDS_TIMES
};

static const struct {
    const char *name;
    void (*make)(const struct source *);
    enum need needs;
} known[] = {
    {"activity", group_by_activity, NEEDS_COUNTS_OF_USERS},
    {"taste", group_by_taste, NEEDS_COUNTS_OF_ITEMS},
    {"habit", group_by_habit, NEEDS_TRAINING},
    {"spread", group_by_spread, NEEDS_TRAINING},
    {"user", group_by_user, NEEDS_NOTHING},
    {"popularity", group_by_popularity, NEEDS_COUNTS_OF_ITEMS},
    {"time", group_by_time, NEEDS_TIMES},
    {"hour", group_by_hour, NEEDS_TIMES},
    {"weekday", group_by_weekday, NEEDS_TIMES},
};

static bool make_known(const struct source *source, const char *name) {
    static const char *const reasons[] = {"", "the training ratings of users are not known",
                                          "the training ratings of items are not known",
                                          "it needs the training ratings: --train",
                                          "the test ratings have no times"};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        if (strcmp(known[k].name, name) != 0) continue;
        const bool there[] = {true, has_counts(source->evidence, true),
                              has_counts(source->evidence, false), source->training->given,
                              has_times(source->evidence)};
        if (there[known[k].needs]) {
            known[k].make(source);
        } else {
            segments_leave_out(source->segments,
                               rs_format("%s: %s", name, reasons[known[k].needs]));
        }
        return true;
    }
    return false;
}

/* A column of the users' or items' table; "genre" is also what the items' categories are called. */
static void make_of_column(const struct source *source, const char *name) {
    const struct rs_table_column *column = rs_table_find(&source->evidence->user_table, name);
    const struct rs_table_column *categories = source->categories->column;
    if (column != NULL && column->kind != RS_TEXT) {
        group_by_user_column(source, name, column);
    } else if (categories != NULL &&
               (strcmp(name, "genre") == 0 || strcmp(name, categories->name) == 0)) {
        group_by_category(source, name);
    } else {
        segments_leave_out(source->segments,
                           rs_format("%s: no side table has categories or numbers of that "
                                     "name",
                                     name));
    }
}

struct segments segments_make(const struct evidence *evidence, const struct training *training,
                              const struct categories *categories, const char *list) {
    struct segments segments = {.asked = list != NULL};
    struct source source = {evidence, training, categories, &segments};
    group_by_warmth(&source);
    while (list != NULL && *list != '\0') {
        size_t length = strcspn(list, ",");
        char *name = rs_strndup(list, length);
        if (length == 0) rs_usage_error("--segments: names a segment without a name");
        if (!make_known(&source, name)) make_of_column(&source, name);
        free(name);
        list += length;
        if (*list == ',') list++;
    }
    return segments;
}
