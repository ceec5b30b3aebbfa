/* Memory that is there or ends the program (EX_OSERR, with the size that was asked for).
 *
 * Callers check sizes that come from a file against that file before they ask, so running out
 * means the machine is too small for the job, and a filter can do nothing better than say so. */
#ifndef RS_MEMORY_H
#define RS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* COUNT elements of SIZE bytes, zeroed / not zeroed. 0 elements give a pointer to free. */
void *rs_calloc(size_t count, size_t size);
void *rs_malloc(size_t count, size_t size);
void *rs_realloc(void *old, size_t count, size_t size);

/* The same, aligned to 64 bytes: a cache line, and what vector loads like. Free with free(). */
void *rs_aligned(size_t count, size_t size);

/* Makes room for at least NEED elements in the array *ITEMS of *CAPACITY, doubling it. */
void rs_grow(void *items, size_t *capacity, size_t need, size_t size);

char *rs_strdup(const char *text);
char *rs_strndup(const char *text, size_t length);

/* A new string made as printf would. */
char *rs_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
