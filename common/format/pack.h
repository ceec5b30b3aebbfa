/* Small MessagePack objects: the maps at the head, between the arrays and at the end of an rs file.
 *
 * In memory they are jansson values; msgpack-c does the packing. An object is at most 1 MiB and 8
 * levels deep: rs_pack_measure finds where one ends before anything is allocated for it, because
 * five bytes can claim four billion elements. */
#ifndef RS_PACK_H
#define RS_PACK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RS_PACK_MAX_BYTES = 1 << 20, RS_PACK_MAX_DEPTH = 8 };

/* The length of the object that begins at BYTES: 0 if it needs more than the LENGTH bytes given,
 * SIZE_MAX if it is malformed, too deep or too long. */
size_t rs_pack_measure(const uint8_t *bytes, size_t length);

/* Decodes one object of exactly LENGTH bytes. NULL if it is malformed or holds what the format does
 * not use in its maps (bin, ext, keys that are no strings). The caller owns the value. */
json_t *rs_pack_decode(const uint8_t *bytes, size_t length);

/* Encodes a value. The caller frees *BYTES. False if it is deeper or longer than a reader takes. */
bool rs_pack_encode(const json_t *value, uint8_t **bytes, size_t *length);

#endif
