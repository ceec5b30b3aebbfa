#include "accept.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

struct acceptor {
    int listening;
    struct connections *connections;
    accept_function *take;
    void *data;
    pthread_t thread;
    atomic_bool stopping;
};

/* What may pass: a client that has gone again. Else the machine is short of something. */
static void wait_after(int cause) {
    if (cause == EINTR || cause == ECONNABORTED || cause == EPROTO) return;
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

static void *run(void *data) {
    struct acceptor *acceptor = data;
    while (connections_await(acceptor->connections)) {
        struct sockaddr_storage address;
        socklen_t length = sizeof address;
        int socket = accept4(acceptor->listening, (struct sockaddr *)&address, &length,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0) {
            int cause = errno;
            connections_forgo(acceptor->connections);
            if (acceptor->stopping) break;
            wait_after(cause);
        } else if (!acceptor->take(acceptor->data, socket, (struct sockaddr *)&address, length)) {
            connections_forgo(acceptor->connections);
        }
    }
    return NULL;
}

struct acceptor *acceptor_start(int listening, struct connections *connections,
                                accept_function *take, void *data, struct rs_error *err) {
    struct acceptor *acceptor = rs_calloc(1, sizeof *acceptor);
    acceptor->listening = listening;
    acceptor->connections = connections;
    acceptor->take = take;
    acceptor->data = data;
    errno = pthread_create(&acceptor->thread, NULL, run, acceptor);
    if (errno == 0) return acceptor;
    rs_fail_errno(err, EX_OSERR, "can't start a thread");
    free(acceptor);
    return NULL;
}

void acceptor_stop(struct acceptor *acceptor) {
    acceptor->stopping = true;
    connections_close(acceptor->connections);
    shutdown(acceptor->listening, SHUT_RD); /* wakes who waits for the next */
    pthread_join(acceptor->thread, NULL);
    close(acceptor->listening);
    free(acceptor);
}
