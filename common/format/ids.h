/* The names of users, items and categories, and the numbers that stand for them.
 *
 * struct rs_ids is a read-only view of names, in a file or in memory; struct rs_dict is a growing
 * set of names with a hash table. A name is any string of bytes, at most RS_ID_MAX long. Names sorted
 * in the order of rs_id_compare are found by bisection where they lie, so that a mapped model
 * needs no table built at its start. */
#ifndef RS_IDS_H
#define RS_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "format/file.h"
#include "format/writer.h"

enum { RS_ID_MAX = 65535 };
#define RS_NONE UINT32_MAX /* no index; there are never so many names */

struct rs_ids {
    size_t n;
    const uint64_t *offset; /* n + 1, ascending from 0; NULL allowed when n == 0 */
    const char *bytes;      /* name i is bytes[offset[i]] … bytes[offset[i + 1] - 1], no NUL */
};

/* A name and its length. */
struct rs_id {
    const char *text;
    size_t length;
};

struct rs_id rs_ids_get(const struct rs_ids *ids, size_t i);

/* Numbers by value before anything else, the rest by its bytes: "2" < "10" < "a". */
int rs_id_compare(struct rs_id a, struct rs_id b);

/* The index of a name in sorted ids, or RS_NONE. */
uint32_t rs_ids_find(const struct rs_ids *sorted, struct rs_id name);

/* A 64-bit hash of all names in their order: tells whether two files number alike. */
uint64_t rs_ids_digest(const struct rs_ids *ids);

/* The same as 16 hexadecimal digits, as headers have it. */
json_t *rs_ids_digest_json(uint64_t digest);

/* The hash of the names of SEGMENT, from its header under KEY where the segment is trusted and has it. */
uint64_t rs_ids_digest_of(const struct rs_ids *ids, const struct rs_segment *segment,
                          const char *key);

/* Writes the arrays PREFIX_offset and PREFIX_bytes / finds and checks them (kept by the file). */
void rs_ids_write(struct rs_writer *writer, const char *prefix, const struct rs_ids *ids);
bool rs_ids_open(struct rs_ids *ids, const char *place, const struct rs_segment *segment,
                 const char *prefix, struct rs_error *err);

/* Checks offsets from outside against the length of the bytes. */
bool rs_ids_valid(const struct rs_ids *ids, size_t n_bytes);

struct rs_dict {
    struct rs_ids ids; /* always up to date; its pointers change when the dictionary grows */
    size_t bytes_capacity, offset_capacity;
    uint64_t *slots; /* open addressing: upper half of the hash, then index + 1; 0 is free */
    size_t n_slots;
};

void rs_dict_init(struct rs_dict *dict);
void rs_dict_free(struct rs_dict *dict);

/* The index of a name, added if it is new. */
uint32_t rs_dict_add(struct rs_dict *dict, struct rs_id name);

/* The same for a caller that has hashed the name already, say in another thread. */
uint64_t rs_id_hash(struct rs_id name);
uint32_t rs_dict_add_hashed(struct rs_dict *dict, struct rs_id name, uint64_t hash);

/* The index of a name, or RS_NONE. */
uint32_t rs_dict_find(const struct rs_dict *dict, struct rs_id name);

/* ORDER[k] = index of the k-th name in the order of rs_id_compare; the caller frees it. */
uint32_t *rs_ids_sorted(const struct rs_ids *ids);

#endif
