#include "names.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/number.h"

void names_init(struct names *names) {
    *names = (struct names){0};
    rs_dict_init(&names->dict);
}

void names_free(struct names *names) {
    rs_dict_free(&names->dict);
    free(names->by_number);
    *names = (struct names){0};
}

uint32_t names_add(struct names *names, struct rs_id id) {
    return rs_dict_add(&names->dict, id);
}

uint32_t names_add_number(struct names *names, uint64_t number) {
    char text[24];
    size_t length = rs_number_print_integer(text, number);
    return rs_dict_add(&names->dict, (struct rs_id){text, length});
}

/* A number that is not in the table yet. */
static uint32_t learn(struct names *names, uint32_t number) {
    size_t n = names->n_numbers;
    if (number >= n) {
        rs_grow(&names->by_number, &names->n_numbers, (size_t)number + 1, sizeof(uint32_t));
        for (; n < names->n_numbers; n++) names->by_number[n] = 0;
    }
    uint32_t index = names_add_number(names, number);
    names->by_number[number] = index + 1;
    return index;
}

void names_resolve(struct names *names, uint32_t *keys, size_t n, struct name *in_block) {
    for (size_t i = 0; i < n; i++) {
        uint32_t key = keys[i];
        if (key < ROW_NAMED) {
            uint32_t known = key < names->n_numbers ? names->by_number[key] : 0;
            keys[i] = known > 0 ? known - 1 : learn(names, key);
            continue;
        }
        struct name *name = &in_block[key - ROW_NAMED];
        if (name->index == RS_NONE)
            name->index = rs_dict_add_hashed(&names->dict, name->id, name->hash);
        keys[i] = name->index;
    }
}
