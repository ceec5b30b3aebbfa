/* JSON lines, by jansson: for fields.c. */
#ifndef RS_OBJECTS_H
#define RS_OBJECTS_H

#include "text/cutter.h"

/* Cuts the JSON object from BEGIN to END into the values of the form's keys. Returns what is wrong
 * with it, or NULL. */
const char *rs_object_cut(struct rs_cutter *cutter, const char *begin, const char *end);

#endif
