#include "sinks.h"

#include <string.h>

#include "base/message.h"
#include "base/when.h"

static const char *const method_names[] = {[METHOD_FOLDS] = "folds",
                                           [METHOD_HOLDOUT] = "holdout",
                                           [METHOD_LAST] = "last",
                                           [METHOD_AFTER] = "after",
                                           [METHOD_COLD_USERS] = "cold-users",
                                           [METHOD_COLD_ITEMS] = "cold-items",
                                           [METHOD_FOLD_COLUMN] = "fold-column"};

static void set_integer(json_t *object, const char *key, uint64_t value) {
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void describe_amount(json_t *split, const struct amount *amount) {
    if (amount->is_share) {
        json_object_set_new(split, "share", json_real(amount->share));
    } else if (amount->count > 0) {
        set_integer(split, "count", amount->count);
    }
}

/* {"method": "folds", "role": "train", "seed": 1, "folds": 5, "fold": 1, "outer": {…}} */
static json_t *describe(const struct plan *plan, int role, const json_t *outer) {
    json_t *split = json_pack("{s:s, s:s}", "method", method_names[plan->method], "role",
                              role == ROLE_TRAIN ? "train" : "test");
    bool drawn = plan->method != METHOD_LAST && plan->method != METHOD_AFTER &&
                 plan->method != METHOD_FOLD_COLUMN;
    if (drawn) set_integer(split, "seed", plan->seed);
    if (plan->method == METHOD_FOLDS) {
        set_integer(split, "folds", plan->folds);
        set_integer(split, "fold", plan->fold);
        if (plan->stratify) json_object_set_new(split, "stratify", json_true());
    } else if (plan->method == METHOD_FOLD_COLUMN) {
        json_object_set_new(split, "column", json_string_nocheck(plan->column));
        json_object_set_new(split, "fold", json_string_nocheck(plan->value));
    }
    describe_amount(split, &plan->amount);
    if (plan->method == METHOD_AFTER) {
        char text[40];
        rs_when_print(text, plan->cut);
        json_object_set_new(split, "from", json_string(text));
    }
    if (plan->given > 0) set_integer(split, "given", plan->given);
    if (plan->min_train > 0) set_integer(split, "min_train", plan->min_train);
    if (outer != NULL) json_object_set_new(split, "outer", json_deep_copy(outer));
    return split;
}

/* What the input's header says of the ratings goes on; what it says of itself is said anew. */
static json_t *make_header(const struct sinks *sinks, const struct plan *plan, int role,
                           const json_t *of_input) {
    static const char *const own[] = {"rs",         "version",    "program",
                                      "parameters", "columns",    "contexts",
                                      "user_table", "item_table", "split"};
    json_t *header = rs_tool_header(sinks->tool);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)of_input, key, value) {
        bool anew = false;
        for (size_t i = 0; i < sizeof own / sizeof *own; i++) anew |= strcmp(key, own[i]) == 0;
        if (!anew) json_object_set(header, key, value);
    }
    json_t *outer = json_object_get(of_input, "split");
    json_object_set_new(header, "split", describe(plan, role, outer));
    if (outer == NULL) /* of a split the header says already where the ratings come from */
        json_object_set_new(header, "input",
                            json_pack("{s:O*, s:O*}", "program",
                                      json_object_get(of_input, "program"), "parameters",
                                      json_object_get(of_input, "parameters")));
    return header;
}

void sinks_open(struct sinks *sinks, const struct plan *plan, const struct rs_pairs_reader *reader,
                unsigned columns, size_t n_contexts) {
    struct rs_pairs_form form = {.kind = "ratings",
                                 .columns = columns,
                                 .users = &reader->users.ids,
                                 .items = &reader->items.ids,
                                 .n_contexts = n_contexts,
                                 .user_table = &reader->user_table,
                                 .item_table = &reader->item_table};
    for (size_t c = 0; c < n_contexts; c++) {
        form.context_names[c] = reader->contexts[c].name;
        form.context_values[c] = &reader->contexts[c].values.ids;
    }
    for (int role = 0; role < 2; role++) {
        if (sinks->paths[role] == NULL) continue;
        sinks->outputs[role] = rs_output_open(sinks->paths[role], true);
        sinks->writers[role] = rs_pairs_write(sinks->outputs[role].file, &form,
                                              make_header(sinks, plan, role, reader->header));
    }
    sinks->columns = columns;
    sinks->n_contexts = n_contexts;
    sinks->reader = reader;
    sinks->open = true;
}

/* What was not announced in the header can't be written behind it. */
static void check_columns(const struct sinks *sinks, const struct rs_pairs *batch) {
    const struct rs_pairs_reader *reader = sinks->reader;
    if ((rs_pairs_columns(batch) & ~sinks->columns) == 0 && reader->n_contexts <= sinks->n_contexts)
        return;
    rs_die(EX_DATAERR,
           "%s: has a column that the first segment lacks: put the file that has all columns first",
           rs_reader_name(reader->reader));
}

void sinks_put(struct sinks *sinks, const struct rs_pairs *batch, const uint8_t *roles) {
    check_columns(sinks, batch);
    for (size_t i = 0; i < batch->n; i++) {
        struct rs_pairs_writer *writer =
            roles[i] == ROLE_LEFT_OUT ? NULL : sinks->writers[roles[i]];
        if (writer != NULL) rs_pairs_copy_row(rs_pairs_room(writer), batch, i);
    }
}

static void say(const json_t *counts) {
    long long train = json_integer_value(json_object_get(counts, "train"));
    long long test = json_integer_value(json_object_get(counts, "test"));
    long long left_out = json_integer_value(json_object_get(counts, "left_out"));
    const json_t *first = json_object_get(counts, "train_after_first_test");
    const json_t *median = json_object_get(counts, "train_after_median_test");
    char out[64] = "", leak[128] = "";
    if (left_out > 0) snprintf(out, sizeof out, ", %lld left out", left_out);
    if (first != NULL)
        snprintf(leak, sizeof leak,
                 "; %.1f%% of the training is later than the first test rating, %.1f%% than the "
                 "median",
                 100 * json_real_value(first), 100 * json_real_value(median));
    rs_note("%lld ratings for training, %lld in the test%s%s", train, test, out, leak);
}

void sinks_finish(struct sinks *sinks, json_t *counts) {
    for (int role = 0; role < 2; role++) {
        if (sinks->writers[role] == NULL) continue;
        rs_pairs_finish(sinks->writers[role], json_pack("{s:O}", "split", counts));
        rs_output_commit(&sinks->outputs[role]);
    }
    say(counts);
    json_decref(counts);
}
