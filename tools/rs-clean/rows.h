/* Parses a block of text into rows of ratings, and notes what can't be one. */
#ifndef CLEAN_ROWS_H
#define CLEAN_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "columns.h"
#include "fields.h"
#include "when.h"

/* Why a record gives no rating. MISSING is no fault: the file says that there is none. */
enum reason {
    REASON_FIELDS,
    REASON_SYNTAX,
    REASON_USER,
    REASON_ITEM,
    REASON_ENCODING,
    REASON_NUMBER,
    REASON_SCALE,
    REASON_TIME,
    REASON_MISSING,
    N_REASONS
};
extern const char *const reason_names[N_REASONS]; /* for the summary: "wrong number of fields" … */

/* How values are read, the same for all blocks. */
struct row_rules {
    const struct rs_form *form;
    const struct columns *columns;
    const char *const *missing; /* further words that stand for no value, NULL-terminated */
    double scale_min, scale_max; /* ratings outside are rejected; infinite when there is no scale */
    enum rs_time_unit time_unit;
};

struct row {
    struct rs_id user, item;
    uint64_t user_hash, item_hash;
    int64_t time;
    float rating;
};

struct reject {
    uint64_t line;
    enum reason reason;
    char *text; /* "rating 'abc' is not a number" */
    struct rs_id raw;
};

/* What became of a block. Names point into the block's text or the arena. */
struct rows {
    struct row *rows;
    struct rs_id *contexts; /* n_contexts a row */
    size_t n, capacity, context_capacity;
    struct reject *rejects;
    size_t n_rejects, reject_capacity;
    uint64_t n_missing; /* cells of a wide matrix that are empty: too many to note one by one */
    uint64_t n_rounded; /* ratings that a float does not hold to the digit */
    char **arena;       /* copies of names that the cutter gives for a moment only */
    size_t n_arena, arena_capacity, arena_room;
};

/* Parses BLOCK with CUTTER into ROWS, emptied first. ROW_NUMBER is that of the block's first record,
 * which names the users of a wide matrix without a user column. */
void rows_parse(struct rows *rows, struct rs_cutter *cutter, struct rs_block block,
                const struct row_rules *rules, bool skip_header);

void rows_free(struct rows *rows);

#endif
