/* Reads files through: checksums, then what a file of their kind promises. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "base/progress.h"
#include "neighbours/graph.h"
#include "ratings/matrix.h"
#include "view.h"

static _Noreturn void die(const char *name, const char *reason) {
    rs_die(EX_DATAERR, "%s: the file is damaged: %s", name, reason);
}

static void check_pairs(struct rs_reader *first, const char *kind) {
    struct rs_error err;
    struct rs_pairs_reader reader;
    struct rs_pairs *batch;
    uint64_t n = 0;
    if (!rs_pairs_use(&reader, first, NULL, 0, kind, &err)) rs_die_error(&err);
    reader.takes_removed = true;
    rs_progress_start("checks", "bytes", rs_reader_size(reader.reader));
    do {
        if (!rs_pairs_next(&reader, &batch, &err)) rs_die_error(&err);
        rs_progress_at(rs_reader_position(reader.reader));
        if (batch != NULL) n += batch->n;
    } while (batch != NULL);
    rs_progress_end();
    const char *name = rs_reader_name(reader.reader);
    rs_note("%s: %s, %llu rows, %zu users, %zu items", name, kind, (unsigned long long)n,
            reader.users.ids.n, reader.items.ids.n);
    rs_pairs_close(&reader);
}

/* The entries by columns are those by rows: walking the rows meets every column's in its order. */
static void check_forms(const struct rs_matrix *matrix) {
    const struct rs_sparse *rows = &matrix->rows, *columns = &matrix->columns;
    uint64_t *next = rs_malloc(columns->n_lines, sizeof *next);
    if (columns->n_lines > 0) memcpy(next, columns->start, columns->n_lines * sizeof *next);
    for (size_t user = 0; user < rows->n_lines; user++) {
        for (uint64_t e = rows->start[user]; e < rows->start[user + 1]; e++) {
            uint32_t item = rows->other[e];
            uint64_t at = next[item]++;
            if (at >= columns->start[item + 1] || columns->other[at] != user ||
                columns->rating[at] != rows->rating[e])
                die(matrix->file->name, "its forms by rows and by columns differ");
        }
    }
    free(next);
}

static void check_order(const struct rs_ids *ids, const char *name) {
    for (size_t i = 1; i < ids->n; i++)
        if (rs_id_compare(rs_ids_get(ids, i - 1), rs_ids_get(ids, i)) >= 0)
            die(name, "its names are not sorted");
}

static void check_matrix(struct rs_file *file) {
    struct rs_error err;
    struct rs_matrix matrix;
    if (!rs_matrix_use(&matrix, file, false, &err)) rs_die_error(&err);
    check_order(&matrix.users.ids, file->name);
    check_order(&matrix.items.ids, file->name);
    check_forms(&matrix);
    rs_note("%s: matrix, %llu ratings, %zu users, %zu items", file->name,
            (unsigned long long)matrix.n_ratings, matrix.users.ids.n, matrix.items.ids.n);
    rs_matrix_close(&matrix);
}

static void check_graph(struct rs_file *file) {
    struct rs_error err;
    struct rs_graph graph;
    if (!rs_graph_use(&graph, file, &err)) rs_die_error(&err);
    check_order(&graph.ids, graph.file->name);
    rs_note("%s: graph, %zu %s, %llu neighbours", graph.file->name, graph.n_lines,
            graph.users ? "users" : "items", (unsigned long long)graph.start[graph.n_lines]);
    rs_graph_close(&graph);
}

/* A mapped file has not been summed up yet; what came through a pipe has. */
static void check_sums(const struct rs_file *file) {
    if (file->map == NULL) return;
    struct rs_error err;
    struct rs_event event;
    struct rs_reader *reader = rs_reader_on_memory(file->map, file->map_size, file->name, true);
    rs_progress_start("checks", "bytes", rs_reader_size(reader));
    do {
        if (!rs_reader_next(reader, &event, &err)) rs_die_error(&err);
        rs_progress_at(rs_reader_position(reader));
    } while (event.type != RS_EVENT_EOF);
    rs_progress_end();
    rs_reader_close(reader);
}

static void check_whole(struct rs_file *file, const char *kind) {
    check_sums(file);
    if (strcmp(kind, "matrix") == 0) {
        check_matrix(file);
    } else if (strcmp(kind, "graph") == 0) {
        check_graph(file);
    } else {
        size_t n = 0;
        for (size_t s = 0; s < file->n_segments; s++) n += file->segments[s].n_sections;
        rs_note("%s: %s, %zu arrays in %zu segments", file->name, kind, n, file->n_segments);
        rs_file_close(file);
    }
}

void check_file(const struct opened *opened) {
    if (opened->reader != NULL) {
        check_pairs(opened->reader, opened->kind);
    } else {
        check_whole(opened->file, opened->kind);
    }
}
