#include "sample.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

/* Candidates that are no test items, between two of those or tied with some. */
struct part {
    uint32_t left, drawn;
};

/* The list of one user, cut at its test items. */
struct urn {
    uint32_t *row; /* test items that are candidates, best first */
    size_t n_rows, row_capacity;
    struct part *part; /* what stands before a score, what shares it, …, what stands last */
    size_t n_parts, part_capacity;
    uint32_t n_others; /* in all parts */
};

static int compare_above(const void *a, const void *b, void *above) {
    const uint32_t *of = above;
    uint32_t first = of[*(const uint32_t *)a], second = of[*(const uint32_t *)b];
    return first < second ? -1 : first > second;
}

/* The rows from FROM on that share a score. */
static size_t tie_end(const struct urn *urn, const struct answers *answers, size_t from) {
    size_t to = from + 1;
    while (to < urn->n_rows && answers->above.v[urn->row[to]] == answers->above.v[urn->row[from]])
        to++;
    return to;
}

static void sort_rows(struct urn *urn, const struct answers *answers, size_t l) {
    const struct fold *fold = answers->fold;
    size_t n = fold->start[l + 1] - fold->start[l];
    rs_grow(&urn->row, &urn->row_capacity, n, sizeof *urn->row);
    rs_grow(&urn->part, &urn->part_capacity, 2 * n + 1, sizeof *urn->part);
    urn->n_rows = 0;
    for (size_t i = fold->start[l]; i < fold->start[l + 1]; i++)
        if (answers->tied.v[i] > 0) urn->row[urn->n_rows++] = (uint32_t)i;
    qsort_r(urn->row, urn->n_rows, sizeof *urn->row, compare_above, answers->above.v);
}

/* False if the ranks contradict each other. */
static bool fill(struct urn *urn, const struct answers *answers, size_t l, uint32_t candidates) {
    sort_rows(urn, answers, l);
    uint64_t end = 0; /* places up to the last score */
    urn->n_parts = 0;
    for (size_t i = 0, next; i < urn->n_rows; i = next) {
        uint32_t above = answers->above.v[urn->row[i]], tied = answers->tied.v[urn->row[i]];
        next = tie_end(urn, answers, i);
        for (size_t j = i; j < next; j++)
            if (answers->tied.v[urn->row[j]] != tied) return false;
        if (above < end || tied < next - i) return false;
        urn->part[urn->n_parts++] = (struct part){(uint32_t)(above - end), 0};
        urn->part[urn->n_parts++] = (struct part){(uint32_t)(tied - (next - i)), 0};
        end = (uint64_t)above + tied;
    }
    if (end > candidates) return false;
    urn->part[urn->n_parts++] = (struct part){(uint32_t)(candidates - end), 0};
    urn->n_others = candidates - (uint32_t)urn->n_rows;
    return true;
}

/* Draws N < n_others of the others. */
static void draw(struct urn *urn, uint32_t n, struct rs_random *random) {
    for (uint32_t d = 0; d < n; d++) {
        uint32_t place = rs_random_below(random, urn->n_others - d);
        struct part *part = urn->part;
        while (place >= part->left) place -= part++->left;
        part->left--;
        part->drawn++;
    }
}

/* The ranks among the test items and what was drawn. */
static void rank(const struct urn *urn, struct answers *answers) {
    uint32_t above = 0;
    const struct part *part = urn->part;
    for (size_t i = 0, next; i < urn->n_rows; i = next, part += 2) {
        next = tie_end(urn, answers, i);
        above += part[0].drawn;
        uint32_t tied = part[1].drawn + (uint32_t)(next - i);
        for (size_t j = i; j < next; j++) {
            answers->above.v[urn->row[j]] = above;
            answers->tied.v[urn->row[j]] = tied;
        }
        above += tied;
    }
}

/* The others of list L left to N. *CANDIDATES: how many all are with the test items. */
static bool sample_list(struct urn *urn, struct answers *answers, size_t l, uint32_t n,
                        uint64_t key, uint32_t *candidates) {
    if (!fill(urn, answers, l, *candidates)) return false;
    if (n >= urn->n_others) return true;
    struct rs_random random = rs_random_stream(key, 0, 0, 0);
    draw(urn, n, &random);
    rank(urn, answers);
    *candidates = n + (uint32_t)urn->n_rows;
    return true;
}

/* Fills CANDIDATES, by user, from where they are RS_NONE; it must be the same of all models. */
static bool sample_answers(const struct evidence *evidence, struct answers *answers, uint32_t n,
                           uint64_t seed, uint32_t *candidates, struct rs_error *err) {
    const struct fold *fold = answers->fold;
    struct urn urn = {0};
    bool ok = true;
    for (size_t l = 0; ok && l < fold->n_lists; l++) {
        uint32_t user = fold->user.v[fold->start[l]], fresh = fold->candidates.v[user];
        struct rs_id id = evidence_user(evidence, user);
        uint64_t key = rs_random_hash(seed, id.text, id.length, fold->label, strlen(fold->label));
        ok = sample_list(&urn, answers, l, n, key, &fresh);
        if (!ok)
            rs_fail(err, EX_DATAERR,
                    "%s: the file is damaged: the ranks of a user's items contradict each other",
                    answers->file[TASK_RANK]);
        if (ok && candidates[user] != RS_NONE && candidates[user] != fresh)
            ok = rs_fail(err, EX_DATAERR,
                         "%s: other test items are candidates than in %s: samples of different "
                         "candidates can't be compared",
                         answers->file[TASK_RANK], fold->candidates_file);
        candidates[user] = fresh;
    }
    free(urn.row);
    free(urn.part);
    return ok;
}

bool evidence_sample(struct evidence *evidence, uint32_t n, uint64_t seed, struct rs_error *err) {
    bool ok = true;
    for (size_t f = 0; ok && f < evidence->n_folds; f++) {
        struct fold *fold = evidence->folds[f];
        struct u32_column candidates = {0};
        u32_extend(&candidates, evidence->n_users, RS_NONE);
        for (size_t m = 0; ok && m < evidence->n_models; m++) {
            struct answers *answers = model_answers(evidence->models[m], fold);
            if (answers == NULL || answers->tied.v == NULL) continue;
            if (answers->listed.v != NULL)
                ok = rs_fail(err, EX_DATAERR,
                             "%s: negatives are sampled from whole rankings (rs-score --pairs "
                             "--rank), and lists hold the first items only",
                             answers->file[TASK_TOP]);
            ok = ok && sample_answers(evidence, answers, n, seed, candidates.v, err);
        }
        free(fold->candidates.v);
        fold->candidates = candidates;
    }
    return ok;
}
