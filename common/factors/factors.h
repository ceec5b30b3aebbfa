/* What the models of rs-factor have in common: a file of kind "factors" that says by which method
 * it was made and for which users and items.
 *
 * The header holds "method", "users" and "items" (how many), "user_digest" and "item_digest" (of
 * their ids, as hexadecimal text) and "matrix" (the digest of the file it was made from). The
 * arrays are the method's own; its header file describes them. They lie in the file as they are
 * used, so that opening a model costs nothing. */
#ifndef RS_FACTORS_H
#define RS_FACTORS_H

#include <jansson.h>

#include "model/model.h"

/* For a fit that goes on from an earlier model: the line of EARLIER for each of IDS, both sorted,
 * or RS_NONE where it has none. The caller frees it. */
uint32_t *rs_factors_match(const struct rs_ids *ids, const struct rs_ids *earlier);

/* Adds what every header has. */
void rs_factors_describe(json_t *header, const char *method, const struct rs_matrix *matrix);

/* Whether the users of the file are those of the matrix, in the same order: only then do its
 * arrays by user mean anything. The same of items, without which no model opens (methods.h). */
bool rs_factors_same_users(const struct rs_model *model);
bool rs_factors_same_items(const struct rs_model *model);

/* Whether the file was checked before (rs_file_trust), so that whole arrays need not be read. */
bool rs_factors_trusted(const struct rs_model *model);

/* A number in the header, where a file from outside has no excuse to lack one. False after filling
 * *err. */
bool rs_factors_number(const struct rs_model *model, const char *name, double *number,
                       struct rs_error *err);

/* The array NAME, of TYPE and N elements. */
bool rs_factors_array(const struct rs_model *model, const char *name, enum rs_type type, size_t n,
                      const void *data, struct rs_error *err);

/* The array NAME of N floats, which must be finite. It lies in the file: *data, though not const so
 * that a fitted model and an open one can share a struct, must not be written to. */
bool rs_factors_floats(const struct rs_model *model, const char *name, size_t n, float **data,
                       struct rs_error *err);

#endif
