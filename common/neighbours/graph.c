#include "neighbours/graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* One segment's lines. */
struct part {
    size_t from, to;
    const uint64_t *start;
    const uint32_t *other;
    const float *similarity;
};

static const char *side_name(bool users) {
    return users ? "user" : "item";
}

/* Whether the lines of a part obey the invariants. Reads every entry once. */
static bool is_valid(const struct part *part, size_t n_entries, size_t n_lines, bool trust) {
    size_t n = part->to - part->from;
    if (part->start[0] != 0 || part->start[n] != n_entries) return false;
    if (trust) return true;
    for (size_t i = 0; i < n; i++)
        if (part->start[i] > part->start[i + 1]) return false;
    int wrong = 0;
#pragma omp parallel for schedule(static) reduction(| : wrong) if (n_entries > 1000000)
    for (size_t i = 0; i < n; i++) {
        for (uint64_t e = part->start[i]; e < part->start[i + 1]; e++) {
            uint32_t other = part->other[e];
            float similarity = part->similarity[e];
            wrong |= other >= n_lines || other == part->from + i || !isfinite(similarity);
            if (e == part->start[i]) continue;
            float before = part->similarity[e - 1];
            wrong |= before < similarity || (before == similarity && part->other[e - 1] >= other);
        }
    }
    return wrong == 0;
}

static bool read_lines(const json_t *header, size_t *from, size_t *to) {
    const json_t *lines = json_object_get(header, "lines");
    json_int_t first = json_integer_value(json_array_get(lines, 0));
    json_int_t end = json_integer_value(json_array_get(lines, 1));
    if (json_array_size(lines) != 2 || first < 0 || end < first) return false;
    *from = (size_t)first;
    *to = (size_t)end;
    return true;
}

/* The arrays of a segment; the names, of which all segments have the same, go to IDS. */
static bool open_part(struct part *part, const char *place, const struct rs_segment *segment,
                      bool users, struct rs_ids *ids, struct rs_error *err) {
    if (!rs_ids_open(ids, place, segment, side_name(users), err)) return false;
    if (!read_lines(segment->header, &part->from, &part->to) || part->to > ids->n)
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: its header is incomplete", place);
    const struct rs_array *other = rs_segment_find(segment, "other");
    size_t n = other == NULL ? 0 : other->n_rows * other->n_columns;
    if (!rs_segment_array(place, segment, "start", RS_U64, part->to - part->from + 1, &part->start,
                          err) ||
        !rs_segment_array(place, segment, "other", RS_U32, n, &part->other, err) ||
        !rs_segment_array(place, segment, "similarity", RS_F32, n, &part->similarity, err))
        return false;
    if (is_valid(part, n, ids->n, segment->trusted)) return true;
    return rs_fail(err, EX_DATAERR, "%s: the file is damaged: its neighbours are inconsistent",
                   place);
}

/* Whether two headers tell of the same computation, but for the lines and the release of the
 * program. */
static bool same_graph(const json_t *a, const json_t *b) {
    const char *own[] = {"lines", "neighbours", "program"};
    json_t *first = json_copy((json_t *)(uintptr_t)a), *second = json_copy((json_t *)(uintptr_t)b);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        json_object_del(first, own[i]);
        json_object_del(second, own[i]);
    }
    bool same = json_equal(first, second) == 1;
    json_decref(first);
    json_decref(second);
    return same;
}

static bool read_side(struct rs_graph *graph, const char *place, struct rs_error *err) {
    const char *side = json_string_value(json_object_get(graph->header, "side"));
    if (side == NULL || (strcmp(side, "user") != 0 && strcmp(side, "item") != 0))
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: its header is incomplete", place);
    graph->users = strcmp(side, "user") == 0;
    return true;
}

/* Opens every segment and sees that they are parts of one graph, in order and all there. */
static bool open_parts(struct rs_graph *graph, struct part *parts, struct rs_error *err) {
    const struct rs_file *file = graph->file;
    size_t next = 0;
    for (size_t i = 0; i < file->n_segments; i++) {
        const struct rs_segment *segment = &file->segments[i];
        struct rs_ids ids;
        if (!open_part(&parts[i], file->name, segment, graph->users, &ids, err)) return false;
        uint64_t digest = rs_ids_digest_of(&ids, segment, "digest");
        if (i == 0) {
            graph->ids = ids;
            graph->digest = digest;
            graph->n_lines = ids.n;
        } else if (digest != graph->digest || !same_graph(graph->header, segment->header)) {
            return rs_fail(err, EX_DATAERR,
                           "%s: joins parts of different graphs: part %zu differs from the first",
                           file->name, i + 1);
        }
        if (parts[i].from != next)
            return rs_fail(err, EX_DATAERR,
                           "%s: part %zu has the lines from %zu where %zu follows: concatenate all "
                           "parts in their order",
                           file->name, i + 1, parts[i].from, next);
        next = parts[i].to;
    }
    if (next == graph->n_lines) return true;
    return rs_fail(err, EX_DATAERR, "%s: has %zu lines of %zu: parts are missing", file->name, next,
                   graph->n_lines);
}

/* Copies the parts into one array each. */
static void join(struct rs_graph *graph, const struct part *parts, size_t n_parts) {
    size_t total = 0;
    for (size_t i = 0; i < n_parts; i++) total += parts[i].start[parts[i].to - parts[i].from];
    uint64_t *start = rs_malloc(graph->n_lines + 1, sizeof *start);
    uint32_t *other = rs_aligned(total, sizeof *other);
    float *similarity = rs_aligned(total, sizeof *similarity);
    size_t at = 0;
    start[0] = 0;
    for (size_t i = 0; i < n_parts; i++) {
        size_t n_lines = parts[i].to - parts[i].from, n = parts[i].start[n_lines];
        for (size_t line = 0; line <= n_lines; line++)
            start[parts[i].from + line] = at + parts[i].start[line];
        if (n > 0) memcpy(other + at, parts[i].other, n * sizeof *other);
        if (n > 0) memcpy(similarity + at, parts[i].similarity, n * sizeof *similarity);
        at += n;
    }
    graph->start = graph->owned[0] = start;
    graph->other = graph->owned[1] = other;
    graph->similarity = graph->owned[2] = similarity;
}

bool rs_graph_use(struct rs_graph *graph, struct rs_file *file, struct rs_error *err) {
    *graph = (struct rs_graph){.header = file->segments[0].header, .file = file};
    struct part *parts = rs_calloc(file->n_segments, sizeof *parts);
    bool ok = read_side(graph, file->name, err) && open_parts(graph, parts, err);
    if (ok && file->n_segments == 1) {
        graph->start = parts[0].start;
        graph->other = parts[0].other;
        graph->similarity = parts[0].similarity;
    } else if (ok) {
        join(graph, parts, file->n_segments);
    }
    free(parts);
    if (!ok) rs_graph_close(graph);
    return ok;
}

bool rs_graph_open(struct rs_graph *graph, const char *path, struct rs_error *err) {
    struct rs_file *file = rs_file_open(path, "graph", err);
    return file != NULL && rs_graph_use(graph, file, err);
}

void rs_graph_close(struct rs_graph *graph) {
    for (size_t i = 0; i < 3; i++) free(graph->owned[i]);
    rs_file_close(graph->file);
    *graph = (struct rs_graph){0};
}

void rs_graph_write(FILE *file, bool users, const struct rs_ids *ids, size_t from, size_t to,
                    const uint64_t *start, const uint32_t *other, const float *similarity,
                    json_t *header) {
    uint64_t n = start[to - from];
    json_object_set_new(header, "side", json_string(side_name(users)));
    json_object_set_new(header, "digest", rs_ids_digest_json(rs_ids_digest(ids)));
    json_object_set_new(header, "lines", json_pack("[I, I]", (json_int_t)from, (json_int_t)to));
    json_object_set_new(header, "neighbours", json_integer((json_int_t)n));
    struct rs_writer writer;
    rs_writer_init(&writer, file);
    rs_writer_begin(&writer, "graph", header);
    rs_ids_write(&writer, side_name(users), ids);
    rs_writer_u64(&writer, "start", start, to - from + 1);
    rs_writer_u32(&writer, "other", other, n);
    rs_writer_f32(&writer, "similarity", similarity, n);
    rs_writer_end(&writer, NULL);
}
