/* One group of events as bytes of a journal file, and back. */
#ifndef SERVE_SEGMENT_H
#define SERVE_SEGMENT_H

#include "journal.h"

/* The bytes of a segment (or of several, beyond 65536 events) that holds the events of all
 * submissions of the list that are not repeated; the caller frees them. */
char *segment_write(const struct submission *submissions, bool implicit, size_t *n);

/* Reads the N bytes of a journal file called NAME and calls TAKE for every event of its whole
 * segments. Sets *whole to the length of these. False after filling *err, when something is wrong
 * before that or when what follows is not the rest of one segment. */
bool segments_read(const char *bytes, size_t n, const char *name,
                   void (*take)(void *data, const struct event *event, struct rs_id id), void *data,
                   size_t *whole, struct rs_error *err);

#endif
