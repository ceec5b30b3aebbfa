#include "hold.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { CHUNK_BITS = 20, CHUNK_ROWS = 1 << CHUNK_BITS, CHUNK_MASK = CHUNK_ROWS - 1 };

/* Ratings as they came, in pieces so that growing moves nothing. Columns that none of the rows has
 * are NULL. */
struct chunk {
    size_t n;
    uint32_t *user, *item;
    float *rating;
    int64_t *time;
    uint32_t *context[RS_MAX_CONTEXTS];
    uint8_t *removed;
    uint64_t *place;
};

static struct chunk *chunk_with_room(struct hold *hold) {
    struct chunk *last = hold->n_chunks > 0 ? &hold->chunks[hold->n_chunks - 1] : NULL;
    if (last != NULL && last->n < CHUNK_ROWS) return last;
    rs_grow(&hold->chunks, &hold->capacity, hold->n_chunks + 1, sizeof *hold->chunks);
    struct chunk *chunk = &hold->chunks[hold->n_chunks++];
    *chunk = (struct chunk){.user = rs_malloc(CHUNK_ROWS, sizeof *chunk->user),
                            .item = rs_malloc(CHUNK_ROWS, sizeof *chunk->item),
                            .rating = rs_malloc(CHUNK_ROWS, sizeof *chunk->rating)};
    if (hold->places) chunk->place = rs_malloc(CHUNK_ROWS, sizeof *chunk->place);
    return chunk;
}

static void add_times(struct chunk *chunk, const int64_t *time, size_t n) {
    if (time == NULL && chunk->time == NULL) return;
    if (chunk->time == NULL) {
        chunk->time = rs_malloc(CHUNK_ROWS, sizeof *chunk->time);
        for (size_t i = 0; i < chunk->n; i++) chunk->time[i] = RS_NO_TIME;
    }
    for (size_t i = 0; i < n; i++) chunk->time[chunk->n + i] = time == NULL ? RS_NO_TIME : time[i];
}

static void add_removed(struct chunk *chunk, const uint8_t *removed, size_t n) {
    if (removed == NULL && chunk->removed == NULL) return;
    if (chunk->removed == NULL) chunk->removed = rs_calloc(CHUNK_ROWS, 1);
    if (removed != NULL) memcpy(chunk->removed + chunk->n, removed, n);
}

static void add_contexts(struct chunk *chunk, const struct rs_pairs *rows, size_t from, size_t n) {
    for (size_t c = 0; c < RS_MAX_CONTEXTS; c++) {
        if (rows->context[c] == NULL && chunk->context[c] == NULL) continue;
        if (chunk->context[c] == NULL) chunk->context[c] = rs_calloc(CHUNK_ROWS, sizeof(uint32_t));
        uint32_t *to = chunk->context[c] + chunk->n;
        if (rows->context[c] == NULL) {
            memset(to, 0, n * sizeof *to);
        } else {
            memcpy(to, rows->context[c] + from, n * sizeof *to);
        }
    }
}

bool hold_add(struct hold *hold, const struct rs_pairs *rows, const uint64_t *place,
              struct rs_error *err) {
    if (hold->n + rows->n >= UINT32_MAX)
        return rs_fail(err, EX_DATAERR,
                       "--dedupe, --min-user and --min-item hold at most %u ratings in memory",
                       UINT32_MAX - 1);
    for (size_t from = 0; from < rows->n;) {
        struct chunk *chunk = chunk_with_room(hold);
        size_t n = rows->n - from < CHUNK_ROWS - chunk->n ? rows->n - from : CHUNK_ROWS - chunk->n;
        memcpy(chunk->user + chunk->n, rows->user + from, n * sizeof *chunk->user);
        memcpy(chunk->item + chunk->n, rows->item + from, n * sizeof *chunk->item);
        memcpy(chunk->rating + chunk->n, rows->rating + from, n * sizeof *chunk->rating);
        add_times(chunk, rows->time == NULL ? NULL : rows->time + from, n);
        add_contexts(chunk, rows, from, n);
        add_removed(chunk, rows->removed == NULL ? NULL : rows->removed + from, n);
        if (chunk->place != NULL)
            memcpy(chunk->place + chunk->n, place + from, n * sizeof *chunk->place);
        chunk->n += n;
        hold->n += n;
        from += n;
    }
    return true;
}

/* Access by number */

static inline const struct chunk *chunk_of(const struct hold *hold, uint32_t row) {
    return &hold->chunks[row >> CHUNK_BITS];
}

static inline uint32_t item_of(const struct hold *hold, uint32_t row) {
    return chunk_of(hold, row)->item[row & CHUNK_MASK];
}

static inline uint32_t user_of(const struct hold *hold, uint32_t row) {
    return chunk_of(hold, row)->user[row & CHUNK_MASK];
}

static inline float *rating_of(const struct hold *hold, uint32_t row) {
    return &chunk_of(hold, row)->rating[row & CHUNK_MASK];
}

static inline int64_t time_of(const struct hold *hold, uint32_t row) {
    const struct chunk *chunk = chunk_of(hold, row);
    return chunk->time == NULL ? RS_NO_TIME : chunk->time[row & CHUNK_MASK];
}

static inline bool is_removal(const struct hold *hold, uint32_t row) {
    const struct chunk *chunk = chunk_of(hold, row);
    return chunk->removed != NULL && chunk->removed[row & CHUNK_MASK];
}

static inline uint64_t place_of(const struct hold *hold, uint32_t row) {
    return chunk_of(hold, row)->place[row & CHUNK_MASK];
}

static inline bool bit(const uint8_t *bits, uint64_t i) {
    return bits[i / 8] >> i % 8 & 1;
}

static inline void set_bit(uint8_t *bits, uint64_t i) {
    bits[i / 8] |= (uint8_t)(1u << i % 8);
}

/* The rows by user or by item, those of a line in order of arrival. START gets n_lines + 1. */
static uint32_t *sort_rows(const struct hold *hold, bool by_user, size_t n_lines,
                           uint32_t **start) {
    uint32_t *begin = rs_calloc(n_lines + 2, sizeof *begin);
    uint32_t *order = rs_malloc(hold->n, sizeof *order);
    for (size_t c = 0; c < hold->n_chunks; c++) {
        const struct chunk *chunk = &hold->chunks[c];
        const uint32_t *line = by_user ? chunk->user : chunk->item;
        for (size_t i = 0; i < chunk->n; i++) begin[line[i] + 2]++;
    }
    for (size_t line = 0; line < n_lines; line++) begin[line + 2] += begin[line + 1];
    uint32_t row = 0;
    for (size_t c = 0; c < hold->n_chunks; c++) {
        const struct chunk *chunk = &hold->chunks[c];
        const uint32_t *line = by_user ? chunk->user : chunk->item;
        for (size_t i = 0; i < chunk->n; i++) order[begin[line[i] + 1]++] = row++;
    }
    *start = begin;
    return order;
}

/* Repeated pairs */

/* What has been seen of the current user, by item. */
struct seen {
    uint32_t *row; /* the rating that counts so far, + 1; of an earlier user if it is not theirs */
    uint32_t *n;   /* ratings of the pair */
    double *sum;
};

static bool second_counts(const struct hold *hold, enum dedupe policy, uint32_t first,
                          uint32_t second) {
    int64_t before = time_of(hold, first), after = time_of(hold, second);
    bool later = before == RS_NO_TIME || after == RS_NO_TIME || after >= before;
    switch (policy) {
    case DEDUPE_FIRST:
        return !later;
    case DEDUPE_MAX: {
        float old = *rating_of(hold, first), new = *rating_of(hold, second);
        return new > old || (new == old &&later);
    }
    case DEDUPE_KEEP:
    case DEDUPE_ERROR:
        return true;
    case DEDUPE_LAST:
    case DEDUPE_MEAN:
    case DEDUPE_SUM:
        break;
    }
    return later;
}

/* ROW is of the same pair as what was seen of it. */
static void resolve_pair(struct hold *hold, enum dedupe policy, struct seen *seen, uint32_t row,
                         struct repeated *repeated) {
    uint32_t item = item_of(hold, row), before = seen->row[item] - 1;
    repeated->n_pairs += seen->n[item]++ == 1;
    seen->sum[item] += (double)*rating_of(hold, row);
    if (policy == DEDUPE_KEEP) {
        set_bit(hold->repeated, row);
        return;
    }
    if (policy == DEDUPE_ERROR &&
        (repeated->n_dropped == 0 || place_of(hold, row) < repeated->place)) {
        repeated->user = user_of(hold, row);
        repeated->item = item;
        repeated->place = place_of(hold, row);
        repeated->place_before = place_of(hold, before);
    }
    bool second = second_counts(hold, policy, before, row);
    uint32_t stays = second ? row : before;
    set_bit(hold->gone, second ? before : row);
    repeated->n_dropped++;
    seen->row[item] = stays + 1;
    double sum = seen->sum[item];
    if (policy == DEDUPE_SUM) *rating_of(hold, stays) = (float)sum;
    if (policy == DEDUPE_MEAN) *rating_of(hold, stays) = (float)(sum / seen->n[item]);
}

/* Marks the removals of a user, and the ratings that each takes back, as gone: those of its item
 * before it. LAST, one an item and zeros at first, is where the item was last removed, + 1. */
static uint64_t take_back(struct hold *hold, size_t user, uint32_t *last) {
    uint32_t from = hold->start[user], to = hold->start[user + 1];
    uint64_t n = 0;
    for (uint32_t k = from; k < to; k++)
        if (is_removal(hold, hold->order[k])) last[item_of(hold, hold->order[k])] = k + 1;
    for (uint32_t k = from; k < to; k++) {
        if (k >= last[item_of(hold, hold->order[k])]) continue; /* or it is of an earlier user */
        set_bit(hold->gone, hold->order[k]);
        n++;
    }
    return n;
}

struct repeated hold_resolve(struct hold *hold, enum dedupe policy, size_t n_users,
                             size_t n_items) {
    struct repeated repeated = {0};
    struct seen seen = {rs_calloc(n_items, sizeof *seen.row), rs_calloc(n_items, sizeof *seen.n),
                        rs_calloc(n_items, sizeof *seen.sum)};
    hold->n_users = n_users;
    hold->n_items = n_items;
    hold->gone = rs_calloc((size_t)hold->n / 8 + 1, 1);
    hold->repeated = rs_calloc((size_t)hold->n / 8 + 1, 1);
    hold->order = sort_rows(hold, true, n_users, &hold->start);
    bool any_removed = false;
    for (size_t c = 0; c < hold->n_chunks; c++) any_removed |= hold->chunks[c].removed != NULL;
    uint32_t *last = rs_calloc(any_removed ? n_items : 0, sizeof *last);
    for (size_t user = 0; user < n_users; user++) {
        if (any_removed) repeated.n_removed += take_back(hold, user, last);
        for (uint32_t k = hold->start[user]; k < hold->start[user + 1]; k++) {
            uint32_t row = hold->order[k], item = item_of(hold, row);
            if (bit(hold->gone, row)) continue;
            if (seen.row[item] > 0 && user_of(hold, seen.row[item] - 1) == user) {
                resolve_pair(hold, policy, &seen, row, &repeated);
                continue;
            }
            seen.row[item] = row + 1;
            seen.n[item] = 1;
            seen.sum[item] = (double)*rating_of(hold, row);
        }
    }
    free(seen.row);
    free(seen.n);
    free(seen.sum);
    free(last);
    return repeated;
}

/* The core, by peeling: a line that falls below its minimum goes with its ratings, and takes those
 * lines along that fall below theirs with it. Every rating is looked at twice at most. */

struct side {
    uint32_t *order, *start; /* the ratings by line */
    uint32_t *count;         /* pairs left of each line */
    uint64_t least;
    uint32_t *waiting; /* lines to go; each waits once */
    size_t n_waiting;
};

static void decrease(struct side *side, uint32_t line) {
    if (side->count[line]-- == side->least) side->waiting[side->n_waiting++] = line;
}

static uint64_t drop_line(struct hold *hold, struct side *side, uint32_t line, struct side *other,
                          bool by_user) {
    uint64_t dropped = 0;
    for (uint32_t k = side->start[line]; k < side->start[line + 1]; k++) {
        uint32_t row = side->order[k];
        if (bit(hold->gone, row)) continue;
        set_bit(hold->gone, row);
        dropped++;
        if (bit(hold->repeated, row)) continue;
        side->count[line]--;
        decrease(other, by_user ? item_of(hold, row) : user_of(hold, row));
    }
    return dropped;
}

static void count_pairs(const struct hold *hold, struct side *side, size_t n_lines) {
    side->count = rs_calloc(n_lines, sizeof *side->count);
    side->waiting = rs_malloc(n_lines, sizeof *side->waiting);
    for (size_t line = 0; line < n_lines; line++) {
        for (uint32_t k = side->start[line]; k < side->start[line + 1]; k++)
            side->count[line] +=
                !bit(hold->gone, side->order[k]) && !bit(hold->repeated, side->order[k]);
        if (side->count[line] < side->least) side->waiting[side->n_waiting++] = (uint32_t)line;
    }
}

static uint64_t count_lines(const struct side *side, size_t n_lines) {
    uint64_t n = 0;
    for (size_t line = 0; line < n_lines; line++) n += side->count[line] > 0;
    return n;
}

static uint64_t count_left(const struct hold *hold) {
    uint64_t n = 0;
    for (uint64_t row = 0; row < hold->n; row++) n += !bit(hold->gone, row);
    return n;
}

struct core hold_core(struct hold *hold, uint64_t min_user, uint64_t min_item) {
    struct side users = {.order = hold->order, .start = hold->start, .least = min_user};
    struct side items = {.least = min_item};
    items.order = sort_rows(hold, false, hold->n_items, &items.start);
    count_pairs(hold, &users, hold->n_users);
    count_pairs(hold, &items, hold->n_items);
    struct core core = {.n_ratings = count_left(hold),
                        .n_users = count_lines(&users, hold->n_users),
                        .n_items = count_lines(&items, hold->n_items)};
    while (users.n_waiting + items.n_waiting > 0) {
        if (users.n_waiting > 0) {
            core.ratings_dropped +=
                drop_line(hold, &users, users.waiting[--users.n_waiting], &items, true);
        } else {
            core.ratings_dropped +=
                drop_line(hold, &items, items.waiting[--items.n_waiting], &users, false);
        }
    }
    core.users_dropped = core.n_users - count_lines(&users, hold->n_users);
    core.items_dropped = core.n_items - count_lines(&items, hold->n_items);
    free(users.count);
    free(users.waiting);
    free(items.count);
    free(items.waiting);
    free(items.order);
    free(items.start);
    return core;
}

/* What is left */

static void copy_row(struct rs_pairs *rows, const struct chunk *chunk, size_t i) {
    size_t n = rows->n++;
    rows->user[n] = chunk->user[i];
    rows->item[n] = chunk->item[i];
    rows->rating[n] = chunk->rating[i];
    if (rows->time != NULL) rows->time[n] = chunk->time == NULL ? RS_NO_TIME : chunk->time[i];
    for (size_t c = 0; c < RS_MAX_CONTEXTS && rows->context[c] != NULL; c++)
        rows->context[c][n] = chunk->context[c] == NULL ? 0 : chunk->context[c][i];
}

bool hold_next(const struct hold *hold, uint64_t *at, struct rs_pairs *rows) {
    size_t before = rows->n;
    for (; *at < hold->n && rows->n < RS_BATCH_ROWS; ++*at) {
        if (bit(hold->gone, *at)) continue;
        copy_row(rows, chunk_of(hold, (uint32_t)*at), *at & CHUNK_MASK);
    }
    return rows->n > before;
}

void hold_free(struct hold *hold) {
    for (size_t c = 0; c < hold->n_chunks; c++) {
        struct chunk *chunk = &hold->chunks[c];
        free(chunk->user);
        free(chunk->item);
        free(chunk->rating);
        free(chunk->time);
        free(chunk->place);
        free(chunk->removed);
        for (size_t k = 0; k < RS_MAX_CONTEXTS; k++) free(chunk->context[k]);
    }
    free(hold->chunks);
    free(hold->gone);
    free(hold->repeated);
    free(hold->order);
    free(hold->start);
    *hold = (struct hold){0};
}
