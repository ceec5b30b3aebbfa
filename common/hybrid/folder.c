#include "hybrid/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/memory.h"
#include "format/reader.h"
#include "hybrid/models.h"
#include "neighbours/knn.h"

static void print_digest(char text[RS_FOLDER_DIGITS + 1], uint64_t digest) {
    snprintf(text, RS_FOLDER_DIGITS + 1, "%016" PRIx64, digest);
}

/* Parts and their checksums */

bool rs_folder_may_hold(const char *part) {
    size_t length = strlen(part);
    return length > 0 && length <= 255 && part[0] != '.' && strchr(part, '/') == NULL &&
           strcmp(part, RS_FOLDER_MANIFEST) != 0;
}

/* Opens the regular file PART of a folder: *path is its name, for messages and to be freed. -1
 * after filling *err. */
static int open_part(const char *folder, const char *part, char **path, struct stat *status,
                     struct rs_error *err) {
    *path = rs_format("%s/%s", folder, part);
    int fd = open(*path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        rs_fail(err, EX_NOINPUT, "%s: this part of the model is missing", *path);
        return -1;
    }
    if (fd < 0 && errno != ELOOP) {
        rs_fail_errno(err, rs_open_code(errno), "%s", *path);
        return -1;
    }
    if (fd >= 0 && fstat(fd, status) == 0 && S_ISREG(status->st_mode)) return fd;
    rs_fail(err, EX_DATAERR, "%s: a part of a model must be a regular file", *path);
    if (fd >= 0) close(fd);
    return -1;
}

/* The XXH3-64 of what is left to read. */
static bool sum_up(int fd, const char *path, char text[RS_FOLDER_DIGITS + 1],
                   struct rs_error *err) {
    enum { BUFFER = 1 << 20 };
    uint8_t *buffer = rs_aligned(BUFFER, 1);
    XXH3_state_t *state = XXH3_createState();
    XXH3_64bits_reset(state);
    ssize_t got;
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    while ((got = read(fd, buffer, BUFFER)) > 0 || (got < 0 && errno == EINTR)) {
        if (got < 0) continue;
        XXH3_64bits_update(state, buffer, (size_t)got);
    }
    print_digest(text, XXH3_64bits_digest(state));
    XXH3_freeState(state);
    free(buffer);
    return got == 0 || rs_fail_errno(err, EX_IOERR, "%s", path);
}

/* Whether the segments of a file have the checksums that they carry. */
static bool is_whole(const struct rs_file *file, struct rs_error *err) {
    struct rs_event event = {.type = RS_EVENT_BEGIN};
    struct rs_reader *reader = rs_reader_on_memory(file->map, file->map_size, file->name, true);
    bool ok = true;
    while (ok && event.type != RS_EVENT_EOF) ok = rs_reader_next(reader, &event, err);
    rs_reader_close(reader);
    return ok;
}

json_t *rs_folder_part(const char *folder, const char *part, struct rs_error *err) {
    char *path, text[RS_FOLDER_DIGITS + 1];
    struct stat status;
    json_t *described = NULL;
    int fd = open_part(folder, part, &path, &status, err);
    struct rs_file *file = fd < 0 ? NULL : rs_file_open(path, NULL, err);
    if (file != NULL && is_whole(file, err)) {
        print_digest(text, XXH3_64bits(file->map, file->map_size));
        described = json_pack("{s:s, s:s, s:I, s:s}", "part", part, "kind", file->segments[0].kind,
                              "bytes", (json_int_t)file->map_size, "xxh3", text);
    }
    rs_file_close(file);
    if (fd >= 0) close(fd);
    free(path);
    return described;
}

static bool check_part(const char *folder, const json_t *described, struct rs_error *err) {
    const char *part = json_string_value(json_object_get(described, "part"));
    const char *expected = json_string_value(json_object_get(described, "xxh3"));
    char *path, text[RS_FOLDER_DIGITS + 1];
    struct stat status;
    int fd = open_part(folder, part, &path, &status, err);
    bool ok = fd >= 0 && sum_up(fd, path, text, err);
    if (ok && (expected == NULL || strcmp(text, expected) != 0))
        ok = rs_fail(err, EX_DATAERR,
                     "%s: the file is damaged: its checksum is not the one in the manifest", path);
    if (fd >= 0) close(fd);
    free(path);
    return ok;
}

bool rs_folder_check(const struct rs_folder *folder, struct rs_error *err) {
    size_t i;
    json_t *described;
    json_array_foreach(json_object_get(folder->manifest, "parts"), i, described) {
        if (!check_part(folder->path, described, err)) return false;
    }
    return true;
}

/* The manifest */

static void digest_of(const json_t *manifest, char text[RS_FOLDER_DIGITS + 1]) {
    json_t *rest = json_copy((json_t *)(uintptr_t)manifest);
    json_object_del(rest, "digest");
    char *form = json_dumps(rest, JSON_COMPACT | JSON_SORT_KEYS);
    print_digest(text, form == NULL ? 0 : XXH3_64bits(form, strlen(form)));
    free(form);
    json_decref(rest);
}

void rs_folder_seal(json_t *manifest) {
    char text[RS_FOLDER_DIGITS + 1];
    digest_of(manifest, text);
    json_object_set_new(manifest, "digest", json_string(text));
}

static bool check_manifest(struct rs_folder *folder, const char *place, struct rs_error *err) {
    const json_t *manifest = folder->manifest;
    const char *kind = json_string_value(json_object_get(manifest, "rs"));
    json_int_t version = json_integer_value(json_object_get(manifest, "version"));
    const char *digest = json_string_value(json_object_get(manifest, "digest"));
    if (kind == NULL || strcmp(kind, "model") != 0 || version < 1)
        return rs_fail(err, EX_DATAERR, "%s: is no manifest of a model", place);
    if (version > RS_FOLDER_VERSION)
        return rs_fail(err, EX_DATAERR,
                       "%s: format version %lld is newer than this program reads (%d): update rs",
                       place, (long long)version, RS_FOLDER_VERSION);
    digest_of(manifest, folder->digest);
    if (digest == NULL || strcmp(digest, folder->digest) != 0)
        return rs_fail(err, EX_DATAERR, "%s: the manifest was changed: its digest is not its own",
                       place);
    folder->name = json_string_value(json_object_get(manifest, "name"));
    return folder->name != NULL || rs_fail(err, EX_DATAERR, "%s: names no model", place);
}

static bool read_manifest(struct rs_folder *folder, struct rs_error *err) {
    char *place = rs_format("%s/" RS_FOLDER_MANIFEST, folder->path);
    FILE *file = fopen(place, "re");
    bool ok = file != NULL;
    json_error_t problem;
    if (!ok && errno == ENOENT)
        rs_fail(err, EX_NOINPUT, "%s: is no model folder: there is no " RS_FOLDER_MANIFEST,
                folder->path);
    else if (!ok)
        rs_fail_errno(err, rs_open_code(errno), "%s", place);
    if (ok) {
        folder->manifest = json_loadf(file, JSON_REJECT_DUPLICATES, &problem);
        fclose(file);
        ok = folder->manifest != NULL && check_manifest(folder, place, err);
        if (folder->manifest == NULL)
            rs_fail(err, EX_DATAERR, "%s:%d: %s", place, problem.line, problem.text);
    }
    free(place);
    return ok;
}

/* Opening */

/* What the manifest says of a part. */
static const json_t *find_part(const struct rs_folder *folder, const char *part) {
    size_t i;
    json_t *described;
    json_array_foreach(json_object_get(folder->manifest, "parts"), i, described) {
        const char *name = json_string_value(json_object_get(described, "part"));
        if (name != NULL && strcmp(name, part) == 0) return described;
    }
    return NULL;
}

/* Opens the part that the manifest names, which must be of KIND unless that is NULL. */
static struct rs_file *open_file(const struct rs_folder *folder, const json_t *named,
                                 const char *kind, bool trust, struct rs_error *err) {
    const char *part = json_string_value(named);
    if (part == NULL || !rs_folder_may_hold(part)) {
        rs_fail(err, EX_DATAERR, "%s/" RS_FOLDER_MANIFEST ": '%s' can't be the name of a part",
                folder->path, part == NULL ? "" : part);
        return NULL;
    }
    const json_t *described = find_part(folder, part);
    json_int_t bytes = json_integer_value(json_object_get(described, "bytes"));
    char *path;
    struct stat status;
    int fd = open_part(folder->path, part, &path, &status, err);
    struct rs_file *file = NULL;
    if (fd >= 0) close(fd);
    if (fd >= 0 && described == NULL) {
        rs_fail(err, EX_DATAERR, "%s: the manifest has no checksum of this part", path);
    } else if (fd >= 0 && (json_int_t)status.st_size != bytes) {
        rs_fail(err, EX_DATAERR, "%s: this part of the model has %lld bytes, not %lld", path,
                (long long)status.st_size, (long long)bytes);
    } else if (fd >= 0) {
        file = rs_file_open(path, kind, err);
    }
    if (file != NULL && trust) rs_file_trust(file);
    free(path);
    return file;
}

static bool open_matrix(struct rs_folder *folder, bool trust, struct rs_error *err) {
    struct rs_file *file =
        open_file(folder, json_object_get(folder->manifest, "matrix"), "matrix", trust, err);
    return file != NULL && rs_matrix_use(&folder->matrix, file, trust, err);
}

/* One that a file of this folder holds; it must have been made from this folder's matrix. */
static struct rs_model *open_from_part(struct rs_folder *folder, const char *name,
                                       const json_t *part, bool trust, struct rs_error *err) {
    struct rs_file *file = open_file(folder, part, NULL, trust, err);
    if (file == NULL) return NULL;
    const char *matrix = json_string_value(json_object_get(file->segments[0].header, "matrix"));
    if (matrix == NULL || strcmp(matrix, folder->matrix.digest) != 0) {
        rs_fail(err, EX_DATAERR, "%s: was not made from the matrix of this model", file->name);
        rs_file_close(file);
        return NULL;
    }
    return rs_model_use(name, file, &folder->matrix, err);
}

static struct rs_model *open_plain(struct rs_folder *folder, const char *name,
                                   struct rs_error *err) {
    static const uint64_t seed = 1;
    struct rs_model *model = NULL;
    if (name != NULL && strchr(name, '=') == NULL)
        model = rs_model_plain(name, &folder->matrix, seed);
    if (model == NULL)
        rs_fail(err, EX_DATAERR, "%s/" RS_FOLDER_MANIFEST ": model '%s' has no part", folder->path,
                name == NULL ? "" : name);
    return model;
}

/* The models of one task, and what combines them. */
static struct rs_model *open_task(struct rs_folder *folder, enum rs_task task, bool trust,
                                  struct rs_error *err) {
    const json_t *described = json_object_get(folder->manifest, rs_task_names[task]);
    const json_t *models = json_object_get(described, "models");
    const json_t *blend = json_object_get(described, "blend");
    size_t n = json_array_size(models);
    if (n < 1 || n > RS_MAX_PARENTS || (n > 1 && blend == NULL)) {
        rs_fail(err, EX_DATAERR, "%s/" RS_FOLDER_MANIFEST ": has %zu models to %s%s", folder->path,
                n, rs_task_names[task], n > 1 ? " and no blend" : "");
        return NULL;
    }
    for (size_t m = 0; m < n; m++) {
        const json_t *entry = json_array_get(models, m);
        const char *name = json_string_value(json_object_get(entry, "name"));
        const json_t *part = json_object_get(entry, "part");
        struct rs_model *model = part == NULL || name == NULL
                                     ? open_plain(folder, name, err)
                                     : open_from_part(folder, name, part, trust, err);
        if (model == NULL) return NULL;
        folder->models[task][folder->n_models[task]++] = model;
    }
    if (blend == NULL) return folder->models[task][0];
    struct rs_file *file = open_file(folder, blend, "blend", trust, err);
    return file == NULL ? NULL
                        : rs_blend_open(folder->name, file, &folder->matrix, folder->models[task],
                                        n, task, err);
}

static bool open_neighbours(struct rs_folder *folder, bool trust, struct rs_error *err) {
    static const char *const sides[2] = {"item", "user"};
    const json_t *neighbours = json_object_get(folder->manifest, "neighbours");
    for (int s = 0; s < 2; s++) {
        const json_t *part = json_object_get(neighbours, sides[s]);
        if (part == NULL) continue;
        folder->neighbours[s] = open_from_part(folder, sides[s], part, trust, err);
        if (folder->neighbours[s] == NULL) return false;
        const struct rs_graph *graph = rs_knn_graph(folder->neighbours[s]);
        if (graph == NULL || graph->users != (s == 1))
            return rs_fail(err, EX_DATAERR, "%s/" RS_FOLDER_MANIFEST ": '%s' is no graph of %ss",
                           folder->path, json_string_value(part), sides[s]);
    }
    return true;
}

static void forget_model(const struct rs_model *model) {
    const struct rs_graph *graph = model == NULL ? NULL : rs_knn_graph(model);
    const struct rs_file *file = graph == NULL ? model == NULL ? NULL : model->file : graph->file;
    if (file != NULL) rs_file_forget(file);
}

/* What was touched while opening is not what answers need. */
static void forget(const struct rs_folder *folder) {
    rs_file_forget(folder->matrix.file);
    for (int t = 0; t < RS_N_TASKS; t++)
        for (size_t m = 0; m < folder->n_models[t]; m++) forget_model(folder->models[t][m]);
    for (int s = 0; s < 2; s++) forget_model(folder->neighbours[s]);
    if (folder->context != NULL) rs_file_forget(folder->context);
    if (folder->lists != NULL) rs_file_forget(folder->lists->file);
}

static bool open_context(struct rs_folder *folder, bool trust, struct rs_error *err) {
    const json_t *part = json_object_get(folder->manifest, "context");
    if (part == NULL) return true;
    folder->context = open_file(folder, part, "context", trust, err);
    return folder->context != NULL;
}

static bool open_lists(struct rs_folder *folder, bool trust, struct rs_error *err) {
    const json_t *part = json_object_get(folder->manifest, "lists");
    if (part == NULL) return true;
    struct rs_file *file = open_file(folder, part, "lists", trust, err);
    if (file == NULL) return false;
    folder->lists = rs_calloc(1, sizeof *folder->lists);
    return rs_lists_use(folder->lists, file, &folder->matrix, err);
}

static bool open_parts(struct rs_folder *folder, bool trust, struct rs_error *err) {
    if (!open_matrix(folder, trust, err)) return false;
    folder->predict = open_task(folder, RS_TO_PREDICT, trust, err);
    if (folder->predict == NULL) return false;
    folder->rank = open_task(folder, RS_TO_RANK, trust, err);
    return folder->rank != NULL && open_neighbours(folder, trust, err) &&
           open_context(folder, trust, err) && open_lists(folder, trust, err);
}

static struct rs_folder *open_folder(const char *path, bool trust, struct rs_error *err) {
    char *real = realpath(path, NULL);
    if (real == NULL) {
        rs_fail_errno(err, rs_open_code(errno), "%s", path);
        return NULL;
    }
    struct rs_folder *folder = rs_calloc(1, sizeof *folder);
    folder->path = real;
    if (read_manifest(folder, err) && open_parts(folder, trust, err)) {
        if (trust) forget(folder);
        return folder;
    }
    rs_folder_close(folder);
    return NULL;
}

struct rs_folder *rs_folder_open(const char *path, struct rs_error *err) {
    return open_folder(path, true, err);
}

struct rs_folder *rs_folder_open_untrusted(const char *path, struct rs_error *err) {
    return open_folder(path, false, err);
}

void rs_folder_close(struct rs_folder *folder) {
    if (folder == NULL) return;
    struct rs_model *const answering[RS_N_TASKS] = {folder->predict, folder->rank};
    for (int t = 0; t < RS_N_TASKS; t++)
        if (answering[t] != folder->models[t][0]) rs_model_close(answering[t]);
    for (int t = 0; t < RS_N_TASKS; t++)
        for (size_t m = 0; m < folder->n_models[t]; m++) rs_model_close(folder->models[t][m]);
    for (int s = 0; s < 2; s++) rs_model_close(folder->neighbours[s]);
    rs_file_close(folder->context);
    if (folder->lists != NULL) rs_lists_close(folder->lists);
    free(folder->lists);
    rs_matrix_close(&folder->matrix);
    json_decref(folder->manifest);
    free(folder->path);
    free(folder);
}
