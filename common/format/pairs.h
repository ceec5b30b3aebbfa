/* Streams of (user, item) pairs with columns of values: ratings and scores.
 *
 * A pairs segment of kind "ratings" or "scores" has a header that lists its columns, then batches of
 * at most RS_BATCH_ROWS rows, then an end map with counts and the rating scale. A batch is, in this order,
 * the names that are new in it (user_offset, user_bytes, item_…, context:NAME_…), the value columns,
 * `user` and `item`. Numbers in a segment count its own names in order of appearance; the reader
 * renumbers, so that concatenated segments read as one stream. Side tables lie before the first
 * batch. Reader and writer hold one batch and the names. */
#ifndef RS_PAIRS_H
#define RS_PAIRS_H

#include <jansson.h>
#include <stdint.h>

#include "base/error.h"
#include "format/ids.h"
#include "format/reader.h"
#include "format/scale.h"
#include "format/table.h"
#include "format/writer.h"

enum { RS_BATCH_ROWS = 65536, RS_MAX_CONTEXTS = 16 };

#define RS_NO_TIME INT64_MIN

/* The value columns a stream may have, as bits. */
enum rs_column {
    RS_RATING = 1 << 0,     /* as given, or the count of an implicit set */
    RS_TIME = 1 << 1,       /* milliseconds since 1970 UTC, or RS_NO_TIME */
    RS_SCORE = 1 << 2,      /* a predicted rating, or a score to rank by */
    RS_DEVIATION = 1 << 3,  /* the prediction's standard deviation */
    RS_SOURCE = 1 << 4,     /* what gave the score: an index in the header's "sources" */
    RS_RANK = 1 << 5,       /* position in the user's top-N list, from 1 */
    RS_ABOVE = 1 << 6,      /* candidates with a greater score */
    RS_TIED = 1 << 7,       /* candidates with the same score, itself included */
    RS_CANDIDATES = 1 << 8, /* all candidates */
    RS_SUPPORT = 1 << 9,    /* how much evidence the model had for the score; its own measure, 0: none */
    RS_USER_COUNT = 1 << 10, /* training ratings of the user */
    RS_ITEM_COUNT = 1 << 11, /* training ratings of the item */
    RS_SAMPLED = 1 << 12,    /* 1: no test pair but a candidate drawn to compare with */
    RS_REMOVED = 1 << 13,    /* 1: no rating, but takes back those of the pair that came before */
};

/* How a column is called in files and in text, and what its cells are. */
struct rs_column_form {
    enum rs_column bit;
    const char *name;
    enum rs_type type;
    size_t member; /* where struct rs_pairs has its pointer */
};
enum { RS_N_COLUMNS = 14 };
extern const struct rs_column_form rs_columns[RS_N_COLUMNS];

/* A batch. Columns the stream does not have are NULL. */
struct rs_pairs {
    size_t n;
    uint32_t *user, *item; /* indices in the stream's names */
    float *rating;
    int64_t *time;
    float *score, *deviation, *support;
    uint8_t *source, *sampled, *removed;
    uint32_t *rank, *above, *tied, *candidates, *user_count, *item_count;
    uint32_t *context[RS_MAX_CONTEXTS]; /* indices in the names of that context */
};

/* A categorical column of the ratings: "device", "mood". An unknown value is named "". */
struct rs_context {
    char *name;
    struct rs_dict values;
};

struct rs_pairs_reader {
    const char *const *paths; /* what is still to be read */
    size_t n_paths;
    const char *kind;
    struct rs_reader *reader;
    json_t *header; /* of the current segment */
    json_t *end;    /* of the last segment that ended, or NULL */
    size_t n_segments; /* begun so far */
    struct rs_dict users, items;
    struct rs_context contexts[RS_MAX_CONTEXTS];
    size_t n_contexts;
    struct rs_table user_table, item_table; /* side tables seen so far; n_columns 0: none */
    bool skip_tables;
    bool takes_removed; /* set by a caller who heeds RS_REMOVED; others are refused such rows */
    struct rs_pairs batch;
    struct rs_pairs_private *private;
};

/* Opens the concatenation of N_PATHS files (none: standard input) of KIND and reads up to the
 * first header. PATHS stay the caller's and must live as long. */
bool rs_pairs_open(struct rs_pairs_reader *reader, const char *const *paths, size_t n_paths,
                   const char *kind, struct rs_error *err);

/* The same with an open reader that is still at its beginning, which it takes over, in front of the
 * paths. It must not read memory, since names are renumbered in place. KIND must outlive the reader. */
bool rs_pairs_use(struct rs_pairs_reader *reader, struct rs_reader *first,
                  const char *const *paths, size_t n_paths, const char *kind,
                  struct rs_error *err);

/* Points *batch at the next rows, valid until the next call, or sets it NULL at the end. Indices
 * are checked; ratings and scores are finite, times within those of when.h. */
bool rs_pairs_next(struct rs_pairs_reader *reader, struct rs_pairs **batch, struct rs_error *err);

/* Takes over what the columns of the batch just given lie in, which then live until the caller
 * clears it: another thread may read on meanwhile. Copy the struct, which the next call refills. */
void rs_pairs_take(struct rs_pairs_reader *reader, struct rs_segment *arrays);

void rs_pairs_close(struct rs_pairs_reader *reader);

/* The rating scale the current segment declares, or that its end map found; n == 0 if neither. */
struct rs_scale rs_pairs_scale(const struct rs_pairs_reader *reader);

/* True if the stream holds implicit feedback: counts or clicks, no ratings on a scale. */
bool rs_pairs_implicit(const struct rs_pairs_reader *reader);

struct rs_pairs_writer {
    struct rs_writer writer;
    struct rs_pairs batch; /* with room for RS_BATCH_ROWS; write through rs_pairs_room */
    unsigned columns;
    struct rs_scale scale; /* of the ratings written */
    uint64_t n_rows;
    struct rs_pairs_names *names; /* users, items, then the contexts */
    size_t n_contexts;
};

/* What a pairs segment to be written looks like. The names are the caller's and may grow while the
 * stream is written; batches are filled with indices into them. */
struct rs_pairs_form {
    const char *kind;
    unsigned columns;
    const struct rs_ids *users, *items;
    size_t n_contexts;
    const char *context_names[RS_MAX_CONTEXTS];
    const struct rs_ids *context_values[RS_MAX_CONTEXTS];
    const struct rs_table *user_table, *item_table; /* or NULL */
};

/* Begins a segment on FILE. HEADER is consumed. */
struct rs_pairs_writer *rs_pairs_write(FILE *file, const struct rs_pairs_form *form,
                                       json_t *header);

/* The batch, with room for one more row at index n; the caller fills it and adds 1 to n. */
struct rs_pairs *rs_pairs_room(struct rs_pairs_writer *writer);

/* Ends the segment and frees the writer. COUNTS (or NULL) is consumed. */
void rs_pairs_finish(struct rs_pairs_writer *writer, json_t *counts);

/* The columns of a batch that are there, and those that a header lists. */
unsigned rs_pairs_columns(const struct rs_pairs *batch);
unsigned rs_pairs_listed(const json_t *header);

/* The cells of a column; NULL if the batch has none. */
void *rs_pairs_cells(const struct rs_pairs *batch, const struct rs_column_form *column);

/* Memory for RS_BATCH_ROWS rows, to be filled by rs_pairs_copy_row or otherwise. */
void rs_pairs_allocate(struct rs_pairs *batch, unsigned columns, size_t n_contexts);
void rs_pairs_free(struct rs_pairs *batch);

/* Copies row I of FROM to the next row of TO, which has the same columns or fewer; what FROM lacks is set
 * to the column's missing value. */
void rs_pairs_copy_row(struct rs_pairs *to, const struct rs_pairs *from, size_t i);

#endif
