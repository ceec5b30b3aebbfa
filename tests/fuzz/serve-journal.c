/* Fuzzes the journal. Its reading: whatever is in a file, what is taken as whole lies in it, and
 * reading that part again gives the same events. Its writing: events made of the bytes come back as
 * they were, removals too, and of a file cut anywhere the groups before.
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

/* What was read so far: all of it in one number. */
struct read {
    uint64_t sum;
    size_t n, n_removed;
};

static void take(void *data, const struct event *event, struct rs_id id) {
    struct read *read = data;
    read->sum = read->sum * 31 + XXH3_64bits(event->user.text, event->user.length) +
                XXH3_64bits(event->item.text, event->item.length) +
                XXH3_64bits(id.text, id.length) + (uint64_t)event->time +
                (event->removed ? 1 : 2 * XXH3_64bits(&event->value, sizeof event->value));
    read->n++;
    read->n_removed += event->removed;
}

static void read_anything(const uint8_t *data, size_t size) {
    struct rs_error err = {0};
    struct read first = {0}, second = {0};
    size_t whole, again;
    char *bytes = rs_aligned(size, 1);
    if (size > 0) memcpy(bytes, data, size);
    if (segments_read(bytes, size, "fuzz", take, &first, &whole, &err)) {
        require(whole <= size, "what is whole lies in the file");
        require(segments_read(bytes, whole, "fuzz", take, &second, &again, &err) || whole == 0,
                "what is whole can be read");
        require(whole == 0 || (again == whole && first.sum == second.sum), "and says the same");
    } else {
        require(err.code == EX_DATAERR && err.text[0] != '\0', "an error says what is wrong");
    }
    free(bytes);
}

/* An event of four bytes at a time: who, what, how much, and what kind of event. */
static struct submitted event_of(const uint8_t *data, char names[3][8]) {
    for (int i = 0; i < 3; i++) snprintf(names[i], sizeof names[i], "%u", data[i]);
    struct submitted submitted = {.event = {.user = {names[0], strlen(names[0])},
                                            .item = {names[1], strlen(names[1])},
                                            .value = (float)(int8_t)data[2] / 4,
                                            .removed = (data[3] & 1) != 0,
                                            .time = (int64_t)data[3] << (data[0] & 31)},
                                  .repeated = (data[3] & 4) != 0};
    if ((data[3] & 2) != 0) submitted.id = (struct rs_id){names[2], strlen(names[2])};
    return submitted;
}

static void write_and_read(const uint8_t *data, size_t size) {
    enum { MOST = 64 };
    struct submitted events[MOST];
    char names[MOST][3][8];
    size_t n_bytes = 0, whole, cut;
    struct rs_error err = {0};
    struct read given = {0}, found = {0}, part = {0};
    struct submission submission = {.events = events};
    for (; size >= 6 && submission.n < MOST; data += 4, size -= 4) {
        struct submitted *event = &events[submission.n];
        *event = event_of(data, names[submission.n++]);
        if (!event->repeated) take(&given, &event->event, event->id);
    }
    if (given.n == 0) return;
    char *bytes = segment_write(&submission, false, &n_bytes), *copy = rs_aligned(2 * n_bytes, 1);
    memcpy(copy, bytes, n_bytes);
    memcpy(copy + n_bytes, bytes, n_bytes);
    require(segments_read(copy, n_bytes, "fuzz", take, &found, &whole, &err), "a file can be read");
    require(whole == n_bytes && found.sum == given.sum && found.n == given.n &&
                found.n_removed == given.n_removed,
            "what was written is read");
    cut = (data[0] | (size_t)data[1] << 8) % n_bytes;
    require(segments_read(copy, n_bytes + cut, "fuzz", take, &part, &whole, &err),
            "a torn tail is no error");
    require(whole == n_bytes && part.sum == given.sum, "and takes nothing of what is before");
    free(bytes);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 0 && data[0] == 'w') {
        write_and_read(data + 1, size - 1);
    } else {
        read_anything(data, size);
    }
    return 0;
}
