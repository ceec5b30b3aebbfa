/* What the parts of rs-split share: the plan, and how rows get their roles. */
#ifndef RS_SPLIT_H
#define RS_SPLIT_H

#include "format/pairs.h"

enum role { ROLE_TRAIN, ROLE_TEST, ROLE_LEFT_OUT, N_ROLES };

enum method {
    METHOD_NONE,
    METHOD_FOLDS,
    METHOD_HOLDOUT,
    METHOD_LAST,
    METHOD_AFTER,
    METHOD_COLD_USERS,
    METHOD_COLD_ITEMS,
    METHOD_FOLD_COLUMN,
};

/* A number of ratings, or a share of them. */
struct amount {
    bool is_share;
    double share; /* above 0, below 1 */
    uint64_t count;
};

struct plan {
    enum method method;
    uint64_t seed; /* as given */
    uint64_t key;  /* the seed of all hashes: of the seed and how often the input was split */
    uint32_t folds, fold;       /* fold from 1 */
    const char *column, *value; /* METHOD_FOLD_COLUMN */
    struct amount amount;       /* HOLDOUT, LAST, AFTER by share, COLD */
    int64_t cut; /* METHOD_AFTER: the first moment of the test, RS_NO_TIME: by share */
    bool stratify;
    uint64_t given;     /* ratings of a cold user or item that stay in training */
    uint64_t min_train; /* training ratings that a user in the test needs */
};

/* The share or number that TEXT says; false if it says neither. */
bool amount_parse(const char *text, struct amount *amount);

/* How many of N ratings that is: shares are rounded to the nearest. */
uint64_t amount_of(const struct amount *amount, uint64_t n);

/* True if every row's role can be told from the row alone. */
bool plan_streams(const struct plan *plan);

/* The roles of a batch's rows, for a plan that streams. Ends the program if the stream lacks what
 * the plan needs. */
void decide_batch(const struct plan *plan, const struct rs_pairs_reader *reader,
                  const struct rs_pairs *batch, uint8_t *roles);

/* True if the user, or the item, is one of those whose ratings go to the test. */
bool is_cold(const struct plan *plan, struct rs_id id);

/* Rows in memory. */
struct chunk {
    struct rs_pairs rows;
    uint64_t first; /* the number of its first row */
    unsigned columns;
    size_t n_contexts;
};

struct held {
    struct chunk *chunks;
    size_t n_chunks, capacity;
    uint64_t n;
    uint8_t *roles; /* of every row, once decided */
};

/* Reads the stream to its end. */
void held_read(struct held *held, struct rs_pairs_reader *reader);
void held_free(struct held *held);

/* The roles of all rows, for a plan of any kind; sets plan->cut where a share decides on it. */
void decide_held(struct plan *plan, const struct rs_pairs_reader *reader, struct held *held);

/* What is told about a split. Times are counted by the hour, so that a log of any length streams.
 */
struct hour {
    int64_t hour;
    uint64_t n[2]; /* training and test; both 0: a free slot */
};

struct tally {
    uint64_t n[N_ROLES];
    uint64_t n_timed[2];
    uint64_t *users[2], *items[2]; /* training and test ratings of each, by the stream's number */
    size_t n_users, n_items;
    struct hour *hours; /* open addressing */
    size_t n_hours, n_slots;
};

void tally_batch(struct tally *tally, const struct rs_pairs_reader *reader,
                 const struct rs_pairs *batch, const uint8_t *roles);

/* {"train": …, "test": …, …}; frees what the tally holds. */
json_t *tally_finish(struct tally *tally);

#endif
