#include "format/ids.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/memory.h"
#include "base/message.h"

struct rs_id rs_ids_get(const struct rs_ids *ids, size_t i) {
    return (struct rs_id){ids->bytes + ids->offset[i], (size_t)(ids->offset[i + 1] - ids->offset[i])};
}

/* A decimal number without sign or leading zeros: the form in which most systems number. */
static bool is_number(struct rs_id id) {
    if (id.length == 0 || (id.text[0] == '0' && id.length > 1)) return false;
    for (size_t i = 0; i < id.length; i++)
        if (id.text[i] < '0' || id.text[i] > '9') return false;
    return true;
}

int rs_id_compare(struct rs_id a, struct rs_id b) {
    bool a_number = is_number(a), b_number = is_number(b);
    if (a_number != b_number) return a_number ? -1 : 1;
    if (a_number && a.length != b.length) return a.length < b.length ? -1 : 1;
    size_t common = a.length < b.length ? a.length : b.length;
    int order = common == 0 ? 0 : memcmp(a.text, b.text, common);
    if (order != 0) return order;
    return a.length < b.length ? -1 : a.length > b.length;
}

uint32_t rs_ids_find(const struct rs_ids *sorted, struct rs_id name) {
    size_t low = 0, high = sorted->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = rs_id_compare(rs_ids_get(sorted, middle), name);
        if (order == 0) return (uint32_t)middle;
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return RS_NONE;
}

uint64_t rs_ids_digest(const struct rs_ids *ids) {
    if (ids->n == 0) return 0;
    uint64_t offsets = XXH3_64bits(ids->offset, (ids->n + 1) * sizeof *ids->offset);
    return XXH3_64bits_withSeed(ids->bytes, ids->offset[ids->n], offsets);
}

json_t *rs_ids_digest_json(uint64_t digest) {
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, digest);
    return json_string(text);
}

uint64_t rs_ids_digest_of(const struct rs_ids *ids, const struct rs_segment *segment,
                          const char *key) {
    const char *text = json_string_value(json_object_get(segment->header, key));
    uint64_t digest;
    int length = 0;
    if (segment->trusted && text != NULL &&
        sscanf(text, "%16" SCNx64 "%n", &digest, &length) == 1 && length == 16)
        return digest;
    return rs_ids_digest(ids);
}

bool rs_ids_valid(const struct rs_ids *ids, size_t n_bytes) {
    if (ids->n >= RS_NONE || ids->offset[0] != 0 || ids->offset[ids->n] != n_bytes) return false;
    for (size_t i = 0; i < ids->n; i++)
        if (ids->offset[i + 1] < ids->offset[i] ||
            ids->offset[i + 1] - ids->offset[i] > RS_ID_MAX)
            return false;
    return true;
}

void rs_ids_write(struct rs_writer *writer, const char *prefix, const struct rs_ids *ids) {
    static const uint64_t none[1] = {0};
    char name[64];
    const uint64_t *offset = ids->n == 0 ? none : ids->offset;
    snprintf(name, sizeof name, "%s_offset", prefix);
    rs_writer_u64(writer, name, offset, ids->n + 1);
    snprintf(name, sizeof name, "%s_bytes", prefix);
    rs_writer_u8(writer, name, (const uint8_t *)ids->bytes, offset[ids->n]);
}

bool rs_ids_open(struct rs_ids *ids, const char *place, const struct rs_segment *segment,
                 const char *prefix, struct rs_error *err) {
    char offset_name[64], bytes_name[64];
    snprintf(offset_name, sizeof offset_name, "%s_offset", prefix);
    snprintf(bytes_name, sizeof bytes_name, "%s_bytes", prefix);
    const struct rs_array *offset = rs_segment_find(segment, offset_name);
    const struct rs_array *bytes = rs_segment_find(segment, bytes_name);
    if (offset == NULL || offset->type != RS_U64 || offset->n_rows == 0 || bytes == NULL ||
        bytes->type != RS_U8 || offset->n_columns != 1 || bytes->n_columns != 1)
        return rs_fail(err, EX_DATAERR, "%s: its %s names no %ss", place, segment->kind,
                       prefix);
    *ids = (struct rs_ids){offset->n_rows - 1, offset->data, bytes->data};
    bool spans = ids->n < RS_NONE && ids->offset[0] == 0 && ids->offset[ids->n] == bytes->n_rows;
    if (!spans || !(segment->trusted || rs_ids_valid(ids, bytes->n_rows)))
        return rs_fail(err, EX_DATAERR, "%s: the file is damaged: its names of %ss overlap",
                       place, prefix);
    return true;
}

enum { FIRST_SLOTS = 1024 };

void rs_dict_init(struct rs_dict *dict) {
    *dict = (struct rs_dict){.n_slots = FIRST_SLOTS};
    dict->slots = rs_calloc(dict->n_slots, sizeof *dict->slots);
    dict->offset_capacity = FIRST_SLOTS;
    uint64_t *offset = rs_malloc(dict->offset_capacity, sizeof *offset);
    offset[0] = 0;
    dict->ids.offset = offset;
    dict->bytes_capacity = 16 * FIRST_SLOTS;
    dict->ids.bytes = rs_malloc(dict->bytes_capacity, 1);
}

void rs_dict_free(struct rs_dict *dict) {
    free(dict->slots);
    free((void *)(uintptr_t)dict->ids.offset);
    free((void *)(uintptr_t)dict->ids.bytes);
    *dict = (struct rs_dict){0};
}

static uint64_t slot_tag(uint64_t hash) {
    return hash & 0xffffffff00000000u;
}

/* The slot that holds the name, or the free one where it belongs. */
static size_t find_slot(const struct rs_dict *dict, struct rs_id name, uint64_t hash) {
    size_t mask = dict->n_slots - 1;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
        uint64_t slot = dict->slots[at];
        if (slot == 0) return at;
        if (slot_tag(slot) != slot_tag(hash)) continue;
        struct rs_id other = rs_ids_get(&dict->ids, (uint32_t)slot - 1);
        if (other.length == name.length &&
            (name.length == 0 || memcmp(other.text, name.text, name.length) == 0))
            return at;
    }
}

static void grow_slots(struct rs_dict *dict) {
    uint64_t *old = dict->slots;
    size_t n_old = dict->n_slots;
    dict->n_slots *= 2;
    dict->slots = rs_calloc(dict->n_slots, sizeof *dict->slots);
    for (size_t i = 0; i < n_old; i++) {
        if (old[i] == 0) continue;
        struct rs_id name = rs_ids_get(&dict->ids, (uint32_t)old[i] - 1);
        uint64_t hash = rs_id_hash(name);
        size_t at = hash & (dict->n_slots - 1);
        while (dict->slots[at] != 0) at = (at + 1) & (dict->n_slots - 1);
        dict->slots[at] = old[i];
    }
    free(old);
}

static void append_name(struct rs_dict *dict, struct rs_id name) {
    uint64_t *offset = (uint64_t *)(uintptr_t)dict->ids.offset;
    char *bytes = (char *)(uintptr_t)dict->ids.bytes;
    size_t n = dict->ids.n;
    uint64_t end = offset[n] + name.length;
    rs_grow(&offset, &dict->offset_capacity, n + 2, sizeof *offset);
    rs_grow(&bytes, &dict->bytes_capacity, end, 1);
    if (name.length > 0) memcpy(bytes + offset[n], name.text, name.length);
    offset[n + 1] = end;
    dict->ids = (struct rs_ids){n + 1, offset, bytes};
}

uint64_t rs_id_hash(struct rs_id name) {
    return XXH3_64bits(name.text, name.length);
}

uint32_t rs_dict_add(struct rs_dict *dict, struct rs_id name) {
    return rs_dict_add_hashed(dict, name, rs_id_hash(name));
}

uint32_t rs_dict_add_hashed(struct rs_dict *dict, struct rs_id name, uint64_t hash) {
    size_t slot = find_slot(dict, name, hash);
    if (dict->slots[slot] != 0) return (uint32_t)dict->slots[slot] - 1;
    if (dict->ids.n >= RS_NONE - 1) rs_die(EX_DATAERR, "more than 2^32 - 2 different names");
    append_name(dict, name);
    dict->slots[slot] = slot_tag(hash) | dict->ids.n;
    uint32_t index = (uint32_t)(dict->ids.n - 1);
    if (2 * dict->ids.n > dict->n_slots) grow_slots(dict);
    return index;
}

uint32_t rs_dict_find(const struct rs_dict *dict, struct rs_id name) {
    uint64_t slot = dict->slots[find_slot(dict, name, rs_id_hash(name))];
    return slot == 0 ? RS_NONE : (uint32_t)slot - 1;
}

struct named {
    struct rs_id name;
    uint32_t index;
};

static int compare_named(const void *a, const void *b) {
    const struct named *first = a, *second = b;
    int order = rs_id_compare(first->name, second->name);
    if (order != 0) return order;
    return first->index < second->index ? -1 : first->index > second->index;
}

uint32_t *rs_ids_sorted(const struct rs_ids *ids) {
    struct named *names = rs_malloc(ids->n, sizeof *names);
    for (size_t i = 0; i < ids->n; i++) names[i] = (struct named){rs_ids_get(ids, i), (uint32_t)i};
    qsort(names, ids->n, sizeof *names, compare_named);
    uint32_t *order = rs_malloc(ids->n, sizeof *order);
    for (size_t i = 0; i < ids->n; i++) order[i] = names[i].index;
    free(names);
    return order;
}
