#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/memory.h"
#include "hybrid/folder.h"

enum { QUIET_MS = 50, EVENT_BYTES = 64 * 1024 };

/* Where the handler writes which signal came. Threads that libraries started before main take
 * signals as well, so that blocking them here would not do. */
static int signal_pipe[2] = {-1, -1};

static void note_signal(int number) {
    int before = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t written = write(signal_pipe[1], &byte, 1);
    (void)written; /* a full pipe has enough of them */
    errno = before;
}

struct watch {
    int files;
    int parent, folder; /* watches */
    char *path, *name;  /* of the model, and the last part of it */
};

/* The folder behind the path may be another one every time. */
static void watch_folder(struct watch *watch) {
    watch->folder =
        inotify_add_watch(watch->files, watch->path, IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR);
}

struct watch *watch_new(const char *path, struct rs_error *err) {
    struct watch *watch = rs_calloc(1, sizeof *watch);
    char *trimmed = rs_strdup(path), *for_name, *for_parent;
    for (size_t n = strlen(trimmed); n > 1 && trimmed[n - 1] == '/'; n--) trimmed[n - 1] = '\0';
    for_name = rs_strdup(trimmed);
    for_parent = rs_strdup(trimmed);
    watch->path = trimmed;
    watch->name = rs_strdup(basename(for_name));
    bool ok = pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) == 0;
    const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
    watch->files = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    watch->parent =
        inotify_add_watch(watch->files, dirname(for_parent), IN_MOVED_TO | IN_CREATE | IN_ONLYDIR);
    watch_folder(watch);
    free(for_name);
    free(for_parent);
    if (ok && watch->parent >= 0) return watch;
    rs_fail_errno(err, EX_OSERR, "can't watch %s", path);
    watch_free(watch);
    return NULL;
}

/* Reads what has happened to files; true if it may be another model. */
static bool read_files(struct watch *watch) {
    static _Alignas(struct inotify_event) char bytes[EVENT_BYTES];
    bool relevant = false;
    ssize_t n;
    while ((n = read(watch->files, bytes, sizeof bytes)) > 0) {
        for (char *at = bytes; at < bytes + n;) {
            const struct inotify_event *event = (const void *)at;
            const char *name = event->len > 0 ? event->name : "";
            relevant |= (event->mask & IN_Q_OVERFLOW) != 0;
            relevant |= event->wd == watch->parent && strcmp(name, watch->name) == 0;
            relevant |= event->wd == watch->folder && strcmp(name, RS_FOLDER_MANIFEST) == 0;
            at += sizeof *event + event->len;
        }
    }
    return relevant;
}

static int next_signal(void) {
    unsigned char number;
    return read(signal_pipe[0], &number, 1) == 1 ? number : 0;
}

enum happening watch_next(struct watch *watch) {
    struct pollfd fds[] = {{.fd = signal_pipe[0], .events = POLLIN},
                           {.fd = watch->files, .events = POLLIN}};
    bool model = false;
    while (true) {
        /* Several things that happen to the files in a row are one. */
        int n = poll(fds, 2, model ? QUIET_MS : -1);
        if (n < 0) continue;
        if (n == 0) break;
        if (fds[0].revents != 0) {
            int number = next_signal();
            if (number == SIGTERM || number == SIGINT) return HAPPENED_STOP;
            model |= number == SIGHUP;
        }
        if (fds[1].revents != 0) model |= read_files(watch);
    }
    watch_folder(watch);
    return HAPPENED_MODEL;
}

void watch_free(struct watch *watch) {
    if (watch->files >= 0) close(watch->files);
    free(watch->path);
    free(watch->name);
    free(watch);
}
