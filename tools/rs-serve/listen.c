#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"

enum { BACKLOG = 1024 };

static bool is_loopback(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)address;
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *v6 = (const void *)address;
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static int listen_at(const struct addrinfo *address) {
    int one = 1;
    int listening = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    if (listening < 0) return -1;
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listening, address->ai_addr, address->ai_addrlen) == 0 &&
        listen(listening, BACKLOG) == 0)
        return listening;
    int cause = errno;
    close(listening);
    errno = cause;
    return -1;
}

int listen_open(const char *address, bool *local, struct rs_error *err) {
    const char *colon = strrchr(address, ':');
    bool bracketed = *address == '[' && colon != NULL && colon > address && colon[-1] == ']';
    if (colon == NULL || colon == address || colon[1] == '\0' ||
        (!bracketed && memchr(address, ':', (size_t)(colon - address)) != NULL)) {
        rs_fail(err, EX_USAGE, "'%s' is not HOST:PORT or [HOST]:PORT", address);
        return -1;
    }
    char *host = bracketed ? rs_strndup(address + 1, (size_t)(colon - address) - 2)
                           : rs_strndup(address, (size_t)(colon - address));
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int listening = -1, code = getaddrinfo(host, colon + 1, &hints, &found);
    if (code != 0) {
        rs_fail(err, EX_NOHOST, "%s: %s", address, gai_strerror(code));
    } else if ((listening = listen_at(found)) < 0) {
        rs_fail_errno(err, errno == EADDRINUSE ? EX_TEMPFAIL : EX_UNAVAILABLE, "can't listen at %s",
                      address);
    } else {
        *local = is_loopback(found->ai_addr);
    }
    if (found != NULL) freeaddrinfo(found);
    free(host);
    return listening;
}

char *listen_url(int listening, unsigned *port) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char host[INET6_ADDRSTRLEN] = "", service[16] = "0";
    getsockname(listening, (struct sockaddr *)&address, &length);
    getnameinfo((struct sockaddr *)&address, length, host, sizeof host, service, sizeof service,
                NI_NUMERICHOST | NI_NUMERICSERV);
    *port = (unsigned)strtoul(service, NULL, 10);
    bool v6 = address.ss_family == AF_INET6;
    return rs_format("http://%s%s%s:%s/", v6 ? "[" : "", host, v6 ? "]" : "", service);
}
