/* Puts a model folder together under a temporary name beside its place, and renames it when all of
 * it is on disk. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/message.h"
#include "hybrid/models.h"
#include "model.h"
#include "neighbours/graph.h"

enum { MAX_PARTS = RS_N_TASKS * RS_MAX_PARENTS + 8 };

/* A file that goes into the folder. */
struct part {
    const char *source;
    char *name;
    dev_t device; /* of the source: a file that plays several roles is there once */
    ino_t number;
};

static struct part parts[MAX_PARTS];
static size_t n_parts;

/* What to remove when the program ends early. Pointers are set and cleared whole, so that the
 * signal handler always sees a complete name or none. */
static char *volatile staging;
static char *volatile staged[MAX_PARTS + 1];
static volatile sig_atomic_t n_staged;

static void remove_staging(void) {
    if (staging == NULL) return;
    for (int i = 0; i < n_staged; i++)
        if (staged[i] != NULL) unlink(staged[i]);
    rmdir(staging);
}

static void on_signal(int number) {
    remove_staging();
    signal(number, SIG_DFL);
    raise(number);
}

static char *stage(const char *name) {
    char *path = rs_format("%s/%s", staging, name);
    staged[n_staged] = path;
    n_staged++;
    return path;
}

static void begin_staging(const char *path) {
    struct stat status;
    if (lstat(path, &status) == 0)
        rs_die(EX_CANTCREAT, "%s: is there already, and a model folder is never changed", path);
    const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    staging = rs_format("%s.tmp.%ld", path, (long)getpid());
    atexit(remove_staging);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction old, action = {.sa_handler = on_signal};
        sigaction(numbers[i], NULL, &old);
        if (old.sa_handler != SIG_IGN) sigaction(numbers[i], &action, NULL); /* nohup ignores */
    }
    if (mkdir(staging, 0777) != 0) rs_die(EX_CANTCREAT, "%s: %s", path, strerror(errno));
}

/* An error in a staged part is one of the file that it came from. */
static _Noreturn void die_of_source(const struct rs_error *err) {
    char *real = realpath(staging, NULL);
    for (size_t i = 0; i < n_parts && real != NULL; i++) {
        const char *const folders[] = {staging, real};
        for (size_t f = 0; f < 2; f++) {
            char *place = rs_format("%s/%s: ", folders[f], parts[i].name);
            size_t length = strlen(place);
            if (strncmp(err->text, place, length) == 0)
                rs_die(err->code, "%s: %s", parts[i].source, err->text + length);
            free(place);
        }
    }
    rs_die_error(err);
}

/* Files */

static void copy(int from, const char *source, const char *path) {
    enum { BUFFER = 1 << 20 };
    FILE *to = fopen(path, "wbxe");
    if (to == NULL) rs_die(EX_CANTCREAT, "%s: %s", path, strerror(errno));
    char *buffer = rs_malloc(BUFFER, 1);
    ssize_t got;
    while ((got = read(from, buffer, BUFFER)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0 && fwrite(buffer, 1, (size_t)got, to) != (size_t)got) break;
    if (got < 0) rs_die(EX_IOERR, "%s: %s", source, strerror(errno));
    if (fclose(to) != 0 || got > 0) rs_die(EX_IOERR, "%s: write failed: %s", path, strerror(errno));
    free(buffer);
}

/* A graph whose parts `cat` joined is written as one, since those would be joined in memory at
 * every opening. */
static bool write_joined(const char *source, const char *path) {
    struct rs_error err;
    struct rs_file *file = rs_file_open(source, NULL, &err);
    if (file == NULL) rs_die_error(&err);
    if (file->n_segments == 1 || strcmp(file->segments[0].kind, "graph") != 0) {
        rs_file_close(file);
        return false;
    }
    struct rs_graph graph;
    if (!rs_graph_use(&graph, file, &err)) rs_die_error(&err);
    json_t *header = json_copy((json_t *)(uintptr_t)graph.header);
    json_object_del(header, "rs");
    json_object_del(header, "version");
    FILE *to = fopen(path, "wbxe");
    if (to == NULL) rs_die(EX_CANTCREAT, "%s: %s", path, strerror(errno));
    rs_graph_write(to, graph.users, &graph.ids, 0, graph.n_lines, graph.start, graph.other,
                   graph.similarity, header);
    if (ferror(to) || fclose(to) != 0)
        rs_die(EX_IOERR, "%s: write failed: %s", path, strerror(errno));
    rs_graph_close(&graph);
    return true;
}

static void sync_file(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) rs_die(EX_IOERR, "%s: %s", path, strerror(errno));
    close(fd);
}

/* Brings a file into the folder, if it is not there already, under NAME, and returns its name
 * there. */
static const char *add_part(const char *source, char *name) {
    struct stat status;
    int fd = open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) != 0)
        rs_die(rs_open_code(errno), "%s: %s", source, strerror(errno));
    if (!S_ISREG(status.st_mode)) rs_die(EX_NOINPUT, "%s: is no regular file", source);
    for (size_t i = 0; i < n_parts; i++)
        if (parts[i].device == status.st_dev && parts[i].number == status.st_ino) {
            free(name);
            close(fd);
            return parts[i].name;
        }
    if (n_parts == MAX_PARTS) rs_die(EX_USAGE, "more than %d files", (int)MAX_PARTS);
    if (!rs_folder_may_hold(name)) rs_die(EX_USAGE, "'%s' can't be the name of a file", name);
    for (size_t i = 0; i < n_parts; i++)
        if (strcmp(parts[i].name, name) == 0)
            rs_die(EX_USAGE, "two files would be called %s: '%s' and '%s'", name, parts[i].source,
                   source);
    parts[n_parts++] = (struct part){source, name, status.st_dev, status.st_ino};
    const char *path = stage(name);
    if (!write_joined(source, path) &&
        linkat(AT_FDCWD, source, AT_FDCWD, path, AT_SYMLINK_FOLLOW) != 0)
        copy(fd, source, path);
    close(fd);
    sync_file(path);
    return name;
}

static void set_part(json_t *object, const char *key, const char *source, char *name) {
    json_object_set_new(object, key, json_string(add_part(source, name)));
}

/* The manifest */

static bool blends(const struct rs_file *blend, enum rs_task task) {
    for (size_t s = 0; blend != NULL && s < blend->n_segments; s++) {
        const char *word = json_string_value(json_object_get(blend->segments[s].header, "task"));
        if (word != NULL && strcmp(word, rs_task_names[task]) == 0) return true;
    }
    return false;
}

static json_t *add_model(const char *spec, enum rs_task task) {
    json_t *model = json_object();
    struct rs_model *plain = rs_model_plain(spec, NULL, 1);
    const char *equals = strchr(spec, '=');
    if (plain == NULL && (equals == NULL || equals == spec))
        rs_usage_error("--%s: '%s' is no model that needs no file: give NAME=FILE",
                       rs_task_names[task], spec);
    if (plain != NULL) {
        json_object_set_new(model, "name", json_string_nocheck(spec));
    } else {
        char *name = rs_strndup(spec, (size_t)(equals - spec));
        json_t *text = json_string(name);
        if (text == NULL) rs_usage_error("--%s: a name is not UTF-8", rs_task_names[task]);
        json_object_set_new(model, "name", text);
        set_part(model, "part", equals + 1, rs_format("%s.%s", name, rs_task_names[task]));
        free(name);
    }
    rs_model_close(plain);
    return model;
}

static json_t *describe_task(const struct ingredients *ingredients, const struct rs_file *blend,
                             enum rs_task task) {
    static const char *const otherwise[] = {"baseline", "popular"};
    const struct rs_list *specs = ingredients->models[task];
    json_t *models = json_array();
    for (size_t m = 0; m < specs->n; m++)
        json_array_append_new(models, add_model(specs->items[m], task));
    if (specs->n == 0) json_array_append_new(models, add_model(otherwise[task], task));
    json_t *described = json_pack("{s:o}", "models", models);
    if (specs->n > 0 && blends(blend, task)) {
        set_part(described, "blend", ingredients->blend, rs_format("%s.blend", ingredients->name));
    } else if (specs->n > 1) {
        rs_usage_error("--%s: %zu models, and %s does not combine them", rs_task_names[task],
                       specs->n, blend == NULL ? "no --blend" : ingredients->blend);
    }
    return described;
}

static json_t *describe_neighbours(const struct rs_list *graphs) {
    json_t *neighbours = json_object();
    for (size_t g = 0; g < graphs->n; g++) {
        struct rs_error err;
        struct rs_file *file = rs_file_open(graphs->items[g], "graph", &err);
        if (file == NULL) rs_die_error(&err);
        const char *side = json_string_value(json_object_get(file->segments[0].header, "side"));
        if (side == NULL) rs_die(EX_DATAERR, "%s: says not of what it is", file->name);
        if (json_object_get(neighbours, side) != NULL)
            rs_usage_error("--neighbours: two graphs of %ss", side);
        set_part(neighbours, side, graphs->items[g], rs_format("%s.neighbours", side));
        rs_file_close(file);
    }
    return neighbours;
}

static json_t *describe_parts(void) {
    json_t *described = json_array();
    for (size_t i = 0; i < n_parts; i++) {
        struct rs_error err;
        json_t *part = rs_folder_part(staging, parts[i].name, &err);
        if (part == NULL) die_of_source(&err);
        json_array_append_new(described, part);
    }
    return described;
}

static json_t *make_manifest(const struct ingredients *ingredients) {
    struct rs_error err;
    struct rs_file *blend = NULL;
    if (ingredients->blend != NULL) {
        blend = rs_file_open(ingredients->blend, "blend", &err);
        if (blend == NULL) rs_die_error(&err);
    }
    json_t *manifest =
        json_pack("{s:s, s:i, s:s, s:O}", "rs", "model", "version", (int)RS_FOLDER_VERSION, "name",
                  ingredients->name, "program", ingredients->program);
    if (manifest == NULL) rs_usage_error("--name: is not UTF-8");
    set_part(manifest, "matrix", ingredients->matrix, rs_strdup("matrix.rs"));
    for (int t = 0; t < RS_N_TASKS; t++)
        json_object_set_new(manifest, rs_task_names[t],
                            describe_task(ingredients, blend, (enum rs_task)t));
    if (ingredients->neighbours->n > 0)
        json_object_set_new(manifest, "neighbours", describe_neighbours(ingredients->neighbours));
    if (ingredients->context != NULL)
        set_part(manifest, "context", ingredients->context, rs_strdup("context.rs"));
    json_object_set_new(manifest, "parts", describe_parts());
    rs_folder_seal(manifest);
    rs_file_close(blend);
    return manifest;
}

static void write_manifest(const char *path, json_t *manifest) {
    FILE *file = fopen(path, "we");
    if (file == NULL) rs_die(EX_CANTCREAT, "%s: %s", path, strerror(errno));
    bool ok = json_dumpf(manifest, file, JSON_INDENT(2)) == 0 && fputc('\n', file) != EOF;
    if (fclose(file) != 0 || !ok) rs_die(EX_IOERR, "%s: write failed: %s", path, strerror(errno));
    sync_file(path);
}

/* Lists are made by the folder as it is without them. */
static void add_lists(json_t *manifest, const struct rs_folder *folder,
                      const struct ingredients *ingredients) {
    static const char name[] = "lists.rs";
    struct rs_error err;
    const char *path = stage(name);
    FILE *file = fopen(path, "wbxe");
    if (file == NULL) rs_die(EX_CANTCREAT, "%s: %s", path, strerror(errno));
    rs_lists_write(
        file, folder->rank, ingredients->n_listed,
        json_pack("{s:O, s:s}", "program", ingredients->program, "model", folder->rank->name));
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed)
        rs_die(EX_IOERR, "%s: write failed: %s", path, strerror(errno));
    sync_file(path);
    json_t *part = rs_folder_part(staging, name, &err);
    if (part == NULL) rs_die_error(&err);
    json_array_append_new(json_object_get(manifest, "parts"), part);
    json_object_set_new(manifest, "lists", json_string(name));
    rs_folder_seal(manifest);
}

void put_together(const char *path, const struct ingredients *ingredients) {
    struct rs_error err;
    begin_staging(path);
    json_t *manifest = make_manifest(ingredients);
    const char *place = stage(RS_FOLDER_MANIFEST);
    write_manifest(place, manifest);
    struct rs_folder *folder = rs_folder_open_untrusted(staging, &err);
    if (folder == NULL) die_of_source(&err);
    if (ingredients->n_listed > 0) {
        add_lists(manifest, folder, ingredients);
        write_manifest(place, manifest);
        rs_folder_close(folder);
        folder = rs_folder_open(staging, &err);
        if (folder == NULL) rs_die_error(&err);
    }
    sync_folder(staging);
    rs_note("%s: model %s, %zu parts", path, folder->digest,
            json_array_size(json_object_get(manifest, "parts")));
    rs_folder_close(folder);
    if (rename(staging, path) != 0) rs_die(EX_CANTCREAT, "%s: %s", path, strerror(errno));
    char *temporary = staging;
    staging = NULL;
    free(temporary);
    char *parent = parent_of(path);
    sync_folder(parent);
    free(parent);
    json_decref(manifest);
}
