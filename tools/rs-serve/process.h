/* The process among others: its user, its limits, who waits for it to be ready. */
#ifndef SERVE_PROCESS_H
#define SERVE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Becomes another user for good, with that user's groups and nothing else. */
bool process_become(const char *user, struct rs_error *err);

/* No program that is started from here may gain rights; as many files may be open as it takes; the
 * linear algebra starts no threads of its own. */
void process_confine(size_t n_files);

/* Tells the service manager, if there is one: "READY=1", "STOPPING=1". */
void process_notify(const char *state);

/* Writes the port to a file, whole or not at all. */
bool process_write_port(const char *path, unsigned port, struct rs_error *err);

#endif
