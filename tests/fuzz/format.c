/* Throws bytes at everything that opens rs files: it may refuse them, but not fall or read beyond
 * them.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined … (this file and those of common)
 *     ./format -max_len=16384 CORPUS      (a few small rs files of every kind)
 *
 * The checksum is verified where a file is read through, but only at its end; what is mapped is
 * taken without it. So both ways are tried on every input. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "format/pairs.h"
#include "format/table.h"
#include "neighbours/graph.h"
#include "ratings/matrix.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static char path[64];

/* A regular file without a place in any folder. */
static void put_file(const uint8_t *bytes, size_t n) {
    static int fd = -1;
    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, bytes, n, 0) != (ssize_t)n) abort();
}

static void read_events(const uint8_t *bytes, size_t n, bool verify) {
    struct rs_error err;
    struct rs_event event;
    struct rs_reader *reader = rs_reader_on_memory(bytes, n, "memory", verify);
    volatile uint8_t sink = 0;
    do {
        if (!rs_reader_next(reader, &event, &err)) break;
        if (event.type == RS_EVENT_ARRAY)
            for (size_t i = 0; i < event.bytes; i++) sink ^= ((const uint8_t *)event.array.data)[i];
    } while (event.type != RS_EVENT_EOF);
    rs_reader_close(reader);
}

/* Every index that the reader vouches for is looked up. */
static void read_pairs(const char *kind) {
    const char *const paths[] = {path};
    struct rs_error err;
    struct rs_pairs_reader reader;
    struct rs_pairs *batch;
    if (!rs_pairs_open(&reader, paths, 1, kind, &err)) return;
    while (rs_pairs_next(&reader, &batch, &err) && batch != NULL)
        for (size_t i = 0; i < batch->n; i++) {
            if (batch->user[i] >= reader.users.ids.n || batch->item[i] >= reader.items.ids.n)
                abort();
            for (size_t c = 0; c < reader.n_contexts; c++)
                if (batch->context[c][i] >= reader.contexts[c].values.ids.n) abort();
        }
    struct rs_table aligned = rs_table_align(&reader.item_table, &reader.items.ids);
    rs_table_free(&aligned);
    rs_pairs_close(&reader);
}

static void read_matrix(void) {
    struct rs_error err;
    struct rs_matrix matrix;
    if (!rs_matrix_open(&matrix, path, &err)) return;
    for (uint64_t e = 0; e < matrix.n_ratings; e++)
        if (matrix.rows.other[e] >= matrix.items.ids.n ||
            matrix.columns.other[e] >= matrix.users.ids.n)
            abort();
    for (size_t u = 0; u < matrix.users.ids.n; u++)
        if (!(rs_matrix_baseline(&matrix, (uint32_t)u, RS_NONE) < 1e300)) break;
    rs_matrix_close(&matrix);
}

static void read_graph(void) {
    struct rs_error err;
    struct rs_graph graph;
    if (!rs_graph_open(&graph, path, &err)) return;
    for (uint64_t e = 0; e < graph.start[graph.n_lines]; e++)
        if (graph.other[e] >= graph.ids.n) abort();
    rs_graph_close(&graph);
}

static void read_tables(void) {
    struct rs_error err;
    struct rs_table table;
    struct rs_file *file = rs_file_open(path, NULL, &err);
    static const char *const prefixes[] = {"user_table", "item_table"};
    for (size_t s = 0; file != NULL && s < file->n_segments; s++)
        for (int p = 0; p < 2; p++)
            if (rs_table_open(&table, "fuzz", file->segments[s].header, &file->segments[s],
                              prefixes[p], &err))
                rs_table_free(&table);
    rs_file_close(file);
}

/* Opens the file as what it says it is. */
static void read_kind(const uint8_t *bytes, size_t n) {
    struct rs_error err;
    const char *kind;
    struct rs_reader *reader = rs_reader_on_memory(bytes, n, "memory", false);
    if (rs_reader_kind(reader, &kind, &err)) {
        if (strcmp(kind, "ratings") == 0 || strcmp(kind, "scores") == 0) read_pairs(kind);
        if (strcmp(kind, "matrix") == 0) read_matrix();
        if (strcmp(kind, "graph") == 0) read_graph();
    }
    rs_reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    read_events(bytes, n, false);
    read_events(bytes, n, true);
    put_file(bytes, n);
    read_kind(bytes, n);
    read_tables();
    return 0;
}
