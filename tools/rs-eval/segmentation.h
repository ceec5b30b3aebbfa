/* Which segments there are, by the names of segmentations. */
#ifndef SEGMENTATION_H
#define SEGMENTATION_H

#include "segments.h"
#include "shelf.h"
#include "training.h"

/* Makes the segments that LIST names ("activity,genre"; NULL: none), and those of unknown users and
 * items where there are any. A bad name ends the program with EX_USAGE. */
struct segments segments_make(const struct evidence *evidence, const struct training *training,
                              const struct categories *categories, const char *list);

#endif
