/* Entries by lines, and the counting sorts that bring them there.
 *
 * Every sort is stable and cut into parts by its input: what a part will write of a line is counted
 * first, so that all parts write at once, and the result is the same for any number of them. A sort
 * reads every entry once and writes it once, 24 bytes in all with what is counted; it lasts as long
 * as the memory takes to do that out of order. */
#ifndef RS_LINES_H
#define RS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ratings/arrival.h"
#include "ratings/matrix.h"

struct rs_lines {
    size_t n;
    uint64_t *start; /* n + 1 */
    uint32_t *other;
    float *rating;
    int64_t *time; /* or NULL */
    uint64_t room; /* entries that there is memory for */
    bool mapped;   /* the entries are a file's: they are read window by window */
};

/* Entries of a window: pages of a mapped file are given back when so many were read. */
enum { RS_WINDOW = 1 << 18 };

/* N lines, without starts yet, with room for so many entries. */
void rs_lines_make(struct rs_lines *lines, size_t n, uint64_t room, bool times);
void rs_lines_free(struct rs_lines *lines);
void rs_lines_free_times(struct rs_lines *lines);

static inline uint64_t rs_lines_entries(const struct rs_lines *lines) {
    return lines->start[lines->n];
}

/* Names by number, as they come, and in the order of their ids without those that have no rating.
 */
struct rs_naming {
    uint32_t *line; /* by the stream's number; RS_NONE for those left out */
    struct rs_ids ids;
};

/* HAS tells for each name whether it has a rating. The caller frees .line and the arrays of .ids.
 */
void rs_naming_make(struct rs_naming *naming, const struct rs_ids *names, const uint8_t *has);

/* Notes which users and items have ratings: n_users and n_items bytes, zeros before. */
void rs_arrival_mark(const struct rs_arrival *arrival, uint8_t *users, size_t n_users,
                     uint8_t *items, size_t n_items);

/* Fills the rows with what has arrived, each in order of arrival, and frees it on the way. */
void rs_lines_sort(struct rs_lines *rows, struct rs_arrival *arrival, const struct rs_naming *users,
                   const struct rs_naming *items);

/* What has arrived, in a mapped file. */
struct rs_record {
    uint32_t user, item; /* the stream's numbers */
    float rating;
};
struct rs_records {
    uint64_t n;
    const struct rs_record *record;
    const int64_t *time; /* or NULL */
};

/* Adds how many ratings each user and item has to the counts, which were made with 0. */
void rs_records_count(const struct rs_records *records, uint64_t *users, size_t n_users,
                      uint64_t *items, size_t n_items);

/* Fills the rows FIRST..FIRST + rows->n - 1 with what has arrived for them, in order of arrival. */
void rs_lines_sort_records(struct rs_lines *rows, size_t first, const struct rs_records *records,
                           const struct rs_naming *users, const struct rs_naming *items);

/* Fills TO with the lines from FIRST on of the transpose of FROM; their others come out in order.
 */
void rs_lines_transpose(struct rs_lines *to, size_t first, const struct rs_lines *from);

/* Adds the number of entries of each of N others to the counts. */
void rs_lines_count(const struct rs_lines *lines, uint64_t *counts, size_t n);

/* How the others of the lines follow each other. */
enum rs_order { RS_ORDER_ASCENDING, RS_ORDER_REPEATING, RS_ORDER_NONE };
enum rs_order rs_lines_order(const struct rs_lines *lines);

/* Of entries of the same other side by side in a line, which are in order of arrival, keeps the
 * last. Returns how many went. */
uint64_t rs_lines_drop_repeated(struct rs_lines *lines);

#endif
