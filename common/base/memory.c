#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"

static size_t total(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        rs_die(EX_OSERR, "out of memory: %zu elements of %zu bytes are asked for", count, size);
    return bytes == 0 ? 1 : bytes;
}

static void *checked(void *memory, size_t bytes) {
    if (memory == NULL) rs_die(EX_OSERR, "out of memory: %zu bytes are asked for", bytes);
    return memory;
}

void *rs_calloc(size_t count, size_t size) {
    size_t bytes = total(count, size);
    return checked(calloc(1, bytes), bytes);
}

void *rs_malloc(size_t count, size_t size) {
    size_t bytes = total(count, size);
    return checked(malloc(bytes), bytes);
}

void *rs_realloc(void *old, size_t count, size_t size) {
    size_t bytes = total(count, size);
    return checked(realloc(old, bytes), bytes);
}

void *rs_aligned(size_t count, size_t size) {
    size_t bytes = total(count, size);
    if (bytes > SIZE_MAX - 63) return checked(NULL, bytes);
    return checked(aligned_alloc(64, (bytes + 63) / 64 * 64), bytes);
}

void rs_grow(void *items, size_t *capacity, size_t need, size_t size) {
    if (need <= *capacity) return;
    size_t wanted = *capacity < 16 ? 16 : *capacity * 2;
    if (wanted < need) wanted = need;
    void **array = items;
    *array = rs_realloc(*array, wanted, size);
    *capacity = wanted;
}

char *rs_strndup(const char *text, size_t length) {
    char *copy = rs_malloc(length + 1, 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *rs_strdup(const char *text) {
    return rs_strndup(text, strlen(text));
}

char *rs_format(const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = rs_malloc((size_t)length + 1, 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}
