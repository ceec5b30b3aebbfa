/* Swaps the symlink by which servers find their model. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/message.h"
#include "model.h"

char *parent_of(const char *path) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return rs_strdup(".");
    return slash == path ? rs_strdup("/") : rs_strndup(path, (size_t)(slash - path));
}

void sync_folder(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) rs_die(EX_IOERR, "%s: %s", path, strerror(errno));
    close(fd);
}

/* How a symlink in the folder PARENT leads to PATH: shortly where PATH lies below it, so that both
 * can be moved together. */
static char *way_to(const char *path, const char *parent) {
    char *from = realpath(parent, NULL);
    if (from == NULL) rs_die(EX_CANTCREAT, "%s: %s", parent, strerror(errno));
    char *real = realpath(path, NULL);
    if (real == NULL) rs_die(EX_NOINPUT, "%s: %s", path, strerror(errno));
    size_t n = strcmp(from, "/") == 0 ? 0 : strlen(from);
    bool below = strncmp(real, from, n) == 0 && real[n] == '/';
    char *way = rs_strdup(below ? real + n + 1 : real);
    free(real);
    free(from);
    return way;
}

void publish(const char *link, const char *path) {
    struct stat status;
    if (lstat(link, &status) == 0 && !S_ISLNK(status.st_mode))
        rs_die(EX_CANTCREAT, "%s: is there and no symlink: it is left alone", link);
    char *parent = parent_of(link), *way = way_to(path, parent);
    char *temporary = rs_format("%s.tmp.%ld", link, (long)getpid());
    unlink(temporary); /* of a dead process that had this number */
    if (symlink(way, temporary) != 0) rs_die(EX_CANTCREAT, "%s: %s", link, strerror(errno));
    if (rename(temporary, link) != 0) {
        int reason = errno;
        unlink(temporary);
        rs_die(EX_CANTCREAT, "%s: %s", link, strerror(reason));
    }
    sync_folder(parent);
    rs_note("%s: leads to %s", link, way);
    free(temporary);
    free(way);
    free(parent);
}
