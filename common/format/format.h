/* The layout that writer.h and reader.h share: an rs file, byte by byte.
 *
 * A file is a sequence of segments; segments concatenate (`cat a.rs b.rs`). A segment is
 *
 *     header   map {"rs": KIND, "version": 1, …}
 *     section  map {"array": NAME, "type": T, "shape": [rows, columns], "bytes": N, "part": [i, n]}
 *              bin 32 of N bytes: the payload, little-endian
 *     …        more sections
 *     end      map {"end": KIND, …, "bytes": B, "xxh3": HEX}
 *
 * where B is the length of the segment before the end map, and HEX, of 16 digits and last in that map, the
 * XXH3-64 of all bytes of the segment before the key "xxh3": every bit of a file is vouched for.
 * Every map begins, and every payload lies, on a multiple of 64 bytes. What lies between is MessagePack
 * too: a bin 8 of zeros, or a nil where there is room for one byte only, so that any MessagePack
 * library can read the whole file. An array above 4 GiB - 1, the most a bin can hold, comes in n
 * parts of the same name; all but the last are a multiple of 4096 bytes long and all start on one, so
 * that a reader can map them side by side. */
#ifndef RS_FORMAT_H
#define RS_FORMAT_H

#include <stddef.h>
#include <stdint.h>

enum {
    RS_FORMAT_VERSION = 1,
    RS_FORMAT_ALIGN = 64,
    RS_FORMAT_PAGE = 4096,
    RS_FORMAT_NAME_MAX = 63,
    RS_FORMAT_BIN_BYTES = 5, /* the header of a bin 32 */
    RS_FORMAT_DIGITS = 16,   /* of the checksum */
};

/* The largest part of an array that the writer makes: below 4 GiB and a multiple of a page. */
#define RS_FORMAT_PART_MAX ((size_t)0xfffff000u)

/* How every end map ends, before the digits: "xxh3" and the head of a string of 16 bytes. */
#define RS_FORMAT_SEAL "\xa4xxh3\xb0"
enum { RS_FORMAT_SEAL_BYTES = sizeof RS_FORMAT_SEAL - 1 };

/* Bytes from OFFSET to the next multiple of ALIGN. */
static inline size_t rs_format_gap(uint64_t offset, size_t align) {
    return (size_t)((align - offset % align) % align);
}

#endif
