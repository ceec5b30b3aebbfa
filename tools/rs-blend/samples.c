#include "samples.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/random.h"
#include "format/pairs.h"

/* One file, and where its rows go. */
struct source {
    const char *path;
    char *model, *digest;
};

static char *text_of(const json_t *header, const char *key, const char *inner) {
    const json_t *value = json_object_get(header, key);
    if (inner != NULL) value = json_object_get(value, inner);
    return json_is_string(value) ? rs_strdup(json_string_value(value)) : NULL;
}

/* Looks at a file's header; false if it is of another task. */
static bool describe(struct source *source, const char *path, enum rs_task task) {
    struct rs_pairs_reader reader;
    struct rs_error err;
    if (!rs_pairs_open(&reader, &path, 1, "scores", &err)) rs_die_error(&err);
    const char *word = json_string_value(json_object_get(reader.header, "task"));
    if (word == NULL) word = rs_task_names[RS_TO_PREDICT]; /* scores from elsewhere */
    bool wanted = strcmp(word, rs_task_names[task]) == 0;
    *source = (struct source){.path = path};
    if (wanted) {
        source->model = text_of(reader.header, "model", NULL);
        source->digest = text_of(reader.header, "test", "digest");
        if (source->digest == NULL) source->digest = rs_strdup("");
        if (source->model == NULL) rs_die(EX_DATAERR, "%s: its header names no model", path);
    }
    rs_pairs_close(&reader);
    return wanted;
}

static int compare_sources(const void *a, const void *b) {
    const struct source *first = a, *second = b;
    int order = strcmp(first->model, second->model);
    return order != 0 ? order : strcmp(first->digest, second->digest);
}

static void reserve(struct samples *samples, size_t n, bool first) {
    struct parent *parent = &samples->parents[samples->n_parents - 1];
    size_t old = first ? samples->capacity : 0, capacity;
    if (!first) {
        if (parent->score == NULL) {
            parent->score = rs_malloc(samples->capacity, sizeof *parent->score);
            parent->support = rs_malloc(samples->capacity, sizeof *parent->support);
        }
        return;
    }
#define GROW(array) (capacity = old, rs_grow(&(array), &capacity, n, sizeof *(array)))
    GROW(parent->score);
    GROW(parent->support);
    GROW(samples->truth);
    GROW(samples->user);
    GROW(samples->user_count);
    GROW(samples->item_count);
    GROW(samples->sampled);
    GROW(samples->candidates);
    GROW(samples->pair);
#undef GROW
    samples->capacity = capacity;
}

static _Noreturn void refuse(const char *path, const struct samples *samples) {
    rs_die(EX_DATAERR, "%s: does not score the same pairs in the same order as model %s", path,
           samples->parents[0].name);
}

static void add_row(struct samples *samples, const struct rs_pairs_reader *reader,
                    const struct rs_pairs *batch, size_t i, size_t at, uint32_t first_user) {
    struct rs_id user = rs_ids_get(&reader->users.ids, batch->user[i]);
    struct rs_id item = rs_ids_get(&reader->items.ids, batch->item[i]);
    samples->truth[at] = batch->rating[i];
    samples->user[at] = first_user + batch->user[i];
    samples->user_count[at] = batch->user_count == NULL ? 0 : batch->user_count[i];
    samples->item_count[at] = batch->item_count == NULL ? 0 : batch->item_count[i];
    samples->sampled[at] = batch->sampled == NULL ? 0 : batch->sampled[i];
    samples->candidates[at] = batch->candidates == NULL ? 0 : batch->candidates[i];
    samples->pair[at] = rs_random_hash(0, user.text, user.length, item.text, item.length);
}

static bool same_row(const struct samples *samples, const struct rs_pairs_reader *reader,
                     const struct rs_pairs *batch, size_t i, size_t at) {
    struct rs_id user = rs_ids_get(&reader->users.ids, batch->user[i]);
    struct rs_id item = rs_ids_get(&reader->items.ids, batch->item[i]);
    return at < samples->n &&
           samples->pair[at] == rs_random_hash(0, user.text, user.length, item.text, item.length);
}

/* Adds a file's rows behind the AT already there for its model; returns how many there are then. */
static size_t read_source(struct samples *samples, const struct source *source, size_t at,
                          uint32_t *n_users) {
    struct rs_pairs_reader reader;
    struct rs_pairs *batch;
    struct rs_error err;
    bool first = samples->n_parents == 1;
    struct parent *parent = &samples->parents[samples->n_parents - 1];
    if (!rs_pairs_open(&reader, &source->path, 1, "scores", &err)) rs_die_error(&err);
    struct rs_scale scale = rs_scale_from_json(json_object_get(reader.header, "scale"));
    if (scale.n > 0 && first) {
        samples->scale_min = (double)scale.min;
        samples->scale_max = (double)scale.max;
    }
    while (true) {
        if (!rs_pairs_next(&reader, &batch, &err)) rs_die_error(&err);
        if (batch == NULL) break;
        if (batch->rating == NULL || batch->score == NULL)
            rs_die(EX_DATAERR, "%s: has no true ratings to learn from", source->path);
        reserve(samples, at + batch->n, first);
        for (size_t i = 0; i < batch->n; i++, at++) {
            if (first) {
                add_row(samples, &reader, batch, i, at, *n_users);
            } else if (!same_row(samples, &reader, batch, i, at)) {
                refuse(source->path, samples);
            }
            parent->score[at] = batch->score[i];
            parent->support[at] = batch->support == NULL ? 0 : batch->support[i];
        }
    }
    *n_users += (uint32_t)reader.users.ids.n;
    rs_pairs_close(&reader);
    return at;
}

void samples_read(struct samples *samples, char *const *paths, size_t n, enum rs_task task) {
    *samples = (struct samples){0};
    struct source *sources = rs_calloc(n, sizeof *sources);
    size_t n_sources = 0, at = 0;
    uint32_t n_users = 0;
    for (size_t i = 0; i < n; i++) n_sources += describe(&sources[n_sources], paths[i], task);
    qsort(sources, n_sources, sizeof *sources, compare_sources);
    for (size_t s = 0; s < n_sources; s++) {
        if (s == 0 || strcmp(sources[s].model, sources[s - 1].model) != 0) {
            if (samples->n_parents == RS_MAX_PARENTS)
                rs_die(EX_DATAERR, "more than %d models", RS_MAX_PARENTS);
            if (samples->n_parents > 1 && at != samples->n) refuse(sources[s - 1].path, samples);
            samples->parents[samples->n_parents++].name = rs_strdup(sources[s].model);
            at = 0;
        }
        at = read_source(samples, &sources[s], at, &n_users);
        if (samples->n_parents == 1) samples->n = at;
    }
    if (n_sources > 0 && at != samples->n) refuse(sources[n_sources - 1].path, samples);
    for (size_t s = 0; s < n_sources; s++) {
        free(sources[s].model);
        free(sources[s].digest);
    }
    free(sources);
}

void samples_free(struct samples *samples) {
    for (size_t m = 0; m < samples->n_parents; m++) {
        free(samples->parents[m].name);
        free(samples->parents[m].score);
        free(samples->parents[m].support);
    }
    free(samples->truth);
    free(samples->user);
    free(samples->user_count);
    free(samples->item_count);
    free(samples->sampled);
    free(samples->candidates);
    free(samples->pair);
    *samples = (struct samples){0};
}
