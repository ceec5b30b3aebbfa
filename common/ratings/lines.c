#include "ratings/lines.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/pages.h"

/* Entries from which on other threads are worth waking, parts at most, and how far ahead of a move
 * its place is fetched. */
enum { MANY = 100000, MOST_PARTS = 64, AHEAD = 24 };

void rs_lines_make(struct rs_lines *lines, size_t n, uint64_t room, bool times) {
    *lines = (struct rs_lines){.n = n,
                               .start = rs_malloc(n + 1, sizeof *lines->start),
                               .other = rs_pages_new(room * sizeof *lines->other),
                               .rating = rs_pages_new(room * sizeof *lines->rating),
                               .time = times ? rs_pages_new(room * sizeof *lines->time) : NULL,
                               .room = room};
}

void rs_lines_free_times(struct rs_lines *lines) {
    rs_pages_free(lines->time, lines->room * sizeof *lines->time);
    lines->time = NULL;
}

void rs_lines_free(struct rs_lines *lines) {
    free(lines->start);
    rs_pages_free(lines->other, lines->room * sizeof *lines->other);
    rs_pages_free(lines->rating, lines->room * sizeof *lines->rating);
    rs_lines_free_times(lines);
    *lines = (struct rs_lines){0};
}

/* Naming */

void rs_naming_make(struct rs_naming *naming, const struct rs_ids *names, const uint8_t *has) {
    uint32_t *order = rs_ids_sorted(names);
    uint64_t *offset = rs_malloc(names->n + 1, sizeof *offset);
    char *bytes = rs_malloc(names->n == 0 ? 0 : names->offset[names->n], 1);
    size_t n = 0;
    naming->line = rs_malloc(names->n, sizeof *naming->line);
    offset[0] = 0;
    for (size_t k = 0; k < names->n; k++) {
        uint32_t number = order[k];
        naming->line[number] = RS_NONE;
        if (!has[number]) continue;
        struct rs_id id = rs_ids_get(names, number);
        memcpy(bytes + offset[n], id.text, id.length);
        offset[n + 1] = offset[n] + id.length;
        naming->line[number] = (uint32_t)n++;
    }
    free(order);
    naming->ids = (struct rs_ids){n, offset, bytes};
}

void rs_arrival_mark(const struct rs_arrival *arrival, uint8_t *users, size_t n_users,
                     uint8_t *items, size_t n_items) {
#pragma omp parallel if (arrival->n > MANY)
    {
        uint8_t *user = rs_calloc(n_users, 1), *item = rs_calloc(n_items, 1);
#pragma omp for schedule(dynamic, 1)
        for (size_t c = 0; c < arrival->n_chunks; c++) {
            const struct rs_chunk *chunk = &arrival->chunks[c];
            for (size_t i = 0; i < chunk->n; i++) {
                user[chunk->user[i]] = 1;
                item[chunk->item[i]] = 1;
            }
        }
#pragma omp critical
        {
            for (size_t u = 0; u < n_users; u++) users[u] |= user[u];
            for (size_t i = 0; i < n_items; i++) items[i] |= item[i];
        }
        free(user);
        free(item);
    }
}

/* Sorting */

/* As many parts as there are threads, unless the tables took more than half of what is sorted. */
static size_t parts_for(uint64_t n_entries, size_t n_lines) {
    size_t n = (size_t)omp_get_max_threads();
    if (n > MOST_PARTS) n = MOST_PARTS;
    while (n > 1 && n * n_lines > n_entries / 2) n--;
    return n_entries > MANY ? n : 1;
}

/* Turns what every part has of each line into where it writes, and sets the starts. */
static void place(struct rs_lines *to, uint64_t *next, size_t n_parts) {
    uint64_t at = 0;
    for (size_t line = 0; line < to->n; line++) {
        to->start[line] = at;
        for (size_t part = 0; part < n_parts; part++) {
            uint64_t count = next[part * to->n + line];
            next[part * to->n + line] = at;
            at += count;
        }
    }
    to->start[to->n] = at;
}

static void count_chunk(const struct rs_chunk *chunk, const uint32_t *line, uint64_t *count) {
    for (size_t i = 0; i < chunk->n; i++) count[line[chunk->user[i]]]++;
}

static void move_chunk(struct rs_lines *rows, const struct rs_chunk *chunk, const uint32_t *row,
                       const uint32_t *item, uint64_t *next) {
    for (size_t i = 0; i < chunk->n; i++) {
        uint64_t at = next[row[chunk->user[i]]]++;
        rows->other[at] = item[chunk->item[i]];
        rows->rating[at] = chunk->rating[i];
        if (rows->time != NULL) rows->time[at] = chunk->time[i];
    }
}

void rs_lines_sort(struct rs_lines *rows, struct rs_arrival *arrival, const struct rs_naming *users,
                   const struct rs_naming *items) {
    size_t n_parts = parts_for(arrival->n, rows->n), n_chunks = arrival->n_chunks;
    uint64_t *next = rs_calloc(n_parts * rows->n, sizeof *next);
#pragma omp parallel for schedule(static, 1) if (n_parts > 1)
    for (size_t part = 0; part < n_parts; part++)
        for (size_t c = n_chunks * part / n_parts; c < n_chunks * (part + 1) / n_parts; c++)
            count_chunk(&arrival->chunks[c], users->line, next + part * rows->n);
    place(rows, next, n_parts);
#pragma omp parallel for schedule(static, 1) if (n_parts > 1)
    for (size_t part = 0; part < n_parts; part++) {
        for (size_t c = n_chunks * part / n_parts; c < n_chunks * (part + 1) / n_parts; c++) {
            move_chunk(rows, &arrival->chunks[c], users->line, items->line, next + part * rows->n);
            rs_chunk_free(&arrival->chunks[c]);
        }
    }
    free(next);
    rs_arrival_free(arrival);
}

/* The first line of a part, so that all have about as many entries. */
static size_t part_begin(const struct rs_lines *lines, size_t part, size_t n_parts) {
    uint64_t wanted = rs_lines_entries(lines) / n_parts * part;
    size_t low = 0, high = lines->n;
    if (part == n_parts) return lines->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (lines->start[middle] < wanted) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Gives back the pages of a window of a mapped form. */
static void forget(const struct rs_lines *lines, uint64_t from, uint64_t to) {
    rs_pages_drop(lines->other, from * sizeof *lines->other, to * sizeof *lines->other);
    rs_pages_drop(lines->rating, from * sizeof *lines->rating, to * sizeof *lines->rating);
    if (lines->time != NULL)
        rs_pages_drop(lines->time, from * sizeof *lines->time, to * sizeof *lines->time);
}

static void count_others(const struct rs_lines *from, uint64_t e, uint64_t end, size_t first,
                         size_t n, uint64_t *count) {
    while (e < end) {
        uint64_t begin = e, stop = end - e < RS_WINDOW ? end : e + RS_WINDOW;
        for (; e < stop; e++)
            if (from->other[e] - first < n) count[from->other[e] - first]++;
        if (from->mapped) forget(from, begin, stop);
    }
}

void rs_lines_count(const struct rs_lines *lines, uint64_t *counts, size_t n) {
    count_others(lines, 0, rs_lines_entries(lines), 0, n, counts);
}

static void move_lines(struct rs_lines *to, size_t first, const struct rs_lines *from,
                       size_t from_line, size_t end, uint64_t *next) {
    uint64_t last = rs_lines_entries(from) - 1, kept = from->start[from_line];
    for (size_t line = from_line; line < end; line++) {
        for (uint64_t e = from->start[line]; e < from->start[line + 1]; e++) {
            size_t ahead = from->other[e + AHEAD < last ? e + AHEAD : last] - first;
            size_t other = from->other[e] - first;
            if (ahead < to->n) {
                __builtin_prefetch(&to->other[next[ahead]], 1);
                __builtin_prefetch(&to->rating[next[ahead]], 1);
            }
            if (other >= to->n) continue;
            uint64_t at = next[other]++;
            to->other[at] = (uint32_t)line;
            to->rating[at] = from->rating[e];
            if (to->time != NULL) to->time[at] = from->time[e];
        }
        if (from->mapped && from->start[line + 1] - kept >= RS_WINDOW) {
            forget(from, kept, from->start[line + 1]);
            kept = from->start[line + 1];
        }
    }
}

void rs_lines_transpose(struct rs_lines *to, size_t first, const struct rs_lines *from) {
    size_t n_parts = parts_for(rs_lines_entries(from), to->n);
    uint64_t *next = rs_calloc(n_parts * to->n, sizeof *next);
#pragma omp parallel for schedule(static, 1) if (n_parts > 1)
    for (size_t part = 0; part < n_parts; part++)
        count_others(from, from->start[part_begin(from, part, n_parts)],
                     from->start[part_begin(from, part + 1, n_parts)], first, to->n,
                     next + part * to->n);
    place(to, next, n_parts);
#pragma omp parallel for schedule(static, 1) if (n_parts > 1)
    for (size_t part = 0; part < n_parts; part++)
        move_lines(to, first, from, part_begin(from, part, n_parts),
                   part_begin(from, part + 1, n_parts), next + part * to->n);
    free(next);
}

/* Records */

static void forget_records(const struct rs_records *records, uint64_t from, uint64_t to) {
    rs_pages_drop(records->record, from * sizeof *records->record, to * sizeof *records->record);
    if (records->time != NULL)
        rs_pages_drop(records->time, from * sizeof *records->time, to * sizeof *records->time);
}

void rs_records_count(const struct rs_records *records, uint64_t *users, size_t n_users,
                      uint64_t *items, size_t n_items) {
#pragma omp parallel if (records->n > MANY)
    {
        uint64_t *user = rs_calloc(n_users, sizeof *user);
        uint64_t *item = rs_calloc(n_items, sizeof *item);
#pragma omp for schedule(static)
        for (uint64_t from = 0; from < records->n; from += RS_WINDOW) {
            uint64_t to = records->n - from < RS_WINDOW ? records->n : from + RS_WINDOW;
            for (uint64_t i = from; i < to; i++) {
                user[records->record[i].user]++;
                item[records->record[i].item]++;
            }
            forget_records(records, from, to);
        }
#pragma omp critical
        {
            for (size_t u = 0; u < n_users; u++) users[u] += user[u];
            for (size_t i = 0; i < n_items; i++) items[i] += item[i];
        }
        free(user);
        free(item);
    }
}

/* Moves the records of a part, or, without rows, counts them in NEXT. */
static void move_records(struct rs_lines *rows, size_t n_rows, size_t first,
                         const struct rs_records *records, uint64_t from, uint64_t to,
                         const struct rs_naming *users, const struct rs_naming *items,
                         uint64_t *next) {
    while (from < to) {
        uint64_t end = to - from < RS_WINDOW ? to : from + RS_WINDOW;
        for (uint64_t i = from; i < end; i++) {
            const struct rs_record *record = &records->record[i];
            size_t row = users->line[record->user] - first;
            if (row >= n_rows) continue;
            uint64_t at = next[row]++;
            if (rows == NULL) continue;
            rows->other[at] = items->line[record->item];
            rows->rating[at] = record->rating;
            if (rows->time != NULL) rows->time[at] = records->time[i];
        }
        forget_records(records, from, end);
        from = end;
    }
}

void rs_lines_sort_records(struct rs_lines *rows, size_t first, const struct rs_records *records,
                           const struct rs_naming *users, const struct rs_naming *items) {
    size_t n_parts = parts_for(records->n, rows->n);
    uint64_t *next = rs_calloc(n_parts * rows->n, sizeof *next), n = records->n;
#pragma omp parallel for schedule(static, 1) if (n_parts > 1)
    for (size_t part = 0; part < n_parts; part++)
        move_records(NULL, rows->n, first, records, n / n_parts * part,
                     part + 1 == n_parts ? n : n / n_parts * (part + 1), users, items,
                     next + part * rows->n);
    place(rows, next, n_parts);
#pragma omp parallel for schedule(static, 1) if (n_parts > 1)
    for (size_t part = 0; part < n_parts; part++)
        move_records(rows, rows->n, first, records, n / n_parts * part,
                     part + 1 == n_parts ? n : n / n_parts * (part + 1), users, items,
                     next + part * rows->n);
    free(next);
}

enum rs_order rs_lines_order(const struct rs_lines *lines) {
    unsigned same = 0, falls = 0;
#pragma omp parallel for schedule(dynamic, 256)                                                    \
    reduction(|                                                                                    \
              : same, falls) if (rs_lines_entries(lines) > MANY)
    for (size_t line = 0; line < lines->n; line++) {
        for (uint64_t e = lines->start[line] + 1; e < lines->start[line + 1]; e++) {
            same |= lines->other[e] == lines->other[e - 1];
            falls |= lines->other[e] < lines->other[e - 1];
        }
    }
    return falls ? RS_ORDER_NONE : same ? RS_ORDER_REPEATING : RS_ORDER_ASCENDING;
}

uint64_t rs_lines_drop_repeated(struct rs_lines *lines) {
    uint64_t kept = 0, e = 0;
    for (size_t line = 0; line < lines->n; line++) {
        uint64_t begin = kept;
        for (uint64_t end = lines->start[line + 1]; e < end; e++) {
            if (kept > begin && lines->other[kept - 1] == lines->other[e]) kept--;
            lines->other[kept] = lines->other[e];
            lines->rating[kept] = lines->rating[e];
            if (lines->time != NULL) lines->time[kept] = lines->time[e];
            kept++;
        }
        lines->start[line] = begin;
    }
    uint64_t dropped = lines->start[lines->n] - kept;
    lines->start[lines->n] = kept;
    return dropped;
}
