#include "watch.h"

#include <errno.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "folder.h"
#include "memory.h"

enum { QUIET_MS = 50, EVENT_BYTES = 64 * 1024 };

struct watch {
    int signals, files;
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
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    watch->signals = signalfd(-1, &set, SFD_CLOEXEC);
    watch->files = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    watch->parent =
        inotify_add_watch(watch->files, dirname(for_parent), IN_MOVED_TO | IN_CREATE | IN_ONLYDIR);
    watch_folder(watch);
    free(for_name);
    free(for_parent);
    if (watch->signals >= 0 && watch->parent >= 0) return watch;
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

static int next_signal(struct watch *watch) {
    struct signalfd_siginfo info;
    return read(watch->signals, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

enum happening watch_next(struct watch *watch) {
    struct pollfd fds[] = {{.fd = watch->signals, .events = POLLIN},
                           {.fd = watch->files, .events = POLLIN}};
    bool model = false;
    while (true) {
        /* Several things that happen to the files in a row are one. */
        int n = poll(fds, 2, model ? QUIET_MS : -1);
        if (n < 0) continue;
        if (n == 0) break;
        if (fds[0].revents != 0) {
            int number = next_signal(watch);
            if (number == SIGTERM || number == SIGINT) return HAPPENED_STOP;
            model |= number == SIGHUP;
        }
        if (fds[1].revents != 0) model |= read_files(watch);
    }
    watch_folder(watch);
    return HAPPENED_MODEL;
}

void watch_free(struct watch *watch) {
    if (watch->signals >= 0) close(watch->signals);
    if (watch->files >= 0) close(watch->files);
    free(watch->path);
    free(watch->name);
    free(watch);
}
