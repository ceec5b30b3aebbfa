/* The socket that clients connect to. */
#ifndef SERVE_LISTEN_H
#define SERVE_LISTEN_H

#include <stdbool.h>

#include "base/error.h"

/* One that listens at HOST:PORT or [HOST]:PORT; -1 after filling *err. Port 0 is any that is free.
 * *local tells whether only this machine can reach it. */
int listen_open(const char *address, bool *local, struct rs_error *err);

/* "http://127.0.0.1:8087/" of a listening socket, and its port. The caller frees it. */
char *listen_url(int listening, unsigned *port);

#endif
