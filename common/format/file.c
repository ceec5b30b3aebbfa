#include "format/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "format/format.h"

static struct rs_segment *add_segment(struct rs_file *file, const struct rs_event *event) {
    file->segments =
        rs_realloc(file->segments, file->n_segments + 1, sizeof *file->segments);
    struct rs_segment *segment = &file->segments[file->n_segments++];
    *segment = (struct rs_segment){.kind = rs_strdup(event->kind),
                                   .header = json_incref(event->map)};
    return segment;
}

struct rs_section *rs_segment_add(struct rs_segment *segment, const struct rs_event *event,
                                  void *owned) {
    size_t n = segment->n_sections++;
    if ((n & (n - 1)) == 0)
        segment->sections =
            rs_realloc(segment->sections, n == 0 ? 1 : 2 * n, sizeof *segment->sections);
    struct rs_section *section = &segment->sections[n];
    *section = (struct rs_section){
        .name = rs_strdup(event->name), .array = event->array, .owned = owned};
    return section;
}

/* Where the parts of a large array are gathered. */
struct parts {
    struct rs_section *section;
    uint8_t *data;
    size_t size, filled, next_part, n_parts;
    bool mapped; /* data is address space to map the file into */
};

/* Parts lie on page boundaries of their segment; of the file too unless a segment before is not a
 * multiple of a page long. Then they are copied. */
static bool begin_parts(struct parts *parts, const struct rs_file *file,
                        const struct rs_event *event, struct rs_error *err) {
    *parts =
        (struct parts){.section = parts->section, .next_part = 1, .n_parts = event->n_parts};
    rs_array_bytes(&event->array, &parts->size);
    parts->mapped = file->map != NULL && event->part_offset % RS_FORMAT_PAGE == 0 &&
                    (size_t)sysconf(_SC_PAGESIZE) == RS_FORMAT_PAGE;
    if (file->map != NULL && parts->size > file->map_size)
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: array %s is larger than the file",
                       file->name, event->name);
    if (parts->mapped) {
        parts->data = mmap(NULL, parts->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (parts->data == MAP_FAILED)
            return rs_fail_errno(err, EX_OSERR, "%s: no address space", file->name);
        parts->section->stitched = parts->size;
    } else {
        parts->data = rs_aligned(event->bytes, 1);
        parts->section->owned = parts->data;
    }
    parts->section->array.data = parts->data;
    return true;
}

/* A copy grows with what has arrived, so that a lying size allocates nothing. */
static void copy_part(struct parts *parts, const struct rs_event *event) {
    if (parts->next_part > 1) {
        uint8_t *larger = rs_aligned(parts->filled + event->bytes, 1);
        memcpy(larger, parts->data, parts->filled);
        free(parts->data);
        parts->data = larger;
        parts->section->owned = larger;
        parts->section->array.data = larger;
    }
    memcpy(parts->data + parts->filled, event->array.data, event->bytes);
}

static bool add_part(struct parts *parts, const struct rs_file *file, int fd,
                     const struct rs_event *event, struct rs_error *err) {
    bool last = event->part == event->n_parts;
    bool fits = event->part == parts->next_part && event->n_parts == parts->n_parts &&
                strcmp(event->name, parts->section->name) == 0 && event->bytes <= parts->size - parts->filled &&
                (!last || event->bytes == parts->size - parts->filled) &&
                (last || event->bytes % RS_FORMAT_PAGE == 0);
    if (!fits)
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: the parts of array %s don't join",
                       file->name, event->name);
    if (parts->mapped) {
        if (mmap(parts->data + parts->filled, event->bytes, PROT_READ, MAP_SHARED | MAP_FIXED, fd,
                 (off_t)event->part_offset) == MAP_FAILED)
            return rs_fail_errno(err, EX_OSERR, "%s: mapping failed", file->name);
    } else {
        copy_part(parts, event);
    }
    parts->filled += event->bytes;
    parts->next_part = last ? 0 : parts->next_part + 1;
    return true;
}

static bool add_array(struct rs_file *file, int fd, struct rs_reader *reader,
                      const struct rs_event *event, struct parts *parts, struct rs_error *err) {
    struct rs_segment *segment = &file->segments[file->n_segments - 1];
    if (event->n_parts == 1) {
        rs_segment_add(segment, event, rs_reader_take(reader));
        return true;
    }
    if (event->part == 1) {
        parts->section = rs_segment_add(segment, event, NULL);
        parts->section->array.data = NULL;
        if (!begin_parts(parts, file, event, err)) return false;
    }
    return add_part(parts, file, fd, event, err);
}

/* Reads all events into FILE. */
static bool read_events(struct rs_file *file, int fd, struct rs_reader *reader, const char *kind,
                        struct rs_error *err) {
    struct rs_event event;
    struct parts parts = {0};
    do {
        if (!rs_reader_next(reader, &event, err)) return false;
        if (parts.next_part > 1 && event.type != RS_EVENT_ARRAY)
            return rs_fail(err, EX_DATAERR, "%s: the file is damaged: an array lacks parts",
                           file->name);
        switch (event.type) {
        case RS_EVENT_BEGIN:
            if (kind != NULL && strcmp(kind, event.kind) != 0)
                return rs_fail(err, EX_DATAERR, "%s: holds %s where %s is needed", file->name,
                               event.kind, kind);
            add_segment(file, &event);
            break;
        case RS_EVENT_ARRAY:
            if (parts.next_part > 1 && event.part != parts.next_part)
                return rs_fail(err, EX_DATAERR, "%s: the file is damaged: an array lacks parts",
                               file->name);
            if (!add_array(file, fd, reader, &event, &parts, err)) return false;
            break;
        case RS_EVENT_END:
            file->segments[file->n_segments - 1].end = json_incref(event.map);
            break;
        case RS_EVENT_EOF:
            break;
        }
    } while (event.type != RS_EVENT_EOF);
    return true;
}

/* Maps a regular file; *file->map stays NULL for anything else. */
static bool map_file(struct rs_file *file, int fd, struct rs_error *err) {
    struct stat status;
    if (fstat(fd, &status) != 0)
        return rs_fail_errno(err, EX_IOERR, "%s", file->name);
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return rs_fail_errno(err, EX_NOINPUT, "%s", file->name);
    }
    if (!S_ISREG(status.st_mode) || status.st_size == 0 || lseek(fd, 0, SEEK_CUR) != 0)
        return true;
    void *map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) return rs_fail_errno(err, EX_OSERR, "%s: mapping failed", file->name);
    file->map = map;
    file->map_size = (size_t)status.st_size;
    return true;
}

struct rs_file *rs_file_open(const char *path, const char *kind, struct rs_error *err) {
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        rs_fail_errno(err, rs_open_code(errno), "%s", path);
        return NULL;
    }
    struct rs_file *file = rs_calloc(1, sizeof *file);
    file->name = rs_strdup(standard ? "standard input" : path);
    bool ok = map_file(file, fd, err);
    struct rs_reader *reader = NULL;
    if (ok) {
        reader = file->map != NULL
                     ? rs_reader_on_memory(file->map, file->map_size, file->name, false)
                     : rs_reader_open(path, err);
        ok = reader != NULL && read_events(file, fd, reader, kind, err);
    }
    rs_reader_close(reader);
    if (!standard) close(fd);
    if (ok) return file;
    rs_file_close(file);
    return NULL;
}

struct rs_file *rs_file_use(struct rs_reader *reader, struct rs_error *err) {
    struct rs_file *file = rs_calloc(1, sizeof *file);
    file->name = rs_strdup(rs_reader_name(reader));
    bool ok = read_events(file, -1, reader, NULL, err);
    rs_reader_close(reader);
    if (ok) return file;
    rs_file_close(file);
    return NULL;
}

struct rs_file *rs_file_reopen(struct rs_reader *reader, const char *path, struct rs_error *err) {
    struct stat status;
    if (strcmp(path, "-") == 0 || stat(path, &status) != 0 || !S_ISREG(status.st_mode))
        return rs_file_use(reader, err);
    rs_reader_close(reader);
    return rs_file_open(path, NULL, err);
}

bool rs_file_verify(const struct rs_file *file, struct rs_error *err) {
    struct rs_reader *reader = rs_reader_on_memory(file->map, file->map_size, file->name, true);
    rs_reader_give_back(reader);
    struct rs_event event = {0};
    bool ok = true;
    while (ok && event.type != RS_EVENT_EOF) ok = rs_reader_next(reader, &event, err);
    rs_reader_close(reader);
    return ok;
}

void rs_segment_clear(struct rs_segment *segment) {
    for (size_t i = 0; i < segment->n_sections; i++) {
        struct rs_section *section = &segment->sections[i];
        if (section->stitched > 0)
            munmap((void *)(uintptr_t)section->array.data, section->stitched);
        free(section->owned);
        free(section->name);
    }
    free(segment->sections);
    free(segment->kind);
    json_decref(segment->header);
    json_decref(segment->end);
    *segment = (struct rs_segment){0};
}

void rs_file_trust(struct rs_file *file) {
    for (size_t i = 0; i < file->n_segments; i++) file->segments[i].trusted = true;
}

void rs_file_forget(const struct rs_file *file) {
    if (file->map != NULL) madvise(file->map, file->map_size, MADV_DONTNEED);
}

void rs_file_close(struct rs_file *file) {
    if (file == NULL) return;
    for (size_t i = 0; i < file->n_segments; i++) rs_segment_clear(&file->segments[i]);
    free(file->segments);
    if (file->map != NULL) munmap(file->map, file->map_size);
    free(file->name);
    free(file);
}

const struct rs_array *rs_segment_find(const struct rs_segment *segment, const char *name) {
    for (size_t i = 0; i < segment->n_sections; i++)
        if (strcmp(segment->sections[i].name, name) == 0) return &segment->sections[i].array;
    return NULL;
}

bool rs_segment_array(const char *place, const struct rs_segment *segment, const char *name,
                      enum rs_type type, size_t n, const void *data, struct rs_error *err) {
    const struct rs_array *array = rs_segment_find(segment, name);
    if (array == NULL)
        return rs_fail(err, EX_DATAERR, "%s: its %s holds no array %s", place, segment->kind,
                       name);
    size_t cells = array->n_rows * array->n_columns;
    if (array->type != type || cells != n)
        return rs_fail(err, EX_DATAERR,
                       "%s: the file is damaged: array %s has %zu elements of %s, not %zu of %s",
                       place, name, cells, rs_type_name(array->type), n, rs_type_name(type));
    const void **pointer = (const void **)(uintptr_t)data;
    *pointer = array->data;
    return true;
}

const char *rs_segment_digest(const struct rs_segment *segment) {
    const char *digest = json_string_value(json_object_get(segment->end, "xxh3"));
    return digest == NULL ? "" : digest;
}
