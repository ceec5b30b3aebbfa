#include "server.h"

#include <string.h>

#include "base/memory.h"
#include "base/message.h"

bool server_open(struct server *server, const char *model_path, const char *journal_path,
                 size_t journal_file_bytes, size_t cache_bytes, struct rs_error *err) {
    server->model_path = model_path;
    server->n_workers = JOURNAL_WORKER + 1;
    pthread_mutex_init(&server->apply_lock, NULL);
    struct snapshot *snapshot = snapshot_open(model_path, ++server->n_generations, false, err);
    if (snapshot == NULL) return false;
    current_swap(&server->current, snapshot);
    server->users = users_new();
    server->cache = cache_new(cache_bytes);
    struct journal_target target = {.users = server->users,
                                    .current = &server->current,
                                    .lock = &server->apply_lock,
                                    .worker = JOURNAL_WORKER};
    server->journal = journal_open(journal_path, journal_file_bytes, &target, err);
    if (server->journal == NULL) return false;
    users_forget(server->users, snapshot);
    return true;
}

bool server_reload(struct server *server, bool *changed, struct rs_error *err) {
    struct snapshot *now = atomic_load(&server->current.snapshot);
    struct snapshot *next = snapshot_open(server->model_path, server->n_generations + 1, true, err);
    *changed = false;
    if (next == NULL) return false;
    if (strcmp(next->folder->digest, now->folder->digest) == 0) {
        snapshot_close(next);
        return true;
    }
    if (next->matrix->implicit != now->matrix->implicit) {
        snapshot_close(next);
        return rs_fail(err, EX_DATAERR, "%s: is %s implicit feedback, unlike what is served",
                       server->model_path, now->matrix->implicit ? "not of" : "of");
    }
    server->n_generations++;
    pthread_mutex_lock(&server->apply_lock);
    users_count(server->users, next);
    struct snapshot *before = current_swap(&server->current, next);
    users_forget(server->users, next);
    pthread_mutex_unlock(&server->apply_lock);
    snapshot_close(before);
    *changed = true;
    return true;
}

void server_close(struct server *server) {
    journal_close(server->journal);
    if (server->cache != NULL) cache_free(server->cache);
    if (server->users != NULL) users_free(server->users);
    snapshot_close(atomic_load(&server->current.snapshot));
    keys_free(&server->keys);
    metrics_free(&server->metrics);
    pthread_mutex_destroy(&server->apply_lock);
}

unsigned server_worker(struct server *server) {
    static _Thread_local unsigned number;
    if (number == 0) number = atomic_fetch_add(&server->n_workers, 1);
    if (number >= MAX_WORKERS) rs_die(EX_SOFTWARE, "more than %d threads", MAX_WORKERS);
    return number;
}
