/* What the input says, put together: test sets, and what each model answered to each of them.
 *
 * A test set is the rows of one fold. The first input that brings a fold defines its rows; every
 * other one must bring the same pairs with the same ratings, in any order, or it is refused:
 * figures over different test sets can't be compared. Answers lie in columns beside the rows they
 * answer. When all is read, evidence_arrange sorts users and items by id, so that no sum depends on
 * the order of the input. */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "column.h"
#include "format/ids.h"
#include "format/scale.h"
#include "format/table.h"

enum task { TASK_PREDICT, TASK_RANK, TASK_TOP, N_TASKS };
extern const char *const task_names[]; /* "predict", "rank", "top" */

/* What a header tells of the data that the model was trained on. Unknown: -1, NULL, n == 0. */
struct facts {
    struct rs_scale scale;
    bool implicit;
    int64_t catalogue; /* items a model could recommend, before a user's own are left out */
    bool ranked;       /* which were all ranked: of predictions and lists it is only a word */
    int64_t train_users, train_ratings;
    char *train_digest;
    double leak; /* share of training ratings later than the test set's median */
    char *role;  /* "test", "validation" … */
    char *test_digest;
    json_t *split; /* how test and training ratings were told apart */
    json_t *pruned; /* what was left out of all of them before; NULL: nothing, or nobody says */
};

/* The rows of one test set. Before evidence_arrange users and items are numbers in the
 * dictionaries; after it they are positions in the order of the ids. */
struct fold {
    char *label;         /* "1", or "" when the test set is not one of several */
    const char *file;    /* that defined the rows */
    const void *definer; /* whose further rows are added and not looked up */
    size_t n;
    struct u32_column user, item;
    struct f64_column rating;
    struct i64_column time; /* unused until an input has it */
    /* Training ratings and candidates by user, training ratings by item; RS_NONE: unknown. */
    struct u32_column user_count, candidates, item_count;
    struct u32_column slots; /* row + 1 by pair, open addressing, for rows that come out of order */
    size_t n_indexed;
    struct facts facts;
    const char *facts_file, *candidates_file;
    bool counts_differ; /* inputs were trained on different ratings */
    /* After evidence_arrange: the rows of list l are start[l] … start[l + 1] - 1, of one user. */
    size_t n_lists;
    size_t *start;
};

/* Recommendations, sorted by user and rank after evidence_arrange. */
struct lists {
    size_t n;
    struct u32_column user, item, rank;
    struct f64_column score; /* unused where the lists have none */
    uint32_t longest;
    int64_t catalogue; /* items that could be in them, -1 unknown */
    size_t n_lists;
    size_t *start;
};

/* What one model answered to one fold. */
struct answers {
    struct model *model;
    struct fold *fold;
    const char *file[N_TASKS]; /* NULL: nothing for that task */
    size_t n_rows[N_TASKS], next[N_TASKS];
    int64_t promised[N_TASKS]; /* test pairs by the header, -1 unknown */
    char *train_digest;        /* of what the model was trained on; NULL: unknown */
    /* By row of the fold. NAN and RS_NONE: not answered. */
    struct f64_column score, deviation; /* deviation 0: the model has none */
    struct u8_column source;
    struct u32_column above, tied;
    uint32_t deepest; /* positions of the ranking that are known; UINT32_MAX: all */
    struct u32_column listed; /* ranks by lists: the length of the user's, by list of the fold */
    struct lists lists;
};

struct model {
    char *name;
    size_t n_answers;
    struct answers **answers; /* in the order of the folds */
};

struct evidence {
    struct rs_dict users, items;
    size_t n_folds, n_models;
    struct fold **folds;
    struct model **models;
    struct rs_table user_table, item_table; /* row by number in the dictionary */
    struct rs_table read_tables[2];    /* users and items as they were read, borrowed from … */
    struct rs_table kept_tables[2][2]; /* … the pairs of a file, which share their memory */
    size_t n_users, n_items;
    uint32_t *sorted_users, *sorted_items;   /* number in the dictionary by position … */
    uint32_t *user_position, *item_position; /* … and the other way round */
};

void evidence_init(struct evidence *evidence);
void evidence_free(struct evidence *evidence);

struct model *evidence_model(struct evidence *evidence, const char *name);
struct fold *evidence_fold(struct evidence *evidence, const char *label);
struct answers *evidence_answers(struct evidence *evidence, const char *model, const char *label);

/* The label of the fold of something that does not say of which it is: that of the models that were
 * trained on the ratings of DIGEST (NULL: unknown), else of the only fold there is, else "". */
const char *evidence_fold_of(const struct evidence *evidence, const char *digest);

/* The answers of a model to a fold, or NULL. */
struct answers *model_answers(const struct model *model, const struct fold *fold);

/* Items that could be in the lists of the answers, -1 unknown. */
int64_t answers_catalogue(const struct answers *answers);

/* Of how many users, and how many candidates each had. */
struct candidates {
    size_t n;
    double sum;
    uint32_t least, most;
};

/* Adds the users of FOLD of whom it is known to ALL, whose least begins as UINT32_MAX. */
void fold_candidates(const struct fold *fold, struct candidates *all);

/* Remembers what FILE says of a fold's training data, taking FACTS over; false if an earlier file
 * says otherwise of what must be alike. */
bool evidence_facts(struct fold *fold, const char *file, struct facts *facts, struct rs_error *err);

/* A piece of an input, in dictionary numbers. Columns that it lacks are NULL. */
struct piece {
    size_t n;
    const uint32_t *user, *item;
    const double *rating, *score;
    const float *deviation;
    const uint8_t *source;
    const uint32_t *above, *tied, *candidates, *rank, *user_count, *item_count;
    const int64_t *time;
};

/* Takes in the true ratings of a fold from FILE, without answers. */
bool evidence_truth(struct evidence *evidence, struct fold *fold, const char *file,
                    const struct piece *piece, struct rs_error *err);

/* Takes in a piece of the answers of FILE for TASK. */
bool evidence_take(struct evidence *evidence, struct answers *answers, enum task task,
                   const char *file, const struct piece *piece, struct rs_error *err);

/* Checks that every model answered every row of every fold it must, then sorts everything. Lists of
 * models without ranks give those for as many items as the lists hold. */
bool evidence_arrange(struct evidence *evidence, struct rs_error *err);

/* Turns numbers in the dictionaries into positions and sorts by user, then item. Returns the order,
 * by which the caller permutes what lies beside them, and frees. */
uint32_t *evidence_sort(const struct evidence *evidence, struct u32_column *user,
                        struct u32_column *item);

/* A user's or item's name, by position in the order of the ids. */
struct rs_id evidence_user(const struct evidence *evidence, uint32_t position);
struct rs_id evidence_item(const struct evidence *evidence, uint32_t position);

#endif
