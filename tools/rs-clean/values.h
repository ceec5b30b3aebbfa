/* Reads the fields of a record that are no names: ratings and times. */
#ifndef CLEAN_VALUES_H
#define CLEAN_VALUES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/when.h"
#include "rows.h"

/* How values are read, the same for all blocks. */
struct row_rules {
    const struct rs_form *form;
    const struct columns *columns;
    const char *const *missing; /* further words that stand for no value */
    size_t n_missing;
    double scale_min, scale_max; /* ratings outside are rejected; infinite when there is no scale */
    bool counts;                 /* ratings are counts: positive */
    double threshold;            /* ratings from here on become 1, others are left out; or NaN */
    enum rs_time_unit time_unit;
    bool lines; /* note the line of every row */
};

/* The number that up to 8 digits write, or UINT32_MAX: all bytes at once, added up in pairs
 * (Lemire: Quickly parsing eight digits, lemire.me/blog/2018/10/03). LENGTH is 1 to 8; 8 bytes are
 * read. */
static inline uint32_t values_digits(const char *text, size_t length) {
    const uint64_t zeros = 0x3030303030303030, upper = 0xf0f0f0f0f0f0f0f0;
    unsigned used = 8 * (unsigned)length; /* bits; zeros come in front */
    uint64_t bytes;
    memcpy(&bytes, text, sizeof bytes);
    if (used < 64) bytes = bytes << (64 - used) | zeros >> used;
    if ((bytes & upper) != zeros || ((bytes + 0x0606060606060606) & upper) != zeros)
        return UINT32_MAX;
    bytes = (bytes & 0x0f0f0f0f0f0f0f0f) * 2561 >> 8;
    bytes = (bytes & 0x00ff00ff00ff00ff) * 6553601 >> 16;
    return (uint32_t)((bytes & 0x0000ffff0000ffff) * 42949672960001 >> 32);
}

/* True if the field says that there is no value: by one of the usual words or one that was given.
 */
bool values_missing(struct rs_id field, const struct row_rules *rules);

/* Reads a rating by the rules. False after noting in ROWS why there is none. */
bool values_rating(struct rows *rows, const struct rs_record *record, struct rs_id field,
                   const struct row_rules *rules, float *rating);

/* Reads the record's time; RS_NO_TIME if it has none. False after noting that it can't be read. */
bool values_time(struct rows *rows, const struct rs_record *record, const struct row_rules *rules,
                 int64_t *time);

#endif
