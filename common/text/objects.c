#include "text/objects.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

/* A value's text; what has none (null, an object) is an empty field. BUFFER has 32 bytes. */
static struct rs_id text_of(const json_t *value, char *buffer) {
    if (json_is_string(value))
        return (struct rs_id){json_string_value(value), json_string_length(value)};
    if (json_is_integer(value))
        return (struct rs_id){
            buffer, (size_t)snprintf(buffer, 32, "%lld", (long long)json_integer_value(value))};
    if (json_is_real(value))
        return (struct rs_id){buffer, rs_number_print_double(buffer, json_real_value(value))};
    if (json_is_boolean(value)) return (struct rs_id){json_is_true(value) ? "1" : "0", 1};
    return (struct rs_id){"", 0};
}

/* The elements of an array become one field, joined by '|', as sets are written in delimited text.
 */
static void store_array(struct rs_cutter *cutter, const json_t *array) {
    char buffer[32];
    size_t first = cutter->n, begin = cutter->arena_used;
    for (size_t i = 0; i < json_array_size(array); i++) {
        struct rs_id element = text_of(json_array_get(array, i), buffer);
        if (i > 0) rs_cutter_store(cutter, "|", 1);
        rs_cutter_store(cutter, element.text, element.length);
    }
    size_t length = cutter->arena_used - begin;
    cutter->n = first;
    cutter->arena_used = begin;
    rs_cutter_store(cutter, NULL, length);
}

const char *rs_object_cut(struct rs_cutter *cutter, const char *begin, const char *end) {
    char buffer[32];
    json_error_t error;
    json_t *object = json_loadb(begin, (size_t)(end - begin), JSON_ALLOW_NUL, &error);
    if (!json_is_object(object)) {
        json_decref(object);
        return "is not a JSON object";
    }
    cutter->arena_used = 0;
    for (size_t c = 0; c < cutter->form->n_columns; c++) {
        const json_t *value = json_object_get(object, cutter->form->names[c]);
        if (json_is_array(value)) {
            store_array(cutter, value);
        } else {
            struct rs_id text = text_of(value, buffer);
            rs_cutter_store(cutter, text.text, text.length);
        }
    }
    json_decref(object);
    rs_cutter_settle(cutter);
    return NULL;
}
