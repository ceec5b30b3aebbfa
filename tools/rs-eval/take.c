/* Takes in what an input says, piece by piece: see evidence.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "evidence.h"
#include "format/pairs.h"

/* "user 'u', item 'i'", for messages. */
static void describe_pair(const struct evidence *evidence, uint32_t user, uint32_t item, char *out,
                          size_t size) {
    struct rs_id u = rs_ids_get(&evidence->users.ids, user);
    struct rs_id i = rs_ids_get(&evidence->items.ids, item);
    int u_length = u.length < 40 ? (int)u.length : 40,
        i_length = i.length < 40 ? (int)i.length : 40;
    snprintf(out, size, "user '%.*s', item '%.*s'", u_length, u.text, i_length, i.text);
}

/* The row of a pair */

static uint64_t pair_hash(uint32_t user, uint32_t item) {
    uint64_t hash = ((uint64_t)user << 32 | item) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 29;
}

static size_t find_slot(const struct fold *fold, uint32_t user, uint32_t item) {
    size_t mask = fold->slots.n - 1;
    size_t at = pair_hash(user, item) & mask;
    for (; fold->slots.v[at] != 0; at = (at + 1) & mask) {
        size_t row = fold->slots.v[at] - 1;
        if (fold->user.v[row] == user && fold->item.v[row] == item) break;
    }
    return at;
}

/* Brings the index up to the rows there are. The first of rows with the same pair counts. */
static void index_rows(struct fold *fold) {
    if (fold->n_indexed == fold->n && fold->slots.v != NULL) return;
    size_t n_slots = fold->slots.n == 0 ? 1024 : fold->slots.n;
    while (n_slots < 2 * fold->n) n_slots *= 2;
    if (n_slots != fold->slots.n) {
        free(fold->slots.v);
        fold->slots = (struct u32_column){n_slots, n_slots, rs_calloc(n_slots, sizeof(uint32_t))};
        fold->n_indexed = 0;
    }
    for (; fold->n_indexed < fold->n; fold->n_indexed++) {
        size_t row = fold->n_indexed;
        size_t at = find_slot(fold, fold->user.v[row], fold->item.v[row]);
        if (fold->slots.v[at] == 0) fold->slots.v[at] = (uint32_t)row + 1;
    }
}

/* The row of a pair, RS_NONE if it is not in the test set. */
static uint32_t find_row(struct fold *fold, uint32_t user, uint32_t item) {
    index_rows(fold);
    return fold->slots.v[find_slot(fold, user, item)] - 1; /* 0 - 1 is RS_NONE */
}

static bool is_row(const struct fold *fold, size_t row, uint32_t user, uint32_t item) {
    return row < fold->n && fold->user.v[row] == user && fold->item.v[row] == item;
}

/* Adds the rows of a piece at the end of the test set. */
static bool add_rows(struct fold *fold, const char *file, const struct piece *piece, uint32_t *rows,
                     struct rs_error *err) {
    if (piece->rating == NULL)
        return rs_fail(err, EX_DATAERR, "%s: holds no true ratings: give them with --truth", file);
    if (fold->n + piece->n >= RS_NONE)
        return rs_fail(err, EX_DATAERR, "%s: more than 2^32 - 2 test pairs", file);
    size_t n = fold->n + piece->n;
    u32_extend(&fold->user, n, 0);
    u32_extend(&fold->item, n, 0);
    f64_extend(&fold->rating, n, 0);
    memcpy(fold->user.v + fold->n, piece->user, piece->n * sizeof *piece->user);
    memcpy(fold->item.v + fold->n, piece->item, piece->n * sizeof *piece->item);
    memcpy(fold->rating.v + fold->n, piece->rating, piece->n * sizeof *piece->rating);
    for (size_t i = 0; i < piece->n; i++) rows[i] = (uint32_t)(fold->n + i);
    fold->n = n;
    return true;
}

/* Finds the rows of a piece, from *NEXT on if they come in the order of the test set. */
static bool find_rows(struct evidence *evidence, struct fold *fold, const char *file,
                      const struct piece *piece, size_t *next, uint32_t *rows,
                      struct rs_error *err) {
    char pair[160];
    for (size_t i = 0; i < piece->n; i++) {
        uint32_t user = piece->user[i], item = piece->item[i];
        uint32_t row =
            is_row(fold, *next, user, item) ? (uint32_t)*next : find_row(fold, user, item);
        if (row == RS_NONE) {
            describe_pair(evidence, user, item, pair, sizeof pair);
            return rs_fail(err, EX_DATAERR,
                           "%s: %s is not in the test set of %s: figures over "
                           "different test sets can't be compared",
                           file, pair, fold->file);
        }
        rows[i] = row;
        *next = row + 1;
        if (piece->rating == NULL || (float)piece->rating[i] == (float)fold->rating.v[row])
            continue;
        describe_pair(evidence, user, item, pair, sizeof pair);
        return rs_fail(err, EX_DATAERR,
                       "%s: the true rating of %s is %g, in %s %g: figures over "
                       "different test sets can't be compared",
                       file, pair, piece->rating[i], fold->file, fold->rating.v[row]);
    }
    return true;
}

/* Adds or finds the rows of a piece. KEY stands for who gives them. */
static bool place_rows(struct evidence *evidence, struct fold *fold, const void *key,
                       const char *file, const struct piece *piece, size_t *next, uint32_t *rows,
                       struct rs_error *err) {
    if (fold->definer == NULL) {
        fold->definer = key;
        fold->file = file;
    }
    if (fold->definer == key) return add_rows(fold, file, piece, rows, err);
    return find_rows(evidence, fold, file, piece, next, rows, err);
}

/* What a piece tells of users, items and rows whatever its task */

static void take_counts(struct evidence *evidence, struct fold *fold, const struct piece *piece) {
    if (piece->user_count != NULL) {
        u32_extend(&fold->user_count, evidence->users.ids.n, RS_NONE);
        for (size_t i = 0; i < piece->n; i++) {
            uint32_t *known = &fold->user_count.v[piece->user[i]];
            fold->counts_differ |= *known != RS_NONE && *known != piece->user_count[i];
            if (*known == RS_NONE) *known = piece->user_count[i];
        }
    }
    if (piece->item_count != NULL) {
        u32_extend(&fold->item_count, evidence->items.ids.n, RS_NONE);
        for (size_t i = 0; i < piece->n; i++) {
            uint32_t *known = &fold->item_count.v[piece->item[i]];
            fold->counts_differ |= *known != RS_NONE && *known != piece->item_count[i];
            if (*known == RS_NONE) *known = piece->item_count[i];
        }
    }
}

static bool take_candidates(struct evidence *evidence, struct fold *fold, const char *file,
                            const struct piece *piece, struct rs_error *err) {
    if (piece->candidates == NULL) return true;
    if (fold->candidates_file == NULL) fold->candidates_file = file;
    u32_extend(&fold->candidates, evidence->users.ids.n, RS_NONE);
    for (size_t i = 0; i < piece->n; i++) {
        uint32_t *known = &fold->candidates.v[piece->user[i]];
        if (*known == RS_NONE) *known = piece->candidates[i];
        if (*known == piece->candidates[i]) continue;
        char pair[160];
        describe_pair(evidence, piece->user[i], piece->item[i], pair, sizeof pair);
        return rs_fail(err, EX_DATAERR,
                       "%s: %s is ranked among %u candidates, in %s among %u: "
                       "rankings of different candidates can't be compared",
                       file, pair, piece->candidates[i], fold->candidates_file, *known);
    }
    return true;
}

static void take_times(struct fold *fold, const struct piece *piece, const uint32_t *rows) {
    if (piece->time == NULL) return;
    i64_extend(&fold->time, fold->n, RS_NO_TIME);
    for (size_t i = 0; i < piece->n; i++) fold->time.v[rows[i]] = piece->time[i];
}

static bool twice(const struct evidence *evidence, const char *file, const struct piece *piece,
                  size_t i, struct rs_error *err) {
    char pair[160];
    describe_pair(evidence, piece->user[i], piece->item[i], pair, sizeof pair);
    return rs_fail(err, EX_DATAERR, "%s: %s is there twice", file, pair);
}

static bool take_scores(const struct evidence *evidence, struct answers *answers, const char *file,
                        const struct piece *piece, const uint32_t *rows, struct rs_error *err) {
    f64_extend(&answers->score, answers->fold->n, NAN);
    u8_extend(&answers->source, answers->fold->n, 0);
    bool stated = answers->deviation.v != NULL;
    for (size_t i = 0; piece->deviation != NULL && !stated && i < piece->n; i++)
        stated = piece->deviation[i] > 0;
    if (stated) f64_extend(&answers->deviation, answers->fold->n, 0);
    for (size_t i = 0; i < piece->n; i++) {
        if (!isnan(answers->score.v[rows[i]])) return twice(evidence, file, piece, i, err);
        answers->score.v[rows[i]] = piece->score[i];
        if (piece->source != NULL) answers->source.v[rows[i]] = piece->source[i];
        if (stated && piece->deviation != NULL)
            answers->deviation.v[rows[i]] = (double)piece->deviation[i];
    }
    return true;
}

static bool take_ranks(const struct evidence *evidence, struct answers *answers, const char *file,
                       const struct piece *piece, const uint32_t *rows, struct rs_error *err) {
    u32_extend(&answers->above, answers->fold->n, RS_NONE);
    u32_extend(&answers->tied, answers->fold->n, RS_NONE);
    for (size_t i = 0; i < piece->n; i++) {
        if (answers->tied.v[rows[i]] != RS_NONE) return twice(evidence, file, piece, i, err);
        uint64_t last = (uint64_t)piece->above[i] + piece->tied[i];
        if (last > piece->candidates[i]) {
            char pair[160];
            describe_pair(evidence, piece->user[i], piece->item[i], pair, sizeof pair);
            return rs_fail(err, EX_DATAERR, "%s: the file is damaged: %s stands at %llu of %u",
                           file, pair, (unsigned long long)last, piece->candidates[i]);
        }
        answers->above.v[rows[i]] = piece->above[i];
        answers->tied.v[rows[i]] = piece->tied[i];
    }
    return true;
}

static void take_lists(struct lists *lists, const struct piece *piece) {
    size_t n = lists->n + piece->n;
    u32_extend(&lists->user, n, 0);
    u32_extend(&lists->item, n, 0);
    u32_extend(&lists->rank, n, 0);
    for (size_t i = 0; i < piece->n; i++) {
        lists->user.v[lists->n + i] = piece->user[i];
        lists->item.v[lists->n + i] = piece->item[i];
        lists->rank.v[lists->n + i] = piece->rank[i];
    }
    if (piece->score != NULL) {
        f64_extend(&lists->score, n, NAN);
        memcpy(lists->score.v + lists->n, piece->score, piece->n * sizeof *piece->score);
    }
    lists->n = n;
}

bool evidence_truth(struct evidence *evidence, struct fold *fold, const char *file,
                    const struct piece *piece, struct rs_error *err) {
    uint32_t *rows = rs_malloc(piece->n, sizeof *rows);
    size_t next = 0;
    bool ok = place_rows(evidence, fold, fold, file, piece, &next, rows, err);
    if (ok) take_times(fold, piece, rows);
    free(rows);
    return ok;
}

bool evidence_take(struct evidence *evidence, struct answers *answers, enum task task,
                   const char *file, const struct piece *piece, struct rs_error *err) {
    struct fold *fold = answers->fold;
    if (answers->file[task] == NULL) answers->file[task] = file;
    answers->n_rows[task] += piece->n;
    take_counts(evidence, fold, piece);
    if (task == TASK_TOP) {
        take_lists(&answers->lists, piece);
        return true;
    }
    uint32_t *rows = rs_malloc(piece->n, sizeof *rows);
    bool ok = place_rows(evidence, fold, &answers->n_rows[task], file, piece, &answers->next[task],
                         rows, err) &&
              (task == TASK_PREDICT ? take_scores(evidence, answers, file, piece, rows, err)
                                    : take_candidates(evidence, fold, file, piece, err) &&
                                          take_ranks(evidence, answers, file, piece, rows, err));
    if (ok) take_times(fold, piece, rows);
    free(rows);
    return ok;
}
