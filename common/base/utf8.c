#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

bool rs_utf8_ascii(const char *text, size_t length) {
    uint8_t high = 0;
    for (size_t i = 0; i < length; i++) high |= (uint8_t)text[i];
    return high < 0x80;
}

/* Bytes in the character that a lead byte announces; 0 if it can lead none. */
static size_t announced(uint8_t lead) {
    if (lead < 0x80) return 1;
    if (lead < 0xc2) return 0;
    if (lead < 0xe0) return 2;
    if (lead < 0xf0) return 3;
    return lead < 0xf5 ? 4 : 0;
}

bool rs_utf8_valid(const char *text, size_t length) {
    const uint8_t *bytes = (const uint8_t *)text;
    for (size_t i = 0; i < length;) {
        size_t n = announced(bytes[i]);
        if (n == 0 || n > length - i) return false;
        for (size_t k = 1; k < n; k++)
            if ((bytes[i + k] & 0xc0) != 0x80) return false;
        if (n == 3 && ((bytes[i] == 0xe0 && bytes[i + 1] < 0xa0) ||
                       (bytes[i] == 0xed && bytes[i + 1] > 0x9f)))
            return false;
        if (n == 4 && ((bytes[i] == 0xf0 && bytes[i + 1] < 0x90) ||
                       (bytes[i] == 0xf4 && bytes[i + 1] > 0x8f)))
            return false;
        i += n;
    }
    return true;
}

size_t rs_utf8_whole(const char *text, size_t length) {
    const uint8_t *bytes = (const uint8_t *)text;
    for (size_t back = 1; back <= 4 && back <= length; back++) {
        uint8_t byte = bytes[length - back];
        if ((byte & 0xc0) == 0x80) continue; /* a continuation: look further back for its lead */
        return announced(byte) > back ? length - back : length;
    }
    return length;
}
