#include "snapshot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "format/pairs.h"
#include "neighbours/knn.h"

static enum rs_counts counts_of(const struct rs_matrix *matrix) {
    const json_t *parameters = json_object_get(matrix->header, "parameters");
    const char *name = json_string_value(json_object_get(parameters, "counts"));
    for (int c = 0; name != NULL && rs_counts_names[c] != NULL; c++)
        if (strcmp(name, rs_counts_names[c]) == 0) return (enum rs_counts)c;
    return RS_COUNTS_LOG;
}

/* Opens the folder's context, if it has one, which passes from it to *context. */
static bool open_context(struct rs_folder *folder, struct rs_context_model **context,
                         struct rs_error *err) {
    struct rs_file *file = folder->context;
    *context = NULL;
    if (file == NULL) return true;
    folder->context = NULL;
    *context = rs_calloc(1, sizeof **context);
    if (rs_context_use(*context, file, &folder->matrix, err)) return true;
    free(*context);
    return false;
}

struct snapshot *snapshot_open(const char *path, uint64_t generation, bool check,
                               struct rs_error *err) {
    struct rs_folder *folder = rs_folder_open(path, err);
    if (folder == NULL) return NULL;
    struct rs_context_model *context;
    if ((check && !rs_folder_check(folder, err)) || !open_context(folder, &context, err)) {
        rs_folder_close(folder);
        return NULL;
    }
    struct snapshot *snapshot = rs_calloc(1, sizeof *snapshot);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snapshot->folder = folder;
    snapshot->matrix = &folder->matrix;
    snapshot->context = context;
    snapshot->generation = generation;
    snapshot->opened = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    snapshot->counts = counts_of(snapshot->matrix);
    snapshot->moved = rs_calloc(snapshot->matrix->items.ids.n, sizeof *snapshot->moved);
    for (int side = 0; side < 2; side++)
        if (folder->neighbours[side] != NULL)
            snapshot->neighbours[side] = rs_knn_graph(folder->neighbours[side]);
    snapshot->sources = rs_sources_json(folder->name);
    pthread_mutex_init(&snapshot->latest_lock, NULL);
    return snapshot;
}

void snapshot_close(struct snapshot *snapshot) {
    if (snapshot == NULL) return;
    for (size_t w = 0; w < MAX_WORKERS; w++) {
        struct bench *bench = snapshot->benches[w];
        if (bench == NULL) continue;
        rs_listing_free(bench->listing);
        if (bench->predict_workspace != NULL)
            rs_model_free_workspace(snapshot->folder->predict, bench->predict_workspace);
        free(bench->allowed);
        free(bench->place);
        free(bench->lifts);
        rs_mmr_free(bench->mmr);
        free(bench);
    }
    if (snapshot->context != NULL) rs_context_close(snapshot->context);
    free(snapshot->context);
    rs_folder_close(snapshot->folder);
    pthread_mutex_destroy(&snapshot->latest_lock);
    json_decref(snapshot->sources);
    free(snapshot->latest);
    free(snapshot->moved);
    free(snapshot);
}

struct bench *snapshot_bench(struct snapshot *snapshot, unsigned worker) {
    if (snapshot->benches[worker] == NULL)
        snapshot->benches[worker] = rs_calloc(1, sizeof(struct bench));
    return snapshot->benches[worker];
}

struct rs_listing *bench_listing(struct bench *bench, const struct snapshot *snapshot) {
    if (bench->listing == NULL)
        bench->listing = rs_listing_new(snapshot->folder->rank, snapshot->folder->lists);
    return bench->listing;
}

void *bench_workspace(struct bench *bench, const struct snapshot *snapshot) {
    if (bench->predict_workspace == NULL)
        bench->predict_workspace = rs_model_workspace(snapshot->folder->predict);
    return bench->predict_workspace;
}

void snapshot_count(const struct snapshot *snapshot, uint32_t item, int change) {
    if (change != 0)
        atomic_fetch_add_explicit(&snapshot->moved[item], change, memory_order_relaxed);
}

uint64_t snapshot_popularity(const struct snapshot *snapshot, uint32_t item) {
    const uint64_t *start = snapshot->matrix->columns.start;
    int64_t n = (int64_t)(start[item + 1] - start[item]) +
                atomic_load_explicit(&snapshot->moved[item], memory_order_relaxed);
    return n < 0 ? 0 : (uint64_t)n;
}

static int compare_arrivals(const void *a, const void *b) {
    const struct arrival *first = a, *second = b;
    if (first->time != second->time) return first->time > second->time ? -1 : 1;
    return first->item < second->item ? -1 : first->item > second->item;
}

static struct arrival *sort_by_arrival(const struct rs_matrix *matrix) {
    size_t n_items = matrix->items.ids.n;
    struct arrival *arrivals = rs_malloc(n_items, sizeof *arrivals);
    for (size_t i = 0; i < n_items; i++) arrivals[i] = (struct arrival){RS_NO_TIME, (uint32_t)i};
    for (uint64_t e = 0; e < matrix->n_ratings; e++) {
        struct arrival *arrival = &arrivals[matrix->rows.other[e]];
        int64_t time = matrix->time[e];
        bool earlier = arrival->time == RS_NO_TIME || time < arrival->time;
        if (time != RS_NO_TIME && earlier) arrival->time = time;
    }
    qsort(arrivals, n_items, sizeof *arrivals, compare_arrivals);
    return arrivals;
}

const struct arrival *snapshot_latest(struct snapshot *snapshot) {
    if (snapshot->matrix->time == NULL) return NULL;
    pthread_mutex_lock(&snapshot->latest_lock);
    if (snapshot->latest == NULL) snapshot->latest = sort_by_arrival(snapshot->matrix);
    pthread_mutex_unlock(&snapshot->latest_lock);
    return snapshot->latest;
}

const char *snapshot_source(const struct snapshot *snapshot, const struct rs_model *model,
                            enum rs_source source) {
    const char *name = json_string_value(json_array_get(snapshot->sources, source));
    return source == RS_FROM_MODEL || name == NULL ? model->name : name;
}

float snapshot_rating(const struct snapshot *snapshot, float value) {
    if (!snapshot->matrix->implicit || snapshot->counts == RS_COUNTS_RAW) return value;
    if (snapshot->counts == RS_COUNTS_BINARY) return 1;
    return value > 0 ? (float)log2(1 + (double)value) : value;
}

float snapshot_value(const struct snapshot *snapshot, float rating) {
    if (!snapshot->matrix->implicit || snapshot->counts != RS_COUNTS_LOG) return rating;
    return (float)nearbyint(exp2((double)rating) - 1);
}

/* A worker says which snapshot it is about to use and looks again: if that is still the current
 * one, whoever replaces it from now on sees the pin. */
struct snapshot *current_pin(struct current *current, unsigned worker) {
    struct snapshot *snapshot = atomic_load(&current->snapshot), *again;
    while (true) {
        atomic_store(&current->pinned[worker], snapshot);
        again = atomic_load(&current->snapshot);
        if (again == snapshot) return snapshot;
        snapshot = again;
    }
}

void current_unpin(struct current *current, unsigned worker) {
    atomic_store_explicit(&current->pinned[worker], NULL, memory_order_release);
}

struct snapshot *current_swap(struct current *current, struct snapshot *next) {
    struct snapshot *before = atomic_exchange(&current->snapshot, next);
    for (size_t w = 0; w < MAX_WORKERS && before != NULL; w++)
        while (atomic_load(&current->pinned[w]) == before)
            nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
    return before;
}
