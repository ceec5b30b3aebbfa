/* Waits for what happens to the process: signals, and another model at the model's path. */
#ifndef SERVE_WATCH_H
#define SERVE_WATCH_H

#include "base/error.h"

struct watch;

enum happening {
    HAPPENED_STOP,  /* SIGTERM or SIGINT */
    HAPPENED_MODEL, /* something was put at the path, or SIGHUP */
};

/* Takes the signals and begins to watch PATH (a folder or a symlink), once a process. NULL after
 * filling *err. */
struct watch *watch_new(const char *path, struct rs_error *err);

enum happening watch_next(struct watch *watch);

void watch_free(struct watch *watch);

#endif
