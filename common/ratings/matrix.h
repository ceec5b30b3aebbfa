/* The user-item matrix: every rating, by rows (a row a user) and by columns (a column an item),
 * with the means and biases by which models centre it.
 *
 * INVARIANTS: starts ascend from 0 to n_ratings; within a row the items
 * ascend and so do the users within a column; all ratings are finite; users and items are sorted
 * by rs_id_compare, so that equal sets of ratings give equal matrices whatever their order, and a
 * tie broken by index is a tie broken by id. Read-only and thread-safe once open. */
#ifndef RS_MATRIX_H
#define RS_MATRIX_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "format/file.h"
#include "format/ids.h"
#include "format/scale.h"
#include "format/table.h"

/* What a model takes from a rating before it compares, and adds to what it predicts. */
enum rs_normalisation {
    RS_NORMALISE_NONE,
    RS_NORMALISE_MEAN,    /* the mean of the user (user-based) or of the item (item-based) */
    RS_NORMALISE_Z_SCORE, /* the same mean, then divided by the same's standard deviation */
    RS_NORMALISE_BASELINE /* the damped bias estimate: mean + user_bias + item_bias */
};
extern const char *const rs_normalisation_names[]; /* "none", "mean", "z-score", "baseline", NULL */

/* One form of the matrix: lines are users and entries items, or the other way round. */
struct rs_sparse {
    size_t n_lines, n_others;
    const uint64_t *start; /* n_lines + 1 */
    const uint32_t *other; /* n_ratings, ascending within a line */
    const float *rating;   /* n_ratings */
};

/* What is known of the lines of one side. */
struct rs_side {
    struct rs_ids ids;
    const double *mean;      /* of the line's ratings */
    const double *deviation; /* population standard deviation; the matrix's where that is 0 */
    const double *bias;      /* deviation from the matrix's mean, damped */
    struct rs_table table;   /* aligned: row r describes line r; without columns if none is known */
    uint64_t digest;         /* of the ids: equal digests, equal numbering */
};

struct rs_matrix {
    uint64_t n_ratings;
    struct rs_sparse rows, columns;
    const int64_t *time; /* by rows, milliseconds since 1970 or RS_NO_TIME; NULL if not kept */
    struct rs_side users, items;
    double mean, deviation; /* of all ratings */
    struct rs_scale scale;  /* declared, else seen in these ratings */
    bool implicit;          /* ratings are counts */
    enum rs_normalisation normalisation;
    const json_t *header;
    const char *digest; /* of the file: what models built on it remember */
    struct rs_file *file;
    uint64_t window; /* give pages back after so many entries read; 0: never */
};

/* Takes over an open file of kind "matrix", closing it if it is wrong. Checking every entry costs
 * reading every page: TRUST leaves that out, for a file whose checksum was verified before; for one
 * that rs_file_trust marked, everything that reads whole arrays is left out. False after filling
 * *err. */
bool rs_matrix_use(struct rs_matrix *matrix, struct rs_file *file, bool trust,
                   struct rs_error *err);

/* Opens a matrix file and checks it. */
bool rs_matrix_open(struct rs_matrix *matrix, const char *path, struct rs_error *err);

/* The same for who must not hold it: the entries' pages are given back after use, here and by
 * whoever minds matrix->window. What comes through a pipe goes to a temporary file in FOLDER. */
bool rs_matrix_open_frugally(struct rs_matrix *matrix, const char *path, const char *folder,
                             struct rs_error *err);

/* Gives back the pages of some entries of a form. */
void rs_sparse_forget(const struct rs_sparse *form, uint64_t from, uint64_t to);

void rs_matrix_close(struct rs_matrix *matrix);

/* The line of one side's form: lines are users for `true`, items for `false`. */
static inline const struct rs_sparse *rs_matrix_form(const struct rs_matrix *matrix, bool users) {
    return users ? &matrix->rows : &matrix->columns;
}

/* mean + user_bias + item_bias; RS_NONE stands for an unknown user or item, whose bias is 0. */
double rs_matrix_baseline(const struct rs_matrix *matrix, uint32_t user, uint32_t item);

/* A rating or score held to the matrix's scale; as it is when the scale is not known. */
static inline double rs_matrix_clip(const struct rs_matrix *matrix, double value) {
    if (matrix->implicit || matrix->scale.n == 0) return value;
    if (value < (double)matrix->scale.min) return (double)matrix->scale.min;
    return value > (double)matrix->scale.max ? (double)matrix->scale.max : value;
}

#endif
