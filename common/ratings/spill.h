/* Ratings that memory does not hold: kept in temporary files as they arrive, and sorted range by
 * range.
 *
 * Ranges of lines are as long as memory allows. For each, all that has arrived is read through and
 * what belongs there is sorted in memory, first by rows, then the rows by columns; so a form costs
 * one reading of the whole a range, and the result is that of a sort in memory. Files that are read
 * go through memory in windows of some megabytes. */
#ifndef RS_SPILL_H
#define RS_SPILL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/scratch.h"
#include "ratings/arrival.h"
#include "ratings/counts.h"
#include "ratings/lines.h"

struct rs_spill {
    uint64_t n;
    const char *folder;
    struct rs_scratch records, times; /* times are open only if they are kept */
    struct rs_records view;           /* of all, once rs_spill_view has mapped them */
};

/* Opens the files. FOLDER must live as long. */
bool rs_spill_open(struct rs_spill *spill, const char *folder, bool keep_times,
                   struct rs_error *err);

/* Moves what has arrived to the files. */
bool rs_spill_take(struct rs_spill *spill, struct rs_arrival *arrival, struct rs_error *err);

/* Maps what was taken, for reading. */
bool rs_spill_view(struct rs_spill *spill, struct rs_error *err);

struct rs_spill_sort {
    const struct rs_naming *users, *items;
    const uint64_t *row_room;     /* by row: its ratings, repeated ones too */
    uint64_t room;                /* ratings that are sorted in memory at once */
    const enum rs_counts *counts; /* or NULL: ratings are no counts */
};

/* Makes both forms, in mapped files; *n_repeated as in rs_lines_drop_repeated. */
bool rs_spill_both(struct rs_spill *spill, const struct rs_spill_sort *sort, struct rs_lines *rows,
                   struct rs_lines *columns, uint64_t *n_repeated, struct rs_error *err);

void rs_spill_close(struct rs_spill *spill);

#endif
