/* rs-model: puts the files by which recommendations are made into one folder, checks such a folder,
 * publishes it, or says what is in it.
 *
 * In: a matrix, graphs, factors, a blend, or a folder made of them. Out: a folder with a manifest,
 * or CSV. Holds next to nothing: files are linked or copied, and mapped to be checked. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "model.h"
#include "program/output.h"

static const char *matrix_path = NULL;
static struct rs_list predict_specs = {0};
static struct rs_list rank_specs = {0};
static const char *blend_path = NULL;
static struct rs_list neighbours_paths = {0};
static const char *context_path = NULL;
static int64_t n_listed = 0;
static const char *model_name = "hybrid";
static bool checking = false;
static const char *link_path = NULL;

static const struct rs_option options[] = {
    {.kind = RS_HEADING, .help = "To put a folder together, which -o names:"},
    {"matrix", 'm', RS_STRING, "FILE", &matrix_path, 0, 0, NULL, false,
     "the matrix that everything else was made from"},
    {"predict", 0, RS_LIST, "NAME[=FILE]", &predict_specs, 0, 0, NULL, false,
     "a model for expected ratings: one that needs no file (baseline, user-mean, item-mean, "
     "global-mean, popular, random), or a file under a name of your choice; baseline if there is "
     "none"},
    {"rank", 0, RS_LIST, "NAME[=FILE]", &rank_specs, 0, 0, NULL, false,
     "the same for lists; popular if there is none"},
    {"blend", 0, RS_STRING, "FILE", &blend_path, 0, 0, NULL, false,
     "what combines several models of a task, by their names"},
    {"neighbours", 0, RS_LIST, "FILE", &neighbours_paths, 0, 0, NULL, false,
     "the graph that says what is like an item, and the one that says who is like a user"},
    {"context", 0, RS_STRING, "FILE", &context_path, 0, 0, NULL, false,
     "what rs-context says of situations"},
    {"lists", 0, RS_INTEGER, "N", &n_listed, 0, 100000, NULL, false,
     "make the lists of the N best items of every user now: whose ratings stay as they are is then "
     "answered from them, with the same answer as without; 0 makes none. Of no use where a context "
     "moves what is listed"},
    {"name", 0, RS_STRING, "NAME", &model_name, 0, 0, NULL, false,
     "what the blend is called in answers"},
    {.kind = RS_HEADING, .help = "To do with a folder:"},
    {"check", 0, RS_FLAG, NULL, &checking, 0, 0, NULL, false,
     "read every part against its checksum, and look at all that each promises"},
    {"publish", 0, RS_STRING, "LINK", &link_path, 0, 0, NULL, false,
     "check the folder, then have the symlink LINK lead to it"},
    {.kind = RS_HEADING, .help = "Always:"},
    {"output", 'o', RS_STRING, "PATH", &rs_output_path, 0, 0, NULL, false,
     "with --matrix the folder to make, which must not be there yet; else the file to list to"},
    RS_THREADS_OPTION,
    RS_END_OPTIONS,
};

static const struct rs_example examples[] = {
    {"Make a matrix and its items' neighbours",
     "rs-clean ratings.csv --items items.csv | rs-matrix -o sample.matrix && \\\n"
     "    rs-sim sample.matrix --side item -o item.graph",
     ""},
    {"Put them into a folder and see what it holds",
     "rs-model --matrix sample.matrix --predict item=item.graph --rank item=item.graph \\\n"
     "    --neighbours item.graph -o monday && rs-model monday | cut -d, -f1-4",
     "task,model,part,kind\n"
     ",matrix,matrix.rs,matrix\n"
     "predict,item,item.predict,graph\n"
     "rank,item,item.predict,graph\n"
     "neighbours,item,item.predict,graph"},
    {"Publish it", "rs-model --publish current monday && readlink current", "monday"},
    {0},
};

static const struct rs_tool tool = {
    .name = "rs-model",
    .summary = "put a model folder together, check it, publish it",
    .operands = "[FOLDER]",
    .about =
        "A model folder holds everything that answers need: the matrix, the models for expected "
        "ratings and for lists, what combines them, the graphs of neighbours, and manifest.json, "
        "which names these parts with their bytes and XXH3 checksums. Its digest names the model. "
        "rs-score --model and rs-serve --model take such a folder.\n\n"
        "Files are linked where that is possible, else copied, and verified; the folder appears by "
        "one rename when all of it is on disk, and is never changed after. What was made from "
        "another matrix, is damaged or lacks is refused.\n\n"
        "--publish checks a folder and then swaps a symlink by one rename, so that whoever opens "
        "LINK finds the old model or the new one, whole. It goes with --matrix, too.\n\n"
        "With a folder and nothing else it lists the parts as CSV.",
    .memory = "64 KiB and the mapped files; 16 bytes an entry of --lists, and for each thread 16 "
              "bytes an item and the model's workspace; for those of users' neighbours a byte for "
              "every cell of the matrix in rows that are filled to a sixteenth.",
    .max_operands = 1,
    .options = options,
    .examples = examples,
};

/* Listing */

static void list_part(FILE *file, const json_t *parts, const char *task, const char *model,
                      const char *name) {
    size_t i;
    json_t *part;
    const char *kind = "";
    json_int_t bytes = 0;
    json_array_foreach(parts, i, part) {
        if (name == NULL || strcmp(json_string_value(json_object_get(part, "part")), name) != 0)
            continue;
        kind = json_string_value(json_object_get(part, "kind"));
        bytes = json_integer_value(json_object_get(part, "bytes"));
    }
    if (name == NULL) {
        fprintf(file, "%s,%s,,,\n", task, model);
    } else {
        fprintf(file, "%s,%s,%s,%s,%lld\n", task, model, name, kind == NULL ? "" : kind,
                (long long)bytes);
    }
}

static void list_task(FILE *file, const struct rs_folder *folder, const json_t *parts,
                      enum rs_task task) {
    const json_t *described = json_object_get(folder->manifest, rs_task_names[task]);
    size_t m;
    json_t *model;
    json_array_foreach(json_object_get(described, "models"), m, model) {
        list_part(file, parts, rs_task_names[task],
                  json_string_value(json_object_get(model, "name")),
                  json_string_value(json_object_get(model, "part")));
    }
    const char *blend = json_string_value(json_object_get(described, "blend"));
    if (blend != NULL) list_part(file, parts, rs_task_names[task], folder->name, blend);
}

static void list_folder(const struct rs_folder *folder) {
    struct rs_output output = rs_output_open(rs_output_path, false);
    FILE *file = output.file;
    const json_t *manifest = folder->manifest, *parts = json_object_get(manifest, "parts");
    const char *context = json_string_value(json_object_get(manifest, "context")), *side;
    const char *lists = json_string_value(json_object_get(manifest, "lists"));
    json_t *graph;
    fprintf(file, "task,model,part,kind,bytes\n");
    list_part(file, parts, "", "matrix", json_string_value(json_object_get(manifest, "matrix")));
    for (int t = 0; t < RS_N_TASKS; t++) list_task(file, folder, parts, (enum rs_task)t);
    json_object_foreach(json_object_get(manifest, "neighbours"), side, graph) {
        list_part(file, parts, "neighbours", side, json_string_value(graph));
    }
    if (context != NULL) list_part(file, parts, "", "context", context);
    if (lists != NULL) list_part(file, parts, "", "lists", lists);
    rs_output_commit(&output);
}

static void check_folder(const char *path) {
    struct rs_error err;
    struct rs_folder *folder = rs_folder_open(path, &err);
    if (folder == NULL || !rs_folder_check(folder, &err)) rs_die_error(&err);
    rs_folder_close(folder);
    folder = rs_folder_open_untrusted(path, &err);
    if (folder == NULL) rs_die_error(&err);
    rs_note("%s: model %s is whole, %zu parts", path, folder->digest,
            json_array_size(json_object_get(folder->manifest, "parts")));
    rs_folder_close(folder);
}

static void check_usage(size_t n_operands) {
    if ((matrix_path != NULL) == (n_operands > 0))
        rs_usage_error(n_operands > 0 ? "--matrix makes a folder: which -o names"
                                      : "--matrix or a folder is missing");
    if (n_operands > 0 &&
        (predict_specs.n + rank_specs.n + neighbours_paths.n > 0 || blend_path != NULL ||
         context_path != NULL || n_listed > 0 || rs_option_given(&tool, "name")))
        rs_usage_error("a folder is never changed: parts go with --matrix");
    if (matrix_path != NULL && strcmp(rs_output_path, "-") == 0)
        rs_usage_error("--output is missing: the folder to make");
    if (predict_specs.n > RS_MAX_PARENTS || rank_specs.n > RS_MAX_PARENTS)
        rs_usage_error("more than %d models", RS_MAX_PARENTS);
}

static void make_folder(const char *path) {
    json_t *header = rs_tool_header(&tool);
    const struct ingredients ingredients = {
        .matrix = matrix_path,
        .blend = blend_path,
        .context = context_path,
        .name = model_name,
        .models = {[RS_TO_PREDICT] = &predict_specs, [RS_TO_RANK] = &rank_specs},
        .neighbours = &neighbours_paths,
        .n_listed = (size_t)n_listed,
        .program = json_object_get(header, "program"),
    };
    put_together(path, &ingredients);
    json_decref(header);
}

int main(int argc, char **argv) {
    char **operands;
    size_t n_operands = rs_options_parse(&tool, argc, argv, &operands);
    check_usage(n_operands);
    size_t length = strlen(rs_output_path);
    while (length > 1 && rs_output_path[length - 1] == '/') length--;
    char *path = n_operands > 0 ? rs_strdup(operands[0]) : rs_strndup(rs_output_path, length);
    if (n_operands == 0) make_folder(path);
    if (n_operands > 0 && (checking || link_path != NULL)) check_folder(path);
    if (link_path != NULL) publish(link_path, path);
    if (n_operands > 0 && !checking && link_path == NULL) {
        struct rs_error err;
        struct rs_folder *folder = rs_folder_open(path, &err);
        if (folder == NULL) rs_die_error(&err);
        list_folder(folder);
        rs_folder_close(folder);
    }
    free(path);
    return rs_finish();
}
