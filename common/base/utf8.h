/* UTF-8, the only encoding inside rs. */
#ifndef RS_UTF8_H
#define RS_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* True if the bytes are well-formed UTF-8 (RFC 3629: shortest forms, no surrogates). */
bool rs_utf8_valid(const char *text, size_t length);

/* True if no byte is above 127. */
bool rs_utf8_ascii(const char *text, size_t length);

/* The length of TEXT without a character that is cut off at its end. */
size_t rs_utf8_whole(const char *text, size_t length);

#endif
