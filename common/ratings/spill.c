#include "ratings/spill.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/pages.h"

enum { COPY = 1 << 14 };

bool rs_spill_open(struct rs_spill *spill, const char *folder, bool keep_times,
                   struct rs_error *err) {
    *spill = (struct rs_spill){.folder = folder};
    if (rs_scratch_open(&spill->records, folder, err) &&
        (!keep_times || rs_scratch_open(&spill->times, folder, err)))
        return true;
    rs_spill_close(spill);
    return false;
}

void rs_spill_close(struct rs_spill *spill) {
    rs_pages_free((void *)(uintptr_t)spill->view.record, spill->records.size);
    rs_pages_free((void *)(uintptr_t)spill->view.time, spill->times.size);
    rs_scratch_close(&spill->records);
    rs_scratch_close(&spill->times);
    *spill = (struct rs_spill){0};
}

static bool take_chunk(struct rs_spill *spill, const struct rs_chunk *chunk, struct rs_error *err) {
    struct rs_record records[COPY];
    for (size_t from = 0; from < chunk->n; from += COPY) {
        size_t n = chunk->n - from < COPY ? chunk->n - from : COPY;
        for (size_t i = 0; i < n; i++)
            records[i] = (struct rs_record){chunk->user[from + i], chunk->item[from + i],
                                            chunk->rating[from + i]};
        if (!rs_scratch_append(&spill->records, records, n * sizeof *records, err)) return false;
    }
    spill->n += chunk->n;
    return chunk->time == NULL ||
           rs_scratch_append(&spill->times, chunk->time, chunk->n * sizeof *chunk->time, err);
}

bool rs_spill_take(struct rs_spill *spill, struct rs_arrival *arrival, struct rs_error *err) {
    bool ok = true;
    for (size_t c = 0; c < arrival->n_chunks && ok; c++) {
        ok = take_chunk(spill, &arrival->chunks[c], err);
        rs_chunk_free(&arrival->chunks[c]);
    }
    rs_arrival_free(arrival);
    return ok;
}

bool rs_spill_view(struct rs_spill *spill, struct rs_error *err) {
    spill->view.n = spill->n;
    return rs_scratch_map(&spill->records, &spill->view.record, err) &&
           (spill->times.folder == NULL || rs_scratch_map(&spill->times, &spill->view.time, err));
}

/* A form on its way to files. */
struct sheet {
    struct rs_scratch other, rating, time;
    bool times;
    uint64_t n;
};

static bool open_sheet(struct sheet *sheet, const char *folder, bool times, struct rs_error *err) {
    *sheet = (struct sheet){.times = times};
    return rs_scratch_open(&sheet->other, folder, err) &&
           rs_scratch_open(&sheet->rating, folder, err) &&
           (!times || rs_scratch_open(&sheet->time, folder, err));
}

static void close_sheet(struct sheet *sheet) {
    rs_scratch_close(&sheet->other);
    rs_scratch_close(&sheet->rating);
    rs_scratch_close(&sheet->time);
}

/* Appends a range of lines, and their starts to those of the form, where FIRST is its place. */
static bool append(struct sheet *sheet, struct rs_lines *form, size_t first,
                   const struct rs_lines *range, struct rs_error *err) {
    uint64_t n = rs_lines_entries(range);
    for (size_t line = 0; line <= range->n; line++)
        form->start[first + line] = sheet->n + range->start[line];
    sheet->n += n;
    return rs_scratch_append(&sheet->other, range->other, n * sizeof *range->other, err) &&
           rs_scratch_append(&sheet->rating, range->rating, n * sizeof *range->rating, err) &&
           (!sheet->times ||
            rs_scratch_append(&sheet->time, range->time, n * sizeof *range->time, err));
}

static bool map_form(struct rs_lines *form, const struct sheet *sheet, struct rs_error *err) {
    form->room = sheet->n;
    form->mapped = true;
    return rs_scratch_map(&sheet->other, &form->other, err) &&
           rs_scratch_map(&sheet->rating, &form->rating, err) &&
           (!sheet->times || rs_scratch_map(&sheet->time, &form->time, err));
}

/* Sorts the items within the rows of a range, and drops repeated ones. */
static uint64_t order_items(struct rs_lines *range, size_t n_items) {
    enum rs_order order = rs_lines_order(range);
    if (order == RS_ORDER_ASCENDING) return 0;
    if (order == RS_ORDER_REPEATING) return rs_lines_drop_repeated(range);
    struct rs_lines columns;
    rs_lines_make(&columns, n_items, rs_lines_entries(range), range->time != NULL);
    rs_lines_transpose(&columns, 0, range);
    uint64_t n_repeated = 0;
    if (rs_lines_order(&columns) == RS_ORDER_REPEATING)
        n_repeated = rs_lines_drop_repeated(&columns);
    rs_lines_transpose(range, 0, &columns);
    rs_lines_free(&columns);
    return n_repeated;
}

/* The end of the range that begins at FIRST: as many lines as there is room for, one at least. */
static size_t range_end(const uint64_t *length, size_t first, size_t n, uint64_t room,
                        uint64_t *entries) {
    size_t end = first;
    *entries = 0;
    while (end < n && (end == first || *entries + length[end] <= room)) *entries += length[end++];
    return end;
}

static bool sort_rows(struct rs_spill *spill, const struct rs_spill_sort *sort,
                      struct rs_lines *rows, struct sheet *sheet, uint64_t *n_repeated,
                      struct rs_error *err) {
    size_t n_users = sort->users->ids.n, first = 0;
    while (first < n_users) {
        uint64_t entries;
        size_t end = range_end(sort->row_room, first, n_users, sort->room, &entries);
        struct rs_lines range;
        rs_lines_make(&range, end - first, entries, sheet->times);
        rs_lines_sort_records(&range, first, &spill->view, sort->users, sort->items);
        *n_repeated += order_items(&range, sort->items->ids.n);
        if (sort->counts != NULL)
            rs_counts_transform(range.rating, rs_lines_entries(&range), *sort->counts);
        bool ok = append(sheet, rows, first, &range, err);
        rs_lines_free(&range);
        if (!ok) return false;
        first = end;
    }
    return map_form(rows, sheet, err);
}

static bool sort_columns(const struct rs_lines *rows, uint64_t room, struct rs_lines *columns,
                         struct sheet *sheet, struct rs_error *err) {
    uint64_t *length = rs_calloc(columns->n, sizeof *length);
    rs_lines_count(rows, length, columns->n);
    bool ok = true;
    for (size_t first = 0; first < columns->n && ok;) {
        uint64_t entries;
        size_t end = range_end(length, first, columns->n, room, &entries);
        struct rs_lines range;
        rs_lines_make(&range, end - first, entries, false);
        rs_lines_transpose(&range, first, rows);
        ok = append(sheet, columns, first, &range, err);
        rs_lines_free(&range);
        first = end;
    }
    free(length);
    return ok && map_form(columns, sheet, err);
}

bool rs_spill_both(struct rs_spill *spill, const struct rs_spill_sort *sort, struct rs_lines *rows,
                   struct rs_lines *columns, uint64_t *n_repeated, struct rs_error *err) {
    struct sheet by_rows = {0}, by_columns = {0};
    *n_repeated = 0;
    *rows = (struct rs_lines){.n = sort->users->ids.n};
    *columns = (struct rs_lines){.n = sort->items->ids.n};
    rows->start = rs_calloc(rows->n + 1, sizeof *rows->start);
    columns->start = rs_calloc(columns->n + 1, sizeof *columns->start);
    bool ok = open_sheet(&by_rows, spill->folder, spill->times.folder != NULL, err) &&
              sort_rows(spill, sort, rows, &by_rows, n_repeated, err);
    const char *folder = spill->folder;
    rs_spill_close(spill);
    ok = ok && open_sheet(&by_columns, folder, false, err) &&
         sort_columns(rows, 2 * sort->room, columns, &by_columns, err);
    close_sheet(&by_rows);
    close_sheet(&by_columns);
    if (ok) return true;
    rs_lines_free(rows);
    rs_lines_free(columns);
    return false;
}
