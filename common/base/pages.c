#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>

#include "base/memory.h"
#include "base/message.h"

enum { PAGE = 4096, HUGE = 2 << 20 };

static size_t rounded(size_t bytes, size_t unit) {
    if (bytes > SIZE_MAX - 2 * (size_t)HUGE)
        rs_die(EX_OSERR, "out of memory: %zu bytes are asked for", bytes);
    return bytes == 0 ? unit : (bytes + unit - 1) / unit * unit;
}

static void *map(size_t bytes) {
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) rs_die(EX_OSERR, "out of memory: %zu bytes are asked for", bytes);
    return pages;
}

void *rs_pages_new(size_t bytes) {
    size_t size = rounded(bytes, PAGE);
    if (size < HUGE) return map(size);
    /* Huge pages lie on multiples of their size: map more, and cut off the ends. */
    char *pages = map(size + HUGE);
    size_t before = (HUGE - (uintptr_t)pages % HUGE) % HUGE;
    if (before > 0) munmap(pages, before);
    munmap(pages + before + size, HUGE - before);
    madvise(pages + before, size, MADV_HUGEPAGE);
    return pages + before;
}

void rs_pages_free(void *pages, size_t bytes) {
    if (pages != NULL) munmap(pages, rounded(bytes, PAGE));
}

void rs_pages_drop(const void *pages, size_t from, size_t to) {
    uintptr_t first = ((uintptr_t)pages + from + PAGE - 1) / PAGE * PAGE;
    uintptr_t end = ((uintptr_t)pages + to) / PAGE * PAGE;
    if (first < end) madvise((void *)first, end - first, MADV_DONTNEED);
}
