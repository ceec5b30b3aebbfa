#include "base/part.h"

#include <stdio.h>

bool rs_part_parse(struct rs_part *part, const char *text) {
    unsigned long first, of;
    char end;
    if (text[0] < '0' || text[0] > '9' || sscanf(text, "%lu/%lu%c", &first, &of, &end) != 2 ||
        first < 1 || first > of || of > 1000000)
        return false;
    part->index = first - 1;
    part->of = of;
    return true;
}

/* total * i / of, without the product. */
static uint64_t share(uint64_t total, size_t i, size_t of) {
    return total / of * i + total % of * i / of;
}

void rs_part_cut(struct rs_part part, const uint64_t *cost, size_t n, size_t *from, size_t *to) {
    uint64_t total = 0, before = 0;
    for (size_t i = 0; i < n; i++) total += cost[i];
    uint64_t begin = share(total, part.index, part.of);
    uint64_t end = share(total, part.index + 1, part.of);
    bool last = part.index + 1 == part.of;
    *from = part.index == 0 ? 0 : n;
    *to = n;
    /* A line belongs to the part in which it begins; lines that cost nothing at the end, to the
     * last one. */
    for (size_t i = 0; i < n; before += cost[i++]) {
        if (before >= begin && i < *from) *from = i;
        if (!last && before >= end) {
            *to = i;
            break;
        }
    }
    if (*from > *to) *from = *to;
}
