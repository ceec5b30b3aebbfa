#include "process.h"

#include <cblas.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"

bool process_become(const char *user, struct rs_error *err) {
    errno = 0;
    const struct passwd *entry = getpwnam(user);
    if (entry == NULL) return rs_fail(err, EX_NOUSER, "there is no user '%s'", user);
    if (initgroups(user, entry->pw_gid) != 0 || setgid(entry->pw_gid) != 0 ||
        setuid(entry->pw_uid) != 0)
        return rs_fail_errno(err, EX_NOPERM, "can't become user '%s'", user);
    if (entry->pw_uid != 0 && setuid(0) == 0)
        return rs_fail(err, EX_OSERR, "still root after becoming user '%s'", user);
    return true;
}

void process_confine(size_t n_files) {
    struct rlimit limit;
    openblas_set_num_threads(1); /* requests run side by side as it is */
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= n_files) return;
    limit.rlim_cur = limit.rlim_max < n_files ? limit.rlim_max : n_files;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void process_notify(const char *state) {
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t n = path == NULL ? 0 : strlen(path);
    if (n < 2 || n >= sizeof address.sun_path) return;
    memcpy(address.sun_path, path, n);
    if (path[0] == '@') address.sun_path[0] = '\0';
    int out = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (out < 0) return;
    sendto(out, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
    close(out);
}

bool process_write_port(const char *path, unsigned port, struct rs_error *err) {
    char *temporary = rs_format("%s.tmp%ld", path, (long)getpid());
    FILE *file = fopen(temporary, "w");
    bool ok = file != NULL;
    if (ok) {
        ok = fprintf(file, "%u\n", port) > 0;
        ok = fclose(file) == 0 && ok;
        ok = ok && rename(temporary, path) == 0;
    }
    if (!ok) {
        rs_fail_errno(err, EX_CANTCREAT, "%s", path);
        if (file != NULL) unlink(temporary);
    }
    free(temporary);
    return ok;
}
