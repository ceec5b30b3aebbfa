/* Memory in large pieces, straight from the system: in huge pages where it has them, since arrays
 * filled in no order pay for every page they touch, and given back piece by piece.
 *
 * Memory that was never touched since the machine started costs several times what used memory
 * does, above all in a virtual machine. Who gives pages back before asking for more gets the same
 * ones again. */
#ifndef RS_PAGES_H
#define RS_PAGES_H

#include <stddef.h>

/* BYTES of zeros, aligned to 64 bytes at least; ends the program if there are none. */
void *rs_pages_new(size_t bytes);
void rs_pages_free(void *pages, size_t bytes);

/* Gives back what lies between two offsets, in whole pages. It reads as zeros from then on; of a
 * mapped file, as the file. */
void rs_pages_drop(const void *pages, size_t from, size_t to);

#endif
