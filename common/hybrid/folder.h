/* A model folder: everything that answers need, in one place that is never changed once it is
 * there.
 *
 * A folder holds manifest.json and the *parts* that it names, rs files as the programs made them:
 *
 *     {"rs": "model", "version": 1, "name": "hybrid", "program": "rs-model 1.4.2",
 *      "matrix": "matrix.rs",
 *      "predict": {"models": [{"name": "baseline"}, {"name": "item", "part": "item.predict"}],
 *                  "blend": "hybrid.blend"},
 *      "rank": {"models": […], "blend": …},
 *      "neighbours": {"item": "item.rank", "user": "user.rank"},
 *      "context": "context.rs", "lists": "lists.rs",
 *      "parts": [{"part": "matrix.rs", "kind": "matrix", "bytes": 12345, "xxh3": "…"}, …],
 *      "digest": "…"}
 *
 * A task with several models has the blend that combines them; one model answers for itself, and a
 * model without a part (baseline, popular …) needs no file. "neighbours", "context" and "lists",
 * which were made by the model to rank, may lack. A part's checksum is the XXH3-64 of its bytes;
 * the digest is that of the manifest without it, in jansson's compact form with sorted keys, so
 * that it vouches for every bit of the model and names it.
 *
 * INVARIANTS: parts lie in the folder itself (no '/', no leading '.') and are regular files;
 * graphs, factors and lists were made from the folder's matrix. */
#ifndef RS_FOLDER_H
#define RS_FOLDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "format/file.h"
#include "hybrid/blend.h"
#include "model/lists.h"
#include "model/model.h"
#include "ratings/matrix.h"

#define RS_FOLDER_MANIFEST "manifest.json"
enum { RS_FOLDER_VERSION = 1, RS_FOLDER_DIGITS = 16 };

struct rs_folder {
    char *path; /* of the folder itself, whatever symlinks led there */
    char digest[RS_FOLDER_DIGITS + 1];
    const char *name; /* of the whole: what its blends are called */
    struct rs_matrix matrix;
    struct rs_model *predict, *rank; /* a blend or the only model; never NULL */
    struct rs_model
        *neighbours[2];      /* by side: of items, of users; NULL if there are none. rs_knn_graph */
    struct rs_file *context; /* of kind "context", or NULL */
    struct rs_lists *lists;  /* what `rank` lists for the users of the matrix, or NULL */
    json_t *manifest;
    struct rs_model *models[RS_N_TASKS][RS_MAX_PARENTS]; /* all that answer alone */
    size_t n_models[RS_N_TASKS];
};

/* Opens the folder at PATH or behind the symlink PATH. Maps the parts and reads no array:
 * milliseconds, whatever the size; that each part has its length is seen, but it is taken on trust
 * that its bytes are those that were put there (rs_folder_check). A symlink that is swapped
 * meanwhile leads to one folder or the other. The pointer stays valid, since models keep it. NULL
 * after filling *err. */
struct rs_folder *rs_folder_open(const char *path, struct rs_error *err);

/* The same for a folder that nobody vouches for: looks at all that each file promises. */
struct rs_folder *rs_folder_open_untrusted(const char *path, struct rs_error *err);

/* Reads every part and compares it with its checksum. False after filling *err. */
bool rs_folder_check(const struct rs_folder *folder, struct rs_error *err);

void rs_folder_close(struct rs_folder *folder);

/* For those who put a folder together */

/* Whether a name may be that of a part. */
bool rs_folder_may_hold(const char *part);

/* {"part": …, "kind": …, "bytes": …, "xxh3": …} of the rs file PART in the folder PATH, whose own
 * checksums are verified on the way. NULL after filling *err. */
json_t *rs_folder_part(const char *path, const char *part, struct rs_error *err);

/* Sets "digest". */
void rs_folder_seal(json_t *manifest);

#endif
