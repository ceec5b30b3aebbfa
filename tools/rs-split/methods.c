/* Rows that decide on themselves: by hash, by time, by a column. */
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "base/number.h"
#include "base/random.h"
#include "split.h"

bool amount_parse(const char *text, struct amount *amount) {
    size_t length = strlen(text);
    bool percent = length > 0 && text[length - 1] == '%';
    double number;
    if (!rs_number_parse(text, length - percent, &number)) return false;
    if (percent || (number > 0 && number < 1)) {
        *amount = (struct amount){.is_share = true, .share = percent ? number / 100 : number};
        return amount->share > 0 && amount->share < 1;
    }
    *amount = (struct amount){.count = number > 0 && number < 1e15 ? (uint64_t)number : 0};
    return amount->count >= 1 && (double)amount->count == number;
}

uint64_t amount_of(const struct amount *amount, uint64_t n) {
    if (amount->is_share) return (uint64_t)(amount->share * (double)n + 0.5);
    return amount->count < n ? amount->count : n;
}

bool plan_streams(const struct plan *plan) {
    if (plan->min_train > 0) return false;
    switch (plan->method) {
    case METHOD_FOLDS:
        return !plan->stratify;
    case METHOD_AFTER:
        return plan->cut != RS_NO_TIME;
    case METHOD_COLD_USERS:
    case METHOD_COLD_ITEMS:
        return plan->given == 0;
    case METHOD_FOLD_COLUMN:
        return true;
    default:
        return false;
    }
}

static void by_hash(const struct plan *plan, const struct rs_pairs_reader *reader,
                    const struct rs_pairs *batch, uint8_t *roles) {
    for (size_t i = 0; i < batch->n; i++) {
        struct rs_id user = rs_ids_get(&reader->users.ids, batch->user[i]);
        struct rs_id item = rs_ids_get(&reader->items.ids, batch->item[i]);
        uint64_t hash = rs_random_hash(plan->key, user.text, user.length, item.text, item.length);
        uint64_t fold = (hash >> 32) * plan->folds >> 32;
        roles[i] = fold + 1 == plan->fold ? ROLE_TEST : ROLE_TRAIN;
    }
}

bool is_cold(const struct plan *plan, struct rs_id id) {
    bool users = plan->method == METHOD_COLD_USERS;
    struct rs_id none = {"", 0};
    struct rs_id a = users ? id : none, b = users ? none : id;
    uint64_t hash = rs_random_hash(plan->key, a.text, a.length, b.text, b.length);
    return (double)(hash >> 11) * 0x1p-53 < plan->amount.share;
}

static void by_line(const struct plan *plan, const struct rs_ids *ids, const uint32_t *lines,
                    size_t n, uint8_t *roles) {
    for (size_t i = 0; i < n; i++)
        roles[i] = is_cold(plan, rs_ids_get(ids, lines[i])) ? ROLE_TEST : ROLE_TRAIN;
}

static void by_time(const struct plan *plan, const struct rs_pairs_reader *reader,
                    const struct rs_pairs *batch, uint8_t *roles) {
    if (batch->time == NULL)
        rs_die(EX_DATAERR, "%s: has no times to cut by", rs_reader_name(reader->reader));
    for (size_t i = 0; i < batch->n; i++)
        roles[i] =
            batch->time[i] != RS_NO_TIME && batch->time[i] >= plan->cut ? ROLE_TEST : ROLE_TRAIN;
}

static void by_column(const struct plan *plan, const struct rs_pairs_reader *reader,
                      const struct rs_pairs *batch, uint8_t *roles) {
    size_t c = 0;
    while (c < reader->n_contexts && strcmp(reader->contexts[c].name, plan->column) != 0) c++;
    if (c == reader->n_contexts)
        rs_die(EX_DATAERR, "%s: has no column '%s'", rs_reader_name(reader->reader), plan->column);
    struct rs_id value = {plan->value, strlen(plan->value)};
    uint32_t wanted = rs_dict_find(&reader->contexts[c].values, value);
    for (size_t i = 0; i < batch->n; i++)
        roles[i] = batch->context[c][i] == wanted ? ROLE_TEST : ROLE_TRAIN;
}

void decide_batch(const struct plan *plan, const struct rs_pairs_reader *reader,
                  const struct rs_pairs *batch, uint8_t *roles) {
    switch (plan->method) {
    case METHOD_FOLDS:
        by_hash(plan, reader, batch, roles);
        break;
    case METHOD_AFTER:
        by_time(plan, reader, batch, roles);
        break;
    case METHOD_COLD_USERS:
        by_line(plan, &reader->users.ids, batch->user, batch->n, roles);
        break;
    case METHOD_COLD_ITEMS:
        by_line(plan, &reader->items.ids, batch->item, batch->n, roles);
        break;
    case METHOD_FOLD_COLUMN:
        by_column(plan, reader, batch, roles);
        break;
    default:
        rs_die(EX_SOFTWARE, "a method that needs all ratings was asked about some");
    }
}
