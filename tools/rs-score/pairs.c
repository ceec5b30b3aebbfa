/* Scores given pairs of user and item. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/progress.h"
#include "base/random.h"
#include "context/effects.h"
#include "hybrid/blend.h"
#include "program/output.h"
#include "score.h"

/* The pairs in the order in which they came, drawn ones behind them. */
struct asked {
    struct rs_pairs_reader reader;
    size_t n, n_given, capacity;
    uint32_t *user, *item; /* numbers in the reader's names */
    float *rating;
    int64_t *time;
    uint32_t *user_line, *item_line; /* by number: the line in the matrix, or RS_NONE */
    uint32_t *order;                 /* rows by user, each user's in order of arrival */
    uint64_t *start;                 /* user numbers + 1, into order */
    size_t from, to;                 /* the rows that are answered here */
    bool has_rating, has_time;
};

/* What comes out for each. */
struct scored {
    struct rs_answer *answer;
    uint32_t *above, *tied, *candidates; /* ranking only */
};

static void reserve(struct asked *asked, size_t n) {
    size_t capacities[4] = {asked->capacity, asked->capacity, asked->capacity, asked->capacity};
    rs_grow(&asked->user, &capacities[0], n, sizeof *asked->user);
    rs_grow(&asked->item, &capacities[1], n, sizeof *asked->item);
    rs_grow(&asked->rating, &capacities[2], n, sizeof *asked->rating);
    rs_grow(&asked->time, &capacities[3], n, sizeof *asked->time);
    asked->capacity = capacities[0];
}

static void read_pairs(struct asked *asked, const char *path, struct situations *situations) {
    struct rs_error err;
    const char *const paths[] = {path};
    struct rs_pairs *batch;
    if (!rs_pairs_open(&asked->reader, paths, 1, "ratings", &err)) rs_die_error(&err);
    while (true) {
        if (!rs_pairs_next(&asked->reader, &batch, &err)) rs_die_error(&err);
        if (batch == NULL) break;
        asked->has_rating |= batch->rating != NULL;
        asked->has_time |= batch->time != NULL;
        if (situations != NULL) situations_add(situations, &asked->reader, batch);
        reserve(asked, asked->n + batch->n);
        for (size_t i = 0; i < batch->n; i++, asked->n++) {
            asked->user[asked->n] = batch->user[i];
            asked->item[asked->n] = batch->item[i];
            asked->rating[asked->n] = batch->rating == NULL ? 0 : batch->rating[i];
            asked->time[asked->n] = batch->time == NULL ? RS_NO_TIME : batch->time[i];
        }
    }
    asked->n_given = asked->n;
    if (asked->n == 0) rs_die(EX_DATAERR, "%s: holds no pairs", path);
}

static uint32_t *find_lines(const struct rs_ids *names, const struct rs_ids *lines) {
    uint32_t *found = rs_malloc(names->n, sizeof *found);
    for (size_t i = 0; i < names->n; i++) found[i] = rs_ids_find(lines, rs_ids_get(names, i));
    return found;
}

static void group_by_user(struct asked *asked) {
    size_t n_users = asked->reader.users.ids.n;
    free(asked->order);
    free(asked->start);
    asked->order = rs_malloc(asked->n, sizeof *asked->order);
    asked->start = rs_calloc(n_users + 1, sizeof *asked->start);
    for (size_t i = asked->from; i < asked->to; i++) asked->start[asked->user[i] + 1]++;
    for (size_t u = 0; u < n_users; u++) asked->start[u + 1] += asked->start[u];
    uint64_t *next = rs_malloc(n_users + 1, sizeof *next);
    memcpy(next, asked->start, (n_users + 1) * sizeof *next);
    for (size_t i = asked->from; i < asked->to; i++)
        asked->order[next[asked->user[i]]++] = (uint32_t)i;
    free(next);
}

/* A pair costs as much as its user has rated. */
static void take_part(struct asked *asked, const struct scoring *scoring) {
    uint64_t *cost = rs_malloc(asked->n, sizeof *cost);
    for (size_t i = 0; i < asked->n; i++) {
        uint32_t line = asked->user_line[asked->user[i]];
        cost[i] = 1 + (line == RS_NONE ? 0 : rs_profile_of(scoring->matrix, line).n);
    }
    rs_part_cut(scoring->part, cost, asked->n, &asked->from, &asked->to);
    free(cost);
}

static int compare_hashes(const void *a, const void *b) {
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return first < second ? -1 : first > second;
}

static uint64_t hash_of_user(const struct asked *asked, uint64_t seed, uint32_t user) {
    struct rs_id id = rs_ids_get(&asked->reader.users.ids, user);
    return rs_random_hash(seed, id.text, id.length, "user", 4);
}

/* Keeps the pairs of N of the users that the matrix knows, those of the least hashes. */
static void choose_users(struct asked *asked, uint64_t seed, size_t n) {
    size_t n_users = asked->reader.users.ids.n, n_known = 0, kept = 0;
    uint64_t *hashes = rs_malloc(n_users, sizeof *hashes), largest = UINT64_MAX;
    for (uint32_t u = 0; u < n_users; u++)
        if (asked->user_line[u] != RS_NONE) hashes[n_known++] = hash_of_user(asked, seed, u);
    qsort(hashes, n_known, sizeof *hashes, compare_hashes);
    if (n < n_known) largest = hashes[n - 1];
    free(hashes);
    for (size_t i = 0; i < asked->n; i++) {
        uint32_t user = asked->user[i];
        if (asked->user_line[user] == RS_NONE || hash_of_user(asked, seed, user) > largest)
            continue;
        asked->user[kept] = user;
        asked->item[kept] = asked->item[i];
        asked->rating[kept] = asked->rating[i];
        asked->time[kept++] = asked->time[i];
    }
    asked->n = asked->n_given = kept;
    if (kept == 0) rs_die(EX_DATAERR, "no user of the pairs is in the matrix");
}

/* Draws candidates for every known user: items of the matrix that the user neither rated nor is
 * asked about, fewer than N where there are no more. Draws depend on seed and user id. */
static void draw_candidates(struct asked *asked, const struct scoring *scoring, size_t n) {
    const struct rs_matrix *matrix = scoring->matrix;
    size_t n_items = matrix->items.ids.n;
    uint32_t *number_of = rs_malloc(n_items, sizeof *number_of); /* by line, in the names */
    for (size_t i = 0; i < n_items; i++)
        number_of[i] = rs_dict_add(&asked->reader.items, rs_ids_get(&matrix->items.ids, i));
    uint8_t *taken = rs_calloc(n_items, 1);
    for (uint32_t u = 0; u < asked->reader.users.ids.n; u++) {
        uint32_t line = asked->user_line[u];
        if (line == RS_NONE || asked->start[u] == asked->start[u + 1]) continue;
        struct rs_profile profile = rs_profile_of(matrix, line);
        size_t left = n_items;
        memset(taken, 0, n_items);
        for (size_t e = 0; e < profile.n; e++) taken[profile.item[e]] = 1;
        for (uint64_t k = asked->start[u]; k < asked->start[u + 1]; k++) {
            uint32_t item = asked->item_line[asked->item[asked->order[k]]];
            if (item != RS_NONE) taken[item] = 1;
        }
        for (size_t i = 0; i < n_items; i++) left -= taken[i];
        struct rs_id id = rs_ids_get(&asked->reader.users.ids, u);
        struct rs_random random = rs_random_stream(
            rs_random_hash(scoring->seed, id.text, id.length, "candidates", 10), 0, 0, 0);
        for (size_t drawn = 0; drawn < n && left > 0; drawn++, left--) {
            uint32_t item;
            do item = rs_random_below(&random, (uint32_t)n_items);
            while (taken[item]);
            taken[item] = 1;
            reserve(asked, asked->n + 1);
            asked->user[asked->n] = u;
            asked->item[asked->n] = number_of[item];
            asked->rating[asked->n] = 0;
            asked->time[asked->n++] = RS_NO_TIME;
        }
    }
    free(number_of);
    free(taken);
}

/* What one thread works with. */
struct bench {
    void *workspace;
    float *scores; /* of all items, ranking only */
    struct profile_room room;
};

static struct rs_profile profile_of(const struct scoring *scoring, const struct asked *asked,
                                    uint32_t user, struct bench *bench) {
    return profiles_get(scoring->profiles, rs_ids_get(&asked->reader.users.ids, user),
                        asked->user_line[user], &bench->room);
}

/* By how much its situation moves the expected rating of a pair. */
static float situation_shift(const struct situations *situations, uint32_t row,
                             const struct rs_profile *profile, uint32_t item, float expected) {
    const struct rs_situation *situation = &situations->of_pair[row];
    if (situations->off || !rs_situation_predicts(situations->model, situation)) return 0;
    return (float)rs_context_shift(situations->model, situation, profile, item, (double)expected);
}

static void predict_user(const struct scoring *scoring, const struct asked *asked, uint32_t user,
                         struct bench *bench, struct scored *scored) {
    struct rs_profile profile = profile_of(scoring, asked, user, bench);
    uint64_t begin = asked->start[user];
    size_t n = asked->start[user + 1] - begin;
    uint32_t *items = rs_malloc(n, sizeof *items);
    int64_t *times = rs_malloc(n, sizeof *times);
    struct rs_answer *answers = rs_calloc(n, sizeof *answers);
    for (size_t q = 0; q < n; q++) {
        uint32_t row = asked->order[begin + q];
        items[q] = asked->item_line[asked->item[row]];
        times[q] = asked->time[row];
    }
    struct rs_query query = {n, items, asked->has_time ? times : NULL};
    rs_model_predict(scoring->model, bench->workspace, &profile, &query, answers);
    for (size_t q = 0; q < n; q++) {
        bool unknown = profile.n == 0 || items[q] == RS_NONE;
        if (unknown && scoring->mean_for_unknown)
            answers[q] = (struct rs_answer){.score = (float)scoring->matrix->mean,
                                            .source = RS_FROM_GLOBAL_MEAN};
        if (scoring->situations != NULL)
            answers[q].score += situation_shift(scoring->situations, asked->order[begin + q],
                                                &profile, items[q], answers[q].score);
        scored->answer[asked->order[begin + q]] = answers[q];
    }
    free(items);
    free(times);
    free(answers);
}

static void place_among(const float *scores, size_t n_items, float score, uint32_t *above,
                        uint32_t *tied) {
    uint32_t greater = 0, equal = 0;
    for (size_t i = 0; i < n_items; i++) {
        greater += scores[i] > score;
        equal += scores[i] == score;
    }
    *above = greater;
    *tied = equal;
}

/* Where a pair comes among SCORES, which are of all items. */
static void place_pair(const struct scoring *scoring, const struct asked *asked, uint32_t row,
                       const struct rs_profile *profile, const float *scores,
                       struct scored *scored) {
    size_t n_items = scoring->matrix->items.ids.n;
    uint32_t item = asked->item_line[asked->item[row]];
    scored->candidates[row] = (uint32_t)(n_items - profile->n);
    scored->above[row] = scored->tied[row] = 0;
    scored->answer[row] = (struct rs_answer){.source = RS_FROM_MODEL};
    if (item == RS_NONE || isinf(scores[item])) return; /* no candidate */
    scored->answer[row].score = scores[item];
    if (row < asked->n_given)
        place_among(scores, n_items, scores[item], &scored->above[row], &scored->tied[row]);
}

static void leave_out(const struct rs_profile *profile, float *scores) {
    for (size_t e = 0; e < profile->n; e++) scores[profile->item[e]] = -INFINITY;
}

/* The same list of scores, moved by every situation that the user's pairs are in. */
static void rank_situations(const struct scoring *scoring, const struct asked *asked, uint32_t user,
                            const struct rs_profile *profile, struct bench *bench,
                            struct scored *scored) {
    const struct situations *situations = scoring->situations;
    size_t n_items = scoring->matrix->items.ids.n;
    float *moved = rs_aligned(n_items, sizeof *moved), *lifts = rs_aligned(n_items, sizeof *lifts);
    uint64_t begin = asked->start[user], end = asked->start[user + 1];
    memset(lifts, 0, n_items * sizeof *lifts);
    rs_context_rank(profile, n_items, lifts, bench->scores);
    for (uint64_t k = begin; k < end; k++) {
        uint32_t list = situations->list[asked->order[k]];
        bool done = false;
        for (uint64_t j = begin; j < k && !done; j++)
            done = situations->list[asked->order[j]] == list;
        if (done) continue;
        rs_context_lifts(situations->model, &situations->of_pair[asked->order[k]], profile, lifts);
        for (size_t i = 0; i < n_items; i++)
            moved[i] = bench->scores[i] + (situations->off ? 0 : lifts[i]);
        leave_out(profile, moved);
        for (uint64_t j = k; j < end; j++)
            if (situations->list[asked->order[j]] == list)
                place_pair(scoring, asked, asked->order[j], profile, moved, scored);
    }
    free(moved);
    free(lifts);
}

static void rank_user(const struct scoring *scoring, const struct asked *asked, uint32_t user,
                      struct bench *bench, struct scored *scored, bool standardise) {
    struct rs_profile profile = profile_of(scoring, asked, user, bench);
    float *scores = bench->scores;
    rs_model_rank(scoring->model, bench->workspace, &profile, scores);
    if (scoring->situations != NULL) {
        rank_situations(scoring, asked, user, &profile, bench, scored);
        return;
    }
    if (standardise) rs_standardise(scores, scoring->matrix->items.ids.n, &profile);
    leave_out(&profile, scores);
    for (uint64_t k = asked->start[user]; k < asked->start[user + 1]; k++)
        place_pair(scoring, asked, asked->order[k], &profile, scores, scored);
}

static void score_users(const struct scoring *scoring, const struct asked *asked, bool ranking,
                        bool standardise, struct scored *scored) {
    uint32_t n_users = (uint32_t)asked->reader.users.ids.n;
    size_t n_items = scoring->matrix->items.ids.n;
    uint32_t done = 0;
    rs_progress_start("scored", "users", n_users);
#pragma omp parallel
    {
        struct bench bench = {.workspace = rs_model_workspace(scoring->model),
                              .scores = rs_aligned(ranking ? n_items : 0, sizeof(float))};
#pragma omp for schedule(dynamic, 4)
        for (uint32_t user = 0; user < n_users; user++) {
            if (asked->start[user] == asked->start[user + 1]) continue;
            if (ranking) {
                rank_user(scoring, asked, user, &bench, scored, standardise);
            } else {
                predict_user(scoring, asked, user, &bench, scored);
            }
            rs_progress_count(&done);
        }
        free(bench.scores);
        profile_room_free(&bench.room);
        rs_model_free_workspace(scoring->model, bench.workspace);
    }
    rs_progress_end();
}

/* Which test it was, whatever the order of its pairs. */
static json_t *test_identity(const struct asked *asked) {
    uint64_t sum = 0;
    for (size_t i = 0; i < asked->n_given; i++) {
        struct rs_id user = rs_ids_get(&asked->reader.users.ids, asked->user[i]);
        struct rs_id item = rs_ids_get(&asked->reader.items.ids, asked->item[i]);
        uint64_t pair = rs_random_hash(0, user.text, user.length, item.text, item.length);
        sum += XXH3_64bits_withSeed(&asked->rating[i], sizeof asked->rating[i], pair);
    }
    char digest[17];
    snprintf(digest, sizeof digest, "%016llx", (unsigned long long)sum);
    return json_pack("{s:s, s:I}", "digest", digest, "rows", (json_int_t)asked->n_given);
}

/* How the test was split off, with the share of the training ratings that are later than its
 * median, which rs-split knows at the end; NULL where it was not. */
static json_t *split_of(const struct rs_pairs_reader *test) {
    json_t *split = json_copy(json_object_get(test->header, "split"));
    json_t *counts = json_object_get(test->end, "split");
    json_t *leak = json_object_get(counts, "train_after_median_test");
    if (split != NULL && test->n_segments == 1 && json_is_number(leak))
        json_object_set(split, "leak", leak);
    return split;
}

static uint32_t count_of(const struct rs_sparse *form, uint32_t line) {
    return line == RS_NONE ? 0 : (uint32_t)(form->start[line + 1] - form->start[line]);
}

static void write_row(struct rs_pairs *batch, const struct scoring *scoring,
                      const struct asked *asked, const struct scored *scored, size_t i) {
    size_t n = batch->n++;
    const struct rs_answer *answer = &scored->answer[i];
    if (!isfinite(answer->score))
        rs_die(EX_SOFTWARE, "model %s gave a score that is no number", scoring->model->name);
    const uint32_t *list =
        batch->candidates != NULL && scoring->situations != NULL ? scoring->situations->list : NULL;
    batch->user[n] = list == NULL ? asked->user[i] : list[i];
    batch->item[n] = asked->item[i];
    batch->score[n] = answer->score;
    batch->user_count[n] = count_of(&scoring->matrix->rows, asked->user_line[asked->user[i]]);
    batch->item_count[n] = count_of(&scoring->matrix->columns, asked->item_line[asked->item[i]]);
    if (batch->rating != NULL) batch->rating[n] = asked->rating[i];
    if (batch->time != NULL) batch->time[n] = asked->time[i];
    if (batch->sampled != NULL) batch->sampled[n] = i >= asked->n_given;
    if (batch->source != NULL) {
        batch->source[n] = answer->source;
        batch->support[n] = answer->support;
        batch->deviation[n] = answer->deviation;
    }
    if (batch->candidates != NULL) batch->candidates[n] = scored->candidates[i];
    if (batch->above != NULL) {
        batch->above[n] = scored->above[i];
        batch->tied[n] = scored->tied[i];
    }
}

static void write_scores(struct scoring *scoring, const struct asked *asked, bool ranking,
                         bool drawn, const struct scored *scored) {
    unsigned columns = RS_SCORE | RS_USER_COUNT | RS_ITEM_COUNT;
    columns |= ranking ? RS_CANDIDATES : RS_SOURCE | RS_SUPPORT | RS_DEVIATION;
    if (ranking) columns |= drawn ? RS_SAMPLED : RS_ABOVE | RS_TIED;
    if (asked->has_rating) columns |= RS_RATING;
    if (asked->has_time && !drawn) columns |= RS_TIME;
    struct rs_pairs_form form = {.kind = "scores",
                                 .columns = columns,
                                 .users = &asked->reader.users.ids,
                                 .items = &asked->reader.items.ids};
    if (ranking && scoring->situations != NULL) form.users = &scoring->situations->lists.ids;
    json_t *header = scoring->header;
    json_object_set_new(header, "task", json_string(ranking ? "rank" : "predict"));
    json_object_set_new(header, "test", test_identity(asked));
    json_t *split = split_of(&asked->reader);
    json_t *pruned = json_object_get(asked->reader.header, "pruned");
    if (split != NULL) json_object_set_new(header, "split", split);
    if (pruned != NULL) json_object_set(header, "pruned", pruned);
    struct rs_output output = rs_output_open(scoring->output, true);
    struct rs_pairs_writer *writer = rs_pairs_write(output.file, &form, header);
    for (size_t i = asked->from; i < asked->to; i++)
        write_row(rs_pairs_room(writer), scoring, asked, scored, i);
    rs_pairs_finish(writer, NULL);
    rs_output_commit(&output);
}

void score_pairs(struct scoring *scoring, const char *pairs_path, bool ranking, size_t n_drawn,
                 size_t n_users) {
    struct asked asked = {0};
    read_pairs(&asked, pairs_path, scoring->situations);
    asked.user_line = find_lines(&asked.reader.users.ids, &scoring->matrix->users.ids);
    asked.item_line = find_lines(&asked.reader.items.ids, &scoring->matrix->items.ids);
    if (scoring->situations != NULL)
        situations_finish(scoring->situations, &asked.reader.users.ids, asked.user_line, asked.user,
                          ranking);
    if (n_drawn > 0) choose_users(&asked, scoring->seed, n_users);
    take_part(&asked, scoring);
    group_by_user(&asked);
    if (n_drawn > 0) {
        draw_candidates(&asked, scoring, n_drawn);
        asked.to = asked.n;
        free(asked.item_line);
        asked.item_line = find_lines(&asked.reader.items.ids, &scoring->matrix->items.ids);
        group_by_user(&asked);
    }
    struct scored scored = {.answer = rs_calloc(asked.n, sizeof *scored.answer)};
    size_t n_places = ranking ? asked.n : 0;
    scored.above = rs_calloc(n_places, sizeof *scored.above);
    scored.tied = rs_calloc(n_places, sizeof *scored.tied);
    scored.candidates = rs_calloc(n_places, sizeof *scored.candidates);
    score_users(scoring, &asked, ranking, n_drawn > 0, &scored);
    write_scores(scoring, &asked, ranking, n_drawn > 0, &scored);
    rs_note("%zu pairs scored by %s", n_drawn > 0 ? asked.n_given : asked.to - asked.from,
            scoring->model->name);
    free(scored.answer);
    free(scored.above);
    free(scored.tied);
    free(scored.candidates);
    rs_pairs_close(&asked.reader);
    free(asked.user);
    free(asked.item);
    free(asked.rating);
    free(asked.time);
    free(asked.user_line);
    free(asked.item_line);
    free(asked.order);
    free(asked.start);
}
