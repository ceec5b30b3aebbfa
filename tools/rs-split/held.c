/* Methods that must see all ratings: they rank the ratings of a user, or of an item, and the rank
 * decides. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/progress.h"
#include "base/random.h"
#include "split.h"

/* Holding */

static struct chunk *chunk_for(struct held *held, const struct rs_pairs_reader *reader,
                               unsigned columns) {
    struct chunk *last = held->n_chunks > 0 ? &held->chunks[held->n_chunks - 1] : NULL;
    if (last != NULL && last->rows.n < RS_BATCH_ROWS && last->columns == columns &&
        last->n_contexts == reader->n_contexts)
        return last;
    rs_grow(&held->chunks, &held->capacity, held->n_chunks + 1, sizeof *held->chunks);
    struct chunk *chunk = &held->chunks[held->n_chunks++];
    *chunk = (struct chunk){.first = held->n, .columns = columns, .n_contexts = reader->n_contexts};
    rs_pairs_allocate(&chunk->rows, columns, reader->n_contexts);
    return chunk;
}

void held_read(struct held *held, struct rs_pairs_reader *reader) {
    struct rs_error err;
    struct rs_pairs *batch;
    do {
        if (!rs_pairs_next(reader, &batch, &err)) rs_die_error(&err);
        rs_progress_at(rs_reader_position(reader->reader));
        for (size_t i = 0; batch != NULL && i < batch->n; i++) {
            rs_pairs_copy_row(&chunk_for(held, reader, rs_pairs_columns(batch))->rows, batch, i);
            held->n++;
        }
    } while (batch != NULL);
    held->roles = rs_malloc(held->n, 1);
}

void held_free(struct held *held) {
    for (size_t c = 0; c < held->n_chunks; c++) rs_pairs_free(&held->chunks[c].rows);
    free(held->chunks);
    free(held->roles);
    *held = (struct held){0};
}

/* Ranking */

/* A rating among those of its line, which is its user or its item. */
struct entry {
    uint64_t key, row;
    uint32_t tie;
};

struct ranking {
    bool users;
    uint64_t *start; /* by line, n_lines + 1 */
    size_t n_lines;
    struct entry *entries;
    uint32_t *item_rank; /* METHOD_LAST: the place of each item's id among all, from the end */
};

static int compare_entries(const void *a, const void *b) {
    const struct entry *first = a, *second = b;
    if (first->key != second->key) return first->key < second->key ? -1 : 1;
    if (first->tie != second->tie) return first->tie < second->tie ? -1 : 1;
    return first->row < second->row ? -1 : 1;
}

/* Hash order; or the latest first, where a rating without a time counts as the earliest. */
static struct entry make_entry(const struct plan *plan, const struct rs_pairs_reader *reader,
                               const struct ranking *ranking, const struct chunk *chunk, size_t i) {
    const struct rs_pairs *rows = &chunk->rows;
    struct entry entry = {.row = chunk->first + i};
    if (plan->method == METHOD_LAST) {
        entry.key = ~((uint64_t)rows->time[i] ^ (uint64_t)1 << 63);
        entry.tie = ranking->item_rank[rows->item[i]];
        return entry;
    }
    struct rs_id user = rs_ids_get(&reader->users.ids, rows->user[i]);
    struct rs_id item = rs_ids_get(&reader->items.ids, rows->item[i]);
    entry.key = rs_random_hash(plan->key, user.text, user.length, item.text, item.length);
    return entry;
}

static uint32_t *ranks_from_end(const struct rs_ids *ids) {
    uint32_t *order = rs_ids_sorted(ids);
    uint32_t *rank = rs_malloc(ids->n, sizeof *rank);
    for (size_t k = 0; k < ids->n; k++) rank[order[k]] = (uint32_t)(ids->n - 1 - k);
    free(order);
    return rank;
}

static const uint32_t *lines_of(const struct ranking *ranking, const struct chunk *chunk) {
    return ranking->users ? chunk->rows.user : chunk->rows.item;
}

/* Counting sort by line, then each line by its keys. */
static struct ranking rank(const struct plan *plan, const struct rs_pairs_reader *reader,
                           const struct held *held) {
    struct ranking ranking = {.users = plan->method != METHOD_COLD_ITEMS};
    ranking.n_lines = ranking.users ? reader->users.ids.n : reader->items.ids.n;
    ranking.start = rs_calloc(ranking.n_lines + 2, sizeof *ranking.start);
    uint64_t *next = ranking.start + 1; /* becomes the start when its lines are filled */
    if (plan->method == METHOD_LAST) ranking.item_rank = ranks_from_end(&reader->items.ids);
    for (size_t c = 0; c < held->n_chunks; c++)
        for (size_t i = 0; i < held->chunks[c].rows.n; i++)
            next[lines_of(&ranking, &held->chunks[c])[i] + 1]++;
    for (size_t line = 0; line < ranking.n_lines; line++) next[line + 1] += next[line];
    ranking.entries = rs_malloc(held->n, sizeof *ranking.entries);
    for (size_t c = 0; c < held->n_chunks; c++)
        for (size_t i = 0; i < held->chunks[c].rows.n; i++)
            ranking.entries[next[lines_of(&ranking, &held->chunks[c])[i]]++] =
                make_entry(plan, reader, &ranking, &held->chunks[c], i);
    for (size_t line = 0; line < ranking.n_lines; line++)
        qsort(ranking.entries + ranking.start[line],
              (size_t)(ranking.start[line + 1] - ranking.start[line]), sizeof *ranking.entries,
              compare_entries);
    return ranking;
}

/* A fold for every rank, beginning at a hashed one, so that short lines fill all folds alike. */
static void stratify(const struct plan *plan, struct rs_id id, const struct entry *entries,
                     uint64_t n, uint8_t *roles) {
    uint64_t begin = rs_random_hash(plan->key, id.text, id.length, "", 0) % plan->folds;
    for (uint64_t r = 0; r < n; r++) {
        uint64_t fold = (begin + r) % plan->folds + 1;
        roles[entries[r].row] = fold == plan->fold ? ROLE_TEST : ROLE_TRAIN;
    }
}

/* The roles of one line's ratings: the test takes ranks FROM … UP_TO - 1. */
static void decide_line(const struct plan *plan, struct rs_id id, const struct entry *entries,
                        uint64_t n, uint8_t *roles) {
    if (plan->method == METHOD_FOLDS) {
        stratify(plan, id, entries, n, roles);
        return;
    }
    bool cold = plan->method == METHOD_COLD_USERS || plan->method == METHOD_COLD_ITEMS;
    uint64_t from = cold ? plan->given : 0;
    uint64_t up_to = !cold ? amount_of(&plan->amount, n) : is_cold(plan, id) ? n : 0;
    for (uint64_t r = 0; r < n; r++)
        roles[entries[r].row] = r >= from && r < up_to ? ROLE_TEST : ROLE_TRAIN;
}

static void decide_by_rank(const struct plan *plan, const struct rs_pairs_reader *reader,
                           struct held *held) {
    struct ranking ranking = rank(plan, reader, held);
    const struct rs_ids *ids = ranking.users ? &reader->users.ids : &reader->items.ids;
    for (size_t line = 0; line < ranking.n_lines; line++)
        decide_line(plan, rs_ids_get(ids, line), ranking.entries + ranking.start[line],
                    ranking.start[line + 1] - ranking.start[line], held->roles);
    free(ranking.start);
    free(ranking.entries);
    free(ranking.item_rank);
}

/* The time from which on the test's share of the ratings was given. */

static int compare_times(const void *a, const void *b) {
    int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;
    return first < second ? -1 : first > second;
}

static void find_cut(struct plan *plan, const struct held *held) {
    int64_t *times = rs_malloc(held->n, sizeof *times);
    uint64_t n = 0;
    for (size_t c = 0; c < held->n_chunks; c++)
        for (size_t i = 0; i < held->chunks[c].rows.n; i++)
            if (held->chunks[c].rows.time[i] != RS_NO_TIME)
                times[n++] = held->chunks[c].rows.time[i];
    qsort(times, n, sizeof *times, compare_times);
    uint64_t n_test = amount_of(&plan->amount, n);
    plan->cut = n_test > 0 ? times[n - n_test] : INT64_MAX;
    free(times);
}

static void need_times(const struct rs_pairs_reader *reader, const struct held *held) {
    for (size_t c = 0; c < held->n_chunks; c++)
        if (held->chunks[c].rows.time == NULL)
            rs_die(EX_DATAERR, "%s: has no times to go by", rs_reader_name(reader->reader));
}

/* Leaves ratings out of the test whose user has too few to learn from. */
static void leave_out(const struct plan *plan, const struct rs_pairs_reader *reader,
                      struct held *held) {
    uint64_t *n_train = rs_calloc(reader->users.ids.n, sizeof *n_train);
    for (size_t c = 0; c < held->n_chunks; c++) {
        const struct chunk *chunk = &held->chunks[c];
        for (size_t i = 0; i < chunk->rows.n; i++)
            n_train[chunk->rows.user[i]] += held->roles[chunk->first + i] == ROLE_TRAIN;
    }
    for (size_t c = 0; c < held->n_chunks; c++) {
        const struct chunk *chunk = &held->chunks[c];
        for (size_t i = 0; i < chunk->rows.n; i++)
            if (held->roles[chunk->first + i] == ROLE_TEST &&
                n_train[chunk->rows.user[i]] < plan->min_train)
                held->roles[chunk->first + i] = ROLE_LEFT_OUT;
    }
    free(n_train);
}

void decide_held(struct plan *plan, const struct rs_pairs_reader *reader, struct held *held) {
    if (plan->method == METHOD_LAST || plan->method == METHOD_AFTER) need_times(reader, held);
    if (plan->method == METHOD_AFTER && plan->cut == RS_NO_TIME) find_cut(plan, held);
    struct plan alone = *plan;
    alone.min_train = 0;
    if (plan_streams(&alone)) {
        for (size_t c = 0; c < held->n_chunks; c++)
            decide_batch(plan, reader, &held->chunks[c].rows, held->roles + held->chunks[c].first);
    } else {
        decide_by_rank(plan, reader, held);
    }
    if (plan->min_train > 0) leave_out(plan, reader, held);
}
