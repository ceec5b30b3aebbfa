/* What becomes of a block of text: rows of ratings, their names, and what can't be one. */
#ifndef CLEAN_ROWS_H
#define CLEAN_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "columns.h"
#include "text/fields.h"

/* Why a record gives no rating. MISSING is no fault: the file says that there is none. */
enum reason {
    REASON_FIELDS,
    REASON_SYNTAX,
    REASON_USER,
    REASON_ITEM,
    REASON_ENCODING,
    REASON_NUMBER,
    REASON_SCALE,
    REASON_COUNT,
    REASON_TIME,
    REASON_REPEATED, /* of side tables: the id has a row already */
    REASON_MISSING,
    N_REASONS
};
extern const char *const reason_names[N_REASONS]; /* for the summary: "wrong number of fields" … */

struct reject {
    uint64_t line;
    enum reason reason;
    char *text; /* "rating 'abc' is not a number" */
    struct rs_id raw;
};

/* A name in a block: in its text or the arena. */
struct name {
    struct rs_id id;
    uint64_t hash;
    uint32_t index; /* for the consumer of the block; RS_NONE before */
};

/* A row's user, item or context: a number below ROW_NUMBERS written without sign or zeros in front
 * is itself, every other name ROW_NAMED plus its place in `names`. */
#define ROW_NAMED 0x80000000u
enum { ROW_NUMBERS = 1 << 22 };

/* What became of a block. Of a wide matrix without a user column `user` is the number of the record
 * in the block, from 0, and no key. */
struct rows {
    size_t n, capacity;
    uint32_t *user, *item;
    float *rating;
    int64_t *time;  /* NULL without a time column */
    uint64_t *line; /* NULL unless asked for */
    uint32_t *context[RS_MAX_CONTEXTS];
    struct name *names;
    size_t n_names, name_capacity;
    uint32_t latest[2 + RS_MAX_CONTEXTS]; /* the key of the row before, by role: often the same */
    uint32_t *item_keys;                  /* wide: of the columns */
    struct reject *rejects;
    size_t n_rejects, reject_capacity;
    uint64_t n_records;
    uint64_t n_values;  /* records or, wide, their cells: what might become a row */
    uint64_t n_missing; /* values that are missing */
    uint64_t n_below;   /* the threshold */
    uint64_t n_rounded; /* ratings that a float does not hold to the digit */
    char **arena;       /* copies of what does not lie in the block */
    size_t n_arena, arena_capacity, arena_used, arena_size;
};

/* Notes that a record gives no rating, and why. TEXT is taken over. */
void rows_reject(struct rows *rows, const struct rs_record *record, enum reason reason, char *text);

/* Ready for another block, with the room of this one. */
void rows_empty(struct rows *rows);

void rows_free(struct rows *rows);

#endif
