/* The names of all users, items or values of a context, and their indices.
 *
 * Most systems name by small numbers; those are found by a table of ROW_NUMBERS entries beside the
 * dictionary instead of by hashing. */
#ifndef CLEAN_NAMES_H
#define CLEAN_NAMES_H

#include <stdint.h>

#include "format/ids.h"
#include "rows.h"

struct names {
    struct rs_dict dict;
    uint32_t *by_number; /* index + 1, or 0 */
    size_t n_numbers;
};

void names_init(struct names *names);
void names_free(struct names *names);

/* The index of a name, added if it is new. */
uint32_t names_add(struct names *names, struct rs_id id);

/* The same for a number. */
uint32_t names_add_number(struct names *names, uint64_t number);

/* Turns N keys of a block (rows.h), whose names are IN_BLOCK, into indices, in their order. */
void names_resolve(struct names *names, uint32_t *keys, size_t n, struct name *in_block);

#endif
