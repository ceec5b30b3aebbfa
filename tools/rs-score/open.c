/* Opens what rs-score answers with. */
#include "open.h"

#include <sys/stat.h>

#include "base/memory.h"
#include "base/message.h"
#include "hybrid/models.h"

bool open_is_folder(const char *model) {
    struct stat status;
    return stat(model, &status) == 0 && S_ISDIR(status.st_mode);
}

static void open_folder(struct opened *opened, const struct choice *choice) {
    struct rs_error err;
    opened->folder = rs_folder_open(choice->models->items[0], &err);
    if (opened->folder == NULL) rs_die_error(&err);
    opened->matrix = &opened->folder->matrix;
    opened->model = choice->task == RS_TO_RANK ? opened->folder->rank : opened->folder->predict;
    if (choice->task == RS_TO_RANK) opened->lists = opened->folder->lists;
}

static void open_files(struct opened *opened, const struct choice *choice) {
    struct rs_error err;
    if (!rs_matrix_open(&opened->own, choice->matrix, &err)) rs_die_error(&err);
    opened->matrix = &opened->own;
    size_t n = 0;
    for (; n < choice->models->n; n++) {
        opened->models[n] =
            rs_model_open(choice->models->items[n], opened->matrix, choice->seed, &err);
        if (opened->models[n] == NULL) rs_die_error(&err);
    }
    if (choice->blend != NULL) {
        struct rs_file *file = rs_file_open(choice->blend, "blend", &err);
        if (file == NULL) rs_die_error(&err);
        opened->models[n] =
            rs_blend_open("hybrid", file, opened->matrix, opened->models, n, choice->task, &err);
        if (opened->models[n] == NULL) rs_die_error(&err);
        n++;
    }
    opened->n_models = n;
    opened->model = opened->models[n - 1];
}

char *open_context_path(const struct rs_folder *folder) {
    const char *part = json_string_value(json_object_get(folder->manifest, "context"));
    return part == NULL ? NULL : rs_format("%s/%s", folder->path, part);
}

void open_choice(struct opened *opened, const struct choice *choice) {
    *opened = (struct opened){0};
    (choice->matrix == NULL ? open_folder : open_files)(opened, choice);
}

void open_close(struct opened *opened) {
    rs_folder_close(opened->folder);
    if (opened->folder != NULL) return;
    while (opened->n_models > 0) rs_model_close(opened->models[--opened->n_models]);
    rs_matrix_close(&opened->own);
}
