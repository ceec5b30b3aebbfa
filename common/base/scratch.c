#include "base/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

enum { BUFFER = 1 << 20 };

char *rs_scratch_folder(const char *output_path) {
    struct stat status;
    const char *slash = strrchr(output_path, '/'), *given = getenv("TMPDIR");
    bool is_there = stat(output_path, &status) == 0;
    if (strcmp(output_path, "-") == 0 || (is_there && !S_ISREG(status.st_mode)))
        return rs_strdup(given != NULL && given[0] != '\0' ? given : "/var/tmp");
    if (slash == NULL) return rs_strdup(".");
    return rs_strndup(output_path, slash == output_path ? 1 : (size_t)(slash - output_path));
}

/* Where the file system has no files without names, one that loses its name at once. */
static int open_and_unlink(const char *folder) {
    char *name = rs_format("%s/rs.tmp.XXXXXX", folder);
    int fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0) unlink(name);
    free(name);
    return fd;
}

bool rs_scratch_open(struct rs_scratch *scratch, const char *folder, struct rs_error *err) {
    *scratch = (struct rs_scratch){.folder = rs_strdup(folder)};
    scratch->fd = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    if (scratch->fd < 0) scratch->fd = open_and_unlink(folder);
    if (scratch->fd >= 0) return true;
    rs_fail_errno(err, EX_CANTCREAT, "temporary file in %s", folder);
    rs_scratch_close(scratch);
    return false;
}

bool rs_scratch_append(struct rs_scratch *scratch, const void *data, size_t bytes,
                       struct rs_error *err) {
    const char *from = data;
    while (bytes > 0) {
        ssize_t n = write(scratch->fd, from, bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return rs_fail_errno(err, EX_IOERR, "temporary file in %s", scratch->folder);
        from += n;
        bytes -= (size_t)n;
        scratch->size += (uint64_t)n;
    }
    return true;
}

bool rs_scratch_map(const struct rs_scratch *scratch, void *map, struct rs_error *err) {
    void **pages = map;
    *pages = NULL;
    if (scratch->size == 0) return true;
    void *at = mmap(NULL, scratch->size, PROT_READ, MAP_SHARED, scratch->fd, 0);
    if (at == MAP_FAILED)
        return rs_fail_errno(err, EX_OSERR, "temporary file in %s", scratch->folder);
    *pages = at;
    return true;
}

bool rs_scratch_spool(const char *folder, bool *spooled, struct rs_error *err) {
    struct stat status;
    *spooled = fstat(STDIN_FILENO, &status) == 0 && !S_ISREG(status.st_mode);
    if (!*spooled) return true;
    struct rs_scratch scratch;
    if (!rs_scratch_open(&scratch, folder, err)) return false;
    char *buffer = rs_malloc(BUFFER, 1);
    ssize_t n = 0;
    bool ok = true;
    do {
        n = read(STDIN_FILENO, buffer, BUFFER);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) ok = rs_fail_errno(err, EX_IOERR, "standard input: read failed");
        ok = ok && (n <= 0 || rs_scratch_append(&scratch, buffer, (size_t)n, err));
    } while (ok && n != 0);
    if (ok && (lseek(scratch.fd, 0, SEEK_SET) != 0 || dup2(scratch.fd, STDIN_FILENO) < 0))
        ok = rs_fail_errno(err, EX_OSERR, "temporary file in %s", folder);
    free(buffer);
    rs_scratch_close(&scratch);
    return ok;
}

void rs_scratch_close(struct rs_scratch *scratch) {
    if (scratch->folder == NULL) return;
    if (scratch->fd >= 0) close(scratch->fd);
    free(scratch->folder);
    *scratch = (struct rs_scratch){.fd = -1};
}
