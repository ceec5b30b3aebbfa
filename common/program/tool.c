#include "program/tool.h"

#include <stdlib.h>

#include "base/memory.h"
#include "version.h"

const char *rs_version(void) {
    return RS_VERSION;
}

bool rs_option_is_last(const struct rs_option *option) {
    return option->name == NULL && option->kind != RS_HEADING;
}

/* A default outside an option's range stands for none. */
static bool is_set(const struct rs_option *option) {
    double number;
    switch (option->kind) {
    case RS_INTEGER:
    case RS_BYTES:
        number = (double)*(int64_t *)option->value;
        break;
    case RS_REAL:
        number = *(double *)option->value;
        break;
    default:
        return true;
    }
    return number >= option->min && number <= option->max;
}

static json_t *list_json(const struct rs_list *list) {
    json_t *array = json_array();
    for (size_t i = 0; i < list->n; i++)
        json_array_append_new(array, json_string_nocheck(list->items[i]));
    return array;
}

static json_t *parameters(const struct rs_tool *tool) {
    json_t *object = json_object();
    for (const struct rs_option *o = tool->options; !rs_option_is_last(o); o++) {
        if (!o->result || !is_set(o)) continue;
        json_t *value = NULL;
        switch (o->kind) {
        case RS_FLAG:
            value = json_boolean(*(bool *)o->value);
            break;
        case RS_STRING:
            if (*(const char **)o->value != NULL)
                value = json_string_nocheck(*(const char **)o->value);
            break;
        case RS_INTEGER:
        case RS_BYTES:
            value = json_integer(*(int64_t *)o->value);
            break;
        case RS_REAL:
            value = json_real(*(double *)o->value);
            break;
        case RS_CHOICE:
            value = json_string(o->choices[*(int *)o->value]);
            break;
        case RS_LIST:
            value = list_json(o->value);
            break;
        case RS_HEADING:
            break;
        }
        if (value != NULL) json_object_set_new(object, o->name, value);
    }
    return object;
}

json_t *rs_tool_header(const struct rs_tool *tool) {
    char *program = rs_format("%s %s", tool->name, rs_version());
    json_t *header = json_object();
    json_object_set_new(header, "program", json_string(program));
    json_object_set_new(header, "parameters", parameters(tool));
    free(program);
    return header;
}

static char *bytes_text(int64_t bytes) {
    const char *units[] = {"", "K", "M", "G"};
    int unit = 0;
    while (unit < 3 && bytes > 0 && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    return rs_format("%lld%s", (long long)bytes, units[unit]);
}

char *rs_option_value(const struct rs_option *option) {
    if (!is_set(option)) return NULL;
    switch (option->kind) {
    case RS_STRING: {
        const char *text = *(const char **)option->value;
        return text == NULL ? NULL : rs_strdup(text);
    }
    case RS_INTEGER: {
        int64_t number = *(int64_t *)option->value;
        bool word = option->choices != NULL && number == (int64_t)option->max;
        return word ? rs_strdup(option->choices[0]) : rs_format("%lld", (long long)number);
    }
    case RS_REAL:
        return rs_format("%g", *(double *)option->value);
    case RS_BYTES:
        return bytes_text(*(int64_t *)option->value);
    case RS_CHOICE:
        return rs_strdup(option->choices[*(int *)option->value]);
    case RS_FLAG:
    case RS_LIST:
    case RS_HEADING:
        break;
    }
    return NULL;
}
