#include "text/cutter.h"

#include <string.h>

#include "base/memory.h"

void rs_cutter_add(struct rs_cutter *cutter, const char *text, size_t length) {
    rs_grow(&cutter->fields, &cutter->capacity, cutter->n + 1, sizeof *cutter->fields);
    cutter->fields[cutter->n++] = (struct rs_id){text, length};
}

void rs_cutter_store(struct rs_cutter *cutter, const char *bytes, size_t length) {
    rs_grow(&cutter->arena, &cutter->arena_capacity, cutter->arena_used + length + 1, 1);
    if (bytes != NULL && length > 0) memcpy(cutter->arena + cutter->arena_used, bytes, length);
    rs_cutter_add(cutter, (const char *)cutter->arena_used, length);
    cutter->arena_used += length;
}

void rs_cutter_settle(struct rs_cutter *cutter) {
    for (size_t i = 0; i < cutter->n; i++)
        cutter->fields[i].text = cutter->arena + (size_t)cutter->fields[i].text;
}
