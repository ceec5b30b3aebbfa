#include "connections.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/memory.h"

struct connection {
    int socket; /* -1: free */
    atomic_bool busy;
    atomic_int_fast64_t since; /* seconds */
    struct connections *among;
    struct connection *next; /* of the free ones */
};

struct connections {
    pthread_mutex_t lock;
    pthread_cond_t ends, room; /* is there */
    pthread_t thread;
    bool stopping, closed;
    struct connection *all, *unused;
    size_t limit, n, n_coming;
    unsigned seconds;
    uint64_t n_late;
    atomic_uint_fast64_t n_malformed;
};

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return time.tv_sec;
}

/* A socket is not closed before connections_remove has had the lock, so that its number can't
 * be another's. */
static void shut_down_late(struct connections *connections) {
    int64_t earliest = now() - (int64_t)connections->seconds;
    for (size_t c = 0; c < connections->limit; c++) {
        struct connection *connection = &connections->all[c];
        if (connection->socket < 0 || connection->since >= earliest) continue;
        shutdown(connection->socket, SHUT_RDWR);
        connection->since = now();
        connections->n_late++;
    }
}

static void *watch(void *data) {
    struct connections *connections = data;
    pthread_mutex_lock(&connections->lock);
    while (!connections->stopping) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        pthread_cond_timedwait(&connections->ends, &connections->lock, &until);
        shut_down_late(connections);
    }
    pthread_mutex_unlock(&connections->lock);
    return NULL;
}

struct connections *connections_new(size_t limit, unsigned seconds, struct rs_error *err) {
    struct connections *connections = rs_calloc(1, sizeof *connections);
    connections->all = rs_calloc(limit, sizeof *connections->all);
    connections->limit = limit;
    connections->seconds = seconds;
    pthread_mutex_init(&connections->lock, NULL);
    pthread_cond_init(&connections->ends, NULL);
    pthread_cond_init(&connections->room, NULL);
    for (size_t c = limit; c > 0; c--) {
        struct connection *connection = &connections->all[c - 1];
        connection->socket = -1;
        connection->among = connections;
        connection->next = connections->unused;
        connections->unused = connection;
    }
    errno = pthread_create(&connections->thread, NULL, watch, connections);
    if (errno == 0) return connections;
    rs_fail_errno(err, EX_OSERR, "can't start a thread");
    free(connections->all);
    free(connections);
    return NULL;
}

void connections_free(struct connections *connections) {
    if (connections == NULL) return;
    pthread_mutex_lock(&connections->lock);
    connections->stopping = true;
    pthread_cond_signal(&connections->ends);
    pthread_mutex_unlock(&connections->lock);
    pthread_join(connections->thread, NULL);
    pthread_mutex_destroy(&connections->lock);
    pthread_cond_destroy(&connections->ends);
    pthread_cond_destroy(&connections->room);
    free(connections->all);
    free(connections);
}

bool connections_await(struct connections *connections) {
    pthread_mutex_lock(&connections->lock);
    while (!connections->closed && connections->n + connections->n_coming == connections->limit)
        pthread_cond_wait(&connections->room, &connections->lock);
    bool open = !connections->closed;
    connections->n_coming += open;
    pthread_mutex_unlock(&connections->lock);
    return open;
}

void connections_forgo(struct connections *connections) {
    pthread_mutex_lock(&connections->lock);
    connections->n_coming--;
    pthread_mutex_unlock(&connections->lock);
}

void connections_close(struct connections *connections) {
    pthread_mutex_lock(&connections->lock);
    connections->closed = true;
    pthread_cond_signal(&connections->room);
    pthread_mutex_unlock(&connections->lock);
}

struct connection *connections_add(struct connections *connections, int socket) {
    pthread_mutex_lock(&connections->lock);
    struct connection *connection = connections->unused;
    connections->unused = connection->next;
    connections->n++;
    connections->n_coming--;
    connection->since = now();
    connection->busy = false;
    connection->socket = socket;
    pthread_mutex_unlock(&connections->lock);
    return connection;
}

void connections_remove(struct connections *connections, struct connection *connection) {
    pthread_mutex_lock(&connections->lock);
    connection->socket = -1;
    connection->busy = false;
    connection->next = connections->unused;
    connections->unused = connection;
    connections->n--;
    pthread_cond_signal(&connections->room);
    pthread_mutex_unlock(&connections->lock);
}

void connection_begins(struct connection *connection) {
    atomic_store_explicit(&connection->busy, true, memory_order_relaxed);
}

void connection_completes(struct connection *connection) {
    atomic_store_explicit(&connection->since, now(), memory_order_relaxed);
    atomic_store_explicit(&connection->busy, false, memory_order_relaxed);
}

size_t connections_busy(struct connections *connections) {
    size_t n = 0;
    pthread_mutex_lock(&connections->lock);
    for (size_t c = 0; c < connections->limit; c++)
        n += connections->all[c].socket >= 0 && connections->all[c].busy;
    pthread_mutex_unlock(&connections->lock);
    return n;
}

size_t connections_open(struct connections *connections) {
    pthread_mutex_lock(&connections->lock);
    size_t n = connections->n;
    pthread_mutex_unlock(&connections->lock);
    return n;
}

uint64_t connections_late(struct connections *connections) {
    pthread_mutex_lock(&connections->lock);
    uint64_t n = connections->n_late;
    pthread_mutex_unlock(&connections->lock);
    return n;
}

void connection_malformed(struct connection *connection) {
    atomic_fetch_add(&connection->among->n_malformed, 1);
}

uint64_t connections_malformed(struct connections *connections) {
    return atomic_load(&connections->n_malformed);
}
