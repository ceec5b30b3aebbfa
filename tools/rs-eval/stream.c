/* rs files into the evidence: see input.h. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "format/pairs.h"
#include "input.h"

/* Numbers of a reader's names in the evidence. */
struct numbering {
    size_t n, capacity;
    uint32_t *number;
};

static void renumber(struct numbering *numbering, const struct rs_ids *from, struct rs_dict *to) {
    rs_grow(&numbering->number, &numbering->capacity, from->n, sizeof *numbering->number);
    for (; numbering->n < from->n; numbering->n++)
        numbering->number[numbering->n] = rs_dict_add(to, rs_ids_get(from, numbering->n));
}

/* A file being read: where its rows go, and buffers of a batch. */
struct stream {
    struct evidence *evidence;
    const struct input *input;
    struct rs_pairs_reader reader;
    size_t n_segments; /* of which the headers were read */
    struct answers *answers;
    enum task task;
    struct numbering users, items;
    uint32_t *user, *item;
    double *rating, *score;
};

static int64_t integer_or(const json_t *object, const char *key, int64_t otherwise) {
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static char *text_or_null(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? NULL : rs_strdup(text);
}

static struct facts read_facts(const struct rs_pairs_reader *reader, enum task task) {
    const json_t *header = reader->header;
    const json_t *train = json_object_get(header, "train");
    /* Lists are asked of nobody's test pairs. */
    json_t *split = task == TASK_TOP ? NULL : json_object_get(header, "split");
    const json_t *leak = json_object_get(split, "leak");
    int64_t catalogue = integer_or(header, "catalogue", -1);
    return (struct facts){
        .scale = rs_scale_from_json(json_object_get(header, "scale")),
        .implicit = rs_pairs_implicit(reader),
        .catalogue = catalogue,
        .ranked = task == TASK_RANK && catalogue >= 0,
        .train_users = integer_or(train, "users", -1),
        .train_ratings = integer_or(train, "ratings", -1),
        .train_digest = text_or_null(train, "digest"),
        .leak = json_is_number(leak) ? json_number_value(leak) : -1,
        .role = text_or_null(split, "role"),
        .test_digest = text_or_null(json_object_get(header, "test"), "digest"),
        .split = json_is_object(split) ? json_deep_copy(split) : NULL,
        .pruned = json_deep_copy(json_object_get(header, "pruned")),
    };
}

static bool read_task(const json_t *header, const char *file, enum task *task,
                      struct rs_error *err) {
    const char *name = json_string_value(json_object_get(header, "task"));
    for (int t = 0; t < N_TASKS; t++) {
        if (name == NULL || strcmp(name, task_names[t]) != 0) continue;
        *task = (enum task)t;
        return true;
    }
    return rs_fail(err, EX_DATAERR,
                   "%s: its header names no task that can be judged (predict, rank, "
                   "top)",
                   file);
}

/* "2" of {"split": {"fold": 2}}, "u2" of {"split": {"fold": "u2"}}, which the caller frees, or NULL. */
static char *fold_in(const json_t *header) {
    const json_t *fold = json_object_get(json_object_get(header, "split"), "fold");
    if (json_is_string(fold)) return rs_strdup(json_string_value(fold));
    return json_is_integer(fold) ? rs_format("%lld", (long long)json_integer_value(fold)) : NULL;
}

/* That of the operand, or of the header; of lists, which are of no test pairs, that which the rest
 * tells; else "". */
static char *fold_label(const struct stream *stream, const char *train_digest) {
    if (stream->input->fold != NULL) return rs_strdup(stream->input->fold);
    char *fold = fold_in(stream->reader.header);
    if (fold != NULL) return fold;
    return rs_strdup(stream->task == TASK_TOP ? evidence_fold_of(stream->evidence, train_digest)
                                              : "");
}

/* Reads the header of a new segment: whose answers follow, to which fold. */
static bool begin_segment(struct stream *stream, struct rs_error *err) {
    const json_t *header = stream->reader.header;
    const char *file = stream->input->path;
    stream->n_segments = stream->reader.n_segments;
    if (!read_task(header, file, &stream->task, err)) return false;
    char *model = stream->input->model != NULL ? rs_strdup(stream->input->model)
                                               : text_or_null(header, "model");
    if (model == NULL) model = input_name(file);
    struct facts facts = read_facts(&stream->reader, stream->task);
    char *fold = fold_label(stream, facts.train_digest);
    stream->answers = evidence_answers(stream->evidence, model, fold);
    if (stream->answers->train_digest == NULL && facts.train_digest != NULL)
        stream->answers->train_digest = rs_strdup(facts.train_digest);
    if (stream->answers->file[stream->task] == NULL) stream->answers->file[stream->task] = file;
    stream->answers->promised[stream->task] =
        integer_or(json_object_get(header, "test"), "rows", -1);
    free(model);
    free(fold);
    if (stream->task ==
        TASK_TOP) { /* lists of other catalogues can still be compared with each other */
        stream->answers->lists.catalogue = facts.catalogue;
        facts.catalogue = -1;
    }
    return evidence_facts(stream->answers->fold, file, &facts, err);
}

static bool check_columns(const struct rs_pairs *batch, enum task task, const char *file,
                          struct rs_error *err) {
    static const unsigned needed[N_TASKS] = {
        RS_RATING | RS_SCORE, RS_RATING | RS_ABOVE | RS_TIED | RS_CANDIDATES, RS_RANK};
    if (batch->sampled != NULL)
        return rs_fail(
            err, EX_DATAERR,
            "%s: ranks test items among some drawn ones, which tells little of the whole "
            "catalogue: leave out --draw of rs-score (--sample-negatives draws some of a whole "
            "ranking, and says so)",
            file);
    if ((rs_pairs_columns(batch) & needed[task]) == needed[task]) return true;
    static const char *const columns[N_TASKS] = {"rating and score",
                                                 "rating, above, tied and candidates", "rank"};
    return rs_fail(err, EX_DATAERR, "%s: lacks a column that the task %s needs: %s", file,
                   task_names[task], columns[task]);
}

/* Keeps the first table of users and the first of items that come by. */
static void take_tables(struct evidence *evidence, struct rs_pairs_reader *reader) {
    for (int t = 0; t < 2; t++) {
        struct rs_table fresh[2] = {reader->user_table, reader->item_table};
        if (fresh[t].n_columns == 0 || evidence->read_tables[t].n_columns > 0) continue;
        for (int k = 0; k < 2; k++) {
            evidence->kept_tables[t][k] = fresh[k];
            if (evidence->read_tables[k].n_columns == 0) evidence->read_tables[k] = fresh[k];
        }
        reader->user_table = reader->item_table = (struct rs_table){0};
    }
}

/* The columns of a batch as a piece of evidence, in the stream's buffers. */
static struct piece piece_of(struct stream *stream, const struct rs_pairs *batch) {
    renumber(&stream->users, &stream->reader.users.ids, &stream->evidence->users);
    renumber(&stream->items, &stream->reader.items.ids, &stream->evidence->items);
    for (size_t i = 0; i < batch->n; i++) {
        stream->user[i] = stream->users.number[batch->user[i]];
        stream->item[i] = stream->items.number[batch->item[i]];
    }
    for (size_t i = 0; batch->rating != NULL && i < batch->n; i++)
        stream->rating[i] = (double)batch->rating[i];
    for (size_t i = 0; batch->score != NULL && i < batch->n; i++)
        stream->score[i] = (double)batch->score[i];
    return (struct piece){.n = batch->n,
                          .user = stream->user,
                          .item = stream->item,
                          .rating = batch->rating == NULL ? NULL : stream->rating,
                          .score = batch->score == NULL ? NULL : stream->score,
                          .deviation = batch->deviation,
                          .source = batch->source,
                          .above = batch->above,
                          .tied = batch->tied,
                          .candidates = batch->candidates,
                          .rank = batch->rank,
                          .user_count = batch->user_count,
                          .item_count = batch->item_count,
                          .time = batch->time};
}

static bool read_segments(struct stream *stream, struct rs_error *err) {
    if (!begin_segment(stream, err)) return false;
    struct rs_pairs *batch;
    while (rs_pairs_next(&stream->reader, &batch, err)) {
        if (stream->n_segments != stream->reader.n_segments && !begin_segment(stream, err))
            return false;
        if (batch == NULL) return true;
        if (!check_columns(batch, stream->task, stream->input->path, err)) return false;
        struct piece piece = piece_of(stream, batch);
        if (!evidence_take(stream->evidence, stream->answers, stream->task, stream->input->path,
                           &piece, err))
            return false;
    }
    return false;
}

static bool open_stream(struct stream *stream, struct evidence *evidence, const struct input *input,
                        const char *kind, struct rs_error *err) {
    *stream = (struct stream){.evidence = evidence, .input = input};
    if (!rs_pairs_open(&stream->reader, &input->path, 1, kind, err)) return false;
    stream->user = rs_malloc(RS_BATCH_ROWS, sizeof *stream->user);
    stream->item = rs_malloc(RS_BATCH_ROWS, sizeof *stream->item);
    stream->rating = rs_malloc(RS_BATCH_ROWS, sizeof *stream->rating);
    stream->score = rs_malloc(RS_BATCH_ROWS, sizeof *stream->score);
    return true;
}

static void close_stream(struct stream *stream) {
    free(stream->user);
    free(stream->item);
    free(stream->rating);
    free(stream->score);
    free(stream->users.number);
    free(stream->items.number);
    rs_pairs_close(&stream->reader);
}

static bool must_wait(const struct stream *stream) {
    const json_t *header = stream->reader.header;
    const char *task = json_string_value(json_object_get(header, "task"));
    if (task == NULL || strcmp(task, task_names[TASK_TOP]) != 0) return false;
    if (stream->input->fold != NULL || strcmp(stream->input->path, "-") == 0) return false;
    char *fold = fold_in(header);
    if (fold == NULL) return true;
    free(fold);
    return false;
}

bool input_stream(struct evidence *evidence, const struct input *input, bool late, bool *postponed,
                  struct rs_error *err) {
    struct stream stream;
    if (!open_stream(&stream, evidence, input, "scores", err)) return false;
    *postponed = !late && must_wait(&stream);
    bool ok = *postponed || read_segments(&stream, err);
    if (ok) take_tables(evidence, &stream.reader);
    close_stream(&stream);
    return ok;
}

static bool read_ratings(struct stream *stream, struct ratings *ratings, struct rs_error *err) {
    ratings->implicit = rs_pairs_implicit(&stream->reader);
    ratings->scale = rs_pairs_scale(&stream->reader);
    struct rs_pairs *batch;
    while (rs_pairs_next(&stream->reader, &batch, err)) {
        if (batch == NULL) return true;
        struct piece piece = piece_of(stream, batch);
        if (piece.rating == NULL) { /* clicks: each counts 1 */
            for (size_t i = 0; i < piece.n; i++) stream->rating[i] = 1;
            piece.rating = stream->rating;
        }
        if (!ratings->take(ratings, &piece, err)) return false;
    }
    return false;
}

bool input_ratings_stream(struct evidence *evidence, struct ratings *ratings,
                          struct rs_error *err) {
    struct input input = {.path = ratings->path};
    struct stream stream;
    if (!open_stream(&stream, evidence, &input, "ratings", err)) return false;
    bool ok = read_ratings(&stream, ratings, err);
    if (ok) take_tables(evidence, &stream.reader);
    close_stream(&stream);
    return ok;
}
