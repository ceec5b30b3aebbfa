/* Fuzzes the reading of a journal file: whatever is in it, what is taken as whole lies in it, and
 * reading that part again gives the same events.
 *
 * Links with tools/rs-serve/segment.c and librs.a. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "../../tools/rs-serve/segment.h"
#include "base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

static void take(void *data, const struct event *event, struct rs_id id) {
    uint64_t *sum = data;
    *sum = *sum * 31 + XXH3_64bits(event->user.text, event->user.length) +
           XXH3_64bits(event->item.text, event->item.length) + XXH3_64bits(id.text, id.length) +
           (uint64_t)event->removed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct rs_error err = {0};
    uint64_t first = 0, second = 0;
    size_t whole, again;
    char *bytes = rs_aligned(size, 1);
    if (size > 0) memcpy(bytes, data, size);
    if (segments_read(bytes, size, "fuzz", take, &first, &whole, &err)) {
        require(whole <= size, "what is whole lies in the file");
        require(segments_read(bytes, whole, "fuzz", take, &second, &again, &err) || whole == 0,
                "what is whole can be read");
        require(whole == 0 || (again == whole && first == second), "and says the same");
    } else {
        require(err.code == EX_DATAERR && err.text[0] != '\0', "an error says what is wrong");
    }
    free(bytes);
    return 0;
}
