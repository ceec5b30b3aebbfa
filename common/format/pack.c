#include "format/pack.h"

#include <math.h>
#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static uint32_t big_endian(const uint8_t *bytes, size_t n) {
    uint32_t number = 0;
    for (size_t i = 0; i < n; i++) number = number << 8 | bytes[i];
    return number;
}

/* What one type byte announces: bytes of its own (with the type byte), and objects that follow. */
struct extent {
    size_t bytes;
    uint64_t children;
};

/* By the MessagePack specification. False: needs more bytes to tell, or (with
 * *malformed) is no type the format uses. */
static bool measure_one(const uint8_t *at, size_t left, struct extent *extent, bool *malformed) {
    static const uint8_t fixed[] = {
        [0xc0] = 1, [0xc2] = 1, [0xc3] = 1, [0xca] = 5, [0xcb] = 9, [0xcc] = 2, [0xcd] = 3,
        [0xce] = 5, [0xcf] = 9, [0xd0] = 2, [0xd1] = 3, [0xd2] = 5, [0xd3] = 9};
    *extent = (struct extent){1, 0};
    uint8_t type = at[0];
    if (type <= 0x7f || type >= 0xe0) return true;
    if (type <= 0x8f) return extent->children = 2u * (type & 0x0f), true;
    if (type <= 0x9f) return extent->children = type & 0x0f, true;
    if (type <= 0xbf) return extent->bytes += type & 0x1f, true;
    if (type < sizeof fixed && fixed[type] != 0) return extent->bytes = fixed[type], true;
    size_t width = type == 0xd9 ? 1 : type == 0xda || type == 0xdc || type == 0xde ? 2 : 4;
    *malformed = !(type >= 0xd9 && type <= 0xdf);
    if (*malformed || left < 1 + width) return false;
    uint64_t count = big_endian(at + 1, width);
    extent->bytes += width;
    if (type <= 0xdb) {
        extent->bytes += count;
    } else {
        extent->children = type >= 0xde ? 2 * count : count;
    }
    return true;
}

size_t rs_pack_measure(const uint8_t *bytes, size_t length) {
    uint64_t open[RS_PACK_MAX_DEPTH + 1] = {1}; /* objects still to come on each level */
    size_t depth = 0, at = 0;
    while (true) {
        while (open[depth] == 0) {
            if (depth == 0) return at;
            depth--;
        }
        if (at >= length) return 0;
        open[depth]--;
        struct extent extent;
        bool malformed = false;
        if (!measure_one(bytes + at, length - at, &extent, &malformed))
            return malformed ? SIZE_MAX : 0;
        at += extent.bytes;
        if (at > RS_PACK_MAX_BYTES || extent.children > RS_PACK_MAX_BYTES) return SIZE_MAX;
        if (at > length) return 0;
        if (extent.children > 0) {
            if (++depth > RS_PACK_MAX_DEPTH) return SIZE_MAX;
            open[depth] = extent.children;
        }
    }
}

static json_t *to_json(const msgpack_object *object);

static json_t *map_to_json(const msgpack_object_map *map) {
    json_t *value = json_object();
    for (uint32_t i = 0; i < map->size; i++) {
        const msgpack_object *key = &map->ptr[i].key;
        json_t *member = to_json(&map->ptr[i].val);
        if (key->type != MSGPACK_OBJECT_STR || member == NULL ||
            memchr(key->via.str.ptr, '\0', key->via.str.size) != NULL) {
            json_decref(member);
            json_decref(value);
            return NULL;
        }
        char *name = rs_strndup(key->via.str.ptr, key->via.str.size);
        json_object_set_new_nocheck(value, name, member);
        free(name);
    }
    return value;
}

static json_t *array_to_json(const msgpack_object_array *array) {
    json_t *value = json_array();
    for (uint32_t i = 0; i < array->size; i++) {
        json_t *element = to_json(&array->ptr[i]);
        if (element == NULL) {
            json_decref(value);
            return NULL;
        }
        json_array_append_new(value, element);
    }
    return value;
}

static json_t *to_json(const msgpack_object *object) {
    switch (object->type) {
    case MSGPACK_OBJECT_NIL:
        return json_null();
    case MSGPACK_OBJECT_BOOLEAN:
        return json_boolean(object->via.boolean);
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return object->via.u64 > INT64_MAX ? NULL : json_integer((json_int_t)object->via.u64);
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return json_integer(object->via.i64);
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return isfinite(object->via.f64) ? json_real(object->via.f64) : NULL;
    case MSGPACK_OBJECT_STR:
        return json_stringn_nocheck(object->via.str.ptr, object->via.str.size);
    case MSGPACK_OBJECT_ARRAY:
        return array_to_json(&object->via.array);
    case MSGPACK_OBJECT_MAP:
        return map_to_json(&object->via.map);
    default:
        return NULL;
    }
}

json_t *rs_pack_decode(const uint8_t *bytes, size_t length) {
    msgpack_unpacked result;
    msgpack_unpacked_init(&result);
    size_t offset = 0;
    json_t *value = NULL;
    if (msgpack_unpack_next(&result, (const char *)bytes, length, &offset) ==
            MSGPACK_UNPACK_SUCCESS &&
        offset == length)
        value = to_json(&result.data);
    msgpack_unpacked_destroy(&result);
    return value;
}

static void pack_string(msgpack_packer *packer, const char *text, size_t length) {
    msgpack_pack_str(packer, length);
    msgpack_pack_str_body(packer, text, length);
}

static void pack_value(msgpack_packer *packer, const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_OBJECT: {
        msgpack_pack_map(packer, json_object_size(value));
        const char *key;
        json_t *member;
        json_object_foreach((json_t *)(uintptr_t)value, key, member) {
            pack_string(packer, key, strlen(key));
            pack_value(packer, member);
        }
        break;
    }
    case JSON_ARRAY:
        msgpack_pack_array(packer, json_array_size(value));
        for (size_t i = 0; i < json_array_size(value); i++)
            pack_value(packer, json_array_get(value, i));
        break;
    case JSON_STRING:
        pack_string(packer, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        msgpack_pack_int64(packer, json_integer_value(value));
        break;
    case JSON_REAL:
        msgpack_pack_double(packer, json_real_value(value));
        break;
    case JSON_TRUE:
        msgpack_pack_true(packer);
        break;
    case JSON_FALSE:
        msgpack_pack_false(packer);
        break;
    case JSON_NULL:
        msgpack_pack_nil(packer);
        break;
    }
}

bool rs_pack_encode(const json_t *value, uint8_t **bytes, size_t *length) {
    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer packer;
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    pack_value(&packer, value);
    *length = buffer.size;
    *bytes = (uint8_t *)msgpack_sbuffer_release(&buffer);
    return rs_pack_measure(*bytes, *length) == *length;
}
