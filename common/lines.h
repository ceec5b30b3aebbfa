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

#include "arrival.h"
#include "matrix.h"

struct rs_lines {
    size_t n;
    uint64_t *start; /* n + 1 */
    uint32_t *other;
    float *rating;
    int64_t *time; /* or NULL */
    uint64_t room; /* entries that there is memory for */
};

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

/* Fills TO with the transpose of FROM: the others of its lines come out in order. */
void rs_lines_transpose(struct rs_lines *to, const struct rs_lines *from);

/* How the others of the lines follow each other. */
enum rs_order { RS_ORDER_ASCENDING, RS_ORDER_REPEATING, RS_ORDER_NONE };
enum rs_order rs_lines_order(const struct rs_lines *lines);

/* Of entries of the same other side by side in a line, which are in order of arrival, keeps the
 * last. Returns how many went. */
uint64_t rs_lines_drop_repeated(struct rs_lines *lines);

#endif
