/* Graphs written and read again, whole and in parts, and those that must be refused. */
#include "neighbours/graph.h"

#include <stdlib.h>
#include <unistd.h>

#include "unit.h"

/* Four items; item 2 has no neighbours. */
static const uint64_t offset[] = {0, 1, 2, 3, 5};
static const struct rs_ids ids = {4, offset, "abcde"};
static const uint64_t start[] = {0, 2, 3, 3, 6};
static const uint32_t other[] = {3, 1, 0, 0, 1, 2};
static const float similarity[] = {0.9f, -0.25f, 0.5f, 0.75f, 0.5f, 0.5f};

static char path[] = "/tmp/rs-graph-XXXXXX";

static FILE *begin(void) {
    return fopen(path, "wb");
}

static json_t *header(const char *metric) {
    return json_pack("{s:s}", "metric", metric);
}

/* The lines FROM..TO-1 of the graph. */
static void put_lines(FILE *file, size_t from, size_t to, const char *metric) {
    uint64_t starts[5];
    for (size_t i = 0; i <= to - from; i++) starts[i] = start[from + i] - start[from];
    rs_graph_write(file, false, &ids, from, to, starts, other + start[from],
                   similarity + start[from], header(metric));
}

static void check_whole(void) {
    struct rs_error err = {0};
    struct rs_graph graph;
    bool opened = rs_graph_open(&graph, path, &err);
    CHECK(opened);
    if (!opened) {
        printf("%s\n", err.text);
        return;
    }
    CHECK(!graph.users && graph.n_lines == 4 && graph.ids.n == 4);
    CHECK(graph.digest == rs_ids_digest(&ids));
    CHECK(memcmp(graph.start, start, sizeof start) == 0);
    CHECK(memcmp(graph.other, other, sizeof other) == 0);
    CHECK(memcmp(graph.similarity, similarity, sizeof similarity) == 0);
    CHECK_TEXT(json_string_value(json_object_get(graph.header, "metric")), "cosine");
    rs_graph_close(&graph);
}

/* What is in the file is refused with EX_DATAERR and words that contain REASON. */
static void refused(const char *reason) {
    struct rs_error err = {0};
    struct rs_graph graph;
    CHECK(!rs_graph_open(&graph, path, &err));
    CHECK(err.code == EX_DATAERR);
    if (strstr(err.text, reason) == NULL) printf("'%s' lacks '%s'\n", err.text, reason);
    CHECK(strstr(err.text, reason) != NULL);
}

static void check_parts(void) {
    FILE *file = begin();
    put_lines(file, 0, 4, "cosine");
    fclose(file);
    check_whole();
    for (size_t cut = 0; cut <= 4; cut++) {
        file = begin();
        put_lines(file, 0, cut, "cosine");
        put_lines(file, cut, 4, "cosine");
        fclose(file);
        check_whole();
    }
    file = begin();
    put_lines(file, 1, 4, "cosine");
    put_lines(file, 0, 1, "cosine");
    fclose(file);
    refused("part 1 has the lines from 1 where 0 follows");
    file = begin();
    put_lines(file, 0, 2, "cosine");
    fclose(file);
    refused("has 2 lines of 4: parts are missing");
    file = begin();
    put_lines(file, 0, 2, "cosine");
    put_lines(file, 2, 4, "pearson");
    fclose(file);
    refused("part 2 differs from the first");
}

static void put_wrong(const uint64_t *starts, const uint32_t *others, const float *similarities) {
    FILE *file = begin();
    rs_graph_write(file, false, &ids, 0, 4, starts, others, similarities, header("cosine"));
    fclose(file);
}

static void check_invariants(void) {
    uint32_t wrong_other[6];
    float wrong_similarity[6];
    const struct {
        size_t at;
        uint32_t other;
        float similarity;
    } wrongs[] = {
        {0, 4, 0.9f},  /* no such item */
        {0, 0, 0.9f},  /* its own neighbour */
        {1, 1, 0.95f}, /* more similar than the one before */
        {5, 0, 0.5f},  /* a tie by descending index */
        {2, 0, NAN},   {2, 0, INFINITY},
    };
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        memcpy(wrong_other, other, sizeof other);
        memcpy(wrong_similarity, similarity, sizeof similarity);
        wrong_other[wrongs[i].at] = wrongs[i].other;
        wrong_similarity[wrongs[i].at] = wrongs[i].similarity;
        put_wrong(start, wrong_other, wrong_similarity);
        refused("neighbours are inconsistent");
    }
    const uint64_t descending[] = {0, 2, 1, 3, 6}, late[] = {1, 2, 3, 3, 6};
    put_wrong(descending, other, similarity);
    refused("neighbours are inconsistent");
    put_wrong(late, other, similarity);
    refused("neighbours are inconsistent");
}

int main(void) {
    int fd = mkstemp(path);
    if (fd < 0) return 1;
    close(fd);
    check_parts();
    check_invariants();
    unlink(path);
    return done();
}
